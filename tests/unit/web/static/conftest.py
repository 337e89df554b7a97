"""Runs the page's modules: by node where it is installed, else by Chromium."""

import json
import mimetypes
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

STATIC = Path(str(files("chainrule") / "web" / "static"))


def by_node(module: str, argument: object, folder: Path) -> object:
    """Run a module that exports a function by default, on an argument, and return what it gives."""
    code = module.replace('from "./', f'from "{STATIC.as_uri()}/')
    (folder / "module.mjs").write_text(code, encoding="utf-8")
    main = (
        'import { readFileSync } from "node:fs";\nimport given from "./module.mjs";\n'
        'const argument = JSON.parse(readFileSync(0, "utf8"));\n'
        "process.stdout.write(JSON.stringify(await given(argument)));\n"
    )
    (folder / "main.mjs").write_text(main, encoding="utf-8")
    done = subprocess.run(
        ["node", "main.mjs"], cwd=folder, input=json.dumps(argument), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_chromium(module: str, argument: object, folder: Path) -> object:
    """The same in a browser, which is given the page's files without any server."""
    from playwright.sync_api import sync_playwright

    def answer(route: object) -> None:
        path = route.request.url.removeprefix("http://page.test/")
        if path == "":
            route.fulfill(body="<!doctype html><title>test</title>", content_type="text/html")
        elif path == "module.js":
            route.fulfill(body=module, content_type="text/javascript")
        else:
            route.fulfill(body=(STATIC / path).read_bytes(), content_type=mimetypes.guess_type(path)[0])

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"))
        try:
            page = browser.new_page()
            page.route("http://page.test/**", answer)
            page.goto("http://page.test/")
            load = "async (text) => JSON.stringify(await (await import('/module.js')).default(JSON.parse(text)))"
            return json.loads(page.evaluate(load, json.dumps(argument)))
        finally:
            browser.close()


@pytest.fixture(scope="session")
def javascript(tmp_path_factory):
    """A function `run(module, argument)`; the module imports the page's files as `from "./derive.js"`."""
    folder = tmp_path_factory.mktemp("javascript")
    if shutil.which("node"):
        return lambda module, argument: by_node(module, argument, folder)
    pytest.importorskip("playwright.sync_api", reason="neither node nor Playwright is installed")
    if shutil.which("chromium") is None:
        pytest.skip("neither node nor chromium is on the PATH")
    return lambda module, argument: by_chromium(module, argument, folder)
