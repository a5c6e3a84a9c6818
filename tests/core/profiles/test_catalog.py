"""THE list of profile kinds: the entity, family and variants of each; and the merged items of several profiles.

The tables of settings name properties that their kinds have, and words that these properties can have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest

from fauxtune.core.engine.device_actions.support import supports
from fauxtune.core.engine.planning.desired import desired_items
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import closed, entity, enumeration
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.platforms import FACTS, Platform, Variant, variant_of
from fauxtune.core.model.tenants import Edition
from fauxtune.core.odata.schema.types import EnumType, Property, StructuredType, Version
from fauxtune.core.profiles import settings
from fauxtune.core.profiles.catalog import COMPLIANCE_KINDS, ENROLLMENT_KINDS, KINDS, kind
from fauxtune.core.profiles.family import ImportedCertificate, Profile, Recipient
from fauxtune.core.profiles.setting_tables import reading
from fauxtune.core.tables import Line, read_lines, table

DEVICE_ENROLLMENT_TYPE = enumeration("deviceEnrollmentType")
DEVICE_TYPE = enumeration("deviceType")
MANAGEMENT_AGENT_TYPE = enumeration("managementAgentType")
OWNER_TYPE = enumeration("ownerType")


def wrong(sections: Iterable[Line]) -> Iterator[str]:
    """What is wrong with the properties of a table, and where."""
    for section in sections:
        for name in section.words[1:]:
            try:
                entity(name)
            except Invalid:
                yield str(section.mistake(f"there is no type '{name}'"))
                continue
            for line in section.below:
                prop = _property(closed(name), line.first)
                if prop is None:
                    yield str(line.mistake(f"{name} has no property '{line.first}'"))
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


def test_every_kind_has_an_entity_that_is_a_device_configuration(subtests: pytest.Subtests) -> None:
    for known in KINDS:
        with subtests.test(known.name):
            result = entity(known.name)
            assert result.name == known.name
            assert result.is_a(entity("deviceConfiguration"))
            assert not result.abstract


def test_every_kind_is_found_under_each_of_its_spellings(subtests: pytest.Subtests) -> None:
    for known in KINDS:
        with subtests.test(known.name):
            for spelling in (
                known.name,
                known.name.upper(),
                f"microsoft.graph.{known.name}",
                f"#microsoft.graph.{known.name}",
            ):
                assert kind(spelling) is known


def test_every_kind_applies_to_something(subtests: pytest.Subtests) -> None:
    for known in KINDS:
        with subtests.test(known.name):
            assert known.variants


#: "Use certificates for authentication in Microsoft Intune", the matrix of March 2020; what it has no tick for.
#: (Imported certificates on fully managed devices: ticked by "What's new", week of 2020-02-17.)
NOT_TICKED = {
    ("androidDeviceOwnerPkcsCertificateProfile", Variant.ANDROID_FULLY_MANAGED, "2020-04"),
    ("androidDeviceOwnerPkcsCertificateProfile", Variant.ANDROID_DEDICATED, "2020-04"),
    ("androidDeviceOwnerPkcsCertificateProfile", Variant.ANDROID_CORPORATE_WORK_PROFILE, "2020-04"),
    ("androidDeviceOwnerImportedPFXCertificateProfile", Variant.ANDROID_DEDICATED, "2020-04"),
    ("androidDeviceOwnerImportedPFXCertificateProfile", Variant.ANDROID_CORPORATE_WORK_PROFILE, "2020-04"),
    ("aospDeviceOwnerPkcsCertificateProfile", Variant.ANDROID_AOSP, "2020-04"),
    ("windows10PkcsCertificateProfile", Variant.WINDOWS_PHONE_81, "2020-04"),
    ("windows10PkcsCertificateProfile", Variant.WINDOWS_PHONE_81, "current"),
}


def test_a_kind_applies_where_it_is_ticked_and_has_a_status_there_besides() -> None:
    results = {
        (known.name, variant, edition)
        for known in KINDS
        for variant in known.reached
        for edition in Edition
        if not known.applies(variant, edition=edition)
    }
    assert results == NOT_TICKED
    for known in KINDS:
        for variant in set(Variant) - known.reached:
            assert not any(known.applies(variant, edition=edition) for edition in Edition)


def test_what_does_not_apply_gives_nothing_and_whoever_refers_to_it_says_so() -> None:
    pkcs = Profile(ProfileId("p"), "iosPkcsCertificateProfile", 1, {"displayName": "S"}, "p_g", applies=False)
    document = {"hostName": "mail", "smimeSigningEnabled": True, "authenticationMethod": "usernameAndPassword"}
    mail = Profile(
        ProfileId("m"),
        "iosEasEmailProfileConfiguration",
        1,
        document,
        "m_g",
        references={"smimeSigningCertificate": pkcs.id},
    )
    recipient = Recipient(
        variables={"emailaddress": "a@b.example", "userprincipalname": "a@b.example"},
        has_user=True,
        names={pkcs.id: "S"},
    )
    assert desired_items([pkcs], recipient) == {}
    (account,) = desired_items([mail, pkcs], recipient).values()
    assert account.problem is not None
    assert "'S', which does not apply to devices of this kind" in account.problem.message


#: Phones of the last generation had no PKCS, AOSP has no imported certificates.
WITHOUT = {Variant.WINDOWS_PHONE_81: {"PKCS"}, Variant.ANDROID_AOSP: {"imported PFX"}}


@pytest.mark.parametrize("variant", Variant)
def test_every_variant_has_one_kind_of_each_certificate_family(variant: Variant) -> None:
    families = Counter(
        known.family.name
        for known in KINDS
        # The names before: the work profile has most kinds twice.
        if variant in known.variants and not (known.name.startswith("androidForWork") and "PFX" not in known.name)
    )
    certificates = {"PKCS", "SCEP", "imported PFX", "trusted root"} - WITHOUT.get(variant, set())
    assert {name: families[name] for name in certificates} == dict.fromkeys(certificates, 1)


@pytest.mark.parametrize(
    ("variant", "kinds"),
    [
        (Variant.IOS, {"iosEasEmailProfileConfiguration"}),
        (Variant.IPADOS, {"iosEasEmailProfileConfiguration"}),
        (Variant.ANDROID_KNOX, {"androidEasEmailProfileConfiguration"}),
        (Variant.ANDROID_DEVICE_ADMIN, set()),
        (Variant.ANDROID_DEDICATED, set()),
        (Variant.MACOS, set()),
        (Variant.WINDOWS, {"windows10EasEmailProfileConfiguration", "windowsPhoneEASEmailProfileConfiguration"}),
        (
            Variant.WINDOWS_10_MOBILE,
            {"windows10EasEmailProfileConfiguration", "windowsPhoneEASEmailProfileConfiguration"},
        ),
        (Variant.WINDOWS_PHONE_81, {"windowsPhoneEASEmailProfileConfiguration"}),
    ],
)
def test_an_account_is_set_up_where_the_documents_say_so(variant: Variant, kinds: set[str]) -> None:
    assert {k.name for k in KINDS if k.family.name == "e-mail" and variant in k.variants} == kinds


def test_an_unknown_or_abstract_kind_is_none() -> None:
    assert kind("#microsoft.graph.iosVpnConfiguration") is None
    assert kind("#microsoft.graph.iosCertificateProfileBase") is None


def test_what_is_only_kept_gives_nothing() -> None:
    for known in KINDS:
        if known.family.source is None:
            known.family.check({"omaSettings": "anything"})
            assert desired_items([Profile(ProfileId("p"), known.name, 1, {})], Recipient()) == {}


def test_every_variant_has_its_facts_and_its_way_in() -> None:
    assert set(FACTS) == set(Variant)
    assert variant_of(Platform.ANDROID, "work-profile") is Variant.ANDROID_WORK_PROFILE
    assert variant_of(Platform.ANDROID, "fully-managed") is Variant.ANDROID_FULLY_MANAGED
    for variant in Variant:
        platform, _, mode = variant.partition("/")
        assert variant_of(Platform(platform), mode or None) is variant
    assert variant_of(Platform.ANDROID, None) is None
    assert variant_of(Platform.IOS, "knox") is None


@pytest.mark.parametrize("variant", Variant)
def test_the_facts_of_a_variant_are_words_that_graph_knows(variant: Variant) -> None:
    facts = FACTS[variant]
    assert facts.enrollment_type in DEVICE_ENROLLMENT_TYPE.members
    assert facts.management_agent in MANAGEMENT_AGENT_TYPE.members
    assert facts.device_type in DEVICE_TYPE.members
    assert facts.owner_type in OWNER_TYPE.members
    for edition in Edition:
        wiped, retired = (
            supports(device_action, variant, edition=edition)
            for device_action in (DeviceAction.WIPE, DeviceAction.RETIRE)
        )
        assert wiped or retired
        assert wiped or not facts.can_keep_enrollment


def test_windows_alone_keeps_its_enrolment_when_it_is_wiped() -> None:
    assert [v for v in Variant if FACTS[v].can_keep_enrollment] == [Variant.WINDOWS]


# ------------------------------------------------------------------------------- imported certificates, and merging


def imported(thumbprint: str, purpose: str = "smimeEncryption", *, year: int = 2030) -> ImportedCertificate:
    return ImportedCertificate(thumbprint, purpose, f"f-{thumbprint}", None, datetime(year, 1, 1, tzinfo=UTC))


def profile(name: str, purpose: str | None = "smimeEncryption") -> Profile:
    document = {"intendedPurpose": purpose}
    return Profile(ProfileId(name), "androidForWorkImportedPFXCertificateProfile", 1, document, f"{name}_g")


def test_every_certificate_of_the_purpose_comes_expired_ones_too_and_no_other() -> None:
    recipient = Recipient(imported=(imported("aa", year=2001), imported("bb"), imported("cc", "smimeSigning")))
    assert sorted(desired_items([profile("p")], recipient)) == ["imported/aa", "imported/bb"]


def test_a_profile_without_a_purpose_takes_what_is_unassigned() -> None:
    recipient = Recipient(imported=(imported("aa"), imported("bb", "unassigned")))
    assert sorted(desired_items([profile("p", None)], recipient)) == ["imported/bb"]


def test_an_item_that_two_profiles_want_is_one_item_with_both_claims() -> None:
    result = desired_items([profile("p"), profile("q")], Recipient(imported=(imported("aa"),)))
    (item,) = result.values()
    assert [claim.profile for claim in item.claims] == ["p", "q"]


def test_a_kind_that_is_not_known_gives_nothing() -> None:
    assert desired_items([Profile(ProfileId("p"), "somethingElse", 1, {})], Recipient()) == {}


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
