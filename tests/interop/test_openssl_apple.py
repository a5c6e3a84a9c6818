"""What simulated Apple devices sign is verified by openssl, and profiles that openssl made are read by them."""

from __future__ import annotations

import base64
import plistlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fauxtune_sim.apple.enrollment import signature
from fauxtune_sim.apple.facts import System
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.messages import write_plist
from fauxtune_sim.apple.payloads import identity as read_identity
from fauxtune_sim.apple.payloads import is_modern
from fauxtune_sim.apple.profiles import read_profile
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.platforms import Platform
from tests.interop.programs import OpenSsl

pytestmark = pytest.mark.program("openssl")


@pytest.fixture
def device(openssl: OpenSsl, tmp_path: Path) -> DeviceIdentity:
    """An identity made by openssl: device.pem and device.key in `tmp_path`."""
    openssl(
        "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=device", "-days", "30",
        "-keyout", "device.key", "-out", "device.pem",
    )  # fmt: skip
    key: Any = load_pem_private_key((tmp_path / "device.key").read_bytes(), None)
    return DeviceIdentity(x509.load_pem_x509_certificate((tmp_path / "device.pem").read_bytes()), key)


def profile(*payloads: dict[str, Any], **keys: Any) -> dict[str, Any]:
    head = {"PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": "p", "PayloadUUID": "u"}
    return head | {"PayloadContent": list(payloads)} | keys


def payload(kind: str = "com.example.inert", **keys: Any) -> dict[str, Any]:
    return {"PayloadType": kind, "PayloadVersion": 1, "PayloadIdentifier": "p.1", "PayloadUUID": "u1", **keys}


def test_openssl_verifies_the_signature_of_a_message(openssl: OpenSsl, device: DeviceIdentity, tmp_path: Path) -> None:
    body = write_plist({"Status": "Idle", "UDID": "00008110-000A1C2E3F40801E"})
    header = signature(body, device, now=datetime.now(UTC))
    (tmp_path / "signature").write_bytes(base64.b64decode(header, validate=True))
    verify = ("cms", "-verify", "-binary", "-inform", "DER", "-in", "signature", "-CAfile", "device.pem", "-content")
    (tmp_path / "body").write_bytes(body)
    assert openssl(*verify, "body", "-purpose", "any") == body
    (tmp_path / "body").write_bytes(body.replace(b"Idle", b"Oily"))
    assert b"content verify error" in openssl(*verify, "body", "-purpose", "any", fails=True)


def test_a_profile_that_openssl_signed_is_read(openssl: OpenSsl, device: DeviceIdentity, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(plistlib.dumps(profile(payload())))
    sign = ("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", "p", "-signer", "device.pem")
    signed = openssl(*sign, "-inkey", "device.key")
    read = read_profile(signed, identity=None, managed=True)
    assert (read.identifier, len(read.installed.signers)) == ("p", 1)


@pytest.mark.parametrize("cipher", ["-aes-256-cbc", "-aes-128-cbc", "-des3"])
def test_a_profile_that_openssl_encrypted_is_opened(
    openssl: OpenSsl, device: DeviceIdentity, tmp_path: Path, cipher: str
) -> None:
    (tmp_path / "content").write_bytes(plistlib.dumps([payload()]))
    envelope = openssl("cms", "-encrypt", "-binary", cipher, "-outform", "DER", "-in", "content", "device.pem")
    document = profile(IsEncrypted=True, EncryptedPayloadContent=envelope)
    del document["PayloadContent"]
    read = read_profile(plistlib.dumps(document), identity=device, managed=True)
    assert [one.type for one in read.payloads] == ["com.example.inert"]


@pytest.mark.parametrize(("options", "modern"), [((), True), (("-legacy",), False)], ids=["today's", "legacy"])
def test_old_systems_read_the_legacy_files_of_openssl_only(
    openssl: OpenSsl, device: DeviceIdentity, options: tuple[str, ...], modern: bool
) -> None:
    export = ("pkcs12", "-export", "-inkey", "device.key", "-in", "device.pem", "-passout", "pass:secret")
    data = openssl(*export, *options)
    assert is_modern(data) is modern
    keys = payload("com.apple.security.pkcs12", PayloadContent=data, Password="secret")
    (read,) = read_profile(plistlib.dumps(profile(keys)), identity=None, managed=True).payloads
    new, old = System.of(Platform.IOS, "17.5.1"), System.of(Platform.IOS, "15.8.2")
    assert read_identity(read, new, profile="p").source == "pkcs"
    if modern:
        with pytest.raises(Fault) as refused:
            read_identity(read, old, profile="p")
        assert refused.value.code == Code.PKCS12_PASSWORD
    else:
        assert read_identity(read, old, profile="p").source == "pkcs"
