"""Scripts without what only readers need: comments, indentation, spaces between signs.

The text is cut into tokens: strings, templates, regular expressions, words, numbers, signs. Names and the order of
tokens stay as they are, and so does every end of a line that may end a statement. Where a slash could be a division as
well as the beginning of a regular expression, the script is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
        kind: space, line, comment, string, template, regex, number, word or sign. A template with expressions is
            several tokens: its pieces of text with backquotes, `${` and `}`, and between them those of the expressions.
        text: as it stands there.
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
    return list(_Scanner(script).tokens())


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
    return joined(tokens(script))


def joined(given: Iterable[Token]) -> str:
    """Return tokens as a script, without comments and needless space."""
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
    """Walks through a script once."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.at = 0
        self.last: Token | None = None  # that means something
        self.before: Token | None = None  # the one before
        self.open: list[tuple[str, bool]] = []  # brackets, and whether a condition stands in them
        self.closed_condition = False

    def tokens(self) -> Iterator[Token]:
        while self.at < len(self.script):
            token = self._next()
            yield token
            if token.kind not in ("space", "line", "comment"):
                self._note(token)
            self.at += len(token.text)
        if self.open:
            raise self.unclear("a template without an end" if self.open[-1][0] == "${" else "a bracket is not closed")

    def _next(self) -> Token:
        letter = self.script[self.at]
        if letter == "`" or (letter == "}" and self.open and self.open[-1][0] == "${"):
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
            return last.text.endswith("${")
        if last.text in ("}", "++", "--"):
            raise self.unclear("a division or a regular expression")
        if last.text == ")":
            return self.closed_condition
        return last.text != "]"

    def _is_member(self) -> bool:
        """Whether the last word stands behind a point."""
        return self.before is not None and self.before.text in (".", "?.")

    def _note(self, token: Token) -> None:
        if token.kind == "template":
            if token.text.startswith("}"):
                self.open.pop()
            if token.text.endswith("${"):
                self.open.append(("${", False))
        elif token.kind == "sign" and token.text in ("(", "[", "{"):
            word = self.last.text if self.last is not None and self.last.kind == "word" else ""
            self.open.append((token.text, word in _WITH_CONDITION and not self._is_member()))
        elif token.kind == "sign" and token.text in (")", "]", "}"):
            pair, self.closed_condition = self.open.pop() if self.open else ("", False)
            if pair + token.text not in ("()", "[]", "{}"):
                raise self.unclear("a bracket that was not opened")
        self.before, self.last = self.last, token

    def _template(self) -> str:
        """Return a template, or the piece of it up to the next expression."""
        found = _CHUNK.match(self.script, self.at + 1)
        end = found.end() if found else self.at + 1
        for sign in ("`", "${"):
            if self.script.startswith(sign, end):
                return self.script[self.at : end] + sign
        raise self.unclear("a template without an end")

    def unclear(self, what: str) -> ValueError:
        """Return the error that names this place."""
        line = self.script.count("\n", 0, self.at) + 1
        return ValueError(f"line {line}: {what} at {self.script[self.at : self.at + 20]!r}.")


__all__ = ["Token", "squeeze", "tokens", "without_comments"]
