"""Trusted-root profiles: a certificate in DER or PEM, and nothing else."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.pki.authority import addresses_for, self_signed_root
from fauxtune.core.profiles.family import Profile, Recipient
from fauxtune.core.profiles.trusted_root import FAMILY

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
ROOT = self_signed_root(
    name="root",
    common_name="Contoso Root",
    key=KEY,
    serial=1,
    addresses=addresses_for("http://localhost:8080", tenant_name="contoso", authority="root"),
    not_before=NOW,
    not_after=NOW + timedelta(days=365),
).certificate
DER, PEM = ROOT.public_bytes(Encoding.DER), ROOT.public_bytes(Encoding.PEM)
KEY_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
KEY_DER = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def document(data: bytes) -> dict[str, Any]:
    return {"trustedRootCertificate": base64.b64encode(data).decode()}


@pytest.mark.parametrize("data", [DER, PEM, b"\r\n" + PEM], ids=["DER", "PEM", "PEM after a blank line"])
def test_der_and_pem_give_the_same_item(data: bytes) -> None:
    FAMILY.check(document(data))
    profile = Profile(ProfileId("p"), "androidWorkProfileTrustedRootCertificate", 1, document(data), "p_g")
    (item,) = FAMILY.items(profile, Recipient())
    digest = hashlib.sha256(DER).hexdigest()
    assert (item.key, item.source, item.fingerprint) == (f"root/{digest}/trusted", Source.ROOT, digest)
    assert (item.payload, item.claims) == (DER, (profile.claim,))
    assert item.thumbprint == hashlib.sha1(DER).hexdigest()
    assert item.not_after == NOW + timedelta(days=365)


def test_windows_says_in_which_store() -> None:
    for store in ("computerCertStoreRoot", "userCertStoreIntermediate"):
        results = {**document(DER), "destinationStore": store}
        (item,) = FAMILY.items(
            Profile(ProfileId("p"), "windows81TrustedRootCertificate", 1, results, "p_g"), Recipient()
        )
        assert item.key == f"root/{hashlib.sha256(DER).hexdigest()}/{store}"


@pytest.mark.parametrize(
    "data",
    [b"garbage", DER[:-1], DER + b"x", PEM[:-40], KEY_DER, b"-----BEGIN CERTIFICATE-----", b"\x30\x80"],
    ids=["text", "cut off", "something behind it", "cut-off PEM", "a DER key", "a bare header", "an endless sequence"],
)
def test_what_is_no_certificate_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(Invalid, match=r"not an X\.509 certificate in DER or PEM") as caught:
        FAMILY.check(document(data))
    assert caught.value.target == "trustedRootCertificate"


@pytest.mark.parametrize("data", [KEY_PEM, PEM + KEY_PEM, KEY_PEM + PEM], ids=["alone", "behind", "before"])
def test_a_private_key_is_refused_and_not_repeated(data: bytes) -> None:
    with pytest.raises(Invalid, match="private key") as caught:
        FAMILY.check(document(data))
    assert KEY_PEM.splitlines()[1].decode() not in caught.value.message


@pytest.mark.parametrize("found", [{}, {"trustedRootCertificate": None}, {"trustedRootCertificate": ""}])
def test_without_a_certificate_the_profile_is_refused(found: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="is required"):
        FAMILY.check(found)


def test_what_is_not_base64_is_refused() -> None:
    with pytest.raises(Invalid, match="trustedRootCertificate"):
        FAMILY.check({"trustedRootCertificate": "*** no base64 ***"})


def test_root_and_intermediate_are_separate_items() -> None:
    other = self_signed_root(
        name="root",
        common_name="Contoso Other",
        key=KEY,
        serial=2,
        addresses=addresses_for("http://localhost:8080", tenant_name="contoso", authority="root"),
        not_before=NOW,
        not_after=NOW + timedelta(days=1),
    ).certificate
    keys = set()
    for certificate in (ROOT, other):
        result = document(certificate.public_bytes(Encoding.DER))
        profile = Profile(ProfileId("p"), "androidWorkProfileTrustedRootCertificate", 1, result, "p_g")
        keys |= {item.key for item in FAMILY.items(profile, Recipient())}
    assert len(keys) == 2
    assert isinstance(ROOT, x509.Certificate)


@pytest.mark.parametrize(
    ("variant", "version", "edition", "fails"),
    [
        (Variant.ANDROID_DEVICE_ADMIN, "11", Edition.CURRENT, True),
        (Variant.ANDROID_DEVICE_ADMIN, "14.0.1", Edition.CURRENT, True),
        (Variant.ANDROID_DEVICE_ADMIN, "10", Edition.CURRENT, False),
        (Variant.ANDROID_DEVICE_ADMIN, "9", Edition.CURRENT, False),
        (Variant.ANDROID_DEVICE_ADMIN, None, Edition.CURRENT, False),
        (Variant.ANDROID_DEVICE_ADMIN, "14", Edition.APRIL_2020, False),
        (Variant.ANDROID_KNOX, "12", Edition.CURRENT, False),
        (Variant.ANDROID_KNOX, "13", Edition.CURRENT, True),
        (Variant.ANDROID_WORK_PROFILE, "16", Edition.CURRENT, False),
    ],
)
def test_a_device_administrator_installs_no_root_on_a_late_android_in_the_current_edition(
    variant: Variant, version: str | None, edition: Edition, *, fails: bool
) -> None:
    profile = Profile(ProfileId("p"), "androidTrustedRootCertificate", 1, document(DER), "p_g")
    (item,) = FAMILY.items(profile, Recipient(variant=variant, os_version=version, edition=edition))
    assert (item.problem is not None) is fails
    assert item.key.startswith("root/")
    if item.problem is not None:
        assert f"runs Android {str(version).partition('.')[0]}" in item.problem.message
