"""Every error that the core knows reaches every surface's envelope.

A surface with errors of its own keeps them in one file called errors.py, with a table from class to envelope: a mapping
whose keys, or a sequence whose first elements, are classes of the error tree. A class is mapped if it, or a class above
it, is in the table; an entry for the root of the tree alone maps nothing, it only hides what was forgotten.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from fauxtune.core import errors
from fauxtune.core.errors import FauxtuneError

APP = Path(__file__).resolve().parents[2] / "app"


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
