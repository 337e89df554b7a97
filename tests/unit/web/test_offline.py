"""The page as one file: what is in it, that its policy fits, and how large it gets."""

import base64
import hashlib
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.adapters import make_batches
from chainrule.errors import DataError, ModelFileError
from chainrule.recording import messages
from chainrule.recording.recording import Recording
from chainrule.web import offline
from chainrule.web.bundle import STATIC, bundle, modules_of
from chainrule.web.squeeze import squeeze, tokens, without_comments

OUR_BYTES = 200_000
"""So much a saved page may take without its recording."""


def recorded(frames=5, units=4, name="run", features=None):
    """A recording of a few epochs with a frame after each."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2)).astype("float32")
    y = (x[:, 0] > x[:, 1]).astype("float32")
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(units, "tanh"), cr.layers.Dense(1, "sigmoid")], name="net")
    model.compile(cr.optimizers.SGD(0.5), "binary_crossentropy")
    batches = make_batches(x, y, None, where="test")
    probe = messages.draw(batches)
    found = [messages.start(model, batches, probe=probe, name=name, features=features)]
    for i in range(frames):
        loss = float(model.fit(x, y, verbose=0).history["loss"][0])
        found.append(messages.frame(model, probe, step=2 * i, epoch=i, batch=1, seconds=0.0, logs={"loss": loss}))
        found.append(messages.epoch(i, 2 * i, 0.0, {"loss": loss}))
    return Recording([*found, messages.end(2 * frames, frames, 1.0, "all epochs")])


def inlined(text):
    """Return the data that a page holds."""
    return json.loads(re.search(r'<script type="application/json" id="recording">(.*?)</script>', text, re.S)[1])


def sha(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_the_file_holds_the_messages_of_the_recording(tmp_path):
    recording = recorded()
    recording.save_html(tmp_path / "run.html")
    data = inlined((tmp_path / "run.html").read_text(encoding="utf-8"))
    assert data["note"] == ""
    kinds = [m["kind"] for m in data["messages"]]
    assert [kinds.count(k) for k in ("start", "frame", "epoch", "end")] == [1, 5, 5, 1]
    last = [m for m in data["messages"] if m["kind"] == "frame"][-1]
    assert messages.decode(json.dumps(last))["weights"].keys() == recording.frames[-1]["weights"].keys()


def test_the_policy_allows_this_script_and_this_style_and_nothing_else():
    text = offline.page(recorded())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    script = re.findall(r"<script>(.*?)</script>", text, re.S)[-1]
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src '{sha(script)}'" in policy
    assert f"style-src '{sha(style)}'" in policy
    assert "unsafe" not in policy
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert "style=" not in text.split("<style>")[0]


def test_hostile_names_stay_data():
    name = "</script><script>alert(1)</script>"
    text = offline.page(recorded(name=name, features=["<img src=x onerror=alert(1)>", "</title>"]))
    assert "<script>alert(1)" not in text
    assert "<img src=x" not in text
    assert inlined(text)["messages"][0]["run"]["name"] == name


def test_long_recordings_lose_frames_evenly_but_never_the_first_and_the_last():
    recording = recorded(frames=40, units=64)
    whole = len(offline.page(recording))
    kept, note = offline.fitted(recording, 120_000)
    assert sum(map(len, kept)) <= 120_000 < whole
    steps = [m["step"] for m in map(json.loads, kept) if m["kind"] == "frame"]
    assert steps[0] == 0
    assert steps[-1] == 78
    assert note == f"{len(steps)} of 40 frames, to keep the file small"
    assert len(set(np.diff(steps[:-1]))) == 1


def test_then_gradients_go_then_all_frames_but_the_last():
    recording = recorded(frames=6, units=2000)
    size = len(offline._encoded(recording.frames[0]))
    fixed = sum(map(len, offline.fitted(recorded(frames=0, units=2000), 10**9)[0])) + 6 * 200
    kept, note = offline.fitted(recording, fixed + int(0.7 * size))
    (frame,) = [m for m in map(json.loads, kept) if m["kind"] == "frame"]
    assert frame["gradients"] is None
    assert frame["step"] == 10
    assert "without gradients" in note
    kept, note = offline.fitted(recording, fixed + 100)
    assert "no frames" in note
    with pytest.raises(DataError, match="Pass max_bytes"):
        offline.fitted(recording, 100)


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(ModelFileError, match="Make the folder first"):
        recorded(1).save_html(tmp_path / "nowhere" / "run.html")


def test_notebooks_get_a_sandboxed_frame_and_a_picture():
    html = recorded()._repr_html_()
    assert '<iframe sandbox="allow-scripts"' in html
    assert "allow-same-origin" not in html
    assert '<img alt="run: 5 epochs, loss' in html
    assert "<script" not in html


def test_the_page_has_what_it_needs_and_nothing_of_a_live_one():
    names = list(modules_of("offline_main.js"))
    assert {"app.js", "derive.js", "derive/facts.js", "tabs/surface.js", "offline.js", "tour.js", "quiz.js"} <= set(
        names
    )
    assert not {"live.js", "settings.js", "tabs/runs.js"} & set(names)
    assert names[-1] == "offline_main.js"
    script = bundle("offline_main.js")
    assert re.findall(r"^\$\[(\d+)\]=", script, re.M) == [str(i) for i in range(len(names))]
    assert not re.search(r"\b(import|export)\b", script)
    assert f"Promise.resolve({{startTour:$[{names.index('tour.js')}][0]}})" in script


def test_our_code_of_a_page_stays_within_its_bytes():
    """Scripts, styles and markup: all but the recording."""
    text = offline.page(recorded(name=""))
    ours = re.sub(r'(<script type="application/json" id="recording">).*?</script>', r"\1</script>", text, flags=re.S)
    assert len(text.encode()) - len(ours.encode()) > 1000
    assert len(ours.encode()) <= OUR_BYTES


def test_circles_and_other_imports_are_refused(tmp_path):
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const a = 1;\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\nexport const b = 1;\n')
    with pytest.raises(ValueError, match=r"circle: a.js -> b.js -> a.js"):
        bundle("a.js", tmp_path)
    (tmp_path / "c.js").write_text('import * as a from "./a.js";\n')
    with pytest.raises(ValueError, match="by name"):
        bundle("c.js", tmp_path)
    (tmp_path / "d.js").write_text('import { a, c as d } from "./e.js";\n')
    (tmp_path / "e.js").write_text("export const a = 1;\n")
    with pytest.raises(ValueError, match="there is no export c"):
        bundle("d.js", tmp_path)


def test_what_would_end_the_script_of_a_page_is_refused(tmp_path):
    (tmp_path / "a.js").write_text('export const a = "</script>";\n')
    with pytest.raises(ValueError, match="end or hide it"):
        bundle("a.js", tmp_path)


def meaning(script):
    """Return the tokens of a script that mean something."""
    return [t for t in tokens(script) if t.kind not in ("space", "line", "comment")]


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.js")), ids=lambda p: str(p.relative_to(STATIC)))
def test_a_squeezed_module_has_the_same_tokens(path):
    source = path.read_text(encoding="utf-8")
    made = squeeze(source)
    assert len(made) < len(source)
    assert meaning(made) == meaning(source) == meaning(without_comments(source))
    assert squeeze(made) == made


def test_node_takes_every_squeezed_module(tmp_path):
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    parts = [squeeze(path.read_text(encoding="utf-8")) for path in sorted(STATIC.rglob("*.js"))]
    code = f"const vm = require('vm');\nfor (const part of {json.dumps(parts)}) new vm.SourceTextModule(part);\n"
    (tmp_path / "all.cjs").write_text(code, encoding="utf-8")
    command = ["node", "--no-warnings", "--experimental-vm-modules", "all.cjs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


SQUEEZED = [
    ('a = "// no"; // yes', 'a="// no";'),
    ("a = '/* no */'; /* yes */ b", "a='/* no */';b"),
    (r'a = "\"//"; b', r'a="\"//";b'),
    ("a = `// ${ b + `/* ${ c } */` }\n  d`;", "a=`// ${b+`/* ${c} */`}\n  d`;"),
    ("a = `\\`${ {b: '}'}.b }`", "a=`\\`${{b:'}'}.b}`"),
    ("a = b / c / d // e", "a=b/c/d"),
    ("a = x.replace(/[/`'\"]\\//g, y)", "a=x.replace(/[/`'\"]\\//g,y)"),
    ("if (a / b) /'/.test(c)", "if(a/b)/'/.test(c)"),
    ("a = (b) / 2 / c", "a=(b)/2/c"),
    ("a[0] / 2; return / 2/g", "a[0]/2;return / 2/g"),
    ("this.of / 2 / a", "this.of/2/a"),
    ("a + +b - -c + ++d", "a+ +b- -c+ ++d"),
    ("a = 1 .b; c = 1..d", "a=1 .b;c=1. .d"),
    ("a ? .5 : b?.c", "a?.5:b?.c"),
    ("a < !--b", "a< !--b"),
    ("/a/ in b; a / /b/", "/a/ in b;a/ /b/"),
    ("const f = () => {\n  a()\n}\nb()\n++c", "const f=()=>{a()}\nb()\n++c"),
    ("return /* a\n b */ c", "return\nc"),
    ("a // b\n(c)", "a\n(c)"),
    ("class A { #b = 1; get c() { return this.#b } }", "class A{#b=1;get c(){return this.#b}}"),
]


@pytest.mark.parametrize(("given", "expected"), SQUEEZED, ids=[g for g, _ in SQUEEZED])
def test_squeezed(given, expected):
    assert squeeze(given) == expected


@pytest.mark.parametrize(
    "script", ["a++ / b", "({}) => {} / b", "of / 2 / b", "a = '", "`${a", "`a", "(", ")", "(]", "a }", "/a", "a @ b"]
)
def test_what_is_unclear_is_refused(script):
    with pytest.raises(ValueError, match="line 1: "):
        squeeze(script)


def test_every_module_of_the_page_can_be_bundled():
    for entry in ("main.js", "offline_main.js"):
        assert len(bundle(entry)) > 10_000
    assert (STATIC / "tabs.css").exists()
