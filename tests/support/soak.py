"""What every run does with a part of the cases, and `make soak` with all of them (SOAK_ALL=1)."""

from __future__ import annotations

import os

import pytest

#: Whether all cases are tried, also those of which each run tries a part.
SOAK = os.environ.get("SOAK_ALL") == "1"

_SQLITE, _POSTGRESQL = ["sqlite"], ["postgresql"]
_BOTH = [*_SQLITE, *_POSTGRESQL]
#: For a test of surfaces that is long, and whose subject is not the SQL: the other database is for `make soak`.
ON_SQLITE = pytest.mark.parametrize("seeded", _BOTH if SOAK else _SQLITE, indirect=True)
#: The same on PostgreSQL, which refuses more: types that do not fit, texts, numbers.
ON_POSTGRESQL = pytest.mark.parametrize("seeded", _BOTH if SOAK else _POSTGRESQL, indirect=True)
