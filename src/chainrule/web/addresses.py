"""Where a page may be served, and by which addresses browsers reach it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from chainrule.errors import ChainruleError

HOST = "127.0.0.1"
LOCALHOST = "localhost"
_USUAL_PORTS = {"http": 80, "https": 443}
_BASE = re.compile(
    r"(?P<scheme>https?)://(?P<name>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[(?P<six>[0-9a-f:.]+)\])(:(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(/([a-z0-9._~@-]|%[0-9a-f]{2})+)*)/?",
    re.IGNORECASE | re.ASCII,
)


def loopback(host: Any) -> str:
    """Return a host as it is written, once it is clear that it is this machine.

    Args:
        host: `127.0.0.1` or another address that begins with 127, `::1`, or `localhost`. No name is looked up: it could
            be made to point elsewhere.

    Raises:
        ChainruleError: it is something else.

    >>> loopback("0:0:0:0:0:0:0:1"), loopback("localhost")
    ('::1', 'localhost')
    """
    if isinstance(host, str) and host.lower() == LOCALHOST:
        return LOCALHOST
    try:
        address = ipaddress.ip_address(host if isinstance(host, str) else "")
    except ValueError:
        address = None
    if address is None or not address.is_loopback or getattr(address, "scope_id", None) or _mapped(address):
        raise ChainruleError(
            f"The dashboard is for this machine alone: its host can be 127.0.0.1, ::1 or localhost, not {host!r:.60}."
        )
    return str(address)


def _mapped(address: Any) -> bool:
    """Whether it is an IPv4 address in the clothes of IPv6, which systems treat differently."""
    return getattr(address, "ipv4_mapped", None) is not None


def in_address(host: str) -> str:
    """Return a host as it stands in the address of a page.

    >>> in_address("::1"), in_address("127.0.0.1")
    ('[::1]', '127.0.0.1')
    """
    return f"[{host}]" if ":" in host else host


class Base(NamedTuple):
    """What a proxy makes of a page's address: `https://hub.example.org/user/me/proxy/8050/`, taken apart.

    Args:
        scheme: `http` or `https`.
        host: as in the header `Host`: without the port that is usual.
        path: begins and ends with a slash.
    """

    scheme: str
    host: str
    path: str

    @property
    def origin(self) -> str:
        """What a browser says of where a request comes from."""
        return f"{self.scheme}://{self.host}"


def parse_base(url: Any) -> Base:
    """Return the parts of the address under which a proxy serves a page.

    Args:
        url: `http` or `https`, a host, perhaps a port and a path that does not begin with `static` or `api`, which are
            the page's own; nothing else.

    Raises:
        ChainruleError: it is something else.

    >>> parse_base("https://Hub.example.org:443/user/me/proxy/8050")
    Base(scheme='https', host='hub.example.org', path='/user/me/proxy/8050/')
    """
    found = _BASE.fullmatch(url) if isinstance(url, str) else None
    try:
        if found is None or not _is_free(unquote(found["path"])):
            raise ValueError(url)
        scheme = found["scheme"].lower()
        name = f"[{ipaddress.IPv6Address(found['six'])}]" if found["six"] else found["name"].lower()
        port = int(found["port"] or _USUAL_PORTS[scheme])
        if not 1 <= port <= 65535:
            raise ValueError(url)
    except ValueError:
        raise ChainruleError(
            "The dashboard's base_url must be the address under which a proxy serves it, such as "
            f"https://hub.example.org/user/me/proxy/8050/, but is {url!r:.100}."
        ) from None
    return Base(scheme, name if port == _USUAL_PORTS[scheme] else f"{name}:{port}", f"{found['path']}/")


def _is_free(path: str) -> bool:
    """Whether a path leads nowhere else: neither up, nor where the page has its own files."""
    parts = path.split("/")[1:]
    return parts[:1] not in (["static"], ["api"]) and not any(set(part) == {"."} for part in parts)


@dataclass(frozen=True)
class Address:
    """By which addresses browsers reach a page.

    Args:
        port: of this machine's own addresses.
        host: this machine's address, as `loopback` returns it.
        base: what a proxy makes of it, if there is one.
    """

    port: int
    host: str = HOST
    base: Base | None = None

    @property
    def url(self) -> str:
        """The address to open, without the token."""
        own = f"http://{in_address(self.host)}:{self.port}/"
        return f"{self.base.origin}{self.base.path}" if self.base else own

    @property
    def own(self) -> frozenset[str]:
        """What the header `Host` may say without a proxy."""
        names = {LOCALHOST, HOST, "[::1]", in_address(self.host)}
        return frozenset({f"{name}:{self.port}" for name in names} | (names if self.port == 80 else set()))

    @property
    def hosts(self) -> frozenset[str]:
        """What the header `Host` may say: only names that lead to this machine, or to the proxy."""
        return self.own | ({self.base.host} if self.base else set())

    @property
    def origins(self) -> frozenset[str]:
        """What the header `Origin` may say."""
        return frozenset({f"http://{host}" for host in self.own} | ({self.base.origin} if self.base else set()))

    def within(self, path: str) -> str:
        """Return the path of a request without what the proxy has left of its own."""
        prefix = unquote(self.base.path) if self.base else "/"
        return path[len(prefix) - 1 :] if path.startswith(prefix) else path

    def cookie(self, name: str, value: str, origin: str | None) -> str:
        """Return a `Set-Cookie` that goes back to this page alone: behind a proxy, to its path and over TLS."""
        behind = self.base is not None and origin == self.base.origin
        path, secure = (self.base.path, self.base.scheme == "https") if self.base and behind else ("/", False)
        return f"{name}={value}; Path={path}; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"


__all__ = ["HOST", "LOCALHOST", "Address", "Base", "in_address", "loopback", "parse_base"]
