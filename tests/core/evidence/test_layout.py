"""Names of files: safe in a shell without quotation marks, one for each thing, whatever people call their devices."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from fauxtune_report.evidence.layout import Layout, slug
from tests.core.evidence.sample import facts_of

SAFE = re.compile(r"[a-z0-9][a-z0-9-]*")


@given(st.text())
def test_any_name_becomes_a_safe_part_of_a_path(name: str) -> None:
    assert SAFE.fullmatch(slug(name))
    assert len(slug(name)) <= 32


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_devices_of_equal_or_similar_names_have_folders_of_their_own(names: list[str]) -> None:
    facts = facts_of(devices=names)
    folders = [Layout.of(facts).devices[device.id] for device in facts.devices]
    assert len(set(folders)) == len(names)
    assert all(SAFE.fullmatch(folder) for folder in folders)


def test_a_certificate_is_named_by_its_mark_and_its_thumbprint() -> None:
    facts = facts_of(devices=[])
    facts.marks.decide("aabbccdd" + "0" * 32)
    assert re.fullmatch(r"[A-Z]{4}-aabbccdd", Layout.of(facts).mark("aabbccdd" + "0" * 32))
    assert Layout.of(facts).mark("aabbccde" + "0" * 32) == "aabbccde"
