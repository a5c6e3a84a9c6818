"""The table of Graph's types, and the overlays beside it: both name only what exists."""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.graph.device_actions import FORMS
from fauxtune.core.graph.index import ENTITIES, MODEL, OVERLAYS
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.core.odata.schema.types import Edm, Entity, Version

TABLE = MODEL.table
NAMES = set(TABLE.names())
#: A parameter of this type stands in the address, where the SDKs hide it. No source describes the type.
HIDDEN = {"userExperienceAnalyticsSummarizedBy"}
PRIMITIVES = {each.value.removeprefix("Edm.") for each in Edm}
TEXTS = (
    *("server", "client", "required", "nullable", "never_null", "unfilterable"),
    *("when_selected", "blank_unless_selected", "ignores_case"),
)


def fields_of(name: str) -> set[str]:
    return {row.name for row in TABLE.properties(name)}


def links_of(name: str) -> set[str]:
    return {row.name for row in TABLE.navigations(name)}


def named(overlay: Overlay) -> Iterator[str]:
    """Every property that an overlay names."""
    for text in TEXTS:
        yield from getattr(overlay, text).split()
    for mapping in (overlay.defaults, overlay.secret, overlay.variants):
        yield from mapping
    for names in overlay.different.values():
        yield from names.split()


def test_every_type_that_a_row_names_is_in_the_table() -> None:
    missing = {
        f"{name}: {row.type}"
        for name in NAMES
        if TABLE.head(name).kind != "enum"
        for row in TABLE.properties(name)
        if row.type not in NAMES | PRIMITIVES
    }
    missing |= {f"{name}: {base}" for name in NAMES if (base := TABLE.head(name).base) and base not in NAMES}
    for key in TABLE.operations():
        operation = TABLE.operation(*key.rsplit("/", 1))
        if "gone" in operation.marks:
            continue
        types = {each.type for each in operation.parameters} | {(operation.returns or "String").strip("[]?")}
        missing |= {f"{key}: {each}" for each in {*types, operation.bound_to} - NAMES - PRIMITIVES - HIDDEN}
    assert not missing


def test_every_enumeration_has_each_number_once() -> None:
    for name in NAMES:
        if TABLE.head(name).kind == "enum":
            rows = TABLE.members(name)
            assert rows, name
            assert len({row.number for row in rows}) == len({row.name for row in rows}) == len(rows), name


def test_every_type_can_be_built() -> None:
    for name in NAMES:
        if TABLE.head(name).kind == "enum":
            assert MODEL.enumeration(name).members
        else:
            kind = MODEL.structured(name)
            assert kind.properties_in(Version.BETA).keys() >= kind.properties_in(Version.V1).keys()


def test_overlays_speak_of_types_that_exist() -> None:
    assert not {name for overlay in OVERLAYS for name in overlay.types.split()} - NAMES


def test_overlays_name_properties_that_one_of_their_types_has() -> None:
    for overlay in OVERLAYS:
        fields = set().union(*map(fields_of, overlay.types.split()))
        links = set().union(*map(links_of, overlay.types.split()))
        assert set(named(overlay)) <= {*fields, "*"}, overlay.types
        assert {*overlay.parts.split(), *overlay.linked.split()} <= links, overlay.types
        assert {*overlay.only.split()} <= {*fields, *links, "*"}, overlay.types
        variants = {name for names in overlay.variants.values() for name in names.split()}
        assert variants <= NAMES, overlay.types


def test_no_two_overlays_of_a_type_differ_on_a_property() -> None:
    levels: dict[tuple[str, str], set[str]] = {}
    for overlay in OVERLAYS:
        for fidelity, names in overlay.different.items():
            for kind in overlay.types.split():
                for name in set(names.split()) & fields_of(kind):
                    levels.setdefault((kind, name), set()).add(f"{fidelity.level}: {fidelity.why}")
    assert not {key: words for key, words in levels.items() if len(words) > 1}


def test_an_entity_is_served_when_an_overlay_names_it() -> None:
    entities = {name for name in MODEL.described if isinstance(MODEL.structured(name), Entity)}
    assert {kind.name for kind in ENTITIES} == entities - {"entity"}
    assert "authenticationStrengthPolicy" in NAMES - entities


def test_the_bodies_of_actions_are_those_of_the_table() -> None:
    bodies = {form.action.value: list(form.body.properties_in(Version.BETA)) for form in FORMS}
    # Graph: managedDevice: wipe (beta); managedDevice: setDeviceName (beta).
    assert bodies["setDeviceName"] == ["deviceName"]
    assert {"keepEnrollmentData", "keepUserData", "macOsUnlockCode", "persistEsimDataPlan"} <= {*bodies["wipe"]}
    for form in FORMS:
        operation = TABLE.operation("managedDevice", form.action.value)
        assert operation.kind == "action"
        assert list(form.body.properties_in(Version.BETA)) == [each.name for each in operation.parameters]
