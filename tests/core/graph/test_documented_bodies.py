"""Bodies in the form of Microsoft's reference: every property that a client sets, with the values that its pages have.

"Create iosCompliancePolicy" and its siblings show `"Display Name value"` for a text, times with an offset and seven
digits, the second member of an enumeration, and objects whose `@odata.type` has no `#`.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.schema.types import (
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Owner,
    Property,
    StructuredType,
    Version,
)
from fauxtune.core.profiles.catalog import KINDS
from tests.families.samples import every_family

_VALUES: dict[Edm, Any] = {
    Edm.BOOLEAN: True,
    Edm.INT32: 5,
    Edm.INT64: 4,
    Edm.DOUBLE: 2.5,
    Edm.SINGLE: 2.5,
    Edm.BYTE: 1,
    Edm.GUID: "8ad5e1ba-e1ba-8ad5-bae1-d58abae1d58a",
    Edm.BINARY: "dmFsdWU=",
    Edm.STREAM: "dmFsdWU=",
    Edm.DATE_TIME: "2016-12-31T23:58:46.7156189-08:00",
    Edm.DATE: "2016-12-31",
    Edm.TIME_OF_DAY: "11:58:36.2550000",
    Edm.DURATION: "PT2M",
}
CREATED = sorted(
    {kind.name for served in every_family() if "create" in served.family.verbs for kind in served.family.kinds}
    | {kind.name for kind in KINDS}
)


def documented(kind: StructuredType, *, version: Version, above: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The body of a type as the reference shows it; a type is shown once below itself."""
    mark = "#" if isinstance(kind, Entity) else ""
    body: dict[str, Any] = {"@odata.type": f"{mark}microsoft.graph.{kind.name}"}
    for name, prop in kind.properties_in(version).items():
        parts = [prop.type.name] if isinstance(prop.type, ComplexType) else []
        if prop.owner is Owner.CLIENT and name != "id" and not above.intersection(parts):
            value = _value(prop, version=version, above=above.union(parts))
            body[name] = [value] if prop.collection else value
    return body


def _value(prop: Property, *, version: Version, above: frozenset[str]) -> Any:
    kind = prop.type
    if isinstance(kind, EnumType):
        members = kind.in_version(version)
        return members[min(1, len(members) - 1)]
    if isinstance(kind, ComplexType):
        concrete = next((variant for variant in (kind, *prop.variants) if not variant.abstract), kind)
        return documented(concrete, version=version, above=above)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", prop.name)
    return _VALUES.get(kind, f"{words[:1].upper()}{words[1:]} value")


@pytest.mark.parametrize("version", Version)
def test_a_body_as_the_reference_shows_it_is_taken(version: Version, subtests: pytest.Subtests) -> None:
    for name in CREATED:
        kind = entity(name)
        if kind.abstract or (kind.beta_only and version is Version.V1):
            continue
        body = documented(kind, version=version)
        with subtests.test(name):
            accepted = accept(kind, body, partial=False, version=version)
            assert accepted.keys() == body.keys() - {"@odata.type"}
