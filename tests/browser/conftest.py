"""Chromium, one real server, and a tenant of its own for each test, whose devices stay connected.

Every test also holds what must be so on every page: the browser complains of nothing, opens no dialog, and asks no
other host.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.browsing import PATIENCE, Watch, launched
from tests.support.console_tenant import ConsoleTenant
from tests.support.running_server import SECONDS, Running, serving
from tests.support.simulated_devices import SimulatedDevices, simulated_devices


@pytest.fixture(scope="session")
def server(commands: Path) -> Iterator[Running]:
    with serving("--ephemeral", commands=commands) as running:
        yield running


@pytest.fixture(scope="session")
def devices(server: Running) -> Iterator[SimulatedDevices]:
    with simulated_devices(server) as devices:
        yield devices


@pytest.fixture(scope="session")
def http(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.endpoints["http"], timeout=SECONDS) as client:
        yield client


@pytest.fixture
def tenant(http: httpx.Client, devices: SimulatedDevices) -> ConsoleTenant:
    """A tenant with Alice, Bob and Carol, without devices."""
    return ConsoleTenant.created(http, devices)


# Of a module, not of a session: while Playwright's synchronous interface is open, asyncio cannot run in this thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def watch(server: Running) -> Iterator[Watch]:
    """What the browser of this test noticed; the test fails if there is anything."""
    watch = Watch(urlsplit(server.endpoints["http"]).netloc)
    yield watch
    assert watch.complaints == []


@pytest.fixture
def context(browser: Browser, server: Running, watch: Watch) -> Iterator[BrowserContext]:
    """A browser's window, with scripts."""
    # What changed is marked, but does not fade: three seconds of sixty pictures each are most of the work of a test.
    context = browser.new_context(base_url=server.endpoints["http"], reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    watch.over(context)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
