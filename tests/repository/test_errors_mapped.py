"""Every error that the core knows reaches every surface's envelope, and every member of an enumeration its tables.

A surface with errors of its own keeps them in one file called errors.py, with a table from class to envelope: a mapping
whose keys, or a sequence whose first elements, are classes of the error tree. A class is mapped if it, or a class above
it, is in the table; an entry for the root of the tree alone maps nothing, it only hides what was forgotten.

A table by the members of an enumeration has all of them or only some. When a member is added, a table that had all of
them lacks one: so a row that was forgotten is told, and no list of such tables has to be kept.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from types import ModuleType

from fauxtune.core import errors
from fauxtune.core.errors import FauxtuneError

APP = Path(__file__).resolve().parents[2] / "app"
_PACKAGES = (*(folder.name for folder in sorted(APP.iterdir()) if (folder / "__init__.py").is_file()), "fauxtune_sim")
#: Tables that lack one member on purpose, and that member.
_LACK_ONE = {
    "fauxtune.core.engine.assignment_filters.matching.PLATFORMS": "windowsphone81",
    "fauxtune.core.odata.schema.types._ZEROS": "Edm.Stream",
    "fauxtune.core.reports.filters._TYPES": "String",
    "fauxtune.operations.devices.action_results._MANAGEMENT_STATES": "canceled",
    "fauxtune_console.compliance_lines._REMEDIATED": "unknown",
    "fauxtune_console.pages.certificates.certificates.STANDINGS": "onCrl",
    "fauxtune_console.profiles.facts._FAMILIES": "setting",
    "fauxtune_docs.pages.coverage_words._WORDS": "refused",
    "fauxtune_docs.pages.editions.ISSUERS": "microsoft",
    "fauxtune_sim.cli.mailbox_commands._BY": "notAtAll",
}


def _is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, FauxtuneError)


def _error_tree() -> set[type[FauxtuneError]]:
    return {value for value in vars(errors).values() if _is_error(value) and value is not FauxtuneError}


def _tables(module: ModuleType) -> Iterable[set[type[FauxtuneError]]]:
    """The classes that each table of the module names, a set for each table."""
    for value in list(vars(module).values()):
        keys: list[object] = []
        if isinstance(value, Mapping):
            keys = list(value)
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
            keys = [row[0] for row in value if isinstance(row, tuple) and row]
        named = {key for key in keys if inspect.isclass(key) and issubclass(key, FauxtuneError)}
        if named:
            yield named - {FauxtuneError}


def _surfaces_with_errors() -> list[str]:
    files = sorted((APP / "fauxtune" / "surfaces").rglob("errors.py"))
    return [".".join(file.relative_to(APP).with_suffix("").parts) for file in files]


def test_every_error_has_a_place_in_every_surface() -> None:
    unmapped = {}
    for name in _surfaces_with_errors():
        tables = list(_tables(importlib.import_module(name)))
        mapped = tuple(set().union(*tables))
        forgotten = sorted(error.__name__ for error in _error_tree() if not issubclass(error, mapped))
        if not tables or forgotten:
            unmapped[name] = forgotten or "no table of errors"
    assert not unmapped


def test_every_error_says_what_it_means() -> None:
    assert not [error.__name__ for error in _error_tree() if not error.__doc__]


def _modules() -> Iterator[ModuleType]:
    for package in map(importlib.import_module, _PACKAGES):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def _lacked(table: Mapping[object, object]) -> set[Enum]:
    """The members that have no row; none if this is no table by an enumeration of ours with three members or more."""
    kinds = {type(key) for key in table}
    kind = kinds.pop() if len(kinds) == 1 else object
    if not issubclass(kind, Enum) or kind.__module__.partition(".")[0] not in _PACKAGES or len(kind) < 3:
        return set()
    return set(kind) - set(table)


def test_every_table_has_a_row_for_each_member_of_its_enumeration() -> None:
    places: dict[int, str] = {}
    lacking = {}
    for module in _modules():
        for name, value in vars(module).items():
            if isinstance(value, Mapping) and len(lacked := _lacked(value)) == 1:
                lacking[places.setdefault(id(value), f"{module.__name__}.{name}")] = lacked.pop().value
    assert lacking == _LACK_ONE, "a table lacks one member of its enumeration"
