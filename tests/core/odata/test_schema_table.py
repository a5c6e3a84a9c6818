"""A schema as a text, the types that are built from it, and what overlays say beyond it."""

from __future__ import annotations

import pytest

from fauxtune.core.odata.schema.fidelity import EXACT, approximated, stored
from fauxtune.core.odata.schema.model import Model
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.core.odata.schema.table import SchemaTable
from fauxtune.core.odata.schema.types import Edm, EnumType, Owner, Shown, Version

TEXT = """# A comment is passed over.
# enum notAType

entity entity abstract
 id String

entity ship : entity abstract
 name String?
 tags [String]
 tonnage Int64
 flag flagState beta
 captain person?
 home place
 berth Int32 v1
 berth String beta
 logged DateTimeOffset readonly
 crew -> [sailor] contained
 owner -> person beta

entity ferry : ship
 cars Int32

entity whaler : ship abstract beta

entity sailor : entity
 name String

complex person
 name String?
 parent person?

complex place abstract

complex harbour : place
 piers Int32

complex drydock : harbour beta
 gates Int32

complex anchorage : place abstract

enum flagState beta
 none=0 panama liberia=16 malta

enum signals flags
 none=0 green red white=8 blue~

enum unsureOnes beta unsure
 a b

enum partly
 a b? c

action scuttle of ship beta
 reason String
 witnesses [person] beta
 = Boolean

function count of [ship] gone
 = [Int32]
"""
TABLE = SchemaTable(TEXT)
LIE = approximated("as the mate says")


def model(*overlays: Overlay) -> Model:
    return Model(TABLE, overlays)


def test_a_type_has_what_its_block_says() -> None:
    ship = model().entity("ship")
    assert ship.abstract
    assert ship.base is model().entity("entity") or ship.base.name == "entity"  # type: ignore[union-attr]
    known = ship.properties_in(Version.BETA)
    assert list(known) == ["id", "name", "tags", "tonnage", "flag", "captain", "home", "berth", "logged"]
    assert (known["name"].nullable, known["tonnage"].nullable) == (True, False)
    assert known["tags"].collection
    assert known["tonnage"].type is Edm.INT64
    assert known["flag"].beta_only
    assert known["logged"].owner is Owner.SERVER
    assert [(each.name, each.target, each.collection, each.contained, each.beta_only) for each in ship.navigations] == [
        ("crew", "sailor", True, True, False),
        ("owner", "person", False, False, True),
    ]


def test_v1_does_not_have_what_beta_alone_has() -> None:
    assert "flag" not in model().entity("ship").properties_in(Version.V1)
    whaler, ship = model().entity("whaler"), model().entity("ship")
    assert list(whaler.properties_in(Version.V1)) == list(ship.properties_in(Version.V1))


def test_of_a_property_whose_type_differs_by_version_beta_s_is_built() -> None:
    assert model().entity("ship").properties_in(Version.BETA)["berth"].type is Edm.STRING


def test_a_type_that_contains_itself_is_built() -> None:
    person = model().complex_type("person")
    assert person.properties_in(Version.BETA)["parent"].type is person


def test_the_same_name_gives_the_same_type() -> None:
    ours = model()
    assert ours.entity("ferry").base is ours.entity("ship")
    assert ours.enumeration("signals") is ours.enumeration("signals")


@pytest.mark.parametrize("name", ["submarine", "Ship", "", "notAType"])
def test_an_unknown_name_is_no_type(name: str) -> None:
    with pytest.raises(KeyError):
        model().structured(name)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("flagState", {"none": 0, "panama": 1, "liberia": 16, "malta": 17}),
        ("signals", {"none": 0, "green": 1, "red": 2, "white": 8, "blue": 16}),
        ("unsureOnes", {"a": 0, "b": 1}),
        ("partly", {"a": 0, "b": 1, "c": 2}),
    ],
)
def test_members_count_on_from_the_one_before_and_bits_by_bits(name: str, numbers: dict[str, int]) -> None:
    kind = model().enumeration(name)
    assert {member: kind.number(member) for member in kind.members} == numbers


def test_members_and_types_of_beta_are_marked() -> None:
    assert model().enumeration("signals").beta_only == {"blue"}
    assert "beta" in TABLE.head("flagState").marks


def test_v1_shows_another_member_for_one_of_beta_s() -> None:
    ours = Model(TABLE, (), fallbacks={"signals": "white"})
    assert ours.enumeration("signals").v1_fallback == "white"


