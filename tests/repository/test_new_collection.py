"""CONTRIBUTING.md: the recipe for a new collection of Graph, carried out in a copy, with its names and with others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^(append to|new file) `([^`]+)`\n+```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What the recipe names -> what somebody else could name it; those that are in longer names come after these.
_OTHER_NAMES = {
    "microsoftTunnelConfiguration": "contosoLighthouse",
    "MicrosoftTunnelConfiguration": "ContosoLighthouse",
    "Microsoft Tunnel": "Lighthouses",
    "microsoft_tunnel": "lighthouses",
    "displayName": "lampName",
    "description": "keeperNotes",
    "listenPort": "flashesPerMinute",
    "lastUpdateDateTime": "lastSeenDateTime",
    "network": "coast",
}
#: What the tests of every family do not ask: $metadata, and one request of each kind with the property's own name.
_STORY = """
import pytest

PLACES = [("microsoftTunnelConfiguration", "displayName", "network"), ("contosoLighthouse", "lampName", "coast")]


@pytest.mark.parametrize(("kind", "name", "place"), PLACES)
async def test_the_collection_is_served(beta, v1, kind, name, place):
    path = f"/deviceManagement/{kind}s"
    assert (await v1.get(path)).status_code == 400
    made = (await beta.post(path, json={name: "North", place: "n"})).raise_for_status().json()
    await beta.post(path, json={name: "South", place: "s"})
    one = f"{path}/{made['id']}"
    assert (await beta.get(one)).json()[name] == "North"
    assert {each[name] for each in (await beta.get(path)).json()["value"]} == {"North", "South"}
    found = await beta.get(path, params={"$filter": f"{name} eq 'South'"})
    assert [each[place] for each in found.json()["value"]] == ["s"]
    assert (await beta.patch(one, json={place: "m"})).json()[place] == "m"
    assert (await beta.delete(one)).status_code == 204
    assert (await beta.get(one)).status_code == 404
    metadata = (await beta.get("/$metadata")).text
    assert f'<EntityType Name="{kind}" ' in metadata and f'<Property Name="{name}" ' in metadata
"""
#: The families that the copy's tests of every family are about: the others are tried where they stand.
_NEW = {"microsoftTunnelConfigurations", "contosoLighthouses"}
#: Appended to their samples.
_ONLY_NEW = f"""
_every = every_family
every_family = lambda: (each for each in _every() if name_of(each) in {_NEW})
"""
#: Both databases, assignments and derived types are not what the recipe is about.
_CHOICE = "not postgresql and not test_assign and not below_the_types"


def _carried_out(copy: Path, blocks: list[tuple[str, str, str]]) -> None:
    for what, path, text in blocks:
        assert (copy / path).exists() == (what == "append to"), path
        with (copy / path).open("a", encoding="utf-8") as file:
            file.write(text)


def test_the_recipe_gives_a_collection_that_passes_the_tests_of_every_family(tmp_path: Path) -> None:
    recipe = _BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(recipe) == 3
    for folder in ("app", "simulator", "migrations", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    if not (tmp_path / recipe[1][1]).exists():  # somebody may have carried it out where this test runs
        _carried_out(tmp_path, recipe)
    other = "\0".join(part for block in recipe for part in block)
    for name, another in _OTHER_NAMES.items():
        assert name in other
        other = other.replace(name, another)
    words = other.split("\0")
    _carried_out(tmp_path, [(words[at], words[at + 1], words[at + 2]) for at in range(0, len(words), 3)])
    (tmp_path / "tests/families/test_story.py").write_text(_STORY, encoding="utf-8")
    with (tmp_path / "tests/families/samples.py").open("a", encoding="utf-8") as file:
        file.write(_ONLY_NEW)
    for sample in (tmp_path / "tests/families/samples").glob("*.json"):
        if sample.stem not in _NEW:
            sample.unlink()
    tests = ("tests/families/test_story.py", "tests/families/test_every_family.py", "tests/core/graph/test_model.py")
    sources = os.pathsep.join(str(tmp_path / folder) for folder in ("app", "simulator", "migrations"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", "-k", _CHOICE, *tests],
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": sources},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
    assert re.search(r"\b\d+ passed", run.stdout)
