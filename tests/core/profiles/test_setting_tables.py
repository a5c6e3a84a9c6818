"""The tables of settings name properties that their kinds have, and words that these properties can have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import closed, entity
from fauxtune.core.odata.schema.types import EnumType, Property, StructuredType, Version
from fauxtune.core.profiles import settings
from fauxtune.core.profiles.catalog import COMPLIANCE_KINDS, ENROLLMENT_KINDS, KINDS
from fauxtune.core.profiles.setting_tables import reading
from fauxtune.core.tables import Line, read_lines, table


def wrong(sections: Iterable[Line]) -> Iterator[str]:
    """What is wrong with the properties of a table, and where."""
    for section in sections:
        for kind in section.words[1:]:
            try:
                entity(kind)
            except Invalid:
                yield str(section.mistake(f"there is no type '{kind}'"))
                continue
            for line in section.below:
                prop = _property(closed(kind), line.first)
                if prop is None:
                    yield str(line.mistake(f"{kind} has no property '{line.first}'"))
                elif isinstance(prop.type, EnumType) and ":" in line.words[3]:
                    words = {pair.partition(":")[0] for pair in line.words[3].split(",")}
                    for word in sorted(words - set(prop.type.members)):
                        yield str(line.mistake(f"{line.first} is never '{word}'"))


def _property(shape: StructuredType, path: str) -> Property | None:
    """The property of this path; None if a part of it does not exist."""
    first, _, rest = path.partition(".")
    prop = shape.properties_in(Version.BETA).get(first)
    if prop is None or not rest:
        return prop
    return _property(prop.type, rest) if isinstance(prop.type, StructuredType) else None


@pytest.mark.parametrize("name", reading._TABLES)
def test_each_row_is_about_a_property_that_its_kind_has(name: str) -> None:
    assert list(wrong(table(reading.__package__ or "", name))) == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("each iosGeneralDeviceConfig\n a b int *", "t.txt, line 1: there is no type 'iosGeneralDeviceConfig'"),
        (
            "each iosGeneralDeviceConfiguration\n passcodeRequire b int *",
            "t.txt, line 2: iosGeneralDeviceConfiguration has no property 'passcodeRequire'",
        ),
        (
            "each iosGeneralDeviceConfiguration\n passcodeRequiredType b int numeric:1,letters:0",
            "t.txt, line 2: passcodeRequiredType is never 'letters'",
        ),
    ],
)
def test_a_row_that_would_never_be_used_is_named(row: str, message: str) -> None:
    assert list(wrong(read_lines("t.txt", row))) == [message]


def test_each_kind_of_settings_has_rows_but_for_the_custom_ones() -> None:
    kinds = (*KINDS, *COMPLIANCE_KINDS, *ENROLLMENT_KINDS)
    of_settings = [kind.name for kind in kinds if kind.family.name == "settings"]
    own_reader = settings._READERS
    assert [name for name in of_settings if name.lower() not in {*reading.words(), *own_reader}] == []
