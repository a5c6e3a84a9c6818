"""What every run does with a part of the cases, and `make soak` with all of them (SOAK_ALL=1)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

Case = TypeVar("Case")

#: Whether all cases are tried, also those of which each run tries a part.
SOAK = os.environ.get("SOAK_ALL") == "1"

_SQLITE, _POSTGRESQL = ["sqlite"], ["postgresql"]
_BOTH = [*_SQLITE, *_POSTGRESQL]
#: For a test of surfaces that is long, and whose subject is not the SQL: the other database is for `make soak`.
ON_SQLITE = pytest.mark.parametrize("seeded", _BOTH if SOAK else _SQLITE, indirect=True)
#: The same on PostgreSQL, which refuses more: types that do not fit, texts, numbers.
ON_POSTGRESQL = pytest.mark.parametrize("seeded", _BOTH if SOAK else _POSTGRESQL, indirect=True)


def some(cases: Sequence[Case], *, one_of: int) -> list[Case]:
    """Return the cases that a run tries: the first of so many, and so on; in `make soak` all. They are the same in each
    run, so that one which fails fails again.
    """
    return list(cases[:: 1 if SOAK else one_of])
