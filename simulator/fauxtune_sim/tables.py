"""Tables of data as text: their lines with numbers, their sections, and the place of each mistake.

Empty lines say nothing, nor do lines that begin with `#`; a line that begins with ` + ` goes on with the one above;
`[name]` begins a section.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping

#: The number of a line, and its text.
Line = tuple[int, str]


class Mistake(ValueError):
    """What is wrong with a table, with the file and the line."""


def text_of(package: str, name: str) -> str:
    """Return the text of a table that stands beside the modules of a package."""
    content = pkgutil.get_data(package, name)
    assert content is not None, "packages are folders of files"
    return content.decode()


def numbered(text: str) -> Iterator[Line]:
    """Yield the number and the text of each line, with what continues it."""
    last: Line | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(" + ") and last:
            last = (last[0], f"{last[1]} {line[3:]}")
            continue
        if last:
            yield last
        last = (number, line) if line.strip() and not line.startswith("#") else None
    if last:
        yield last


def sections(text: str, *, file: str) -> Mapping[str, tuple[Line, ...]]:
    """Return the lines of each section. Raises Mistake for a line above the first, and a section that comes twice."""
    by_name: dict[str, list[Line]] = {}
    lines: list[Line] | None = None
    for number, line in numbered(text):
        if line.startswith("["):
            name = line.strip("[]")
            if name in by_name:
                raise Mistake(f"{file}, line {number}: there is a section {name} already")
            lines = by_name[name] = []
        elif lines is None:
            raise Mistake(f"{file}, line {number}: above this line stands a [section]")
        else:
            lines.append((number, line))
    return {name: tuple(lines) for name, lines in by_name.items()}
