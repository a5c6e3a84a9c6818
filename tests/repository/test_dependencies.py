"""What the program imports is installed with it: a newcomer's `pip install` has no tools of the tests beside it."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.sources import source

ROOT = Path(__file__).resolve().parents[2]
#: `_typeshed` is there for type checkers alone.
OURS = {
    "_typeshed",
    *(path.name for folder in ("app", "simulator", "migrations") for path in (ROOT / folder).iterdir()),
}
#: What is used if it is there, and where: the test library offers Microsoft's clients, its plugin is loaded by pytest,
#: its strategies are Hypothesis's.
OPTIONAL = {"azure": "testing", "kiota_authentication_azure": "testing", "msgraph": "testing"}
OPTIONAL |= {"msgraph_beta": "testing", "msgraph_core": "testing", "pytest": "testing", "hypothesis": "strategies"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def installed() -> frozenset[str]:
    """The names of the packages that come with the project, and with what it depends on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names: set[str] = set()
    waiting = [Requirement(text) for text in project["dependencies"]]
    while waiting:
        requirement = waiting.pop()
        name = canonical(requirement.name)
        if name in names:
            continue
        try:
            required = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # of another platform
        names.add(name)
        for each in map(Requirement, required):
            extras = [*requirement.extras, ""]
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(each)
    return frozenset(names)


def imported() -> Iterator[tuple[Path, str]]:
    for folder in ("app", "simulator", "migrations"):
        for file in (ROOT / folder).rglob("*.py"):
            yield from ((file, name) for name in source(file).imports)


def test_every_import_is_a_dependency() -> None:
    packages = packages_distributions()
    missing = set()
    for file, name in imported():
        if name in sys.stdlib_module_names | OURS or OPTIONAL.get(name, "-") in file.parts:
            continue
        if not {canonical(package) for package in packages.get(name, ())} & installed():
            missing.add((str(file.relative_to(ROOT)), name))
    assert not missing
