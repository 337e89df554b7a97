"""`Guard`: which requests reach the application at all. It wraps everything, so that no path can be left out.

In this order: the `Host` must be this machine (other names could be made to point here), the method known, the request
not from another page (`Origin`, `Sec-Fetch-Site`), the body small, and the token there, as a cookie or a header.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

from chainrule.web.addresses import Address
from chainrule.web.protocol import RequestError

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY = 1 << 20
HEADERS = 16 << 10
SAFE = ("GET", "HEAD")
OPEN_PATHS = ("/", "/static/", "/api/session")
"""What may be had without a token: the page itself, which holds no data, and the way to get the cookie."""

SECURITY_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        b"font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """An ASGI middleware that refuses what does not come from the page that this server gave out.

    Args:
        app: what to protect.
        address: by which addresses browsers reach it.
        token: the secret of this server.
    """

    def __init__(self, app: App, address: Address, token: str) -> None:
        self.app = app
        self.address = address
        self.token = token
        self.cookie = f"chainrule_{address.port}"
        self.hosts, self.origins = address.hosts, address.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a refusal."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            headers = _single(scope["headers"])
            scope = {**scope, "path": self.address.within(scope["path"])}
            self._check(scope, headers)
            await self.app(scope, _limited(receive), _secured(send))
        except RequestError as error:
            await refuse(send, error)

    def _check(self, scope: Scope, headers: dict[str, str]) -> None:
        """Look at everything but the body.

        Raises:
            RequestError: the request is refused.
        """
        method, path = scope["method"], scope["path"]
        if headers.get("host") not in self.hosts:
            raise RequestError("This server answers only to its own address.", 403)
        if method not in (*SAFE, "POST"):
            raise RequestError("Only GET, HEAD and POST are understood.", 405)
        self._check_origin(method, headers)
        if method == "POST":
            _check_post(headers)
        if not path.startswith("/") or ".." in path or "\\" in path or "\0" in path:
            raise RequestError("There is no such address.", 404)
        if not (path == "/" or any(path.startswith(p) for p in OPEN_PATHS[1:])) and not self.knows(headers):
            raise RequestError("The token is missing or wrong. Open the address that the program printed.", 401)

    def _check_origin(self, method: str, headers: dict[str, str]) -> None:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and origin not in self.origins:
            raise RequestError("Requests from other pages are refused.", 403)
        opened = headers.get("sec-fetch-dest") == "document" and method in SAFE  # a link to the page, in a notebook say
        if site is not None and site not in ("same-origin", "none") and not opened:
            raise RequestError("Requests from other pages are refused.", 403)
        if method == "POST" and origin is None and not self._bearer(headers):
            raise RequestError("A POST must say which page it comes from.", 403)

    # -- the token -----------------------------------------------------------------------------------------------------

    def is_token(self, value: str) -> bool:
        """Whether this is the token, compared in a time that does not depend on it."""
        return secrets.compare_digest(value.encode("utf-8", "surrogatepass"), self.token.encode())

    def knows(self, headers: dict[str, str]) -> bool:
        """Whether a request carries the token, as this server's cookie or as `Authorization: Bearer`."""
        return self._bearer(headers) or any(self.is_token(v) for v in _cookies(headers.get("cookie", ""), self.cookie))

    def _bearer(self, headers: dict[str, str]) -> bool:
        scheme, _, value = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.is_token(value.strip())

    def set_cookie(self, origin: str | None) -> str:
        """Return the `Set-Cookie` that stands for the token from now on, for the page that asks from this origin."""
        return self.address.cookie(self.cookie, self.token, origin)


def _single(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by name.

    Raises:
        RequestError: they are too large, or one on which a check depends occurs twice.
    """
    found: dict[str, str] = {}
    size = 0
    for name, value in pairs:
        size += len(name) + len(value) + 4
        key = name.decode("latin-1").lower()
        if key in found and key in _ONCE:
            raise RequestError(f"The header '{key}' occurs twice.", 400)
        found[key] = f"{found[key]}; {value.decode('latin-1')}" if key in found else value.decode("latin-1")
    if size > HEADERS:
        raise RequestError(f"The headers are larger than {HEADERS} bytes.", 431)
    return found


_ONCE = frozenset(
    ("host", "origin", "sec-fetch-site", "authorization", "content-type", "content-length", "x-chainrule")
)


def _check_post(headers: dict[str, str]) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RequestError("The body of a POST must be application/json.", 415)
    if headers.get("x-chainrule") != "1":
        raise RequestError("A POST must carry the header 'X-Chainrule: 1'.", 403)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise RequestError("Content-Length must be a whole number.", 400)
    if int(length) > BODY:
        raise RequestError(f"The body is larger than {BODY} bytes.", 413)


def _cookies(header: str, name: str) -> list[str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return [value for key, _, value in pairs if key == name]


def _limited(receive: Receive) -> Receive:
    """Return a `receive` that refuses a body longer than allowed, whatever its headers say."""
    total = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > BODY:
            raise RequestError(f"The body is larger than {BODY} bytes.", 413)
        return message

    return counted


def _secured(send: Send) -> Send:
    """Return a `send` that adds the headers which every answer carries."""

    async def secured(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *SECURITY_HEADERS]
        await send(message)

    return secured


async def refuse(send: Send, error: RequestError) -> None:
    """Answer with a refusal."""
    import json

    body = json.dumps({"error": str(error)}, ensure_ascii=True).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *SECURITY_HEADERS]
    if error.status == 405:
        headers.append((b"allow", b"GET, HEAD, POST"))
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


__all__ = ["Guard", "refuse"]
