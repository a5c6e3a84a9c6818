"""The recipes of a page: shell and Python blocks in Markdown, each task in three ways.

A label says whose way the blocks below it are: `**As a command**`, `<summary>As a request`, `<summary>In Python`.
`</details>` ends a way; blocks without a way belong to all. So a reader who keeps to one way runs one third of the page
from its beginning to its end, and so does the test, three times.

A fence `text` after a block holds lines that the block prints, in this order; other lines may stand between them. `…`
is what differs from run to run or is left out. `(exit code 1)` is not printed: it says how the last failure ends. The
lines of a fence `text in any order` may be printed in another order, each once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import unquote

#: What the page calls the server that it is run against.
HTTPS, HTTP = "https://localhost:8443", "http://localhost:8080"
_LANGUAGES = ("sh", "python")
_ANY_ORDER = "text in any order"
_CODE = re.compile(r"\(exit code (\d+)\)")
_WRITE = re.compile(rf"-X (POST|PUT|PATCH|DELETE) [\"']?{re.escape(HTTPS)}([^\s\"']*)")
#: Where the requests of the page's tenant go: those that the window on the wire shows.
_PLACES = ("/beta/", "/_fauxtune/v1/tenants/contoso/")
#: A segment of a path that names one thing: a variable, an id, a thumbprint, a user.
_ONE = re.compile(
    r"\$(?!ref).*|[0-9a-f]{8}-[0-9a-f-]{27}(?:-[0-9a-f]{40})?|[0-9a-f]{32}-[0-9a-f]{40}|[0-9a-fA-F]{40}|.*@.*"
)


class Way(StrEnum):
    """A way to do a task."""

    COMMAND = "command"
    REQUEST = "request"
    PYTHON = "python"


#: The beginning of a line -> the way of the blocks below it.
_LABELS = {
    "## ": None,
    "**As a command**": Way.COMMAND,
    "<details><summary>As a request": Way.REQUEST,
    "<details><summary>In Python": Way.PYTHON,
    "</details>": None,
}


@dataclass(frozen=True, slots=True)
class Block:
    """A block to run. `expected`: the lines that it prints, in this order unless they may come `in_any_order`; `code`:
    the exit code of its last failure.
    """

    recipe: str
    way: Way | None
    language: str
    text: str
    expected: tuple[str, ...] = ()
    code: int = 0
    in_any_order: bool = False

    def missing(self, printed: str) -> list[str]:
        """Return the expected lines that were not printed, or not after the one before."""
        every = [_one_space(line) for line in printed.splitlines()]
        if self.in_any_order:
            return [line for line in self.expected if not _take(every, _pattern(line))]
        lines = iter(every)
        return [line for line in self.expected if not any(_pattern(line).fullmatch(each) for each in lines)]


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page. Raises ValueError for a fence that nobody would run or compare."""
    result: list[Block] = []
    recipe, way, may_expect = "", None, False
    lines = iter(page.splitlines())
    for line in lines:
        way = next((meant for label, meant in _LABELS.items() if line.startswith(label)), way)
        recipe = line.removeprefix("## ") if line.startswith("## ") else recipe
        if not line.startswith("```"):
            may_expect = may_expect and not line
            continue
        language, inside = line.removeprefix("```"), []
        while (inner := next(lines)) != "```":
            inside.append(inner)
        if language in _LANGUAGES:
            result.append(Block(recipe, way, language, "\n".join(inside) + "\n"))
        elif language in ("text", _ANY_ORDER) and may_expect:
            result[-1] = replace(_expecting(result[-1], inside), in_any_order=language == _ANY_ORDER)
        else:
            raise ValueError(f"'{recipe}' has a block that is neither run nor compared: {line} {inside[:1]}")
        may_expect = language in _LANGUAGES
    return result


def commands(block: str) -> list[str]:
    """Return the commands of a shell block, each as one line, without comments."""
    lines = re.sub(r"\\\n\s*", "", block).splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def declared_writes(page: Iterable[Block], recipe: str) -> set[str]:
    """Return the requests that change something in a recipe, as its curl commands say: every way sends these."""
    texts = (block.text for block in page if (block.recipe, block.way) == (recipe, Way.REQUEST))
    return {_write(method, path) for text in texts for method, path in _WRITE.findall(text) if path.startswith(_PLACES)}


def recorded_writes(exchanges: Iterable[Mapping[str, object]]) -> set[str]:
    """Return the requests that change something, of the window on the wire."""
    pairs = ((str(exchange["method"]), str(exchange["url"])) for exchange in exchanges)
    return {_write(method, path) for method, path in pairs if method != "GET" and path.startswith(_PLACES)}


def _write(method: str, path: str) -> str:
    segments = unquote(path.partition("?")[0]).split("/")
    return f"{method} {'/'.join('*' if _ONE.fullmatch(segment) else segment for segment in segments)}"


def _expecting(block: Block, lines: list[str]) -> Block:
    code = next((int(match[1]) for line in lines if (match := _CODE.fullmatch(line))), 0)
    printed = [_one_space(line) for line in lines if line.strip("…. ") and not _CODE.fullmatch(line)]
    return replace(block, expected=tuple(printed), code=code)


def _one_space(line: str) -> str:
    """The line without the width of its columns."""
    return " ".join(line.split())


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in line.split("…")))


def _take(lines: list[str], pattern: re.Pattern[str]) -> bool:
    """Take away the first of the lines that fits; return whether there was one."""
    place = next((place for place, line in enumerate(lines) if pattern.fullmatch(line)), None)
    if place is not None:
        del lines[place]
    return place is not None
