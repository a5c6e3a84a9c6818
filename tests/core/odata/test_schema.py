"""Enums, inheritance and the two versions, as the types of Graph use them."""

from __future__ import annotations

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import ENTITIES, derived_from, entity, enumeration
from fauxtune.core.odata.schema.types import ComplexType, EnumType, Property, StructuredType, Version, bare_name

MANAGEMENT_AGENT_TYPE = enumeration("managementAgentType")
SUBJECT_ALTERNATIVE_NAME_TYPE = enumeration("subjectAlternativeNameType")
USER_PFX_INTENDED_PURPOSE = enumeration("userPfxIntendedPurpose")
USER_PFX_PADDING_SCHEME = enumeration("userPfxPaddingScheme")


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        (USER_PFX_INTENDED_PURPOSE, "SmimeEncryption", "smimeEncryption"),
        (USER_PFX_INTENDED_PURPOSE, "VPN", "vpn"),
        (USER_PFX_PADDING_SCHEME, "OaepSha512", "oaepSha512"),
        (SUBJECT_ALTERNATIVE_NAME_TYPE, "userPrincipalName,EmailAddress", "emailAddress,userPrincipalName"),
        (SUBJECT_ALTERNATIVE_NAME_TYPE, "domainNameService , none", "domainNameService"),
        (SUBJECT_ALTERNATIVE_NAME_TYPE, "emailAddress,emailAddress", "emailAddress"),
    ],
)
def test_an_enum_takes_any_casing_and_gives_flags_lowest_bit_first(kind: EnumType, sent: str, kept: str) -> None:
    assert kind.canonical(sent) == kept


@pytest.mark.parametrize("sent", ["", "smime", "smimeSigning,vpn"])
def test_an_unknown_member_is_refused_with_the_known_ones(sent: str) -> None:
    with pytest.raises(Invalid, match="unassigned, smimeEncryption, smimeSigning, vpn, wifi"):
        USER_PFX_INTENDED_PURPOSE.canonical(sent)


def test_v1_does_not_know_the_members_that_beta_added() -> None:
    assert "intuneAosp" in MANAGEMENT_AGENT_TYPE.in_version(Version.BETA)
    assert "intuneAosp" not in MANAGEMENT_AGENT_TYPE.in_version(Version.V1)
    with pytest.raises(Invalid):
        MANAGEMENT_AGENT_TYPE.canonical("intuneAosp", version=Version.V1)


@pytest.mark.parametrize("name", ["user", "#microsoft.graph.user", "microsoft.graph.USER", "#Microsoft.Graph.User"])
def test_a_type_is_found_by_any_spelling_of_its_name(name: str) -> None:
    assert entity(name).odata_type == "#microsoft.graph.user"


def test_an_unknown_type_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match=r"microsoft\.graph\.toaster"):
        entity("#microsoft.graph.toaster")


def test_a_bare_name_loses_hash_and_namespace_and_keeps_its_casing() -> None:
    assert bare_name("#Microsoft.Graph.userPFXCertificate") == "userPFXCertificate"
    assert bare_name("graph.group") == "group"


def test_inherited_properties_come_before_own_ones() -> None:
    names = list(entity("androidForWorkImportedPFXCertificateProfile").properties_in(Version.BETA))
    assert names[0] == "id"
    assert names.index("displayName") < names.index("renewalThresholdPercentage") < names.index("intendedPurpose")


def test_the_work_profiles_imported_pfx_kind_derives_from_the_device_administrators_base() -> None:
    kind = entity("androidForWorkImportedPFXCertificateProfile")
    assert kind.is_a(entity("androidCertificateProfileBase"))
    assert kind in derived_from(entity("deviceConfiguration"))
    assert entity("deviceConfiguration") not in derived_from(entity("deviceConfiguration"))


def test_navigations_are_inherited_and_found_in_any_casing() -> None:
    kind = entity("androidWorkProfilePkcsCertificateProfile")
    root = kind.navigation("ROOTCERTIFICATE")
    assert root is not None
    assert root.target == "androidWorkProfileTrustedRootCertificate"
    assert kind.navigation("assignments") is not None
    assert entity("androidWorkProfileTrustedRootCertificate").navigation("rootCertificate") is None


def parts(kind: StructuredType) -> list[Property]:
    """The properties of a type, and of all types in it, each type once: a setting has settings below it."""
    waiting, seen = [kind], {kind.name}
    properties_in: list[Property] = []
    while waiting:
        own = waiting.pop().properties_in(Version.BETA).values()
        properties_in += own
        for prop in own:
            if isinstance(prop.type, ComplexType):
                new = [choice for choice in (prop.type, *prop.variants) if choice.name not in seen]
                seen.update(choice.name for choice in new)
                waiting += new
    return properties_in


def test_every_default_of_every_type_is_a_value_of_its_property(subtests: pytest.Subtests) -> None:
    for kind in ENTITIES:
        with subtests.test(kind.name):
            for prop in parts(kind):
                value = prop.initial()
                assert isinstance(value, list) is prop.collection
                if isinstance(value, str) and isinstance(prop.type, EnumType):
                    assert value in prop.type.members
                if not prop.nullable and not isinstance(prop.type, ComplexType):
                    assert value is not None
                if isinstance(prop.type, EnumType) and prop.type.beta_only and not prop.beta_only:
                    assert prop.type.v1_fallback in prop.type.in_version(Version.V1)


def test_names_are_unique() -> None:
    assert len({kind.name.lower() for kind in ENTITIES}) == len(ENTITIES)


def test_v1_shows_of_flags_those_that_it_knows() -> None:
    architectures = enumeration("windowsArchitecture")
    assert architectures.shown("x64,arm64", version=Version.BETA) == "x64,arm64"
    assert architectures.shown("x64,arm64", version=Version.V1) == "x64"
    assert architectures.shown("arm64", version=Version.V1) == "none"
