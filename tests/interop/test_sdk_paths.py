"""Every path that Microsoft's SDKs know, of either version, is answered or refused with its reason: none is unknown.

The request builders are read as text: each has the template of its address. Below a branch that is refused as a whole
there is nothing to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import msgraph
import msgraph_beta
import pytest

from fauxtune.core.odata.paths.table import EVERY, NoSuchVerb, RouteTable, UnknownSegment
from fauxtune.core.odata.schema.types import Version
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import TABLES
from fauxtune.surfaces.graph.routes.absent import REASONS

_ADDRESS = re.compile(r'super\(\).__init__\(request_adapter, "\{\+baseurl\}([^"]*)"')


def _unknown(folder: Path, table: RouteTable[Handler], *, seen: list[str]) -> Iterator[str]:
    for builder in sorted(folder.glob("*_request_builder.py")):
        address = _ADDRESS.search(builder.read_text(encoding="utf-8"))
        if address is None:
            continue
        path = re.sub(r"\?.*", "", re.sub(r"\{[?&][^}]*\}", "", unquote(address[1])))
        path = re.sub(r"\{[^}]*\}", "x", path)
        seen.append(path)
        try:
            if table.match("GET", path).route.method == EVERY:
                return
        except NoSuchVerb:
            continue
        except UnknownSegment:
            yield path
    for below in sorted(folder.iterdir()):
        if below.is_dir() and below.name not in {"models", "__pycache__"}:
            yield from _unknown(below, table, seen=seen)


def _unworded(folder: Path, table: RouteTable[Handler], *, seen: list[str]) -> Iterator[str]:
    """The changes of single parts that the SDK knows and the table calls a mistake."""
    for builder in folder.rglob("*_request_builder.py"):
        text = builder.read_text(encoding="utf-8")
        address = _ADDRESS.search(text)
        path = "" if address is None else re.sub(r"\{[?&][^}]*\}", "", unquote(address[1]))
        words = [word for word in path.split("?")[0].split("/") if not word.startswith("{")]
        if not words or words[-1] not in REASONS:
            continue
        for method in re.findall(r"async def (post|patch|delete)\(", text):
            seen.append(path)
            try:
                table.match(method.upper(), re.sub(r"\{[^}]*\}", "x", path))
            except NoSuchVerb:
                yield f"{method} {path}"


def test_changes_of_single_parts_are_answered_or_refused_with_the_way_that_works() -> None:
    folder = Path(msgraph_beta.__file__).parent / "generated"
    results: list[str] = []
    services = (folder / "device_management", folder / "device_app_management")
    assert [each for one in services for each in _unworded(one, TABLES[Version.BETA], seen=results)] == []
    assert len(results) > 250


@pytest.mark.parametrize(("sdk", "version"), [(msgraph, Version.V1), (msgraph_beta, Version.BETA)])
def test_no_path_of_microsofts_sdk_is_unknown(sdk: object, version: Version) -> None:
    folder = Path(str(sdk.__file__)).parent / "generated"  # type: ignore[attr-defined]
    results: list[str] = []
    assert list(_unknown(folder, TABLES[version], seen=results)) == []
    assert len(results) > 500
