"""The results of checking a certificate request, by the names of Intune's service for certification authorities.

Source: microsoft/Intune-Resource-Access, src/CsrValidation (IntuneScepServiceException.ErrorCode). The order of the
checks (the challenge's signature, its time, the profile, the request) is that of "Use APIs to add third-party CAs for
SCEP to Intune", 2025-07-03. Unverified: when the service answers AadKeyIdentifierListMissing and RegisteredKeyMismatch.
No document says; the names point to keys of Windows Hello that are registered in the directory (CSP
ClientCertificateInstall, AADKeyIdentifierList), which is not emulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
