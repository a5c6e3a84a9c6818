"""What an Android policy asks a device to request, and what the device shows of its certificate."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import Claim, LedgerRow, scep_key
from fauxtune.core.model.scep import ScepDelivery, ScepRequest
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.surfaces.devices.android import answers, messages, translate

WIRE = Path(__file__).parents[2] / "wire" / "android"
PROFILE = ProfileId("7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01")
REQUEST = ScepRequest(
    urls=("https://ndes.contoso.example/scep", "https://ndes2.contoso.example/scep"),
    subject="CN=alice",
    names=(("emailAddress", "alice@contoso.example"),),
    key_usages=("digitalSignature",),
    key_size=None,
    hash_algorithm=None,
    extended_key_usages=("1.3.6.1.5.5.7.3.4",),
    days=365,
    renew_percent=20,
)
ROW = LedgerRow(scep_key(PROFILE), Source.SCEP, ItemState.SENT, fingerprint="f", claims=(Claim(PROFILE, "a"),))


def pair(challenge: str, *, fingerprint: str = "f") -> answers.KeyPair:
    delivery = ScepDelivery(REQUEST, REQUEST.urls[0], challenge, ca_thumbprint="cd" * 20, renews=True)
    row = LedgerRow(ROW.key, ROW.source, ROW.state, fingerprint=fingerprint, claims=ROW.claims)
    document = translate.policy(enterprise="e", version=1, items=[Deliverable(row, scep=delivery)])
    return answers.Policy.model_validate(document).key_pairs[0]


def test_the_policy_says_what_to_request_from_whom() -> None:
    entry = pair("Y2hhbGxlbmdl")
    assert (entry.alias, entry.source, entry.certificate_profile_id) == (f"scep-{PROFILE}", "SCEP", PROFILE)
    assert entry.scep is not None
    wanted = entry.scep.model_dump()
    assert {name: wanted[name] for name in ("server_url", "challenge", "key_size", "hash_algorithms", "renews")} == {
        "server_url": REQUEST.urls[0],
        "challenge": "Y2hhbGxlbmdl",
        "key_size": 2048,
        "hash_algorithms": ["sha2"],
        "renews": True,
    }


def test_the_policy_is_that_of_the_example() -> None:
    first, other = REQUEST.urls
    delivery = ScepDelivery(REQUEST, first, "Y2hhbGxlbmdl", ca_thumbprint="cd" * 20, renews=True, other_urls=(other,))
    items = [Deliverable(ROW, scep=delivery)]
    ours = translate.policy(enterprise="c0ffee00-0000-4000-8000-000000000001", version=9, items=items)
    assert ours == json.loads((WIRE / "policy-scep.json").read_text())


def test_another_certificate_is_another_revision_and_another_challenge_is_not() -> None:
    first, second, other = pair("one"), pair("two"), pair("one", fingerprint="f/after/x")
    assert first.scep is not None
    assert second.scep is not None
    assert other.scep is not None
    assert first.scep.revision == second.scep.revision != other.scep.revision


def test_without_a_challenge_the_device_keeps_what_it_has() -> None:
    assert pair("").scep is None


def test_the_thumbprint_is_that_of_the_certificate_that_the_device_shows() -> None:
    der = b"a certificate"
    mark = hashlib.sha1(der, usedforsecurity=False).hexdigest()
    alias = {"alias": f"scep-{PROFILE}", "sha1": "ff" * 20, "x509": base64.b64encode(der).decode()}
    report = messages.ReportStatus.model_validate({"appliedPolicyVersion": "1", "keyStore": {"aliases": [alias]}})
    inventory = translate.inventory(report, policy_version=1, rows={ROW.key: ROW})
    assert (inventory.identities, inventory.certificates) == ({ROW.key: mark}, {mark: der})


def test_what_is_no_thumbprint_says_only_that_there_is_a_certificate() -> None:
    for mark, expected in {"AB" * 20: "ab" * 20, "x" * 5000: "", "": ""}.items():
        aliases = [{"alias": f"scep-{PROFILE}", "sha1": mark}]
        report = messages.ReportStatus.model_validate({"appliedPolicyVersion": "1", "keyStore": {"aliases": aliases}})
        assert translate.inventory(report, policy_version=1, rows={ROW.key: ROW}).identities == {ROW.key: expected}
