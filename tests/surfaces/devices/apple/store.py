"""A device's stores behind a client of the wire: profiles with what is in them, and the answers that come of it."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from tests.surfaces.devices.apple import pkimessages
from tests.surfaces.devices.apple.clients import Client

Plist = dict[str, Any]


@dataclass(slots=True)
class Store:
    """Installs what it is told, and tells what it holds. `override` says what becomes of a RequestType instead: an
    answer, or None for "not now".
    """

    device: Client
    profiles: dict[str, Plist] = field(default_factory=dict)
    override: dict[str, Callable[[Plist], Plist | None]] = field(default_factory=dict)
    facts: Plist = field(default_factory=dict)

    def obey(self, command: Plist) -> Plist | None:
        kind = command["RequestType"]
        if kind in self.override:
            return self.override[kind](command)
        match kind:
            case "InstallProfile":
                self._install(command["Payload"])
            case "RemoveProfile":
                if self.profiles.pop(command["Identifier"], None) is None and not self._is_enrollment(command):
                    return error((12013, "MCMDMErrorDomain", "The profile is not managed by MDM."))
            case "ProfileList":
                return {"ProfileList": [self._listed(each) for each in self.profiles.values()]}
            case "CertificateList":
                return {"CertificateList": [each for document in self.profiles.values() for each in held(document)]}
            case "DeviceInformation":
                return {"QueryResponses": {name: self.facts[name] for name in command["Queries"] if name in self.facts}}
            case "SecurityInfo":
                return {"SecurityInfo": {"HardwareEncryptionCaps": 3, "PasscodePresent": True}}
        return {}

    def _install(self, payload: bytes) -> None:
        document = plistlib.loads(payload)
        if document.get("IsEncrypted"):
            opened = pkimessages.opened(document["EncryptedPayloadContent"], self.device.key)
            document["PayloadContent"] = plistlib.loads(opened)
        self.profiles[document["PayloadIdentifier"]] = document

    def _listed(self, document: Plist) -> Plist:
        return {name: document[name] for name in ("PayloadIdentifier", "PayloadUUID", "PayloadVersion")}

    def _is_enrollment(self, command: Plist) -> bool:
        return str(command["Identifier"]).endswith(".enrollment")

    def payloads(self, kind: str) -> list[Plist]:
        """All payloads of a type."""
        return [each for document in self.profiles.values() for each in of_type(document, kind)]


def of_type(document: Plist, kind: str) -> list[Plist]:
    """The payloads of a type in one profile."""
    return [each for each in document["PayloadContent"] if each["PayloadType"] == kind]


def held(document: Plist) -> list[Plist]:
    """The certificates in a profile, as CertificateList has them."""
    found = []
    for each in document["PayloadContent"]:
        if each["PayloadType"] in ("com.apple.security.root", "com.apple.security.pkcs1"):
            found.append({"CommonName": "CA", "IsIdentity": False, "Data": each["PayloadContent"]})
        elif each["PayloadType"] == "com.apple.security.pkcs12":
            der = certificate_in(each).public_bytes(Encoding.DER)
            found.append({"CommonName": "Me", "IsIdentity": True, "Data": der})
    return found


def certificate_in(payload: Plist) -> x509.Certificate:
    """The certificate of a PKCS#12 payload, opened with its password."""
    _key, certificate, _others = pkcs12.load_key_and_certificates(
        payload["PayloadContent"], payload["Password"].encode()
    )
    assert certificate is not None
    return certificate


def error(*links: tuple[int, str, str]) -> Plist:
    """The keys of an Error, outermost link first."""
    chain = [
        {"ErrorCode": code, "ErrorDomain": domain, "LocalizedDescription": words, "USEnglishDescription": words}
        for code, domain, words in links
    ]
    return {"Status": "Error", "ErrorChain": chain}
