"""The root in other forms than PEM."""

from __future__ import annotations

import plistlib
import uuid

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.administration.trusting import root_of
from fauxtune.core.pki.authority import ROOT_NAME


def der(pem: bytes) -> bytes:
    """Return the certificate in DER."""
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def profile(pem: bytes) -> bytes:
    """Return a configuration profile with the certificate. The same root always gives the same profile, so that a
    device that installs it again replaces it (PayloadIdentifier, PayloadUUID).
    """
    fingerprint = root_of(x509.load_pem_x509_certificate(pem)).sha256
    identifier = f"fauxtune.tls.{fingerprint[:16]}"
    certificate = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier}.root",
        "PayloadUUID": _uuid(fingerprint, "root"),
        "PayloadDisplayName": ROOT_NAME,
        "PayloadContent": der(pem),
    }
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": identifier,
            "PayloadUUID": _uuid(fingerprint, "profile"),
            "PayloadDisplayName": f"{ROOT_NAME}: an emulator, for a lesson",
            "PayloadDescription": "Lets this device trust a server for tests. Remove it after the lesson.",
            "PayloadRemovalDisallowed": False,
            "PayloadContent": [certificate],
        }
    )


def _uuid(fingerprint: str, part: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"fauxtune:{fingerprint}:{part}")).upper()
