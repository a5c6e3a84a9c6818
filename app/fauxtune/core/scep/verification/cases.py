"""The cases of the test bench, in the order in which they are tried."""

#: data

from __future__ import annotations

from fauxtune.core.scep.results import ResultCode
from fauxtune.core.scep.verification.model import Case

RFC = "RFC 8894"
PARTNER = "Add partner certification authority in Intune using SCEP"
CLIENT = "microsoft/Intune-Resource-Access, src/CsrValidation"
_REFUSED = "pkiStatus FAILURE and no certificate, as Intune's service answers {code}"
_ISSUED = "pkiStatus SUCCESS with a certificate for the device's key, as it was requested"

SERVER, ISSUING, DIFFERENCES = "Server", "Issuing", "Requests that differ"
CHALLENGES, MESSAGES, RENEWAL = "Challenges", "Messages", "Renewal"
PENDING, SERVICE, REVOCATION = "Pending", "Intune's service fails", "Revocation"
REPORTS = "Reports to Intune"


def _differs(id_: str, title: str, *, code: ResultCode) -> Case:
    looks_at = f"A device sends a request with its challenge: {title}."
    return Case(id_, DIFFERENCES, title, looks_at, _REFUSED.format(code=code.value), PARTNER)


def _challenge(id_: str, title: str, *, looks_at: str, code: ResultCode) -> Case:
    return Case(id_, CHALLENGES, title, looks_at, _REFUSED.format(code=code.value), PARTNER)


