"""Pictures of the console, of a server on which the demonstration has just ended.

`python -m tests.browser.pictures` (or `make pictures`) writes docs/images/console.png, the picture in README.md, and
those of the lessons in docs/lessons.
`--pages FOLDER` takes every page at 1280, 1024 and 390 px in both colour schemes instead, for a person to look at.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx
from playwright.sync_api import Browser, sync_playwright

from fauxtune_client.endpoints import find
from fauxtune_client.http import Client
from tests.repository import lessons
from tests.support.browsing import browser_program
from tests.support.console_pages import explore
from tests.support.running_server import SECONDS, environment

_PICTURE = Path("docs/images/console.png")
_LARGEST = 300_000
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_WIDTHS = (1280, 1024, 390)
_TOP = "/console/contoso"


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.pictures", description=__doc__)
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="take every page, into this folder")
    folder = parser.parse_args().pages
    with _demonstration() as (address, data), sync_playwright() as playwright:
        if folder is None:
            with Client(find(data_dir=data)) as client:
                lessons.write(client)
        browser = playwright.chromium.launch(executable_path=browser_program(), args=["--no-sandbox"])
        if folder is None:
            _readme(browser, address)
        else:
            _pages(browser, address, folder=folder)
        browser.close()


@contextmanager
def _demonstration() -> Iterator[tuple[str, Path]]:
    """The address and the data folder of a server on which all proofs have been made, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-pictures-") as folder:
        command = [sys.executable, "-m", "fauxtune", "demo", "--port", "0", "--http-port", "0", "--data-dir", folder]
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
        with process:
            try:
                assert process.stdout is not None
                if not any("The server and the devices keep running" in line for line in process.stdout):
                    raise RuntimeError("the demonstration ended before its last proof")
                endpoints = json.loads((Path(folder) / "endpoints.json").read_bytes())
                yield str(endpoints["http"]), Path(folder)
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=SECONDS)


def _readme(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page.goto(f"{address}{_TOP}")
    _PICTURE.parent.mkdir(exist_ok=True)
    size = len(page.screenshot(path=_PICTURE))
    if size > _LARGEST:
        raise RuntimeError(f"{_PICTURE} has {size:,} bytes, more than {_LARGEST:,}")


def _pages(browser: Browser, address: str, *, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with httpx.Client(base_url=address, timeout=SECONDS) as http:
        user = "alice@contoso.example"
        site = explore(http, _TOP, f"{_TOP}/why?user={user}", f"{_TOP}/profiles/new?kind=pkcs")
    for scheme in _SCHEMES:
        for width in _WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            for path, addresses in site.addresses.items():
                name = re.sub(r"\W+", "-", path).strip("-") or "overview"
                page.goto(f"{address}{addresses[0]}")
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
            page.close()


if __name__ == "__main__":
    main()
