"""Ids: unpredictable in a server, repeatable from a seed."""

from __future__ import annotations

import re

import pytest

from fauxtune.core.model.ids import IdSource
from fauxtune.server.system import SystemIds
from tests.support.ids import SeededIds


@pytest.mark.parametrize("ids", [SystemIds(), SeededIds(7)], ids=["system", "seeded"])
def test_ids_have_the_shape_that_the_wire_wants(ids: IdSource) -> None:
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", ids.uuid())
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", ids.token())
    assert {ids.serial().bit_length() for _ in range(50)} == {159}
    assert len({ids.uuid() for _ in range(50)}) == 50


def test_a_seed_repeats_itself() -> None:
    first, second = SeededIds(7), SeededIds(7)
    assert [first.uuid(), first.token(), first.serial()] == [second.uuid(), second.token(), second.serial()]
    assert SeededIds(8).uuid() != SeededIds(7).uuid()
