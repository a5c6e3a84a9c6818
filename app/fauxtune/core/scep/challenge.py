"""Challenges of SCEP: what a profile lets one device request, encrypted and signed; and the results of their checks.

The form of a challenge is the emulator's own, for Intune's is not public: base64 of CMS SignedData over CMS
EnvelopedData of a JSON document. Both are made and read with the same authority of the tenant. A challenge is valid for
60 minutes of the tenant's clock ("SCEP Challenge has expired. challengeExpInterval=60", Keyfactor/ejbca-ce issue 690).

The results have the names of Intune's service for certification authorities: microsoft/Intune-Resource-Access,
src/CsrValidation (IntuneScepServiceException.ErrorCode). The order of the checks (the challenge's signature, its time,
the profile, the request) is that of "Use APIs to add third-party CAs for SCEP to Intune", 2025-07-03. Unverified: when
the service answers AadKeyIdentifierListMissing and RegisteredKeyMismatch. No document says; the names point to keys of
Windows Hello that are registered in the directory (CSP ClientCertificateInstall, AADKeyIdentifierList), which is not
emulated.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cryptography import x509

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import FauxtuneError
from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.pki import signed
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.cms import envelope, open_envelope


class ResultCode(StrEnum):
    """The codes of the service, spelt as it spells them."""

    SUCCESS = "Success"
    REQUEST_DECODING_FAILED = "CertificateRequestDecodingFailed"
    CHALLENGE_MISSING = "ChallengePasswordMissing"
    CHALLENGE_DECODING = "ChallengeDecodingError"
    SIGNATURE_FAILED = "SignatureValidationFailed"
    CHALLENGE_DECRYPTION = "ChallengeDecryptionError"
    CHALLENGE_DESERIALIZATION = "ChallengeDeserializationError"
    BAD_REQUEST_ID = "BadCertificateRequestIdInChallenge"
    BAD_DEVICE_ID = "BadDeviceIdInChallenge"
    BAD_USER_ID = "BadUserIdInChallenge"
    INVALID_TIMESTAMP = "ChallengeInvalidTimestamp"
    EXPIRED = "ChallengeExpired"
    NOT_TARGETED = "ScepProfileNoLongerTargetedToTheClient"
    SUBJECT_MISSING = "SubjectNameMissing"
    SUBJECT_MISMATCH = "SubjectNameMismatch"
    ALTERNATIVE_NAME_MISSING = "SubjectAltNameMissing"
    ALTERNATIVE_NAME_MISMATCH = "SubjectAltNameMismatch"
    KEY_USAGE_MISMATCH = "KeyUsageMismatch"
    KEY_LENGTH_MISMATCH = "KeyLengthMismatch"
    EXTENDED_USAGE_MISSING = "EnhancedKeyUsageMissing"
    EXTENDED_USAGE_MISMATCH = "EnhancedKeyUsageMismatch"
    SIGNER_MISMATCH = "SigningCertThumbprintMismatch"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check: its code, and for a refusal what differs, in words."""

    code: ResultCode
    description: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the request may be granted."""
        return self.code is ResultCode.SUCCESS


SUCCESS = Verdict(ResultCode.SUCCESS)


LIFETIME = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Challenge:
    """The content of a challenge. `id` is the request's; `device` the managedDevice's id; `user` None without one."""

    id: str
    tenant: str
    profile: str
    device: str
    user: str | None
    created: datetime
    expires: datetime
    request: ScepRequest

    def document(self) -> dict[str, Any]:
        """Return the challenge as JSON."""
        return {
            "id": self.id,
            "tenantId": self.tenant,
            "profileId": self.profile,
            "deviceId": self.device,
            "userId": self.user,
            "created": iso(self.created),
            "expires": iso(self.expires),
            "request": self.request.document(),
        }


def seal(challenge: Challenge, *, certificate: x509.Certificate, key: PrivateKey) -> str:
    """Encrypt and sign a challenge with an authority that has an RSA key; return it as base64 on one line."""
    content = json.dumps(challenge.document(), separators=(",", ":")).encode()
    message = signed.sign(envelope(content, certificate), certificate=certificate, key=key)
    return base64.b64encode(message).decode()


def unseal(text: str, *, certificate: x509.Certificate, key: PrivateKey) -> Challenge | Verdict:
    """Return the challenge of a text, or why it is not one that `seal` made with this authority."""
    try:
        message = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return Verdict(ResultCode.CHALLENGE_DECODING, "The challenge is not base64.")
    try:
        outer = signed.read(message)
        outer.verify(outer.content or b"")
    except FauxtuneError as error:
        return Verdict(ResultCode.SIGNATURE_FAILED, f"The challenge is not signed as one: {error.message}")
    if outer.certificate != certificate:
        return Verdict(ResultCode.SIGNATURE_FAILED, "The challenge was not signed by this tenant's service.")
    try:
        content = open_envelope(outer.content or b"", certificate=certificate, key=key)
    except FauxtuneError as error:
        return Verdict(ResultCode.CHALLENGE_DECRYPTION, error.message)
    try:
        return _challenge(json.loads(content))
    except (ValueError, KeyError, TypeError, RecursionError):
        return Verdict(ResultCode.CHALLENGE_DESERIALIZATION, "The challenge has another form than this service's.")


def _challenge(document: dict[str, Any]) -> Challenge:
    return Challenge(
        id=str(document["id"]),
        tenant=str(document["tenantId"]),
        profile=str(document["profileId"]),
        device=str(document["deviceId"]),
        user=document["userId"],
        created=from_iso(document["created"]),
        expires=from_iso(document["expires"]),
        request=ScepRequest.of_document(document["request"]),
    )
