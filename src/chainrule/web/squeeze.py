"""Scripts without what only readers need: comments, indentation, spaces between signs.

The text is cut into tokens: strings, templates, regular expressions, words, numbers, signs. Names and the order of
tokens stay as they are, and so does every end of a line that may end a statement. Where a slash could be a division as
well as the beginning of a regular expression, the script is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_SPACE = r"(?P<space>[^\S\n]+)"
_LINE = r"(?P<line>\n)"
_COMMENT = r"(?P<comment>//[^\n]*|/\*.*?\*/)"
_STRING = r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
_NUMBER = r"(?P<number>0[xXbBoO][\da-fA-F_]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?n?)"
_WORD = r"(?P<word>#?[^\W\d][\w$]*|\$[\w$]*)"
_SIGN = r"(?P<sign>=>|\+\+|--|\?\.(?!\d)|\?\?=?|&&=?|\|\|=?|\*\*=?|\.\.\.|[{}()\[\];,<>=!?:~.+\-*%&|^])"
_TOKEN = re.compile("|".join([_SPACE, _LINE, _COMMENT, _STRING, _NUMBER, _WORD, _SIGN]), re.DOTALL)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
_CHUNK = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)

_BEFORE_A_VALUE = {
    "return", "typeof", "case", "in", "delete", "void", "throw", "new", "else", "do", "instanceof", "yield", "await",
}  # fmt: skip
_WITH_CONDITION = {"if", "while", "for", "with"}
_MAY_END = {")", "]", "}", "++", "--"}
_CONTINUES = set("})],;.:?")


class Token(NamedTuple):
    """A piece of a script.

    Attributes:
        kind: space, line, comment, string, template, regex, number, word or sign.
        text: as it stands there; of a template, what is between `${` and `}` has been squeezed.
    """

    kind: str
    text: str


def tokens(script: str) -> list[Token]:
    """Cut a script into its tokens.

    Raises:
        ValueError: there is something that cannot be told for sure.

    >>> [t.text for t in tokens("a = b / 2; c = /[/]/g") if t.kind != "space"]
    ['a', '=', 'b', '/', '2', ';', 'c', '=', '/[/]/g']
    """
    scanner = _Scanner(script)
    found = list(scanner.tokens())
    if scanner.at < len(script):
        raise scanner.unclear("a bracket that was not opened")
    return found


def without_comments(script: str) -> str:
    """Return a script without its comments; one that goes over lines leaves one end of a line.

    >>> without_comments("a; // b\\nc = '// d';")
    "a; \\nc = '// d';"
    """
    return "".join(_kept(t) for t in tokens(script))


def _kept(token: Token) -> str:
    if token.kind != "comment":
        return token.text
    return "\n" if "\n" in token.text else " " if token.text.startswith("/*") else ""


def squeeze(script: str) -> str:
    """Return a script that does the same, without comments and needless space.

    >>> squeeze("const a = { b: 1 }; // one\\n  return a.b + +`x ${ a } y`\\n")
    'const a={b:1};return a.b+ +`x ${a} y`'
    """
    return _joined(tokens(script))


def _joined(given: list[Token]) -> str:
    parts: list[str] = []
    last: Token | None = None
    lines = False
    for token in given:
        if token.kind in ("space", "line", "comment"):
            lines = lines or "\n" in token.text
            continue
        if last is not None:
            parts.append(_between(last, token, lines))
        parts.append(token.text)
        last, lines = token, False
    return "".join(parts)


def _between(last: Token, token: Token, lines: bool) -> str:
    """Return what has to stand between two tokens."""
    ended = last.kind != "sign" or last.text in _MAY_END
    if lines and ended and not (token.kind == "sign" and token.text in _CONTINUES):
        return "\n"
    a, b = last.text[-1], token.text[0]
    words = _in_word(a) and _in_word(b)
    signs = (a == b and a in "+-/") or (a == "/" and b == "*") or (a == "<" and b in "!/")
    regex = "regex" in (last.kind, token.kind) and "word" in (last.kind, token.kind)
    point = last.kind == "number" and b == "."
    return " " if words or signs or regex or point else ""


def _in_word(letter: str) -> bool:
    return letter.isalnum() or letter in "_$#"


class _Scanner:
    """Walks through a script once.

    Args:
        script: the whole text.
        at: where to begin.
    """

    def __init__(self, script: str, at: int = 0) -> None:
        self.script = script
        self.at = at
        self.last: Token | None = None  # that means something
        self.before: Token | None = None  # the one before
        self.open: list[tuple[str, bool]] = []  # brackets, and whether a condition stands in them
        self.closed_condition = False

    def tokens(self) -> Iterator[Token]:
        """Give tokens up to the end, or up to the bracket that ends a template's expression."""
        while self.at < len(self.script):
            if self.script[self.at] == "}" and not self.open:
                return
            token = self._next()
            self.at += 0 if token.kind == "template" else len(token.text)
            yield token
            if token.kind not in ("space", "line", "comment"):
                self._note(token)
        if self.open:
            raise self.unclear("a bracket is not closed")

    def _next(self) -> Token:
        letter = self.script[self.at]
        if letter == "`":
            return Token("template", self._template())
        found = _TOKEN.match(self.script, self.at)
        if found:
            return Token(str(found.lastgroup), found[0])
        if letter != "/":
            raise self.unclear("an unknown sign")
        if not self._value_follows():
            return Token("sign", "/")
        found = _REGEX.match(self.script, self.at)
        if not found:
            raise self.unclear("a regular expression without an end")
        return Token("regex", found[0])

    def _value_follows(self) -> bool:
        """Whether a value stands here, so that a slash begins a regular expression."""
        last = self.last
        if last is None:
            return True
        if last.kind == "word":
            if last.text == "of" and not self._is_member():
                raise self.unclear("a division or a regular expression")
            return last.text in _BEFORE_A_VALUE and not self._is_member()
        if last.kind != "sign":
            return False
        if last.text in ("}", "++", "--"):
            raise self.unclear("a division or a regular expression")
        if last.text == ")":
            return self.closed_condition
        return last.text != "]"

    def _is_member(self) -> bool:
        """Whether the last word stands behind a point."""
        return self.before is not None and self.before.text in (".", "?.")

    def _note(self, token: Token) -> None:
        if token.kind == "sign" and token.text in ("(", "[", "{"):
            word = self.last.text if self.last is not None and self.last.kind == "word" else ""
            self.open.append((token.text, word in _WITH_CONDITION and not self._is_member()))
        elif token.kind == "sign" and token.text in (")", "]", "}"):
            pair, self.closed_condition = self.open.pop() if self.open else ("", False)
            if pair + token.text not in ("()", "[]", "{}"):
                raise self.unclear("a bracket that was not opened")
        self.before, self.last = self.last, token

    def _template(self) -> str:
        """Return a template with its expressions squeezed, and go behind it."""
        parts = ["`"]
        self.at += 1
        while True:
            found = _CHUNK.match(self.script, self.at)
            chunk = found[0] if found else ""
            parts.append(chunk)
            self.at += len(chunk)
            if self.script.startswith("`", self.at):
                self.at += 1
                return "".join([*parts, "`"])
            if not self.script.startswith("${", self.at):
                raise self.unclear("a template without an end")
            inner = _Scanner(self.script, self.at + 2)
            expression = _joined(list(inner.tokens()))
            if inner.at >= len(self.script):
                raise inner.unclear("a template without an end")
            self.at = inner.at + 1
            parts.append(f"${{{expression}}}")

    def unclear(self, what: str) -> ValueError:
        """Return the error that names this place."""
        line = self.script.count("\n", 0, self.at) + 1
        return ValueError(f"line {line}: {what} at {self.script[self.at : self.at + 20]!r}.")


__all__ = ["Token", "squeeze", "tokens", "without_comments"]
