"""Profiles on an Apple device: read, refused as a whole, installed as a whole, replaced in place, counted, removed."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.profiles import read_profile
from fauxtune_sim.apple.store import ProfileStore
from fauxtune_sim.device.device import Device
from fauxtune_sim.keys.keystore import DeviceIdentity, KeyStore
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail
from fauxtune_sim.platforms import Platform

if TYPE_CHECKING:
    from tests.simulator.apple.conftest import Enrol, Maker, MdmServer, Queued
    from tests.simulator.conftest import Pki


def codes(queued: Queued) -> list[int]:
    assert queued.report is not None
    return [one["ErrorCode"] for one in queued.report.get("ErrorChain", ())]


async def install(server: MdmServer, agent: AppleAgent, *data: bytes) -> list[list[int]]:
    """Install profiles one after the other; gives the error codes of each."""
    queued = [server.tell("InstallProfile", Payload=one) for one in data]
    await agent.check_in()
    return [codes(one) for one in queued]


def state(agent: AppleAgent) -> tuple[Any, ...]:
    """All that a device holds, to compare."""
    device = agent.device
    assert device.state is not None
    return device.keystore.document(), dict(device.accounts), device.state.document()


# Reading


def test_a_profile_is_xml_binary_or_signed(make: Maker, pki: Pki) -> None:
    document = make.document(make.root(pki.root), PayloadDisplayName="Roots")
    forms = [plistlib.dumps(document, fmt=one) for one in (plistlib.FMT_XML, plistlib.FMT_BINARY)]
    signer = pki.issue()
    builder = pkcs7.PKCS7SignatureBuilder().set_data(forms[0])
    forms.append(
        builder.add_signer(signer.certificate, signer.key, hashes.SHA256())
        .add_certificate(pki.intermediate)
        .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    read = [read_profile(one, identity=None, managed=True) for one in forms]
    assert {one.title for one in read} == {"Roots"}
    assert [len(one.installed.signers) for one in read] == [0, 0, 2]


def test_a_changed_byte_breaks_a_signed_profile(make: Maker, pki: Pki) -> None:
    signer, data = pki.issue(), make.profile(make.root(pki.root), PayloadDisplayName="Roots")
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(signer.certificate, signer.key, hashes.SHA256())
    signed = builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    for broken in (signed.replace(b"Roots", b"Boots"), signed[:-7], b"\x30\x03\x02\x01\x00"):
        with pytest.raises(Fault) as refused:
            read_profile(broken, identity=None, managed=True)
        assert refused.value.code == Code.PROFILE_SIGNATURE


@pytest.mark.parametrize("encrypted_for", ["this device", "another", "nobody", "garbage"])
def test_an_encrypted_profile_is_for_one_device(make: Maker, server: MdmServer, pki: Pki, encrypted_for: str) -> None:
    key = make.keys()
    mine = DeviceIdentity(server.ca.issue(key.public_key()), key)
    recipient = mine.certificate if encrypted_for == "this device" else server.ca.issue(make.keys().public_key())
    data = make.encrypted(recipient, make.root(pki.root), PayloadDisplayName="Roots")
    if encrypted_for == "garbage":
        data = plistlib.dumps(plistlib.loads(data) | {"EncryptedPayloadContent": b"x"})
    if encrypted_for == "this device":
        profile = read_profile(data, identity=mine, managed=True)
        assert (profile.installed.encrypted, len(profile.payloads)) == (True, 1)
        return
    with pytest.raises(Fault) as refused:
        read_profile(data, identity=None if encrypted_for == "nobody" else mine, managed=True)
    assert (refused.value.code, refused.value.domain) == (1006, "MCProfileErrorDomain")


Broken = Callable[[dict[str, Any]], Any]
MALFORMED: dict[str, tuple[Broken, int]] = {
    "nothing": (lambda document: b"", 1005),
    "white space": (lambda document: b"  \n", 1005),
    "a text": (lambda document: b"hello", 1000),
    "truncated": (lambda document: plistlib.dumps(document)[:-40], 1000),
    "an array": (lambda document: [document], 1000),
    "entities": (
        lambda document: plistlib.dumps(document).replace(b"<plist", b'<!DOCTYPE p [<!ENTITY a "b">]><plist'),
        1000,
    ),
    "another type": (lambda document: document | {"PayloadType": "Other"}, 1000),
    "no type": (lambda document: without(document, "PayloadType"), 1002),
    "no identifier": (lambda document: without(document, "PayloadIdentifier"), 1002),
    "an empty identifier": (lambda document: document | {"PayloadIdentifier": ""}, 1002),
    "no UUID": (lambda document: without(document, "PayloadUUID"), 1002),
    "no content": (lambda document: without(document, "PayloadContent"), 1002),
    "no version": (lambda document: without(document, "PayloadVersion"), 1002),
    "another version": (lambda document: document | {"PayloadVersion": 2}, 1001),
    "a text for a version": (lambda document: document | {"PayloadVersion": "1"}, 1003),
    "a truth for a version": (lambda document: document | {"PayloadVersion": True}, 1003),
    "a number for a name": (lambda document: document | {"PayloadDisplayName": 7}, 1003),
    "a dictionary for content": (lambda document: document | {"PayloadContent": {}}, 1003),
    "no payloads": (lambda document: document | {"PayloadContent": []}, 1005),
    "a text for a payload": (lambda document: document | {"PayloadContent": ["x"]}, 2000),
    "a payload without type": (lambda document: with_payload(document, PayloadType=None), 2002),
    "a payload without UUID": (lambda document: with_payload(document, PayloadUUID=None), 2002),
    "a payload of another version": (lambda document: with_payload(document, PayloadVersion=2), 2001),
    "a number for a payload's identifier": (lambda document: with_payload(document, PayloadIdentifier=7), 2003),
    "the same UUID twice": (lambda document: twice(document, "PayloadUUID"), 1007),
    "the same identifier twice": (lambda document: twice(document, "PayloadIdentifier"), 1008),
    "encrypted, with nothing in it": (lambda document: document | {"IsEncrypted": True}, 1002),
}


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}


def with_payload(document: dict[str, Any], **keys: Any) -> dict[str, Any]:
    payload = document["PayloadContent"][0] | keys
    return document | {"PayloadContent": [{key: value for key, value in payload.items() if value is not None}]}


def twice(document: dict[str, Any], name: str) -> dict[str, Any]:
    first, second = document["PayloadContent"]
    return document | {"PayloadContent": [first, second | {name: first[name]}]}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_profile_is_refused_with_the_code_for_it(make: Maker, pki: Pki, case: str) -> None:
    change, code = MALFORMED[case]
    broken = change(make.document(make.root(pki.root), make.root(pki.intermediate)))
    data = broken if isinstance(broken, bytes) else plistlib.dumps(broken)
    with pytest.raises(Fault) as refused:
        read_profile(data, identity=None, managed=True)
    assert refused.value.code == code


def test_values_that_only_a_binary_list_can_hold_are_refused(make: Maker, pki: Pki) -> None:
    document = make.document(make.root(pki.root) | {"Odd": plistlib.UID(7)})
    with pytest.raises(Fault) as refused:
        read_profile(plistlib.dumps(document, fmt=plistlib.FMT_BINARY), identity=None, managed=True)
    assert refused.value.code == Code.PAYLOAD_MALFORMED


def test_broken_profiles_never_escape_as_another_error(make: Maker, pki: Pki) -> None:
    document = make.document(make.identity(pki.issue()))
    for data in (plistlib.dumps(document), plistlib.dumps(document, fmt=plistlib.FMT_BINARY)):
        for at in range(0, len(data), 37):
            for broken in (data[:at], data[:at] + b"\xff" + data[at + 1 :]):
                try:
                    read_profile(broken, identity=None, managed=True)
                except Fault:
                    continue


# Certificates and identities


async def test_every_kind_of_certificate_is_installed_and_listed(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent, own = await enrol(), pki.issue()
    data = make.profile(
        make.root(pki.root),
        make.root(pki.intermediate, "pkcs1"),
        make.root(pki.issue().certificate, "pem"),
        make.identity(own),
        make.payload("com.apple.wifi.managed", SSID_STR="x"),
    )
    assert await install(server, agent, data) == [[]]
    listed, profiles = server.tell("CertificateList"), server.tell("ProfileList", ManagedOnly=True)
    await agent.check_in()
    assert listed.report is not None
    rows = listed.report["CertificateList"]
    assert [(one["CommonName"], one["IsIdentity"]) for one in rows] == [
        ("Test Root", False),
        ("Test Issuing", False),
        ("alice@contoso.example", False),
        ("alice@contoso.example", True),
        (agent.device.hardware.serial_number, True),
    ]
    assert rows[3]["Data"] == own.certificate.public_bytes(Encoding.DER)
    assert profiles.report is not None
    (told,) = profiles.report["ProfileList"]
    assert (told["PayloadIdentifier"], told["IsManaged"], len(told["PayloadContent"])) == ("test.profile", True, 5)
    assert "Password" not in str(told)
    (held,) = agent.device.keystore.identities()
    assert held.key.private_numbers() == own.key.private_numbers()


async def test_an_identifier_of_the_emulator_says_where_an_identity_comes_from(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent = await enrol()
    own, imported, other = pki.issue(), pki.issue(), pki.issue()
    await install(
        server,
        agent,
        make.profile(make.identity(own), identifier="com.fauxtune.t.pkcs.6f0c-1"),
        make.profile(make.identity(imported), make.identity(own), identifier="mail"),
        make.profile(make.identity(imported), identifier="com.fauxtune.t.imported.2fd4e1c6"),
        make.profile(make.identity(other, PayloadIdentifier="org.example.vpn"), identifier="foreign"),
    )
    rows = {row["thumbprint"]: row for row in agent.device.keystore.listing()}
    assert (rows[own.thumbprint]["alias"], rows[own.thumbprint]["source"]) == ("pkcs-6f0c-1", "pkcs")
    assert rows[imported.thumbprint]["source"] == "imported"
    assert (rows[other.thumbprint]["alias"], rows[other.thumbprint]["source"]) == ("org.example.vpn", "pkcs")


REFUSED: dict[str, tuple[Callable[[Maker, Pki], dict[str, Any]], int]] = {
    "a wrong password": (lambda make, pki: make.identity(pki.issue(), Password="another"), 9000),
    "no password": (lambda make, pki: make.identity(pki.issue(), Password=""), 9000),
    "no PKCS#12 file": (lambda make, pki: make.identity(pki.issue(), PayloadContent=b"x"), 9005),
    "no key": (lambda make, pki: make.identity(pki.issue()) | {"PayloadContent": make.keyless(pki.root)}, 9006),
    "no certificate": (lambda make, pki: make.root(pki.root) | {"PayloadContent": b"x"}, 9005),
    "no PEM": (lambda make, pki: make.root(pki.root, "pem") | {"PayloadContent": b"x"}, 9005),
    "no content": (lambda make, pki: make.payload("com.apple.security.root"), 2002),
    "a text for content": (lambda make, pki: make.payload("com.apple.security.root", PayloadContent="x"), 2003),
    "a key size that there is not": (lambda make, pki: make.scep(Keysize=512), 2004),
    "an elliptic curve": (lambda make, pki: make.scep(**{"Key Type": "ECSECPrimeRandom"}), 2004),
    "a subject of another shape": (lambda make, pki: make.scep(Subject=["CN=x"]), 2003),
    "a used challenge": (lambda make, pki: make.scep(challenge="used"), 22013),
    "no mail server": (lambda make, pki: make.exchange(Host=""), 2002),
    "an identity that is not there": (lambda make, pki: make.exchange(PayloadCertificateUUID="?"), 4014),
    "a certificate of the account's own that does not open": (
        lambda make, pki: make.exchange(Certificate=make.keyless(pki.root), CertificatePassword="secret"),
        21006,
    ),
    "a signing certificate that is not there": (lambda make, pki: make.exchange(SMIMESigningCertificateUUID="?"), 7003),
    "another kind of mail account": (
        lambda make, pki: make.payload("com.apple.mail.managed", EmailAccountType="EmailTypeExchange"),
        2004,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_payload_that_cannot_be_installed_takes_its_whole_profile_with_it(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki, case: str
) -> None:
    agent = await enrol()
    await install(server, agent, make.profile(make.root(pki.root)))
    before = state(agent)
    build, code = REFUSED[case]
    data = make.profile(make.root(pki.intermediate), make.identity(pki.issue()), build(make, pki))
    queued = server.tell("InstallProfile", Payload=data)
    done = await agent.check_in()
    assert codes(queued) == [4001, code]
    assert queued.report is not None
    assert queued.report["Status"] == "Error"
    assert queued.report["ErrorChain"][0]["ErrorDomain"] == "MCInstallationErrorDomain"
    assert state(agent) == before
    assert (done.installed, len(done.refused), done.settled) == ([], 1, True)
    assert "secret" not in done.refused[0].why


@pytest.mark.parametrize(
    ("platform", "target", "wanted"),
    [
        (Platform.IOS, 1, []),
        (Platform.IPADOS, 1, []),
        (Platform.MACOS, 5, []),
        (Platform.MACOS, 1, [4001, 1010]),
        (Platform.IOS, 4, [4001, 1010]),
    ],
)
async def test_a_profile_for_another_kind_of_device_is_refused(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki, platform: Platform, target: int, wanted: list[int]
) -> None:
    agent = await enrol(platform=platform)
    assert await install(server, agent, make.profile(make.root(pki.root), TargetDeviceType=target)) == [wanted]


OLD = [(Platform.IOS, "15.8.2", [4001, 9000]), (Platform.IOS, "16.7.8", []), (Platform.MACOS, "12.7.5", [4001, 9000])]


async def test_a_mac_keeps_who_may_use_a_key_and_whether_it_may_leave_the_keychain(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    """Apple: com.apple.security.pkcs12, AllowAllAppsAccess and KeyIsExtractable; both for macOS alone."""
    for platform, kept in ((Platform.MACOS, [(False, True), (True, False)]), (Platform.IOS, [(False, True)] * 2)):
        agent = await enrol(platform=platform)
        usual = make.profile(make.identity(pki.issue()), identifier="usual")
        identity = make.identity(pki.issue(), AllowAllAppsAccess=True, KeyIsExtractable=False)
        await install(server, agent, usual, make.profile(identity, identifier="said"))
        entries = agent.device.keystore.entries.values()
        assert [(one.open_to_all, one.extractable) for one in entries] == kept
        again = KeyStore.from_document(agent.device.keystore.document())
        assert again.entries == agent.device.keystore.entries


@pytest.mark.parametrize(("platform", "version", "wanted"), OLD)
async def test_an_old_system_reads_only_old_pkcs12_files(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki, platform: Platform, version: str, wanted: list[int]
) -> None:
    agent = await enrol(device=Device.new(platform=platform, os_version=version))
    modern = make.profile(make.identity(pki.issue()), identifier="modern")
    old = make.profile(make.identity(pki.issue(), old=True), identifier="old")
    assert await install(server, agent, modern, old) == [wanted, []]


async def test_a_scep_payload_gives_an_identity_of_its_own(enrol: Enrol, server: MdmServer, make: Maker) -> None:
    agent = await enrol()
    data = make.profile(make.scep(Keysize=1024, Subject=[[["CN", "vpn"]]]))
    await install(server, agent, data, data)
    (row,) = agent.device.keystore.listing()
    assert (row["source"], row["hasKey"], len(server.scep.requests)) == ("scep", True, 2)
    assert agent.device.keystore.identity(row["alias"]).key.key_size == 1024
    assert server.scep.requests[-1]["kind"] == "19"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("broken", 22005),
        ("without certificate", 22002),
        ("as a stranger", 22013),
        ("for another key", 22007),
    ],
)
async def test_a_scep_authority_that_fails_has_apples_codes(
    enrol: Enrol, server: MdmServer, make: Maker, behaviour: str, code: int
) -> None:
    agent = await enrol()
    server.scep.behaves, before = behaviour, state(agent)
    assert await install(server, agent, make.profile(make.scep())) == [[4001, code]]
    assert state(agent) == before
    server.scep.behaves = "well"
    assert await install(server, agent, make.profile(make.scep(CAFingerprint=bytes(20)))) == [[4001, 22012]]
    server.scep.pending = 9
    assert await install(server, agent, make.profile(make.scep(Retries=1))) == [[4001, 22013]]


async def test_an_encrypted_profile_is_installed_by_the_device_that_it_is_for(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent = await enrol()
    assert agent.device.enrollment is not None
    mine = agent.device.enrollment.identity().certificate
    payload = make.identity(pki.issue())
    another = make.encrypted(server.ca.issue(make.keys().public_key()), payload, identifier="another's")
    # Sealed anew, it is the same profile still.
    again = [make.encrypted(mine, payload, identifier="mine") for _ in range(2)]
    assert await install(server, agent, another, *again) == [[4001, 1006], [], []]
    assert len(agent.device.keystore.entries) == 1


# Replacing, counting, removing


async def test_a_certificate_stays_until_the_last_profile_with_it_goes(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent, own = await enrol(), pki.issue()
    for name in ("one", "two"):
        await install(server, agent, make.profile(make.root(pki.root), make.identity(own), identifier=name))
    assert (len(agent.device.keystore.trusted), len(agent.device.keystore.entries)) == (1, 1)
    for name, left in (("one", 1), ("two", 0)):
        server.tell("RemoveProfile", Identifier=name)
        assert (await agent.check_in()).removed == [name]
        assert (len(agent.device.keystore.trusted), len(agent.device.keystore.entries)) == (left, left)


async def test_one_profile_can_hold_a_certificate_twice(enrol: Enrol, server: MdmServer, make: Maker, pki: Pki) -> None:
    agent, first, second = await enrol(), make.root(pki.root), make.root(pki.root)
    await install(server, agent, make.profile(first, second))
    await install(server, agent, make.profile(second))
    assert len(agent.device.keystore.trusted) == 1
    await install(server, agent, make.profile(make.root(pki.intermediate)))
    assert [one.subject for one in agent.device.keystore.trusted_certificates()] == [pki.intermediate.subject]


async def test_a_profile_that_comes_again_exchanges_what_changed(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent, stays, goes, comes = await enrol(), pki.issue(), pki.issue(), pki.issue()
    kept = make.identity(stays)
    changing = make.identity(goes)
    await install(server, agent, make.profile(kept, changing, make.root(pki.root)))
    entry = agent.device.keystore.choose(stays.thumbprint)
    changed = make.identity(comes) | {name: changing[name] for name in ("PayloadIdentifier", "PayloadUUID")}
    await install(server, agent, make.profile(kept, changed, make.root(pki.intermediate)))
    store = agent.device.keystore
    assert {one.thumbprint for one in store.identities()} == {stays.thumbprint, comes.thumbprint}
    assert store.choose(stays.thumbprint) is entry
    assert [one.subject for one in store.trusted_certificates()] == [pki.intermediate.subject]
    assert isinstance(agent.device.state, ProfileStore)
    assert len(agent.device.state.claims) == 3


async def test_a_replacement_that_fails_leaves_what_was_there(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent = await enrol()
    kept = make.identity(pki.issue())
    await install(server, agent, make.profile(kept, make.root(pki.root)))
    before = state(agent)
    broken = make.identity(pki.issue(), Password="another")
    assert await install(server, agent, make.profile(make.root(pki.intermediate), broken)) == [[4001, 9000]]
    assert state(agent) == before


async def test_aliases_of_different_identities_do_not_collide(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent, one, two = await enrol(), pki.issue(), pki.issue()
    for name, identity in (("a", one), ("b", two)):
        payload = make.identity(identity, PayloadIdentifier="the same")
        await install(server, agent, make.profile(payload, identifier=name))
    assert len(agent.device.keystore.entries) == 2
    server.tell("RemoveProfile", Identifier="a")
    await agent.check_in()
    assert [held.thumbprint for held in agent.device.keystore.identities()] == [two.thumbprint]


async def test_mail_is_read_with_keys_of_profiles(enrol: Enrol, server: MdmServer, make: Maker, pki: Pki) -> None:
    agent = await enrol()
    now = pki.issue()
    old = pki.issue(begin=now.certificate.not_valid_before_utc - timedelta(days=900))
    payloads = [make.identity(now), make.identity(old), make.root(pki.root), make.root(pki.intermediate, "pkcs1")]
    await install(server, agent, make.profile(*payloads))
    letter = MailMessage(
        "alice@contoso.example", ("alice@contoso.example",), "s", "t", now.certificate.not_valid_before_utc
    )
    for identity in (now, old):
        reading = read_mail(
            write_mail(letter, Protection(signer=now, encrypt_to=[identity.certificate])), agent.device.keystore
        )
        assert (reading.decrypted, reading.verified, reading.recipient) == (True, True, identity.thumbprint)


async def test_managed_only_leaves_out_the_profile_that_enrolled_the_device(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent = await enrol()
    await install(server, agent, make.profile(make.root(pki.root), identifier="root"))
    listed = [server.tell("ProfileList", ManagedOnly=managed_only) for managed_only in (True, False)]
    certificates = server.tell("CertificateList", ManagedOnly=True)
    await agent.check_in()
    reports = [command.report["ProfileList"] for command in listed if command.report]
    names = [[row["PayloadIdentifier"] for row in rows] for rows in reports]
    assert names == [["root"], ["test.enrollment", "root"]]
    assert certificates.report is not None
    assert [row["IsIdentity"] for row in certificates.report["CertificateList"]] == [False, True]


async def test_a_mac_says_nothing_of_is_managed(enrol: Enrol, server: MdmServer, make: Maker, pki: Pki) -> None:
    agent = await enrol(platform=Platform.MACOS)
    account = make.exchange(SMIMESigningEnabled=True)
    await install(server, agent, make.profile(make.root(pki.root), account, PayloadScope="System"))
    listed = server.tell("ProfileList")
    await agent.check_in()
    assert listed.report is not None
    assert all("IsManaged" not in one for one in listed.report["ProfileList"])
    # com.apple.eas.account is nothing to a Mac.
    assert agent.device.accounts == {}


def test_a_fault_in_words_names_every_link() -> None:
    fault = Fault(Code.INSTALL_FAILED, "outer", cause=Fault(Code.PKCS12_PASSWORD, "inner"))
    assert fault.summary() == "outer (MCInstallationErrorDomain 4001): inner (MCCertificateErrorDomain 9000)"
    assert all(Fault(code, "x").domain.endswith("ErrorDomain") for code in Code)
