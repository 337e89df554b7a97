"""The application behind the page: static files, events, commands, derivations, the data of tabs."""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from chainrule.errors import ChainruleError
from chainrule.web import events
from chainrule.web.addresses import Address
from chainrule.web.guard import Guard
from chainrule.web.protocol import Json, RequestError, parse_command, parse_question
from chainrule.web.stage import Stage
from chainrule.web.turns import Turns

STATIC = Path(__file__).parent / "static"
ANSWER_S = 5.0
"""How long a command may take before the answer is that it is under way."""

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml", ".png": "image/png", ".json": "application/json", ".txt": "text/plain; charset=utf-8",
}  # fmt: skip


def make_app(stage: Stage, address: Address, token: str) -> Guard:
    """Return the application, guarded.

    Args:
        stage: what is shown.
        address: by which addresses browsers reach it.
        token: the secret of this server.
    """
    pages = _Pages(stage)
    routes = [
        Route("/", pages.index),
        Route("/static/{path:path}", pages.static),
        Route("/api/events", pages.events),
        Route("/api/session", pages.session, methods=["POST"]),
        Route("/api/command", pages.command, methods=["POST"]),
        Route("/api/derivation", pages.derivation),
        Route("/api/quiz", pages.quiz),
        Route("/api/view/{name}", pages.view),
    ]
    app = Starlette(
        routes=routes, exception_handlers={RequestError: _refused, 404: _missing, 405: _wrong, 500: _broken}
    )
    app.router.redirect_slashes = False  # an address is known or it is not
    guard = pages.guard = Guard(app, address, token)
    return guard


class _Pages:
    """The functions behind the addresses."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.guard: Any = None
        self.turns = Turns(stage.session, stage.share)
        self.files = {str(p.relative_to(STATIC)): p for p in STATIC.rglob("*") if p.suffix in TYPES and p.is_file()}

    # -- files ---------------------------------------------------------------------------------------------------------

    async def index(self, request: Request) -> Response:
        return self._file("index.html")

    async def static(self, request: Request) -> Response:
        if request.path_params["path"] == "trace.css":
            from chainrule.glassbox.render.html import STYLE

            return Response(STYLE, media_type=TYPES[".css"])
        if request.path_params["path"] == "glossary.html":
            from chainrule.terms.page import web_page

            return Response(web_page(), media_type=TYPES[".html"])
        return self._file(request.path_params["path"])

    def _file(self, name: str) -> Response:
        """Return one of the files that were there when the server started; nothing else is ever opened."""
        path = self.files.get(name)
        if path is None:
            raise RequestError("There is no such file.", 404)
        return Response(path.read_bytes(), media_type=TYPES[path.suffix])

    # -- api -----------------------------------------------------------------------------------------------------------

    async def session(self, request: Request) -> Response:
        body = await _json(request)
        token = body.get("token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not self.guard.is_token(token):
            raise RequestError("The token is wrong. Open the address that the program printed.", 401)
        return JSONResponse({"ok": True}, headers={"set-cookie": self.guard.set_cookie(request.headers.get("origin"))})

    async def events(self, request: Request) -> Response:
        if request.method == "HEAD":  # its stream would never end, and nobody would read it
            return Response(media_type="text/event-stream")
        return StreamingResponse(events.stream(self.stage.hub, self.stage.joined), media_type="text/event-stream")

    async def command(self, request: Request) -> Response:
        command = parse_command(await _json(request))
        self.stage.hub.touch()
        done = self.stage.session.command(command)
        return _answer({"ok": True, **await _done(done, self.stage)})

    async def derivation(self, request: Request) -> Response:
        from chainrule.web.derivation import derive

        question = parse_question(request.query_params)
        return await self._computed(derive, question)

    async def quiz(self, request: Request) -> Response:
        from chainrule.web.quiz import ask

        return await self._computed(ask, request.query_params)

    async def view(self, request: Request) -> Response:
        compute = _view(request.path_params["name"])
        query = {k: v for k, v in request.query_params.items() if len(v) <= 4000}
        return await self._computed(partial(_told, compute), query)

    async def _computed(self, function: Callable[..., Json], question: Any) -> Response:
        try:
            return _answer(await self.turns.run(function, self.stage, question))
        except RequestError:
            raise
        except Exception as error:
            raise self.stage.explained(error) from error


def _view(name: str) -> Callable[..., Json]:
    views = importlib.import_module("chainrule.web.views")

    if name not in {m.name for m in pkgutil.iter_modules(views.__path__)}:
        raise RequestError("There is no such view.", 404)
    found: Callable[..., Json] = importlib.import_module(f"chainrule.web.views.{name}").compute
    return found


def _told(compute: Callable[..., Json], stage: Stage, query: dict[str, str]) -> Json:
    try:
        return compute(stage, **query)
    except RequestError:
        raise
    except (ChainruleError, TypeError, ValueError) as error:
        raise RequestError(str(error)[:500]) from None


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RequestError("The body is no JSON.") from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


async def _done(done: Future[Json], stage: Stage) -> Json:
    """Wait for the training thread, but not for ever: it may be in the middle of a long validation."""
    try:
        return {"status": await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(done)), ANSWER_S)}
    except TimeoutError:
        return {"status": stage.hub.newest("status"), "pending": True}


def _answer(body: Json) -> Response:
    from chainrule.recording.messages import encode

    return Response(encode(body), media_type="application/json")


# -- refusals ----------------------------------------------------------------------------------------------------------


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)


async def _refused(request: Request, error: Exception) -> Response:
    return _error(getattr(error, "status", 400), str(error))


async def _missing(request: Request, error: Exception) -> Response:
    return _error(404, "There is no such address.")


async def _wrong(request: Request, error: Exception) -> Response:
    return _error(405, "This address does not take this method.")


async def _broken(request: Request, error: Exception) -> Response:
    return _error(500, f"{type(error).__name__}: {error}"[:300])


__all__ = ["make_app"]
