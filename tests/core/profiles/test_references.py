"""References between profiles: by the types of Graph's navigations, which belong to one platform each."""

from __future__ import annotations

import pytest

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.graph.index import entity
from fauxtune.core.profiles.catalog import KINDS
from fauxtune.core.profiles.references import check_reference

MAIL = "iosEasEmailProfileConfiguration"


@pytest.mark.parametrize(
    ("kind", "navigation", "target"),
    [
        (MAIL, "identityCertificate", "iosPkcsCertificateProfile"),
        (MAIL, "identityCertificate", "iosScepCertificateProfile"),
        (MAIL, "smimeSigningCertificate", "iosPkcsCertificateProfile"),
        (MAIL, "smimeSigningCertificate", "iosImportedPFXCertificateProfile"),
        (MAIL, "smimeEncryptionCertificate", "iosImportedPFXCertificateProfile"),
        ("iosScepCertificateProfile", "rootCertificate", "iosTrustedRootCertificate"),
        ("windows81SCEPCertificateProfile", "rootCertificate", "windows81TrustedRootCertificate"),
        ("androidEasEmailProfileConfiguration", "smimeSigningCertificate", "androidImportedPFXCertificateProfile"),
    ],
)
def test_a_profile_refers_to_one_of_its_platform(kind: str, navigation: str, target: str) -> None:
    check_reference(kind, navigation, target=target)


@pytest.mark.parametrize(
    ("kind", "navigation", "target"),
    [
        # Imported certificates are for mail, not for signing in.
        (MAIL, "identityCertificate", "iosImportedPFXCertificateProfile"),
        (MAIL, "smimeSigningCertificate", "macOSPkcsCertificateProfile"),
        (MAIL, "smimeSigningCertificate", "iosTrustedRootCertificate"),
        (MAIL, "smimeEncryptionCertificate", MAIL),
        ("iosScepCertificateProfile", "rootCertificate", "macOSTrustedRootCertificate"),
        ("androidWorkProfilePkcsCertificateProfile", "rootCertificate", "androidForWorkTrustedRootCertificate"),
        # By its type it could stand there; but no device is managed in both ways.
        (
            "androidEasEmailProfileConfiguration",
            "smimeSigningCertificate",
            "androidForWorkImportedPFXCertificateProfile",
        ),
    ],
)
def test_another_kind_is_refused_by_name(kind: str, navigation: str, target: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_reference(kind, navigation, target=target)
    assert caught.value.target == navigation
    assert target in caught.value.message


def test_every_reference_of_every_kind_has_something_to_refer_to(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            for navigation in entity(kind.name).every_navigation():
                if not navigation.contained:
                    result = entity(navigation.target)
                    fitting = [each for each in KINDS if entity(each.name).is_a(result)]
                    assert fitting or navigation.name == "derivedCredentialSettings"
                    for each in fitting:
                        # What fits by its type shares a device with it; the work profile's imported PFX kind, whose
                        # base is the device administrator's, is the one that does not.
                        assert (
                            each.variants & kind.variants or "androidForWorkImportedPFX" in f"{kind.name} {each.name}"
                        )
                        if each.name != "androidForWorkImportedPFXCertificateProfile" or each.variants & kind.variants:
                            check_reference(kind.name, navigation.name, target=each.name)


def test_derived_credentials_are_not_emulated() -> None:
    with pytest.raises(NotEmulated, match="derivedCredentialSettings"):
        check_reference(MAIL, "derivedCredentialSettings", target="iosPkcsCertificateProfile")
