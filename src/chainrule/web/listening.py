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


class SocketFile:
    """A Unix-domain socket: a file that nobody but this user can connect to.

    Args:
        path: of the file; one that a server left behind is replaced, any other file is not touched.

    Raises:
        ChainruleError: the file is there and no such socket, another server listens on it, or it cannot be made.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise ChainruleError("The dashboard cannot listen at a file: this system has no Unix-domain sockets.")
        self.name = absolute(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._made: tuple[int, ...] = ()
        try:
            _clear(self.name)
            self.socket.bind(self.name)
            self._made = self._there()
            os.chmod(self.name, 0o600)  # before it listens: until then nobody is let in
            self.socket.listen(128)
        except (OSError, ValueError) as error:
            self.remove()
            self.socket.close()
            raise ChainruleError(
                f"The dashboard cannot listen at the socket {self.name!r:.200}: "
                f"{getattr(error, 'strerror', None) or error}. Give the path of a file that is not there yet, of at "
                "most some 100 bytes, in a folder of your own."
            ) from error

    def _there(self) -> tuple[int, ...]:
        """Return what tells the file that is there from any other: process, device and number."""
        with contextlib.suppress(OSError):
            found = os.lstat(self.name)
            return os.getpid(), found.st_dev, found.st_ino
        return ()

    def remove(self) -> None:
        """Remove the file if it is still the one that was made, by this process; before the socket is closed."""
        if self._made and self._there() == self._made:
            with contextlib.suppress(OSError):
                os.unlink(self.name)


def absolute(path: Any) -> str:
    """Return a path from the root.

    Raises:
        ChainruleError: it is no path.
    """
    try:
        return os.path.abspath(os.fsdecode(path))
    except (TypeError, UnicodeError):
        raise ChainruleError(f"The dashboard's socket must be the path of a file, but is {path!r:.60}.") from None


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
                raise OSError(errno.EADDRINUSE, "there is a socket, of another server or user")
        os.unlink(name)


__all__ = ["SocketFile", "absolute", "check_port", "listen"]
