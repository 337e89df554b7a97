"""Short names in scripts: the same tokens but for the names, the same results, and no name that is not their own."""

import re

import pytest

from chainrule.web.bundle import STATIC, modules_of
from chainrule.web.fewer import fewer
from chainrule.web.shorten import shorten, unbound
from chainrule.web.squeeze import joined, tokens

BROWSERS = """Array ArrayBuffer BigInt64Array BigUint64Array Boolean DOMParser Error EventSource Float32Array
Float64Array ImageData Int16Array Int32Array Int8Array IntersectionObserver JSON Map Math MessageChannel MouseEvent
Number Object Promise RangeError RegExp ResizeObserver Set String URLSearchParams Uint16Array Uint32Array Uint8Array
WeakMap addEventListener atob clearInterval clearTimeout devicePixelRatio document encodeURIComponent fetch history
localStorage location matchMedia navigator parseInt performance reportError requestAnimationFrame setInterval
setTimeout"""
# What our modules use without binding it. Each was looked up: a new one has to be a name of the browser's, too.

MODULES = sorted({*modules_of("offline_main.js"), *modules_of("main.js")})
_IMPORT = re.compile(r"^import \{ ([\w, ]+) \} from .*$", re.MULTILINE)


def text_of(name):
    """Return a module as a plain script; what it imports is bound by a pattern."""
    source = (STATIC / name).read_text(encoding="utf-8").replace("import(", "imported(")
    source = _IMPORT.sub(lambda m: f"const {{ {m[1].replace(' as ', ': ')} }} = {{}};", source)
    return re.sub(r"^export (?=\{)", "0, ", source, flags=re.M).replace("\nexport ", "\n")


def meaning(script):
    return [t for t in tokens(script) if t.kind not in ("space", "line", "comment")]


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_does_not_bind_is_the_browsers(name):
    assert unbound(text_of(name)) - {"imported"} <= set(BROWSERS.split())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_the_same_but_for_its_names(name):
    before, after = meaning(joined(fewer(tokens(text_of(name))))), meaning(shorten(text_of(name)))
    found, k = {}, 0
    for i, token in enumerate(before):
        if token.kind != "word":
            assert after[k] == token
        elif after[k] == token and after[k + 1].text == ":" != before[i + 1].text:  # { a } became { a: b }
            found.setdefault(token.text, set()).add(after[k + 2].text)
            k += 2
        else:
            found.setdefault(token.text, set()).add(after[k].text)
        k += 1
    assert k == len(after)
    new = [(old, text) for old, texts in found.items() for text in texts - {old}]
    assert len(new) > 5 or name in ("main.js", "erf.js", "send.js", "icons.js", "offline_main.js"), new
    assert len(new) == len({old for old, _ in new}) == len({text for _, text in new})


SCRIPTS = """
const size = 2, given = { size, other: size, 'a-b': size };
return [given, Object.keys(given)];

const { one, two: three = 4, ...rest } = { one: 1, five: 5 };
return { one, three, rest };

const f = ({ a, b: { c } = { c: 3 } }, [d, , e] = [4, 5, 6], ...g) => ({ a, c, d, e, g });
return f({ a: 1 }, undefined, 7);

class Pair {
  #sum = 0;
  left = 1;
  constructor(right) { this.right = right; }
  get sum() { return this.left + this.right + this.#sum; }
  static of(value) { return new Pair(value); }
  async later() { return 1; }
}
class Other extends Pair { get sum() { return super.sum * 2; } }
return [Pair.of(2).sum, new Other(3).sum, Object.keys(new Pair(1))];

const table = {
  first() { return 1; }, get second() { return 2; }, async third() {}, [`fo${'u'}rth`]: 4, fifth: (x) => x,
};
return [table.first(), table.second, Object.keys(table), table.fifth(5)];

const text = (name, n) => `${name}: ${n ? `${n + 1} ${{ n }.n}` : ''}`;
return text('a', 1);

function kind(value) {
  switch (typeof value) {
    case 'number': { return 'n'; }
    case 'string': return 's';
    default: { const value = 1; return { value }; }
  }
}
return [kind(1), kind(''), kind(null)];

let sum = 0;
for (const [key, { n }] of Object.entries({ a: { n: 1 }, b: { n: 2 } })) sum += key.length + n;
for (let i = 0, top = 3; i < top; i += 1) sum += i;
return sum;

try { throw new Error('x'); } catch ({ message }) {
  const pick = (yes) => (yes ? message : { message });
  return [pick(true), pick(false)];
}

const a = 1, b = 2;
{ const a = 3; return ((c) => ({ a, b, c, d: a ? b : c }))(4); }

const outer = (n) => { function inner() { return n; } return inner(); };
return [outer(3), /outer/.test('outer'), 'outer'];

const list = [3, 1], [low, high] = list.slice().sort((x, y) => x - y);
if (low) ({ low: list[0] } = { low });
return [low, high, list];

const shout = async (text) => text, quiet = async text => text;
return [typeof shout, quiet.length, [1, 2].map(n => n * 2)];
"""


def test_scripts_give_the_same_with_short_names(javascript):
    module = "export default (scripts) => scripts.map((script) => new Function(script)());"
    scripts = SCRIPTS.split("\n\n")
    before, after = javascript(module, scripts), javascript(module, [shorten(script) for script in scripts])
    assert after == before
    assert None not in before


SHORT = [
    ("const size = Math.abs(x.size);", "let a=Math.abs(x.size);"),
    ("const open = 1; open.name;", "let open=1;open.name;"),
    ("const a = b, c = a;", "let a=b,c=a;"),
    ("const longer = b + a;", "let c=b+a;"),
    ("f(({ size }) => size, size2 => size2)", "f(({size:a})=>a,b=>b)"),
    ("const { size: s } = o;", "let{size:a}=o;"),
    ("$[0] = (() => { const f = 1; return [f]; })();", "$[0]=(()=>{let a=1;return[a]})();"),
    ("{ const a = 1; const b = f(a); let c = 2; const d = 3; }", "{let a=1,b=f(a);let c=2;let d=3}"),
    ("for (const a of b) { c(); const d = 1; const e = 2 }", "for(let a of b){c();let d=1,e=2}"),
    ("const a = {\n  b: 1 };\nconst c = 2;", "let a={b:1};let b=2;"),
    ("if (a) { while (b()); }", "if(a){while(b());}"),
    ("const a = `${b};`; const c = () => { if (a) ; };", "let a=`${b};`,c=()=>{if(a);};"),
]


@pytest.mark.parametrize(("given", "expected"), SHORT, ids=[g for g, _ in SHORT])
def test_short_names(given, expected):
    assert shorten(given) == expected


@pytest.mark.parametrize(
    "script", ["a: for (;;) break a;", "x = 1 {a}", "const o = { a b };", "class A { b c }", "a[0] {}"]
)
def test_what_is_unclear_is_refused(script):
    with pytest.raises(ValueError, match=r"unclear: "):
        shorten(script)
