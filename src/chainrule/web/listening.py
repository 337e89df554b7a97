"""Sockets that only this machine can reach: on its loopback addresses, or a file that its user alone may open."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from typing import Any

from chainrule.errors import ChainruleError
from chainrule.web.addresses import HOST, LOCALHOST, loopback

_NO_SUCH = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def check_port(port: Any) -> None:
    """Look at a port.

    Raises:
        ChainruleError: it is none.
    """
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
        raise ChainruleError(f"The dashboard's port must be a number from 0 to 65535, but is {port!r:.60}.")


def listen(host: str, port: Any) -> list[socket.socket]:
    """Return sockets on this port: one, but for `localhost` one for each of its addresses, so that nobody else has it.

    Raises:
        ChainruleError: the port is taken, or none; the machine has no such address; the host is not this machine.
    """
    host = loopback(host)
    check_port(port)
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


def listen_at(name: str) -> socket.socket:
    """Return a Unix-domain socket: a file that nobody but this user can connect to.

    Args:
        name: path of the file; one that a server left behind is replaced, any other file is not touched.

    Raises:
        ChainruleError: the file is there and no such socket, another server listens on it, or it cannot be made.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise ChainruleError("The dashboard cannot listen at a file: this system has no Unix-domain sockets.")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(name)
        made.bind(name)
        os.chmod(name, 0o600)  # before it listens: until then nobody is let in
        made.listen(128)
    except OSError as error:
        made.close()
        raise ChainruleError(
            f"The dashboard cannot listen at the socket '{name}': {error.strerror or error}. Give the path of a file "
            "that is not there yet, of at most some 100 bytes, in a folder of your own."
        ) from error
    return made


def _clear(name: str) -> None:
    """Remove a socket on which nobody listens any more.

    Raises:
        OSError: it is something else, or somebody listens.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(name).st_mode):
            raise FileExistsError(errno.EEXIST, "there is a file that is no socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as visitor:
            visitor.settimeout(1)
            if visitor.connect_ex(name) != errno.ECONNREFUSED:
                raise OSError(errno.EADDRINUSE, "another server listens there")
        os.unlink(name)


__all__ = ["check_port", "listen", "listen_at"]
