"""The pages of the console as a person finds them: by following every link."""

from __future__ import annotations

import html
import re
from collections import defaultdict, deque
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import httpx

from fauxtune_console.app import PAGES

#: Addresses of one page that are read, by the names in their query: a list has a page for each of its rows.
_MOST = 6
_LINK = re.compile(r'<a\s[^>]*?href="([^"]*)"')


@dataclass(slots=True)
class Site:
    """What was found. `addresses`: those of each page by its path in the list of pages; `dead`: links that lead
    nowhere, with the page that has them.
    """

    addresses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    dead: list[str] = field(default_factory=list)
    read: dict[object, int] = field(default_factory=lambda: defaultdict(int))


def explore(http: httpx.Client, *starts: str, site: Site | None = None) -> Site:
    """Follow the links of a tenant's pages from these addresses on; the first one is that of the tenant's overview.

    `site`: what was found before something changed; only pages of kinds that were not there are added to it.
    """
    top, site = starts[0], site or Site()
    patterns = [
        (path, re.compile(re.sub(r"\{\w+\}", "[^/]+", path))) for path, method, _page in PAGES if method == "GET"
    ]
    patterns.sort(key=lambda pair: pair[0].count("{"))  # `/profiles/new` before `/profiles/{profile}`
    waiting, seen = deque((start, "the test") for start in starts), set(starts)
    while waiting:
        address, origin = waiting.popleft()
        parts = urlsplit(address)
        path = next((path for path, pattern in patterns if pattern.fullmatch(parts.path.removeprefix(top))), None)
        shape = (path or parts.path, tuple(sorted({name for name, _ in parse_qsl(parts.query)})))
        site.read[shape] += 1
        if site.read[shape] > _MOST:
            continue
        answer = http.get(address)
        if answer.status_code != 200 or path is None:
            site.dead.append(f"{unquote(address)} ({answer.status_code}), on {unquote(origin)}")
            continue
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        site.addresses[path].append(address)
        for link in _LINK.findall(answer.text):
            target = urljoin(address, html.unescape(link)).partition("#")[0]
            if target.startswith(top) and target not in seen:
                seen.add(target)
                waiting.append((target, address))
    return site


def html_pages() -> set[str]:
    """Return the paths of the pages that show something: those below `/console/{tenant}` that answer GET, but for files
    to download.
    """
    return {
        path
        for path, method, _page in PAGES
        if method == "GET" and not path.endswith((".har", ".eml", ".pem", ".json", "/files/{name}"))
    }
