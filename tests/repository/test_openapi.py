"""The committed OpenAPI documents are those that the code would write now: `make openapi` writes them anew."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from fauxtune.core.odata.paths.table import EVERY
from fauxtune.core.odata.schema.types import Version
from fauxtune.surfaces.graph.routes import TABLES
from tests.support.openapi import documents, seed_schema

FOLDER = Path(__file__).parents[2] / "openapi"
SEED = "seed.schema.json"


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.json") if file.name != SEED))
def test_the_committed_document_is_current(name: str) -> None:
    written = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(documents()[name]))
    # Not `written == now`: what differs would fill thousands of lines.
    same = written == now
    assert same, f"openapi/{name}.json is out of date: run make openapi"


def test_every_file_in_the_folder_belongs_to_a_surface() -> None:
    assert {file.stem for file in FOLDER.glob("*.json") if file.name != SEED} == set(documents())


def test_the_committed_schema_of_seeds_is_current() -> None:
    assert json.loads((FOLDER / SEED).read_text(encoding="utf-8")) == seed_schema(), "write it with: make openapi"


def test_every_document_names_its_server_its_licence_and_what_each_operation_needs() -> None:
    for name, document in documents().items():
        assert document["servers"][0]["url"] == "https://{host}:{port}", name
        assert document["info"]["license"]["identifier"] == "MIT", name
        schemes = document.get("components", {}).get("securitySchemes", {})
        for path, methods in document["paths"].items():
            for operation in methods.values():
                needed = operation.get("security", document.get("security"))
                assert needed is not None, (name, path)
                assert {word for each in needed for word in each} <= schemes.keys(), (name, path)
                refuses = any(status.startswith("4") for status in operation["responses"])
                # A probe refuses nobody.
                assert refuses or name == "health", (name, path)


def test_no_path_differs_from_another_only_by_the_names_of_its_keys() -> None:
    """OpenAPI 3.1, Paths Object: such paths are identical, and a reader may keep either of them."""
    for name, document in documents().items():
        shapes = Counter(re.sub(r"\{[^}]*\}", "{}", path) for path in document["paths"])
        assert [shape for shape, number in shapes.items() if number > 1] == [], name


def test_the_paths_with_a_cast_are_described_and_each_of_them_is_served() -> None:
    found: dict[str, set[str]] = {}
    for path, methods in documents()["graph"]["paths"].items():
        version, _, rest = path[1:].partition("/")
        if "{type}" not in rest:
            continue
        for method, operation in methods.items():
            kinds = operation["parameters"][0]["schema"]["enum"]
            found.setdefault(rest, set()).update(kinds)
            for kind in kinds:
                match = TABLES[Version(version)].match(method, rest.replace("{type}", kind))
                # A kind that is kept elsewhere is refused as a whole branch.
                assert match.cast == kind or match.route.method == EVERY, path
                without_cast = rest.replace("/microsoft.graph.{type}", "")
                assert match.route.method == EVERY or match.route.template == without_cast, path
    contents = found["deviceAppManagement/mobileApps/{resource}/microsoft.graph.{type}/contentVersions/{content}/files"]
    assert {"win32LobApp", "iosLobApp", "androidLobApp", "macOSPkgApp"} <= contents
    assert "iosStoreApp" not in contents
    assert "user" in found["groups/{group}/members/microsoft.graph.{type}"]