CASES: tuple[Case, ...] = (
    Case(
        "capabilities",
        SERVER,
        "GetCACaps lists what modern devices need",
        "GetCACaps",
        "POSTPKIOperation, SHA-256 and AES, or SCEPStandard, which means all three",
        f"{RFC} 3.5.2",
    ),
    Case(
        "ca-certificates",
        SERVER,
        "GetCACert gives the certificates of the CA",
        "GetCACert",
        "a certificate with an RSA key to which requests are encrypted, in an answer of the right type",
        f"{RFC} 4.2",
    ),
    Case(
        "good-request",
        ISSUING,
        "The request that the profile asks for is granted",
        "A device sends the request that its challenge is for.",
        _ISSUED,
        PARTNER,
    ),
    Case(
        "asks-first",
        ISSUING,
        "Intune's service is asked before a certificate is issued",
        "The calls of validateRequest before the device had its certificate.",
        "one, about this request, with the answer Success",
        CLIENT,
    ),
    Case(
        "success-notification",
        ISSUING,
        "Intune's service hears the truth about the certificate",
        "successNotification: transactionId, thumbprint, serial number, expiry, issuer.",
        "those of the certificate that the device got",
        CLIENT,
    ),
    _differs("subject-other", "another subject", code=ResultCode.SUBJECT_MISMATCH),
    _differs("subject-missing", "no subject", code=ResultCode.SUBJECT_MISSING),
    _differs("san-other", "another alternative name", code=ResultCode.ALTERNATIVE_NAME_MISMATCH),
    _differs("san-more", "one alternative name more", code=ResultCode.ALTERNATIVE_NAME_MISMATCH),
    _differs("san-missing", "no alternative name", code=ResultCode.ALTERNATIVE_NAME_MISSING),
    _differs("key-usage", "another key usage", code=ResultCode.KEY_USAGE_MISMATCH),
    _differs("key-small", "a key of fewer bits", code=ResultCode.KEY_LENGTH_MISMATCH),
    _differs("key-large", "a key of more bits", code=ResultCode.KEY_LENGTH_MISMATCH),
    _differs("key-ec", "an EC key in place of RSA", code=ResultCode.KEY_LENGTH_MISMATCH),
    _differs("eku-other", "another extended key usage", code=ResultCode.EXTENDED_USAGE_MISMATCH),
    _differs("eku-missing", "no extended key usage", code=ResultCode.EXTENDED_USAGE_MISSING),
    Case(
        "extension-more",
        DIFFERENCES,
        "an extension that nobody asked for",
        "A device sends the request that the profile asks for, and basic constraints with CA:TRUE.",
        "FAILURE, or a certificate without CA:TRUE; Intune's service may look at no extension of this kind",
        f"{PARTNER}; no document says what Intune does",
    ),
    Case(
        "hash-sha1",
        DIFFERENCES,
        "a request that is signed with SHA-1",
        "A device signs its request with SHA-1, where the profile asks for SHA-2.",
        "FAILURE; Intune's service looks at no hash algorithm, so the authority alone can refuse",
        f"{PARTNER}; no document demands it",
    ),
    _challenge(
        "challenge-missing",
        "a request without a challenge",
        looks_at="A device sends the request that the profile asks for, without challengePassword.",
        code=ResultCode.CHALLENGE_MISSING,
    ),
    _challenge(
        "challenge-garbage",
        "a challenge that is not Intune's",
        looks_at="A device sends a request whose challengePassword is no base64.",
        code=ResultCode.CHALLENGE_DECODING,
    ),
    _challenge(
        "challenge-changed",
        "a challenge that was changed",
        looks_at="One byte of the challenge's signature is changed.",
        code=ResultCode.SIGNATURE_FAILED,
    ),
    _challenge(
        "challenge-of-another",
        "a challenge for another device",
        looks_at="A device sends its own request with the challenge of another user's device.",
        code=ResultCode.SUBJECT_MISMATCH,
    ),
    Case(
        "challenge-again",
        CHALLENGES,
        "a challenge that was used",
        "A request for another key has the challenge of the granted request, as a thief would send it.",
        "FAILURE; Intune's service may grant it again, so the authority alone can refuse",
        "no document demands it",
    ),
    _challenge(
        "challenge-huge",
        "a challenge of a megabyte",
        looks_at="A device sends a request whose challengePassword has a million bytes.",
        code=ResultCode.SIGNATURE_FAILED,
    ),
    Case(
        "replay",
        MESSAGES,
        "A message that comes twice brings no second certificate",
        "The message of the granted request is sent again, byte by byte.",
        "the certificate that was issued for it, or a refusal",
        f"{RFC} 3.2.1.1, 7.4",
    ),
    Case(
        "message-spoiled",
        MESSAGES,
        "A message with a wrong signature is refused",
        "A good request in a message whose signature is changed.",
        "no certificate: FAILURE badMessageCheck",
        f"{RFC} 3.2.1.4.1",
    ),
    Case(
        "csr-foreign",
        MESSAGES,
        "A request that is not signed with its own key is refused",
        "A request (PKCS#10) that another key has signed.",
        _REFUSED.format(code=ResultCode.SIGNATURE_FAILED.value),
        "RFC 2986 4.2",
    ),
    Case(
        "signer-other",
        MESSAGES,
        "A message that another key has signed is refused",
        "A good PKCSReq that is signed with another key than the request's.",
        "no certificate, as devices sign with the request's key; the RFC says that they should, not that they must",
        f"{RFC} 2.3",
    ),
    Case(
        "garbage",
        MESSAGES,
        "What is no message is refused",
        "Bytes that are no CMS, and a GET whose base64 is cut off.",
        "an HTTP status of 400 to 499, or FAILURE; no 5xx",
        f"{RFC} 4.3",
    ),
    Case(
        "renewal",
        RENEWAL,
        "A renewal brings a new certificate",
        "A device with a new key and a new challenge signs a request with its certificate.",
        "a certificate for the new key with another serial number; Intune's service was asked and heard of it",
        f"{RFC} 3.3.1.2",
    ),
    Case(
        "renewal-stranger",
        RENEWAL,
        "A renewal that a stranger signs is refused",
        "A good RenewalReq that is signed with a self-signed certificate.",
        "no certificate: the signer was not issued by this authority",
        f"{RFC} 3.3.1.2",
    ),
    Case(
        "pending",
        PENDING,
        "A request that waits is granted when it is decided",
        "CertPoll, while the answer is PENDING.",
        "no notification while it is PENDING; then the certificate",
        f"{RFC} 3.3.3, 4.4",
    ),
    Case(
        "poll-unknown",
        PENDING,
        "A poll for an unknown transaction brings nothing",
        "CertPoll with a transactionID that was never used.",
        "FAILURE badCertId; no certificate",
        f"{RFC} 3.3.3",
    ),
    Case(
        "validation-down",
        SERVICE,
        "Nothing is issued while the request cannot be validated",
        "validateRequest answers 500 to a good request.",
        "no certificate",
        CLIENT,
    ),
    Case(
        "notification-down",
        SERVICE,
        "No certificate is handed out that Intune does not know",
        "successNotification answers 500 after a good request was validated.",
        "no certificate: if a call fails, the authority must not return the certificate",
        CLIENT,
    ),
    Case(
        "revocation",
        REVOCATION,
        "A certificate that is to be revoked is revoked",
        "A revocation request by the thumbprint that was reported, its result, and the CRL that the certificate names.",
        "fetched, reported as done, and listed in the CRL",
        CLIENT,
    ),
    Case(
        "revocation-unknown",
        REVOCATION,
        "A certificate that does not exist is not reported as revoked",
        "A revocation request for a serial number that was never issued.",
        "a result that says failed, with CertificateNotFoundError",
        CLIENT,
    ),
    Case(
        "renewal-revoked",
        REVOCATION,
        "A revoked certificate renews nothing",
        "A good RenewalReq that is signed with the revoked certificate.",
        "no certificate",
        f"{RFC} 3.3.1.2",
    ),
    _challenge(
        "challenge-old",
        "a challenge after its hour",
        looks_at="The tenant's clock is put forward by 61 minutes before the request is sent.",
        code=ResultCode.EXPIRED,
    ),
    Case(
        "device-enrols",
        ISSUING,
        "A managed device gets its certificate by the profile",
        "A device checks in, gets the root and the profile with a challenge, requests and installs the certificate.",
        "the device reports it as installed; Intune's service was asked, and heard of it",
        PARTNER,
    ),
    _challenge(
        "device-gone",
        "a device that is managed no more",
        looks_at="The device is deleted before the request is sent.",
        code=ResultCode.BAD_DEVICE_ID,
    ),
    _challenge(
        "profile-gone",
        "a profile that is assigned no more",
        looks_at="The assignment of the profile is removed before the request is sent.",
        code=ResultCode.NOT_TARGETED,
    ),
    Case(
        "notified-once",
        REPORTS,
        "Every issued certificate is reported once",
        "All notifications of the run.",
        "one successNotification for each certificate",
        CLIENT,
    ),
    Case(
        "no-false-success",
        REPORTS,
        "No refused request is reported as granted",
        "All notifications of the run.",
        "no successNotification for a request that brought no certificate",
        CLIENT,
    ),
)

BY_ID = {case.id: case for case in CASES}
