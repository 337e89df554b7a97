"""Scripts with short names for what only they themselves know: variables, functions, classes, parameters.

Every name that a script binds is replaced by the same short one wherever it stands for a variable, in every scope: two
variables are as different or as equal as before, so scopes need not be known. What stands behind a point, before the
colon of an object or at the beginning of a class's member is the name of a property, and stays: `{ size }` becomes
`{ size: a }`. What is bound nowhere, such as `Math`, stays too. Where a brace could be a block as well as an object,
the script is refused.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.web.fewer import fewer
from chainrule.web.squeeze import Token, joined, tokens

_LANGUAGE = """arguments as async await break case catch class const continue debugger default delete do else enum
export extends false finally for from function get if implements import in instanceof interface let new null of package
private protected public return set static super switch this throw true try typeof undefined var void while with yield
eval Infinity NaN"""
_KEYWORDS = frozenset(_LANGUAGE.split())
_ALSO_OF_THE_BROWSER = frozenset(
    (
        "close",
        "confirm",
        "document",
        "history",
        "location",
        "open",
        "performance",
        "print",
        "screen",
        "scroll",
        "window",
    )
)
_STARTS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_BINDS = frozenset(("const", "let", "var"))
_BEFORE_A_BLOCK = frozenset(("else", "do", "try", "finally", "catch", "static"))
_BEFORE_AN_OBJECT = _BINDS | frozenset(
    ("return", "typeof", "in", "of", "await", "yield", "throw", "case", "void", "new")
)
_MODIFIERS = frozenset(("get", "set", "async", "static"))
_NO_MEANING = frozenset(("space", "line", "comment"))
_PAIRS = {"{": "}", "(": ")", "[": "]"}


def shorten(script: str) -> str:
    """Return a script that does the same, with short names and without comments and needless space.

    Raises:
        ValueError: there is something that cannot be told for sure.

    >>> shorten("const size = 2, given = { size, other: size }; alert(given.other);")
    'let a=2,b={size:a,other:a};alert(b.other);'
    """
    marked, bound = _read(script)
    words = Counter(token.text for token, use in marked if use)
    own = bound - _KEYWORDS - _ALSO_OF_THE_BROWSER
    free = (name for name in _all_names() if name not in _KEYWORDS and (name in own or name not in words))
    short = dict(zip((name for name, _ in words.most_common() if name in own), free, strict=False))
    return joined(_written(marked, short))


def unbound(script: str) -> set[str]:
    """Return the names that a script uses but does not bind: they are the browser's.

    >>> sorted(unbound("const f = ({ a, b: [c] }, d = Math.PI) => a + c + d + document.title;"))
    ['Math', 'document']
    """
    marked, bound = _read(script)
    return {token.text for token, use in marked if use} - bound


def _read(script: str) -> tuple[list[tuple[Token, str]], set[str]]:
    """Return all tokens, each with its use, and the names that are bound."""
    given = fewer(tokens(script))
    reader = _Reader([token for token in given if token.kind not in _NO_MEANING])
    uses = iter(reader.uses())
    return [(token, "" if token.kind in _NO_MEANING else next(uses)) for token in given], reader.bound


def _all_names() -> Iterator[str]:
    for more in itertools.count():
        for letters in itertools.product(_STARTS, *[_STARTS + "0123456789"] * more):
            yield "".join(letters)


def _written(marked: list[tuple[Token, str]], short: dict[str, str]) -> Iterator[Token]:
    for token, use in marked:
        new = short.get(token.text, token.text) if use else token.text
        if use == "member" and new != token.text:
            yield from (token, Token("sign", ":"))
        yield Token(token.kind, new)


@dataclass
class _Frame:
    """What stands between two brackets.

    Attributes:
        kind: block, object, class, `(`, `[` or `${`.
        binds: whether names are bound here: parameters, patterns, a statement with const or let.
        target: whether the next word is such a name, and no value.
        member: whether a member of the object or the class begins here.
        waits: words that still wait for something of theirs: `class` for its brace, `case` for its colon.
    """

    kind: str
    binds: bool = False
    target: bool = False
    member: bool = False
    waits: str = ""


class _Reader:
    """Tells what each word of a script is.

    Args:
        given: the tokens that mean something.
    """

    def __init__(self, given: list[Token]) -> None:
        self.given = given
        self.bound: set[str] = set()
        self.frames = [_Frame("block")]
        self.parameters: set[int] = set()  # places of the opening brackets around parameters
        self._find_parameters()

    def uses(self) -> Iterator[str]:
        """Give "" for what is no variable, else "variable", or "member" for `a` in `{ a }`."""
        for i, token in enumerate(self.given):
            if token.kind == "word":
                use = self._word(i)
                if use and (self._names(i) or self._text(i + 1) == "=>"):
                    self.bound.add(token.text)
                yield use
                continue
            yield ""
            if token.kind == "template":
                self._template(token.text)
            elif token.kind == "sign":
                self._sign(i)

    def _text(self, i: int) -> str:
        """Return a sign or a word; "" for anything else."""
        known = 0 <= i < len(self.given) and self.given[i].kind in ("sign", "word")
        return self.given[i].text if known else ""

    def _unclear(self, i: int) -> ValueError:
        return ValueError(f"unclear: {' '.join(t.text for t in self.given[max(0, i - 5) : i + 3])!r}.")

    def _find_parameters(self) -> None:
        """Note the brackets that an arrow follows, or that follow `function`, `catch` or the name of a function."""
        opened: list[int] = []
        for i, token in enumerate(self.given):
            if token.kind != "sign":
                continue
            if token.text == "(":
                opened.append(i)
            elif token.text == ")" and opened:
                start = opened.pop()
                named = "function" in (self._text(start - 1), self._text(start - 2))
                if self._text(i + 1) == "=>" or named or self._text(start - 1) == "catch":
                    self.parameters.add(start)

    # -- words

    def _word(self, i: int) -> str:
        word, frame = self.given[i].text, self.frames[-1]
        if self._text(i - 1) in (".", "?."):
            return ""
        if frame.member:
            return self._member(i, word, frame)
        if word in _BINDS:
            frame.binds = frame.target = True
        elif word in ("of", "in") and frame.target:
            frame.binds = frame.target = False
        elif word in ("case", "default", "class"):
            frame.waits = word
        if self._text(i - 1) in ("break", "continue") and word not in _KEYWORDS:
            raise self._unclear(i)
        return "" if word in _KEYWORDS or word.startswith("#") else "variable"

    def _names(self, i: int) -> bool:
        """Whether a variable gets its name here."""
        frame, last = self.frames[-1], self._text(i - 1)
        return (
            (frame.binds and frame.target) or last in ("function", "class") or self._text(i - 2) == "function" == last
        )

    def _member(self, i: int, word: str, frame: _Frame) -> str:
        after = self._text(i + 1)
        named = i + 1 < len(self.given) and self.given[i + 1].kind in ("word", "string")
        if word in _MODIFIERS and (named or after in ("[", "*", "{")):
            return ""
        frame.member = False
        if after == "(":
            self.parameters.add(i + 1)
            return ""
        if frame.kind == "class" and after in ("=", ";"):
            return ""
        if frame.kind == "object" and after == ":":
            return ""
        if frame.kind == "object" and after in (",", "}", "="):
            return "member"
        raise self._unclear(i)

    # -- signs

    def _template(self, text: str) -> None:
        if text.startswith("}"):
            self.frames.pop()
        if text.endswith("${"):
            self.frames.append(_Frame("${"))

    def _sign(self, i: int) -> None:
        sign, frame = self.given[i].text, self.frames[-1]
        if sign in _PAIRS:
            binds = i in self.parameters or (sign != "(" and frame.binds and frame.target)
            kind = self._brace(i) if sign == "{" else sign
            frame.member = False
            self.frames.append(_Frame(kind, binds, binds, member=kind in ("object", "class")))
        elif sign in _PAIRS.values():
            self.frames.pop()
            self.frames[-1].member = sign == "}" and self.frames[-1].kind == "class"
        elif sign == ",":
            frame.target, frame.member = frame.binds, frame.kind == "object"
        elif sign == ";":
            frame.binds, frame.target, frame.member = False, False, frame.kind == "class"
        elif sign == ":" and frame.waits in ("case", "default"):
            frame.waits = ""
            self.given[i] = Token("sign", "case:")
        elif sign == "=":
            frame.target = False
        if sign in (":", "..."):
            frame.member = False

    def _brace(self, i: int) -> str:
        """Return what an opening brace begins."""
        if self.frames[-1].waits == "class":
            self.frames[-1].waits = ""
            return "class"
        before = self.given[i - 1] if i else Token("sign", ";")
        if before.kind == "word" and before.text in _BEFORE_A_BLOCK:
            return "block"
        if before.kind == "template" or (before.kind == "word" and before.text in _BEFORE_AN_OBJECT):
            return "object"
        if before.kind != "sign" or before.text in ("]", "++", "--"):
            raise self._unclear(i)
        return "block" if before.text in (";", "{", "}", ")", "=>", "case:") else "object"


__all__ = ["shorten", "unbound"]
