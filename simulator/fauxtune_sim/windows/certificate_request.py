"""The certificate request in Windows' form (MS-WSTEP; as seen in captured messages), and the one for a renewal."""

from __future__ import annotations

from datetime import datetime

from asn1crypto import core, csr, keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune_sim.cms.signing import SigningOptions, sign
from fauxtune_sim.keys.identity import DeviceIdentity

#: The device's id, in ASCII, which is not DER.
_DEVICE_ID = "1.3.6.1.4.1.311.66.1.0"


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
