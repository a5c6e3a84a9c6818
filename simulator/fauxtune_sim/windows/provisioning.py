"""The certificate request of an enrolment in Windows' form (MS-WSTEP; as seen in captured messages), the one for a
renewal, and the wap-provisioningdoc that answers: certificates, management server, initial nodes (MS-MDE2 3.6, OMA CP).

Sibling characteristics of one type are merged: Windows reads a document with two CertificateStores as if it had one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime

from asn1crypto import core, csr, keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune_sim.cms.signed import SigningOptions, sign
from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.windows.markup import Element, read

#: The device's id, in ASCII, which is not DER.
_DEVICE_ID = "1.3.6.1.4.1.311.66.1.0"
_XML_ENCODING = "application/vnd.syncml.dm+xml"


def certificate_request(key: rsa.RSAPrivateKey, *, device_id: str, hardware_id: str) -> bytes:
    """A PKCS#10 request for the device of this enrolment, DER.

    Its common name is longer than X.520 allows, as Windows' is; asn1crypto does not check that.
    """
    extensions = [
        {"extn_id": "extended_key_usage", "extn_value": ["client_auth"]},
        {"extn_id": _DEVICE_ID, "extn_value": core.ParsableOctetString(device_id.encode("ascii"))},
    ]
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": asn1_x509.Name.build({"common_name": f"{device_id}!{hardware_id[:32]}"}),
            "subject_pk_info": keys.PublicKeyInfo.load(
                key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            ),
            "attributes": [{"type": "extension_request", "values": [extensions]}],
        }
    )
    return bytes(
        csr.CertificationRequest(
            {
                "certification_request_info": info,
                "signature_algorithm": {"algorithm": "sha256_rsa"},
                "signature": key.sign(info.dump(), padding.PKCS1v15(), hashes.SHA256()),
            }
        ).dump()
    )


def renewal_request(request: bytes, *, identity: DeviceIdentity, now: datetime) -> bytes:
    """A PKCS#10 request in a CMS message that the identity signed: a renewal without the user."""
    return sign(
        request,
        certificate=identity.certificate,
        key=identity.key,
        signing_time=now,
        options=SigningOptions(detached=False),
    )


@dataclass(slots=True)
class Characteristic:
    """A node of the document; names are compared without regard to case."""

    parms: dict[str, str] = field(default_factory=dict)
    children: dict[str, Characteristic] = field(default_factory=dict)

    def below(self, *path: str) -> Characteristic:
        """The characteristic at a path, or an empty one."""
        characteristic = self
        for name in path:
            children = characteristic.children.items()
            child = next((child for key, child in children if key.lower() == name.lower()), None)
            if child is None:
                return Characteristic()
            characteristic = child
        return characteristic

    def parm(self, name: str) -> str:
        """The value of a parm, or ""."""
        return next((value for key, value in self.parms.items() if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class ProvisioningDocument:
    """The contents of the document that the device uses.

    `settings` are the values below DMClient/Provider/{provider}, by their path there. `renew_days`: the certificate is
    renewed without the user so many days before its end, None: never; `retry_days`: the days between two attempts.
    """

    identity: bytes
    provider: str
    address: str
    settings: dict[tuple[str, ...], str]
    renew_days: int | None
    retry_days: int


def read_provisioning_document(data: bytes) -> ProvisioningDocument:
    """Read the document. Raises AnswerBroken if it lacks the certificate or a management server that uses XML."""
    root = read(data, what="the provisioning document")
    if root.name != "wap-provisioningdoc":
        raise AnswerBroken(f"the provisioning document begins with {root.name}, not wap-provisioningdoc")
    document = _merged([root])
    application = document.below("APPLICATION")
    provider, address = application.parm("PROVIDER-ID"), application.parm("ADDR")
    if application.parm("APPID").lower() != "w7" or not provider or not address:
        raise AnswerBroken("the provisioning document names no management server (APPLICATION w7, PROVIDER-ID, ADDR)")
    encoding = application.parm("DEFAULTENCODING")
    if encoding != _XML_ENCODING:
        raise AnswerBroken(f"DEFAULTENCODING is {encoding or 'not set'}: only {_XML_ENCODING} is supported, not WBXML")
    renewal = document.below("CertificateStore", "My", "WSTEP", "Renew")
    return ProvisioningDocument(
        identity=identity_certificate(document),
        provider=provider,
        address=address,
        settings=_settings(document.below("DMClient", "Provider", provider)),
        renew_days=_days(renewal, "RenewPeriod", usual=42) if renewal.parm("ROBOSupport").lower() == "true" else None,
        retry_days=_days(renewal, "RetryInterval", usual=7),
    )


def read_renewed_certificate(data: bytes) -> bytes:
    """The certificate (DER) in the answer to a renewal."""
    return identity_certificate(_merged([read(data, what="the provisioning document")]))


def identity_certificate(document: Characteristic) -> bytes:
    """The certificate for the device's key: the one in `My/User` or `My/System`. Raises AnswerBroken without it."""
    mine = document.below("CertificateStore", "My")
    for store in ("User", "System"):
        for entry in mine.below(store).children.values():
            encoded = "".join(entry.parm("EncodedCertificate").split())
            if encoded:
                try:
                    return base64.b64decode(encoded, validate=True)
                except ValueError as broken:
                    raise AnswerBroken("the provisioning document's certificate is not base64") from broken
    raise AnswerBroken("the provisioning document has no certificate in CertificateStore/My")


def _merged(elements: list[Element]) -> Characteristic:
    merged = Characteristic()
    siblings: dict[str, list[Element]] = {}
    for element in elements:
        for parm in element.children_named("parm"):
            merged.parms[parm.attributes.get("name", "")] = parm.attributes.get("value", "").strip()
        for child in element.children_named("characteristic"):
            siblings.setdefault(child.attributes.get("type", ""), []).append(child)
    merged.children = {name: _merged(children) for name, children in siblings.items()}
    return merged


def _settings(characteristic: Characteristic, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    settings = {(*path, name): value for name, value in characteristic.parms.items()}
    for name, child in characteristic.children.items():
        settings |= _settings(child, (*path, name))
    return settings


def _days(renewal: Characteristic, name: str, *, usual: int) -> int:
    """A number of days in CertificateStore/My/WSTEP/Renew, or Windows' default."""
    days = renewal.parm(name)
    return int(days) if days.isdecimal() else usual
