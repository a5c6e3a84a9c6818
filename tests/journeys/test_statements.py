"""What enrolment and check-ins send to the database: as many statements as their data needs, in few transactions."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.statements import scenes

#: The statements and transactions on SQLite and on PostgreSQL, which locks rows as well. A statement that is sent alone
#: needs no transaction. Whoever needs fewer writes down the new numbers: `python -m bench --only statements`
#: shows them.
_EXPECTED = {
    "first Android: enrolment": ((12, 1), (13, 1)),
    "first Android: first check-in": ((22, 3), (24, 3)),
    "first Android: quiet check-in": ((1, 0), (1, 0)),
    "Android: enrolment": ((12, 1), (13, 1)),
    "Android: first check-in": ((14, 3), (16, 3)),
    "Android: quiet check-in": ((1, 0), (1, 0)),
    "iPhone: enrolment": ((26, 6), (28, 6)),
    "iPhone: first check-in": ((14, 6), (25, 6)),
    "iPhone: quiet check-in": ((1, 0), (1, 0)),
    "Windows: enrolment": ((15, 2), (16, 2)),
    "Windows: first check-in": ((20, 8), (23, 8)),
    "Windows: quiet check-in": ((3, 2), (3, 2)),
    "first Android: check-in that plans": ((16, 1), (17, 1)),
    "first Android: policy with a root": ((2, 1), (2, 1)),
    "first Android: check-in that issues": ((12, 1), (14, 1)),
    "first Android: policy with a certificate": ((3, 1), (3, 1)),
    "first Android: check-in that confirms": ((6, 1), (8, 1)),
    "Android: check-in that plans": ((7, 1), (8, 1)),
    "Android: policy with a root": ((2, 1), (2, 1)),
    "Android: check-in that issues": ((8, 1), (10, 1)),
    "Android: policy with a certificate": ((3, 1), (3, 1)),
    "Android: check-in that confirms": ((6, 1), (8, 1)),
    "iPhone: until idle": ((34, 8), (49, 8)),
    "iPhone: idle again": ((1, 0), (1, 0)),
    "Windows: session": ((32, 10), (37, 10)),
    "Windows: idle again": ((3, 2), (3, 2)),
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_enrolment_and_check_ins_take_exactly_so_many_statements_and_transactions(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    sent = scenes(tmp_path, database_url=request.getfixturevalue(f"{kind}_url"))
    counts = {name: (len(each.texts), each.transactions) for name, each in sent.items()}
    assert counts == {name: expected[kind != "sqlite"] for name, expected in _EXPECTED.items()}
