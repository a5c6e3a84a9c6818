"""THE list of profile kinds: each has its entity, its family and its platform variants; what they give, merged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fauxtune.core.engine.desired import desired
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.platforms import FACTS, AndroidMode, Platform, Variant, variant_of
from fauxtune.core.odata.entities.index import entity
from fauxtune.core.profiles.catalog import KINDS, Kind, kind
from fauxtune.core.profiles.world import ImportedCertificate, Profile, World

EACH = pytest.mark.parametrize("known", KINDS, ids=[known.name for known in KINDS])


@EACH
def test_every_kind_has_an_entity_that_is_a_device_configuration(known: Kind) -> None:
    found = entity(known.name)
    assert found.name == known.name
    assert found.is_a(entity("deviceConfiguration"))
    assert not found.abstract


@EACH
def test_every_kind_is_found_under_each_of_its_spellings(known: Kind) -> None:
    for spelling in (known.name, known.name.upper(), f"microsoft.graph.{known.name}", f"#microsoft.graph.{known.name}"):
        assert kind(spelling) is known


@EACH
def test_every_kind_applies_to_something(known: Kind) -> None:
    assert known.variants


def test_every_variant_has_one_kind_of_each_family() -> None:
    for variant in Variant:
        families = sorted(known.family.name for known in KINDS if variant in known.variants)
        assert families == ["PKCS", "imported PFX", "trusted root"]


def test_an_unknown_kind_is_none() -> None:
    assert kind("#microsoft.graph.iosDeviceFeaturesConfiguration") is None


def test_every_variant_has_its_facts_and_its_way_in() -> None:
    assert set(FACTS) == set(Variant)
    assert variant_of(Platform.ANDROID, AndroidMode.WORK_PROFILE) is Variant.ANDROID_WORK_PROFILE
    assert variant_of(Platform.ANDROID, "fully-managed") is Variant.ANDROID_FULLY_MANAGED
    assert variant_of(Platform.ANDROID, AndroidMode.KNOX) is None
    assert variant_of(Platform.IOS, None) is None


# ------------------------------------------------------------------------------- imported certificates, and merging


def imported(thumbprint: str, purpose: str = "smimeEncryption", *, year: int = 2030) -> ImportedCertificate:
    return ImportedCertificate(thumbprint, purpose, f"f-{thumbprint}", datetime(year, 1, 1, tzinfo=UTC))


def profile(name: str, purpose: str | None = "smimeEncryption") -> Profile:
    document = {"intendedPurpose": purpose}
    return Profile(ProfileId(name), "androidForWorkImportedPFXCertificateProfile", 1, document, f"{name}_g")


def test_every_certificate_of_the_purpose_comes_expired_ones_too_and_no_other() -> None:
    world = World(imported=(imported("aa", year=2001), imported("bb"), imported("cc", "smimeSigning")))
    assert sorted(desired([profile("p")], world)) == ["imported/aa", "imported/bb"]


def test_a_profile_without_a_purpose_takes_what_is_unassigned() -> None:
    world = World(imported=(imported("aa"), imported("bb", "unassigned")))
    assert sorted(desired([profile("p", None)], world)) == ["imported/bb"]


def test_an_item_that_two_profiles_want_is_one_item_with_both_claims() -> None:
    found = desired([profile("p"), profile("q")], World(imported=(imported("aa"),)))
    (item,) = found.values()
    assert [claim.profile for claim in item.claims] == ["p", "q"]


def test_a_kind_that_is_not_known_gives_nothing() -> None:
    assert desired([Profile(ProfileId("p"), "somethingElse", 1, {})], World()) == {}