def test_an_operation_has_its_parameters_and_its_result() -> None:
    scuttle = TABLE.operation("ship", "scuttle")
    assert (scuttle.kind, scuttle.of_collection, scuttle.returns) == ("action", False, "Boolean")
    assert [(each.name, each.type, each.collection) for each in scuttle.parameters] == [
        ("reason", "String", False),
        ("witnesses", "person", True),
    ]
    count = TABLE.operation("[ship]", "count")
    assert (count.kind, count.bound_to, count.of_collection, count.returns) == ("function", "ship", True, "[Int32]")
    assert "gone" in count.marks
    assert set(TABLE.operations()) == {"ship/scuttle", "[ship]/count"}


def test_parameters_may_be_null_unless_an_overlay_says_no() -> None:
    overlay = Overlay("scuttle", never_null="witnesses", required="reason", different={LIE: "reason"})
    known = model().parameters("ship", "scuttle", overlay=overlay).properties_in(Version.BETA)
    assert (known["reason"].nullable, known["witnesses"].nullable) == (True, False)
    assert known["reason"].required
    assert known["reason"].fidelity is LIE


def test_a_property_whose_type_has_kinds_takes_the_concrete_ones() -> None:
    plain = model().entity("ship").properties_in(Version.BETA)["home"]
    assert plain.variants == ()
    ours = model(Overlay("place", polymorphic=True))
    names = [each.name for each in ours.entity("ship").properties_in(Version.BETA)["home"].variants]
    assert names == ["harbour", "drydock"]
    ours = model(Overlay("place", polymorphic=True), Overlay("ship", variants={"home": "harbour"}))
    assert [each.name for each in ours.entity("ship").properties_in(Version.BETA)["home"].variants] == ["harbour"]


def test_an_overlay_says_what_the_schema_does_not() -> None:
    ours = model(
        Overlay(
            "ship",
            polymorphic=True,
            concrete=True,
            source="The log book",
            server="*",
            client="name",
            required="name",
            never_null="name",
            nullable="tonnage",
            defaults={"tags": ("old",)},
            secret={"captain": "a man"},
            unfilterable="tags",
            when_selected="tonnage",
            blank_unless_selected="captain",
            ignores_case="*",
            parts="owner",
            linked="crew",
            different={LIE: "*"},
        ),
        Overlay("ship ferry", fidelity=stored("in dry dock")),
    )
    ship = ours.entity("ship")
    assert (ship.polymorphic, ship.abstract, ship.source) == (True, False, "The log book")
    assert ours.entity("ferry").polymorphic, "what derives from it is as well"
    assert ours.entity("ferry").fidelity.why == ship.fidelity.why == "in dry dock"
    known = ship.properties_in(Version.BETA)
    assert [name for name, prop in known.items() if prop.owner is Owner.CLIENT] == ["id", "name"]
    assert (known["name"].required, known["name"].nullable, known["tonnage"].nullable) == (True, False, True)
    assert known["tags"].initial() == ["old"]
    assert (known["captain"].write_only, known["captain"].mask) == (True, "a man")
    assert [name for name, prop in known.items() if not prop.filterable] == ["tags"]
    assert known["tonnage"].visibility is Shown.WHEN_SELECTED
    assert known["captain"].visibility is Shown.BLANK_UNLESS_SELECTED
    assert [name for name, prop in known.items() if prop.ignores_case] == ["name", "tags", "berth"]
    assert [(each.name, each.contained) for each in ship.navigations] == [("crew", False), ("owner", True)]
    assert known["name"].fidelity is LIE
    assert known["id"].fidelity is EXACT, "it is declared by the base"


def test_what_an_overlay_leaves_out_does_not_exist() -> None:
    ours = model(Overlay("ship", only="name crew"), Overlay("person", only=""), Overlay("harbour", open=True))
    assert list(ours.entity("ship").properties_in(Version.BETA)) == ["id", "name"]
    assert [each.name for each in ours.entity("ship").navigations] == ["crew"]
    assert ours.complex_type("person").properties == ()
    assert ours.complex_type("harbour").open
    assert ours.complex_type("harbour").properties == ()


def test_the_page_of_a_type_is_its_source_unless_an_overlay_names_another() -> None:
    assert model().entity("ferry").source == "Graph: ferry"
    assert model().entity("whaler").source == "Graph: whaler (beta)"


def test_types_are_built_when_they_are_first_asked_for() -> None:
    broken = Model(SchemaTable(f"{TEXT}\ncomplex wreck\n name unknownType\n"), ())
    assert broken.entity("ferry").properties_in(Version.V1)
    with pytest.raises(KeyError):
        _ = broken.complex_type("wreck").properties


def test_an_enumeration_is_no_structure() -> None:
    assert isinstance(model().enumeration("signals"), EnumType)
    assert isinstance(model().entity("ship").properties_in(Version.BETA)["flag"].type, EnumType)
