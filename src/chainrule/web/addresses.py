"""Where a page may be served: on addresses that only this machine can reach, and on no others."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import Any

from chainrule.errors import ChainruleError

HOST = "127.0.0.1"
LOCALHOST = "localhost"
_NO_SUCH = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


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


def listen(host: str, port: Any) -> list[socket.socket]:
    """Return sockets on this port: one, but for `localhost` one for each of its addresses, so that nobody else has it.

    Raises:
        ChainruleError: the port is taken, or none; the machine has no such address; the host is not this machine.
    """
    host = loopback(host)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
        raise ChainruleError(f"The dashboard's port must be a number from 0 to 65535, but is {port!r:.60}.")
    if host != LOCALHOST:
        return [_bound(host, port)]
    sockets = [_bound(HOST, port)]
    try:
        sockets.append(_bound("::1", sockets[0].getsockname()[1]))
    except ChainruleError as error:
        if getattr(error.__cause__, "errno", None) not in _NO_SUCH:  # taken, by somebody who would get our visitors
            sockets[0].close()
            raise
    return sockets


def _bound(host: str, port: int) -> socket.socket:
    try:
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        raise ChainruleError(f"The dashboard cannot use the host {host}: {error.strerror}.") from error
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(128)
    except OSError as error:
        made.close()
        if error.errno in _NO_SUCH:
            raise ChainruleError(
                f"The dashboard cannot use the host {host}: this machine has no such address."
            ) from error
        raise ChainruleError(
            f"The dashboard cannot use port {port}: {error.strerror}. Leave the port out to get a free one."
        ) from error
    return made


__all__ = ["HOST", "in_address", "listen", "loopback"]
