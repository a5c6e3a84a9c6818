"""Certificates and keys on a Windows device: trusted stores, PFX files, where keys are, and Windows' error numbers."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    pkcs7,
    pkcs12,
)

from fauxtune_sim.platforms import Platform

ROOTS = "./Device/Vendor/MSFT/RootCATrustedCertificates"
PFX = "./User/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall"


def pfx(identity: Any, password: bytes = b"secret") -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"a", identity.key, identity.certificate, list(identity.chain), BestAvailableEncryption(password)
    )


def seal(password: bytes, recipient: Any) -> str:
    """The password enveloped by a program that is not ours."""
    sealed = (
        pkcs7.PKCS7EnvelopeBuilder()
        .set_data(password)
        .set_content_encryption_algorithm(AES256)
        .add_recipient(recipient)
        .encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    return base64.b64encode(sealed).decode()


def test_a_root_is_trusted_and_describes_itself(desk: Any, pki: Any) -> None:
    node = f"{ROOTS}/Root/{desk.words.thumb(pki.root)}"
    assert desk.code(desk.words.add(f"{node}/EncodedCertificate", desk.words.encoded(pki.root), "b64")) == 200
    assert desk.device.keystore.trusted_certificates() == (pki.root,)
    assert desk.read(f"{node}/IssuedTo") == "Test Root"
    assert desk.read(f"{node}/IssuedBy") == "Test Root"
    assert desk.read(f"{node}/ValidTo").startswith("11/")
    assert desk.code(desk.words.get(f"{node}/TemplateName")) == 404
    assert desk.read(f"{ROOTS}/Root") == desk.words.thumb(pki.root)
    assert desk.code(desk.words.replace(f"{node}/IssuedTo", "me")) == 405


def test_a_root_goes_with_its_node_but_not_while_another_store_has_it(desk: Any, pki: Any) -> None:
    words, name = desk.words, desk.words.thumb(pki.intermediate)
    user = f"./User/Vendor/MSFT/RootCATrustedCertificates/CA/{name}"
    for node in (f"{ROOTS}/CA/{name}", user):
        desk.say(words.add(f"{node}/EncodedCertificate", words.encoded(pki.intermediate), "b64"))
    assert len(desk.device.keystore.trusted) == 1
    assert desk.code(words.delete(user)) == 200
    assert len(desk.device.keystore.trusted) == 1
    assert desk.code(words.delete(f"{ROOTS}/CA/{name}")) == 200
    assert desk.device.keystore.is_empty
    assert desk.code(words.delete(f"{ROOTS}/CA/{name}")) == 404
    assert desk.refusals == []


def test_a_certificate_in_another_store_is_not_trusted(desk: Any, pki: Any) -> None:
    node = f"{ROOTS}/UntrustedCertificates/{desk.words.thumb(pki.root)}/EncodedCertificate"
    assert desk.code(desk.words.add(node, desk.words.encoded(pki.root), "b64")) == 200
    assert desk.device.keystore.is_empty


@pytest.mark.parametrize("what", ["another", "garbage", "lines", "name"])
def test_a_root_that_is_not_what_its_name_says_is_refused(desk: Any, pki: Any, what: str) -> None:
    words = desk.words
    name, data, code = {
        "another": (words.thumb(pki.root), words.encoded(pki.intermediate), 500),
        "garbage": ("5BA93C9DB0CFF93F52B521D7420E43F6EDA2784F", "AA==", 500),
        "lines": (words.thumb(pki.root), words.encoded(pki.root)[:64] + "\n" + words.encoded(pki.root)[64:], 415),
        "name": ("root", words.encoded(pki.root), 406),
    }[what]
    assert desk.code(words.add(f"{ROOTS}/Root/{name}/EncodedCertificate", data, "b64")) == code
    assert desk.device.keystore.is_empty
    assert not desk.machine.state.nodes


def test_windows_phone_81_has_stores_of_its_own(desks: Any, pki: Any) -> None:
    desk = desks(Platform.WINDOWS_PHONE_81)
    node = f"./Vendor/MSFT/CertificateStore/Root/System/{desk.words.thumb(pki.root)}"
    assert desk.code(desk.words.add(f"{node}/EncodedCertificate", desk.words.encoded(pki.root), "b64")) == 200
    assert desk.device.keystore.trusted_certificates() == (pki.root,)
    assert desk.read("./Vendor/MSFT/CertificateStore/Root/System") == desk.words.thumb(pki.root)


@pytest.mark.parametrize("platform", [Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81])
@pytest.mark.parametrize("sealed", [False, True])
def test_a_pfx_in_an_atomic_is_installed(desks: Any, pki: Any, platform: Platform, sealed: bool) -> None:
    desk, identity = desks(platform), pki.issue()
    words, name = desk.words, desk.words.thumb(identity.certificate)
    node = f"{PFX}/{name}".replace("./User/", "./Vendor/"[:2] if platform is Platform.WINDOWS_PHONE_81 else "./User/")
    leaves = {"PFXCertPassword": "secret"}
    if sealed:
        password = seal(b"secret", desk.machine.enrollment.identity().certificate)
        leaves = {"PFXCertPassword": password, "PFXCertPasswordEncryptionType": "1"}
    codes = desk.say(words.delete(node), words.atomic(*words.pfx(node, pfx(identity), **leaves)))
    assert [code for _, code in codes] == [404, 200, *[200] * (2 + len(leaves))]
    assert desk.read(f"{node}/Status") == "0"
    assert desk.read(f"{node}/Thumbprint") == name
    held = desk.device.keystore.identity(name)
    assert held.thumbprint == name.lower()
    assert held.chain == (pki.intermediate,)
    assert desk.refusals == []


def test_trap_21_the_blob_need_not_be_last_as_the_import_waits_for_the_end(desk: Any, pki: Any) -> None:
    identity = pki.issue()
    adds = desk.words.pfx(f"{PFX}/X", pfx(identity))
    assert [code for _, code in desk.say(desk.words.atomic(*reversed(adds)))] == [200] * 4


def test_outside_an_atomic_the_import_begins_at_once_and_lacks_what_comes_later(desk: Any, pki: Any) -> None:
    location, blob, password = desk.words.pfx(f"{PFX}/X", pfx(pki.issue()))
    assert desk.say(blob, location, password) == [("Add", 500), ("Add", 200), ("Add", 200)]
    assert desk.code(desk.words.add(f"{PFX}/X/PFXCertBlob", base64.b64encode(pfx(pki.issue())).decode(), "chr")) == 200


def test_deleting_the_node_removes_certificate_and_key(desk: Any, pki: Any) -> None:
    desk.say(desk.words.atomic(*desk.words.pfx(f"{PFX}/X", pfx(pki.issue()))))
    assert desk.read(PFX) == "X"
    assert desk.code(desk.words.delete(f"{PFX}/X")) == 200
    assert desk.device.keystore.is_empty
    assert desk.machine.state.keys == {}
    assert desk.read(PFX) == ""


def test_a_node_that_is_made_anew_without_a_file_has_no_key(desk: Any, pki: Any) -> None:
    words = desk.words
    desk.say(words.atomic(*words.pfx(f"{PFX}/X", pfx(pki.issue()))))
    codes = desk.say(words.atomic(words.delete(f"{PFX}/X"), words.add(f"{PFX}/X/KeyLocation", "3", "int")))
    assert {code for _, code in codes} == {200}
    assert desk.device.keystore.is_empty
    assert desk.code(words.get(f"{PFX}/X/Status")) == 404


def test_a_blob_that_is_there_cannot_be_added_but_replaced(desk: Any, pki: Any) -> None:
    words, other = desk.words, pki.issue()
    desk.say(words.atomic(*words.pfx(f"{PFX}/X", pfx(pki.issue()))))
    data = base64.b64encode(pfx(other)).decode()
    assert desk.code(words.add(f"{PFX}/X/PFXCertBlob", data, "chr")) == 418
    assert desk.code(words.replace(f"{PFX}/Y/PFXCertBlob", data, "chr")) == 404
    assert desk.code(words.replace(f"{PFX}/X/PFXCertBlob", data, "chr")) == 200
    assert desk.device.keystore.identity("X").thumbprint == other.thumbprint


def wrong(pki: Any, desk: Any) -> dict[str, tuple[bytes, dict[str, str], int]]:
    identity, stranger = pki.issue(), pki.issue()
    good = pfx(identity)
    no_key = pkcs12.serialize_key_and_certificates(
        b"a", None, identity.certificate, None, BestAvailableEncryption(b"secret")
    )
    sealed = {"PFXCertPasswordEncryptionType": "1"}
    return {
        "password": (good, {"PFXCertPassword": "guess"}, 0x80070056),
        "garbage": (b"not a pfx", {}, 0x8009310B),
        "no key": (no_key, {}, 0x8009200B),
        "sealed for another": (
            good,
            sealed | {"PFXCertPassword": seal(b"secret", stranger.certificate)},
            0x8009200C,
        ),
        "not sealed": (good, sealed, 0x8009200C),
        "unknown sealing": (good, {"PFXCertPasswordEncryptionType": "2"}, 0x80070057),
        "no such location": (good, {"KeyLocation": "7"}, 0x80070057),
        "hello without container": (good, {"KeyLocation": "4"}, 0x80070057),
        "exportable from the tpm": (good, {"KeyLocation": "1", "PFXKeyExportable": "true"}, 0x80090029),
        "exportable from elsewhere": (good, {"KeyLocation": "2", "PFXKeyExportable": "true"}, 0x80090029),
    }


@pytest.mark.parametrize(
    "what",
    [
        "password",
        "garbage",
        "no key",
        "sealed for another",
        "not sealed",
        "unknown sealing",
        "no such location",
        "hello without container",
        "exportable from the tpm",
        "exportable from elsewhere",
    ],
)
def test_a_failed_import_rolls_back_and_status_says_why(desk: Any, pki: Any, what: str) -> None:
    blob, leaves, number = wrong(pki, desk)[what]
    codes = desk.say(desk.words.atomic(*desk.words.pfx(f"{PFX}/X", blob, **leaves)))
    assert codes[:3] == [("Atomic", 507), ("Add", 216), ("Add", 500)]
    assert {code for _, code in codes[3:]} == {216}
    assert not desk.machine.state.nodes
    assert desk.device.keystore.is_empty
    assert int(desk.read(f"{PFX}/X/Status")) == number - (1 << 32)
    assert desk.code(desk.words.get(f"{PFX}/X/Thumbprint")) == 404
    assert f"0x{number:08X}" in desk.refusals[-1].why
    assert desk.code(desk.words.delete(f"{PFX}/X")) == 404
    assert desk.code(desk.words.get(f"{PFX}/X/Status")) == 404


def test_a_failed_import_leaves_the_key_that_was_there(desk: Any, pki: Any) -> None:
    words, held = desk.words, pki.issue()
    desk.say(words.atomic(*words.pfx(f"{PFX}/X", pfx(held))))
    before = desk.machine.snapshot()
    atomic = words.atomic(words.delete(f"{PFX}/X"), *words.pfx(f"{PFX}/X", pfx(pki.issue()), PFXCertPassword="guess"))
    assert [code for _, code in desk.say(atomic)] == [507, 216, 216, 500, 216]
    assert desk.machine.snapshot() == before
    assert desk.device.keystore.identity("X").thumbprint == held.thumbprint


@pytest.mark.parametrize(
    ("location", "has_tpm", "provider"),
    [
        ("1", True, "Microsoft Platform Crypto Provider"),
        ("1", False, None),
        ("2", True, "Microsoft Platform Crypto Provider"),
        ("2", False, "Microsoft Software Key Storage Provider"),
        ("3", True, "Microsoft Software Key Storage Provider"),
        ("4", True, "Microsoft Passport Key Storage Provider"),
    ],
)
def test_key_location_decides_where_the_key_is(
    desks: Any, pki: Any, location: str, has_tpm: bool, provider: str | None
) -> None:
    desk = desks(has_tpm=has_tpm)
    leaves = {"KeyLocation": location} | ({"ContainerName": "c"} if location == "4" else {})
    codes = desk.say(desk.words.atomic(*desk.words.pfx(f"{PFX}/X", pfx(pki.issue()), **leaves)))
    if provider is None:
        assert codes[0] == ("Atomic", 507)
        assert desk.read(f"{PFX}/X/Status") == str(0x80090029 - (1 << 32))
        return
    (place,) = desk.machine.state.keys.values()
    assert (place.alias, place.provider) == ("X", provider)
    assert place.exportable == (location == "3")


@pytest.mark.parametrize(("said", "exportable"), [("true", True), ("false", False)])
def test_a_software_key_is_exportable_as_the_server_says(desk: Any, pki: Any, said: str, exportable: bool) -> None:
    desk.say(desk.words.atomic(*desk.words.pfx(f"{PFX}/X", pfx(pki.issue()), PFXKeyExportable=said)))
    (place,) = desk.machine.state.keys.values()
    assert place.exportable is exportable


def test_a_password_may_be_sealed_for_a_certificate_of_the_store(desk: Any, pki: Any) -> None:
    words, first = desk.words, pki.issue()
    desk.say(words.atomic(*words.pfx(f"{PFX}/first", pfx(first))))
    leaves = {
        "PFXCertPassword": seal(b"secret", first.certificate),
        "PFXCertPasswordEncryptionType": "2",
        "PFXCertPasswordEncryptionStore": "My",
    }
    codes = desk.say(words.atomic(*words.pfx(f"{PFX}/second", pfx(pki.issue()), **leaves)))
    assert {code for _, code in codes} == {200}


def test_one_name_in_both_scopes_is_two_keys(desk: Any, pki: Any) -> None:
    words = desk.words
    device = PFX.replace("./User/", "./Device/")
    desk.say(
        words.atomic(*words.pfx(f"{PFX}/X", pfx(pki.issue()))),
        words.atomic(*words.pfx(f"{device}/X", pfx(pki.issue()))),
    )
    assert list(desk.device.keystore.entries) == ["X", "device-X"]
    assert desk.code(words.delete(f"{device}/X")) == 200
    assert list(desk.device.keystore.entries) == ["X"]


def test_elliptic_keys_and_files_without_a_password_are_installed(desk: Any, pki: Any) -> None:
    identity = pki.issue(key=ec.generate_private_key(ec.SECP256R1()))
    blob = pkcs12.serialize_key_and_certificates(b"a", identity.key, identity.certificate, None, NoEncryption())
    codes = desk.say(desk.words.atomic(*desk.words.pfx(f"{PFX}/X", blob, PFXCertPassword="")))
    assert {code for _, code in codes} == {200}


def test_what_the_owner_refuses_is_answered_by_a_status_and_rolled_back(desk: Any, pki: Any) -> None:
    words, device = desk.words, desk.device
    desk.say(words.add(f"{ROOTS}/Root/{words.thumb(pki.root)}/EncodedCertificate", words.encoded(pki.root), "b64"))
    device.refuse("root", 406)
    node = f"{ROOTS}/CA/{words.thumb(pki.intermediate)}/EncodedCertificate"
    assert desk.code(words.add(node, words.encoded(pki.intermediate), "b64")) == 406
    assert device.keystore.trusted_certificates() == (pki.root,)
    for code, status, number in ((None, 500, -0x7FF8FFFB), (413, 413, -0x7FF8FFFB), (0x8007000D, 500, -0x7FF8FFF3)):
        device.refuse("imported", code)
        codes = desk.say(words.atomic(*words.pfx(f"{PFX}/X", pfx(pki.issue()))))
        assert status in {code for _, code in codes}
        assert desk.read(f"{PFX}/X/Status") == str(number)
        assert device.keystore.entries == {}
    device.accept()
    assert desk.say(words.atomic(*words.pfx(f"{PFX}/X", pfx(pki.issue()))))[0] == ("Atomic", 200)
