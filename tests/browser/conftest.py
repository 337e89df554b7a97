"""A real browser: Chromium of the system, driven by Playwright. Where one is missing, these tests are skipped."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_MS = 60_000


class Visit:
    """One tab: its `page`, what it asked for, and what went wrong in it.

    Args:
        page: Playwright's page.
        origin: where the page may fetch from.
    """

    def __init__(self, page: Any, origin: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.origin = origin
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    @property
    def foreign(self) -> list[str]:
        """Requests to anything but the page's own origin."""
        own = (self.origin, "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]

    def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds; the page's policy forbids Playwright's own `wait_for_function`."""
        end = time.monotonic() + PATIENCE_MS / 1000
        while not holds():
            assert time.monotonic() < end, f"waited in vain; the page shows {self.text('body')[:500]!r}"
            self.page.wait_for_timeout(50)

    def text(self, selector: str) -> str:
        """What an element shows, with plain spaces."""
        return str(self.page.inner_text(selector)).replace("\u202f", "")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, shared by all tests; each visit has a profile of its own."""
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        pytest.skip("no Chromium on the PATH: these tests drive a real browser")
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright: these tests drive a real browser")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """Open an address: `visit(url, width=1440, theme="light")`; nothing foreign may be fetched, nothing go wrong."""
    opened: list[tuple[Visit, Any]] = []

    def open_(url: str, *, width: int = 1440, height: int = 900, theme: str = "light", **options: Any) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **options)
        context.set_default_timeout(PATIENCE_MS)
        origin = "/".join(url.split("/", 3)[:3]) if url.startswith("http") else url.rsplit("/", 1)[0]
        found = Visit(context.new_page(), origin)
        opened.append((found, context))
        found.page.goto(url)
        return found

    yield open_
    for _, context in opened:
        context.close()
    for found, _ in opened:
        assert found.foreign == []
        assert found.problems == []


@pytest.fixture
def play() -> Iterator[Callable[..., Any]]:
    """Serve a page that trains, paused: `play("or")` for a preset, or as `chainrule.dashboard`: `play(model, x, y)`."""
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    from chainrule.web.open import dashboard
    from chainrule.web.presets import preset

    opened: list[Any] = []

    def serve(what: Any, *data: Any, **options: Any) -> Any:
        if isinstance(what, str):
            p = preset(what)
            options = {
                "batch_size": p.batch_size, "feature_names": p.features, "class_names": p.classes or None,
                "target": p.target, "name": p.title, **options,
            }  # fmt: skip
            what, data = p.model, (p.x, p.y)
        opened.append(dashboard(what, *data, open=False, wait=False, **options))
        return opened[-1]

    yield serve
    for page in opened:
        page.close()


@pytest.fixture
def live() -> Iterator[Callable[..., Any]]:
    """Make the page of a `fit`: `live(paused=True)`. To be named before `visit`: visitors leave before it stops."""
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    from chainrule.callbacks import Dashboard

    opened: list[Dashboard] = []

    def serve(**options: Any) -> Dashboard:
        opened.append(Dashboard(open=False, **options))
        return opened[-1]

    yield serve
    for page in opened:
        page.stop()
