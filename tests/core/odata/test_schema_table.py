"""A schema as a text, the types that are built from it, what lines with ~ say beyond it, and mistakes in the text."""

from __future__ import annotations

import re

import pytest

from fauxtune.core.odata.schema.model import Model, mistakes
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.core.odata.schema.table import Mistake, SchemaTable
from fauxtune.core.odata.schema.types import EXACT, Edm, EnumType, Owner, Shown, Version, approximated

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
 owner -> sailor beta

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


def with_lines(**said: str) -> str:
    """The text with these lines below the first line of each type, without their ~."""
    text = TEXT
    for name, lines in said.items():
        above, head, below = re.split(rf"^(\w+ {name}\b.*\n)", text, maxsplit=1, flags=re.MULTILINE)
        text = above + head + "".join(f"~ {line}\n" for line in lines.split("\n")) + below
    return text


def model(**said: str) -> Model:
    return Model(SchemaTable(with_lines(**said), words={"YARDS": "drydock harbour"}))


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
    assert [
        (navigation.name, navigation.target, navigation.collection, navigation.contained, navigation.beta_only)
        for navigation in ship.navigations
    ] == [
        ("crew", "sailor", True, True, False),
        ("owner", "sailor", False, False, True),
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
    ours = Model(TABLE, fallbacks={"signals": "white"})
    assert ours.enumeration("signals").v1_fallback == "white"


def test_an_operation_has_its_parameters_and_its_result() -> None:
    scuttle = TABLE.operation("ship", "scuttle")
    assert (scuttle.kind, scuttle.of_collection, scuttle.returns) == ("action", False, "Boolean")
    assert [(parameter.name, parameter.type, parameter.collection) for parameter in scuttle.parameters] == [
        ("reason", "String", False),
        ("witnesses", "person", True),
    ]
    count = TABLE.operation("[ship]", "count")
    assert (count.kind, count.bound_to, count.of_collection, count.returns) == ("function", "ship", True, "[Int32]")
    assert "gone" in count.marks
    assert set(TABLE.operations()) == {"ship/scuttle", "[ship]/count"}


def test_parameters_may_be_null_unless_an_overlay_says_no() -> None:
    overlay = Overlay(never_null="witnesses", required="reason", different={LIE: "reason"})
    known = model().parameters("ship", "scuttle", overlay=overlay).properties_in(Version.BETA)
    assert (known["reason"].nullable, known["witnesses"].nullable) == (True, False)
    assert known["reason"].required
    assert known["reason"].fidelity is LIE


def test_a_property_whose_type_has_kinds_takes_the_concrete_ones() -> None:
    plain = model().entity("ship").properties_in(Version.BETA)["home"]
    assert plain.variants == ()
    ours = model(place="polymorphic")
    names = [variant.name for variant in ours.entity("ship").properties_in(Version.BETA)["home"].variants]
    assert names == ["harbour", "drydock"]
    ours = model(place="polymorphic", ship="variants home harbour")
    assert [variant.name for variant in ours.entity("ship").properties_in(Version.BETA)["home"].variants] == ["harbour"]


ALL_LINES = """stored: in
   dry dock
polymorphic
concrete
source The log book
server *
client name
required name
never-null name
nullable tonnage
default tags ["old"]
default logged "2026-01-01"
secret captain "a man"
secret berth
alias skipper captain
unfilterable tags
when-selected tonnage
blank-unless-selected captain
ignores-case name tags
ignores-case berth
parts owner
linked crew
exact tags logged
approximated *: as the mate says"""


def test_lines_say_what_the_schema_does_not() -> None:
    ours = model(ship=ALL_LINES, ferry="stored: in dry dock")
    ship = ours.entity("ship")
    assert (ship.polymorphic, ship.abstract, ship.source) == (True, False, "The log book")
    assert ours.entity("ferry").polymorphic, "what derives from it is as well"
    assert ours.entity("ferry").fidelity.why == ship.fidelity.why == "in dry dock"
    known = ship.properties_in(Version.BETA)
    assert [name for name, prop in known.items() if prop.owner is Owner.CLIENT] == ["id", "name"]
    assert (known["name"].required, known["name"].nullable, known["tonnage"].nullable) == (True, False, True)
    assert (known["tags"].initial(), known["logged"].initial()) == (["old"], "2026-01-01")
    assert ship.aliases == {"skipper": "captain"}
    assert [(known[name].write_only, known[name].mask) for name in ("captain", "berth")] == [
        (True, "a man"),
        (True, None),
    ]
    assert [name for name, prop in known.items() if not prop.filterable] == ["tags"]
    assert known["tonnage"].visibility is Shown.WHEN_SELECTED
    assert known["captain"].visibility is Shown.BLANK_UNLESS_SELECTED
    assert [name for name, prop in known.items() if prop.ignores_case] == ["name", "tags", "berth"]
    assert [(navigation.name, navigation.contained) for navigation in ship.navigations] == [
        ("crew", False),
        ("owner", True),
    ]
    assert (known["name"].fidelity, known["tags"].fidelity) == (LIE, EXACT)
    assert known["id"].fidelity is EXACT, "it is declared by the base"


def test_what_is_left_out_does_not_exist() -> None:
    ours = model(ship="only name crew", person="only nothing", harbour="open")
    assert list(ours.entity("ship").properties_in(Version.BETA)) == ["id", "name"]
    assert [navigation.name for navigation in ours.entity("ship").navigations] == ["crew"]
    assert ours.complex_type("person").properties == ()
    assert ours.complex_type("harbour").open
    assert ours.complex_type("harbour").properties == ()


def test_the_page_of_a_type_is_its_source_unless_an_overlay_names_another() -> None:
    assert model().entity("ferry").source == "Graph: ferry"
    assert model().entity("whaler").source == "Graph: whaler (beta)"


def test_types_are_built_when_they_are_first_asked_for() -> None:
    broken = Model(SchemaTable(f"{TEXT}\ncomplex wreck\n~ requird name\n name String\n"))
    assert broken.entity("ferry").properties_in(Version.V1)
    with pytest.raises(Mistake, match="'requird' is not known after ~"):
        broken.complex_type("wreck")


def test_an_enumeration_is_no_structure() -> None:
    assert isinstance(model().enumeration("signals"), EnumType)
    assert isinstance(model().entity("ship").properties_in(Version.BETA)["flag"].type, EnumType)


def test_a_word_stands_for_a_text_that_many_share() -> None:
    ours = model(place="polymorphic", ship="variants home $YARDS")
    variants = ours.entity("ship").properties_in(Version.BETA)["home"].variants
    assert [variant.name for variant in variants] == ["drydock", "harbour"]


def test_an_entity_is_served_when_its_first_line_says_so() -> None:
    text = TEXT.replace("entity ferry : ship", "entity ferry : ship beta served").replace(
        "entity sailor", "# served?\nentity sailor"
    )
    assert SchemaTable(text).served() == ("ferry",)


def test_a_block_begins_without_an_empty_line_too_and_comments_stand_anywhere() -> None:
    table = SchemaTable(
        "entity boat\n# Only one.\n~ required oars\n# Two of them.\n oars Int32\n\n\ncomplex oar\n wood String"
    )
    assert [*table.names()] == ["boat", "oar"]
    assert [row.name for row in table.properties("boat")] == ["oars"]
    assert table.overlay("boat").required == "oars"
    assert not [*mistakes(table)]


#: Blocks below the text, in whose last line something is wrong, with what is said of it.
WRONG = {
    "Entity wreck": "'Entity' begins no block, and a property begins with a space",
    "entity": "its name is missing",
    "entity ship : entity": "'ship' has a block already",
    "action scuttle of ship beta": "'ship/scuttle' has a block already",
    "action sink ship": "it begins an operation",
    "entity wreck entity": "'entity' is not known here; known are abstract, beta, partial, served",
    "entity wreck : ": "it begins a type",
    "entity wreck : entty": "the base 'entty' is no entity type of the table",
    "complex wreck served": "'served' is not known here; known are abstract, beta, partial",
    "complex wreck\nname String": "'name' begins no block",
    "complex wreck\n  name String": "it begins with several spaces",
    "complex wreck\n\tname String": "it begins with a tab",
    "complex wreck\n name  String": "it has two spaces where one is right",
    "complex wreck\n name String ": "it ends with a space",
    "complex wreck\n name String\r": "it ends with a space",
    "complex wreck\n \n": "it has spaces and nothing else",
    "complex wreck\n-name String": "it begins with none of these: a letter, a space, ~, #",
    "complex wreck\n name": "its type is missing",
    "complex wreck\n name [String": "it is no property",
    "complex wreck\n name String bata": "'bata' is not known here; known are beta, elsewhere, readonly, unsure, v1",
    "complex wreck\n name Strng": "the type 'Strng' has no block here",
    "complex wreck\n name String\n name String": "'wreck' has 'name' already",
    "entity wreck\n owner ship": "'ship' is an entity: ` owner -> ship` leads to it",
    "entity wreck\n owner -> shpi": "the type 'shpi' has no block here",
    "entity wreck\n owner -> String": "'String' is no entity",
    "entity wreck\n owner -> [person]": "'person' is no entity",
    "entity wreck\n owner -> ship containd": "'containd' is not known here; known are beta, contained, elsewhere",
    "entity wreck\n name String\n~ required name": "what we know of a type stands above its properties",
    "enum wreck": "'wreck' has no members",
    "enum wreck\n~ open": "what we know of a type stands above its properties",
    "enum wreck\n a b=c": "'b=c' is no member",
    "enum wreck\n a b a": "two members of 'wreck' have the name a",
    "enum wreck\n a b=0": "two members of 'wreck' have the number 0",
    "action sink of wreck": "the type 'wreck' has no block here",
    "action sink of ship\n with Canon": "the type 'Canon' has no block here",
    "action sink of ship\n = Boolaen": "the type 'Boolaen' has no block here",
    "action sink of ship\n = Boolean Boolean": "what an operation returns is one line",
}
#: Lines with ~ of a ship, in the last of which something is wrong.
WRONG_LINES = {
    "requird name": "'requird' is not known after ~; known are exact, approximated, stored,",
    "required": "'required' needs names of properties",
    "required nmae": "'ship' has no property 'nmae' of its own",
    "required cars": "'ship' has no property 'cars' of its own",
    "required name name": "'required' has the same name twice",
    "required tags\n   name crew": "'ship' has no property 'crew' of its own",
    "parts name": "'ship' has no navigation 'name' of its own",
    "only name hold": "'ship' has neither a property nor a navigation 'hold' of its own",
    "polymorphic name": "nothing follows 'polymorphic'",
    "open\nopen": "'open' is said twice",
    "stored tags": "'stored' needs a colon and the difference",
    "exact tags: nearly": "what is exact has no difference",
    "stored: one\nstored: two": "'fidelity' is said twice",
    "stored tags: one\nstored tags: two": "how near 'tags' comes is said twice",
    "default name Anna": "Anna is not JSON: a text stands in double quotes",
    "default name null": "null is no default",
    "default name": "'default' needs a name and a value",
    "default name 4": "the default of 'name' is no String",
    "default tonnage true": "the default of 'tonnage' is no Int64",
    'default flag "pirate"': "the default of 'flag' is no flagState",
    'default tags "old"': "the default of 'tags' is no String",
    "default tonnage 4\ndefault tonnage 5": "'tonnage' is said twice",
    "secret name 4": "4 is not shown in place of a secret",
    "alias skipper": "'alias' needs a name and a value",
    "alias skipper mate": "'ship' has no property 'mate'",
    "variants home harbor": "'harbor' is no complex type of the table",
    "variants home $YARD": "$YARD is not known; known are $YARDS",
}


def told(text: str) -> list[str]:
    """The mistakes that the whole text has, or the one that nothing can be read beyond."""
    try:
        return [str(found) for found in mistakes(SchemaTable(text, words={"YARDS": "drydock harbour"}))]
    except Mistake as found:
        return [str(found)]


def test_a_text_without_mistakes_has_none() -> None:
    assert not told(TEXT)
    assert not told(with_lines(ship=ALL_LINES))


@pytest.mark.parametrize("block", WRONG)
def test_a_mistake_is_told_with_its_line(block: str) -> None:
    text = f"{TEXT}\n{block}\n"
    (found,) = told(text)
    assert found.startswith(f"types.txt, line {len(text.rstrip(chr(10)).split(chr(10)))}: {WRONG[block]}")


@pytest.mark.parametrize("lines", WRONG_LINES)
def test_a_mistake_in_what_is_known_is_told_with_its_line(lines: str) -> None:
    text = with_lines(ship=lines)
    (found,) = told(text)
    assert found.startswith(
        f"types.txt, line {text[: text.index(' name String?')].count(chr(10))}: {WRONG_LINES[lines]}"
    )


def test_a_type_with_a_mistake_is_not_built() -> None:
    for block, what in (
        ("entity wreck : entty", "the base 'entty'"),
        ("entity wreck\n name Strng", "the type 'Strng'"),
        ("entity wreck\n owner ship", "'ship' is an entity"),
        ("entity wreck\n name String\n name String", "has 'name' already"),
        ("entity wreck\n~ required nmae\n name String", "no property 'nmae'"),
        ("entity wreck\n state wrecked\n\nenum wrecked\n a a", "two members"),
    ):
        with pytest.raises(Mistake, match=what):
            _ = Model(SchemaTable(f"{TEXT}\n{block}\n")).entity("wreck").properties
