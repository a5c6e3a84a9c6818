"""The console as a person uses it: reads pages as text, fills in forms, and follows where they lead."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import httpx

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_TAG = re.compile(r"<[^>]*>")
_BLANK = re.compile(r"\s+")


def text_of(page: httpx.Response | str) -> str:
    """Return what a page's content says, in one line: without the bar, tags and hidden words."""
    source = page if isinstance(page, str) else page.text
    _, main, rest = source.partition("<main")
    content = rest.partition(">")[2].rpartition("</main>")[0] if main else source
    return _BLANK.sub(" ", html.unescape(_TAG.sub(" ", content))).strip()


async def show(console: httpx.AsyncClient, path: str) -> str:
    """Return what a page says, which must exist."""
    page = await console.get(path)
    assert page.status_code == 200, text_of(page)
    return text_of(page)


async def submit(console: httpx.AsyncClient, path: str, **fields: str | list[str]) -> httpx.Response:
    """Open a page, fill in its form, and send it to the page's address."""
    return await send_from(console, path, to=path, fields=fields)


async def send_from(
    console: httpx.AsyncClient, path: str, *, to: str, fields: Mapping[str, str | list[str]] | None = None
) -> httpx.Response:
    """Open a page, fill in a form on it that is sent to the address `to`, and send it."""
    page = await console.get(path)
    assert page.status_code == 200, text_of(page)
    token = _TOKEN.search(page.text)
    assert token is not None, "the page has no form"
    return await console.post(to, data={"form_token": token[1], **(fields or {})})


def done(answer: httpx.Response) -> str:
    """Return the address to which a form led, which must have been carried out."""
    assert answer.status_code == 303, text_of(answer)
    return str(answer.request.url.join(answer.headers["location"]))
