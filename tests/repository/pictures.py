"""The picture of the rooms in docs/architecture.md, drawn from the imports of the code.

`python -m tests.repository.pictures docs/architecture.md` (or `make pictures`) writes it between its two markers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import grimp

BEGIN = "<!-- rooms: drawn from the imports by `make pictures` -->"
END = "<!-- end of rooms -->"

Arrow = tuple[str, str]


def picture() -> str:
    """The Mermaid flowchart of the packages of `fauxtune`, with the rooms of `operations` inside it."""
    graph = grimp.build_graph("fauxtune")
    packages = _reduced(_arrows(graph, "fauxtune"))
    rooms = _reduced(_arrows(graph, "fauxtune.operations"))
    lines = ["```mermaid", "flowchart TD", "  subgraph operations"]
    lines += [f"    operations_{above}[{above}] --> operations_{below}[{below}]" for above, below in rooms]
    lines += ["  end"]
    lines += [f"  {above} --> {below}" for above, below in packages]
    return "\n".join([*lines, "```"])


def page_with_picture(page: str) -> str:
    """The page with the picture as the code is now. ValueError if the markers are missing."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"The page lacks the markers {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n\n{picture()}\n\n{END}{after}"


def _arrows(graph: grimp.ImportGraph, container: str) -> set[Arrow]:
    """Which child of `container` imports which, from any module to any module below them."""
    depth = container.count(".") + 1
    inside = [module for module in graph.modules if module.startswith(f"{container}.")]
    pairs = (
        (importer.split(".")[depth], imported.split(".")[depth])
        for importer in inside
        for imported in graph.find_modules_directly_imported_by(importer)
        if imported.startswith(f"{container}.")
    )
    return {(above, below) for above, below in pairs if above != below and not above.startswith("__")}


def _reduced(arrows: set[Arrow]) -> list[Arrow]:
    """The arrows that do not follow from others."""
    return sorted(arrow for arrow in arrows if not _leads(arrow, by=arrows - {arrow}))


def _leads(arrow: Arrow, *, by: Iterable[Arrow]) -> bool:
    start, goal = arrow
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for above, below in by:
            if above == here and below not in reached:
                reached.add(below)
                waiting.append(below)
    return goal in reached


def main() -> None:
    """Write the picture into the page that is named on the command line."""
    page = Path(sys.argv[1])
    page.write_text(page_with_picture(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
