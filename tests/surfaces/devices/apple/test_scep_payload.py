"""The profile with which an Apple device requests a certificate itself."""

from __future__ import annotations

import plistlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from fauxtune.core.model.ids import ProfileId, TenantId
from fauxtune.core.model.items import LedgerRow, scep_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepDelivery, ScepRequest
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.surfaces.devices.apple import translate
from fauxtune.surfaces.devices.apple.translate import DeviceContext

WIRE = Path(__file__).parents[3] / "wire" / "apple"
TENANT = TenantId("c0ffee00-0000-4000-8000-000000000001")
PHONE, MAC = DeviceContext(TENANT, Variant.IOS, "17.5.1"), DeviceContext(TENANT, Variant.MACOS, "14.5")
REQUEST = ScepRequest(
    urls=("https://ndes.contoso.example/scep",),
    subject="CN=alice,E=alice@contoso.example,O=Contoso",
    names=(
        ("emailAddress", "alice@contoso.example"),
        ("emailAddress", "a@contoso.example"),
        ("userPrincipalName", "alice"),
    ),
    key_usages=("digitalSignature", "keyEncipherment"),
    key_size=4096,
    hash_algorithm=None,
    extended_key_usages=(),
    days=365,
    renew_percent=20,
)
ROW = LedgerRow(scep_key(ProfileId("p")), Source.SCEP, ItemState.SENT, fingerprint="f")


def profile(
    device: DeviceContext = PHONE, *, challenge: str = "Y2hhbGxlbmdl", fingerprint: str = "f"
) -> dict[str, Any]:
    delivery = ScepDelivery(REQUEST, REQUEST.urls[0], challenge, ca_thumbprint="cd" * 20)
    item = Deliverable(replace(ROW, fingerprint=fingerprint), scep=delivery)
    document: dict[str, Any] = plistlib.loads(translate.profile(item, device))
    return document


def test_the_payload_asks_for_the_subject_in_the_order_of_the_certificate_and_for_all_names() -> None:
    (payload,) = profile()["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.security.scep"
    assert payload["PayloadContent"] == {
        "URL": "https://ndes.contoso.example/scep",
        "Subject": [[["O", "Contoso"]], [["1.2.840.113549.1.9.1", "alice@contoso.example"]], [["CN", "alice"]]],
        "Challenge": "Y2hhbGxlbmdl",
        "Keysize": 4096,
        "Key Type": "RSA",
        "Key Usage": 5,
        "Retries": 3,
        "RetryDelay": 10,
        "SubjectAltName": {
            "rfc822Name": ["alice@contoso.example", "a@contoso.example"],
            "ntPrincipalName": "alice",
        },
        "CAFingerprint": bytes.fromhex("cd" * 20),
    }


def test_the_profile_is_that_of_the_example() -> None:
    assert profile() == plistlib.loads((WIRE / "profile-scep.mobileconfig").read_bytes())


def test_another_certificate_has_other_uuids_and_another_challenge_has_not() -> None:
    def uuids(document: dict[str, Any]) -> tuple[str, str]:
        return document["PayloadUUID"], document["PayloadContent"][0]["PayloadUUID"]

    first = uuids(profile())
    assert uuids(profile(challenge="another")) == first
    assert not set(uuids(profile(fingerprint="f/after/x"))) & set(first)


def test_on_a_mac_the_profile_says_whether_every_application_may_use_the_key() -> None:
    open_to_all = replace(MAC, profiles=({"allowAllAppsAccess": True},))
    for device, allowed in ((MAC, None), (open_to_all, True), (replace(open_to_all, variant=Variant.IOS), None)):
        document = profile(device)
        assert document["PayloadContent"][0]["PayloadContent"].get("AllowAllAppsAccess") is allowed
        assert document.get("PayloadScope") == ("System" if device.variant is Variant.MACOS else None)
