"""What the schema lets a client send of every kind: the sample, in any casing, and nothing that it does not declare.

The body of each kind stands in `samples/<kind>.json`. Whoever adds a kind adds a sample; what is wrong with either
shows here.
"""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import ENTITIES, entity
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import ComplexType, Edm, EnumType, Owner, Property, Version
from fauxtune.core.profiles.catalog import KINDS, Kind
from tests.support.profile_samples import BASE, FOLDER, own_properties, sample

ABSTRACT = [kind for kind in ENTITIES if kind.is_a(BASE) and kind.abstract]
OF_V1 = [kind for kind in KINDS if not entity(kind.name).beta_only]


def sent(kind: Kind, **changes: Any) -> dict[str, Any]:
    """The sample with changes, as it is accepted."""
    return accept(entity(kind.name), {**sample(kind), **changes}, partial=False, version=Version.BETA)


def refused(kind: Kind, **changes: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        sent(kind, **changes)
    return caught.value


def pascal(value: str) -> str:
    """`emailAddress,userPrincipalName` as .NET writes it."""
    return ", ".join(word[0].upper() + word[1:] for word in value.split(","))


def test_every_kind_has_a_sample_and_every_sample_a_kind() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == {kind.name for kind in KINDS}


def test_every_concrete_profile_type_is_a_kind() -> None:
    assert {kind.name for kind in KINDS} == {k.name for k in ENTITIES if k.is_a(BASE) and not k.abstract}


def test_v1_knows_25_kinds_and_one_abstract_base_of_two() -> None:
    assert len(OF_V1) == 25
    assert {kind.name for kind in ABSTRACT if not kind.beta_only} == {
        "deviceConfiguration",
        "appleDeviceFeaturesConfigurationBase",
    }


def test_a_sample_says_what_it_is_and_sets_all_that_a_client_can(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            body, shape = sample(kind), entity(kind.name)
            assert body["@odata.type"] == shape.odata_type
            assert set(own_properties(shape)) <= set(body)
            if not shape.open:
                assert set(body) - {"@odata.type"} <= set(shape.properties_in(Version.BETA))


def test_a_sample_is_accepted_as_it_is_and_its_family_agrees(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            accepted = sent(kind)
            assert accepted == {name: value for name, value in sample(kind).items() if name != "@odata.type"}
            kind.family.check({**defaults(entity(kind.name)), **accepted})


def test_a_kind_applies_somewhere_and_names_its_document(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            assert kind.variants
            assert entity(kind.name).source.startswith(f"Graph: {kind.name}")


def test_enumerations_are_taken_in_any_casing_and_kept_as_graph_writes_them(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            body = sample(kind)
            for name, prop in own_properties(entity(kind.name)).items():
                if isinstance(prop.type, EnumType):
                    assert sent(kind, **{name: pascal(body[name])})[name] == body[name], name


def test_a_word_that_is_no_member_is_refused_by_name(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            for name, prop in own_properties(entity(kind.name)).items():
                if isinstance(prop.type, EnumType):
                    error = refused(kind, **{name: "loud"})
                    assert error.target == name
                    assert prop.type.members[0] in error.message


def test_a_property_that_the_type_does_not_declare_is_refused_by_name_or_kept_by_an_open_type(
    subtests: pytest.Subtests,
) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            odd = {"colour": {"red": [1, None]}}
            if entity(kind.name).open:
                assert sent(kind, **odd)["colour"] == odd["colour"]
                assert view(entity(kind.name), sent(kind, **odd), version=Version.V1)["colour"] == odd["colour"]
            else:
                error = refused(kind, **odd)
                assert (error.target, "'colour' does not exist on type" in error.message) == ("colour", True)


def test_what_the_server_owns_is_not_heard(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            theirs = {
                "id": "00000000-0000-0000-0000-000000000000",
                "version": 7,
                "createdDateTime": "2001-01-01T00:00:00Z",
                "lastModifiedDateTime": "nonsense",
                "supportsScopeTags": False,
            }
            servers = {
                name: "x"
                for name, prop in entity(kind.name).properties_in(Version.BETA).items()
                if prop.owner is Owner.SERVER and name not in BASE.properties_in(Version.BETA)
            }
            assert sent(kind, **theirs, **servers) == sent(kind)


def test_an_explicit_null_clears_what_can_be_null_and_is_refused_elsewhere(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            for name, prop in {**own_properties(entity(kind.name)), "description": Property("description")}.items():
                if prop.collection:
                    assert sent(kind, **{name: None})[name] == []
                elif prop.nullable:
                    assert sent(kind, **{name: None})[name] is None
                else:
                    error = refused(kind, **{name: None})
                    assert (error.target, "cannot be null" in error.message) == (name, True)


def test_a_value_of_another_type_is_refused_by_name(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            for name, prop in own_properties(entity(kind.name)).items():
                for wrong in ("text",) if prop.collection else _wrong(prop):
                    target = refused(kind, **{name: wrong}).target or ""
                    assert target.partition("/")[0] == name, wrong


def _wrong(prop: Property) -> tuple[object, ...]:
    if isinstance(prop.type, ComplexType):
        return ("text", 1, [])
    if prop.type is Edm.INT32:
        return ("twenty", {}, [], True, 2**31, 1.5)
    if prop.type is Edm.BOOLEAN:
        return ("yes", {}, [], 1)
    return ({}, [], True)


def test_an_abstract_type_is_never_made(subtests: pytest.Subtests) -> None:
    for kind in ABSTRACT:
        with subtests.test(kind.name):
            with pytest.raises(Invalid, match=f"'microsoft.graph.{kind.name}' is abstract") as caught:
                accept(kind, {"@odata.type": kind.odata_type, "displayName": "x"}, partial=False, version=Version.BETA)
            assert caught.value.target == "@odata.type"


def test_what_was_never_set_is_shown_all_the_same(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            shape = entity(kind.name)
            result = view(shape, defaults(shape), version=Version.BETA)
            for name, prop in own_properties(shape).items():
                value = result[name]
                if prop.collection:
                    assert value == []
                elif isinstance(prop.type, EnumType) and prop.type.flags:
                    # A set of flags that was never set is null, or the member without a bit where it cannot be null.
                    assert value == (None if prop.nullable else prop.type.named(0))
                elif prop.type is Edm.BOOLEAN:
                    assert value in (None, False)
                elif not prop.nullable:
                    assert value is not None
