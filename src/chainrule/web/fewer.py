"""Scripts with fewer statements that mean the same: neighbouring `const` become one `let`, `;}` becomes `}`."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.web.squeeze import Token

_NO_MEANING = frozenset(("space", "line", "comment"))
_CONDITIONS = frozenset(("if", "while", "for", "with"))
_SEMICOLON, _COMMA = Token("sign", ";"), Token("sign", ",")
_CONST, _LET = Token("word", "const"), Token("word", "let")


def fewer(given: Sequence[Token]) -> list[Token]:
    """Return tokens with fewer statements.

    Only statements on one line are put together: in longer ones, the end of a line might end the statement as well.

    >>> from chainrule.web.squeeze import joined, tokens
    >>> joined(fewer(tokens("{ const a = f(1);\\n const b = 2; while (a) ; }")))
    '{let a=f(1),b=2;while(a);}'
    >>> joined(fewer(tokens("() => { f(); }")))
    '()=>{f()}'
    """
    meant = [i for i, token in enumerate(given) if token.kind not in _NO_MEANING]
    made: list[Token | None] = list(given)
    for k, i in enumerate(meant):
        if given[i] == _SEMICOLON and k + 1 < len(meant):
            after = meant[k + 1]
            if given[after] == Token("sign", "}") and not _may_be_empty(given, meant, k):
                made[i] = None
            elif given[after] == _CONST and _ends_const(given, i):
                made[i], made[after] = _COMMA, None
    return [_LET if token == _CONST else token for token in made if token is not None]


def _may_be_empty(given: Sequence[Token], meant: Sequence[int], k: int) -> bool:
    """Whether a semicolon may stand for a statement that does nothing: `while (a) ;`."""
    before = given[meant[k - 1]]
    if before.text != ")":
        return before.text in ("else", "do")
    depth = 0
    while k > 0:
        k -= 1
        token = given[meant[k]]
        depth += (token == Token("sign", ")")) - (token == Token("sign", "("))
        if depth == 0:
            break
    return k > 0 and given[meant[k - 1]].text in _CONDITIONS


def _ends_const(given: Sequence[Token], end: int) -> bool:
    """Whether the statement that a semicolon ends stands on one line and begins with `const`."""
    depth = 0
    for i in range(end - 1, -1, -1):
        token = given[i]
        if "\n" in token.text:
            return False
        depth += _closes(token) - _opens(token)
        if depth < 0:
            return False
        if depth == 0 and token == _SEMICOLON:
            return False
        if depth == 0 and token == _CONST:
            return True
    return False


def _opens(token: Token) -> bool:
    return token.text.endswith("${") if token.kind == "template" else token.kind == "sign" and token.text in "([{"


def _closes(token: Token) -> bool:
    return token.text.startswith("}") if token.kind == "template" else token.kind == "sign" and token.text in ")]}"


__all__ = ["fewer"]
