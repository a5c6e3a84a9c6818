"""The events in the logs of connectors, with the numbers of the documents.

The Intune Certificate Connector of 2020: "Intune Certificate Connector events and diagnostic codes" (from 6.1806). The
present one: "Certificate Connector for Microsoft Intune", Event IDs, 2022-05-04: an operational log, with each step of
a request and the upload of results, and an admin log, with one entry for the result of the request (1000, 1200, 2000,
3000 and 4000 and their failures). Unverified: each result is uploaded by itself, a batch of one. The PFX Certificate
Connector of 2020 has no published list: it writes nothing here.

#: data
"""

from __future__ import annotations

from enum import StrEnum

from fauxtune.core.model.connectors import Program


class Happening(StrEnum):
    """An event of a connector, independent of its program's name for it."""

    STARTED = "started"
    STOPPED = "stopped"
    DOWNLOADED = "downloaded"
    NOT_DOWNLOADED = "notDownloaded"
    VALIDATED = "validated"
    NOT_VALIDATED = "notValidated"
    DONE = "done"
    FAILED = "failed"
    UPLOADED = "uploaded"
    NOT_UPLOADED = "notUploaded"
    BATCH_UPLOADED = "batchUploaded"
    SUCCEEDED = "succeeded"
    NOT_SUCCEEDED = "notSucceeded"


Event = tuple[int, str]

_OLD: dict[int, str] = {
    10010: "StartedConnectorService",
    10020: "StoppedConnectorService",
    10100: "CertificateRenewal_Success",
    10102: "CertificateRenewal_Failure",
    10301: "RetrieveCertificate_Warning",
    10302: "RetrieveCertificate_Error",
    20100: "PkcsCertIssue_Success",
    20102: "PkcsCertIssue_Failure",
    20200: "RevokeCert_Success",
    20202: "RevokeCert_Failure",
    20300: "Upload_Success",
    20302: "Upload_Failure",
    20400: "Download_Success",
    20402: "Download_Failure",
    20500: "CRPVerifyMetric_Success",
    20501: "CRPVerifyMetric_Warning",
    20502: "CRPVerifyMetric_Failure",
    20600: "CRPNotifyMetric_Success",
    20602: "CRPNotifyMetric_Failure",
}
_PRESENT: dict[int, str] = {
    1000: "PkcsRequestSuccess",
    1001: "PkcsRequestFailure",
    1003: "PkcsDownloadFailure",
    1020: "PkcsDownloadedRequest",
    1032: "PkcsDigiCertRequest",
    1050: "PkcsIssuedSuccess",
    1051: "PkcsIssuedFailedAttempt",
    1052: "PkcsIssuedFailure",
    1100: "PkcsUploadSuccess",
    1102: "PkcsUploadedRequest",
    1200: "PkcsRecryptRequestSuccess",
    1201: "PkcsRecryptRequestFailure",
    1203: "PkcsRecryptDownloadFailure",
    1220: "PkcsRecryptDownloadedRequest",
    1250: "PkcsRecryptReencryptSuccess",
    1253: "PkcsRecryptReencryptFailure",
    1300: "PkcsRecryptUploadSuccess",
    1302: "PkcsRecryptUploadedRequest",
    2000: "PkcsImportRequestSuccess",
    2001: "PkcsImportRequestFailure",
    2020: "PkcsImportDownloadedRequest",
    2050: "PkcsImportReencryptSuccess",
    2051: "PkcsImportReencryptFailedAttempt",
    2052: "PkcsImportReencryptFailure",
    2100: "PkcsImportUploadSuccess",
    2102: "PkcsImportUploadedRequest",
    2203: "PkcsImportDownloadFailure",
    3000: "RevokeRequestSuccess",
    3001: "RevokeRequestFailure",
    3003: "RevokeDownloadFailure",
    3020: "RevokeDownloadedRequest",
    3032: "RevokeDigicertRequest",
    3050: "RevokeSuccess",
    3051: "RevokeFailure",
    3052: "RevokeFailedAttempt",
    3100: "RevokeUploadSuccess",
    3102: "RevokeUploadedRequest",
    4000: "ScepRequestSuccess",
    4001: "ScepRequestIssuedFailure",
    4002: "ScepRequestUploadFailure",
    4003: "ScepRequestReceived",
    4004: "ScepVerifySuccess",
    4005: "ScepVerifyFailure",
    4006: "ScepIssuedSuccess",
    4007: "ScepIssuedFailure",
    4008: "ScepNotifySuccess",
}

#: Number -> name.
NAMES: dict[int, str] = {**_OLD, **_PRESENT}

#: (role, happening) -> number. "recrypt": a certificate that the connector issued before is encrypted again.
_NUMBERS_2020: dict[tuple[str, Happening], int] = {
    ("", Happening.STARTED): 10010,
    ("", Happening.STOPPED): 10020,
    ("pkcs", Happening.DOWNLOADED): 20400,
    ("pkcs", Happening.NOT_DOWNLOADED): 20402,
    ("pkcs", Happening.DONE): 20100,
    ("pkcs", Happening.FAILED): 20102,
    ("pkcs", Happening.UPLOADED): 20300,
    ("revocation", Happening.DOWNLOADED): 20400,
    ("revocation", Happening.NOT_DOWNLOADED): 20402,
    ("revocation", Happening.DONE): 20200,
    ("revocation", Happening.FAILED): 20202,
    ("revocation", Happening.UPLOADED): 20300,
    ("scep", Happening.VALIDATED): 20500,
    ("scep", Happening.NOT_VALIDATED): 20502,
    ("scep", Happening.UPLOADED): 20600,
    ("scep", Happening.NOT_UPLOADED): 20602,
}
_NUMBERS: dict[tuple[str, Happening], int] = {
    ("pkcs", Happening.DOWNLOADED): 1020,
    ("pkcs", Happening.NOT_DOWNLOADED): 1003,
    ("pkcs", Happening.DONE): 1050,
    ("pkcs", Happening.FAILED): 1052,
    ("pkcs", Happening.UPLOADED): 1102,
    ("pkcs", Happening.BATCH_UPLOADED): 1100,
    ("pkcs", Happening.SUCCEEDED): 1000,
    ("pkcs", Happening.NOT_SUCCEEDED): 1001,
    ("recrypt", Happening.DOWNLOADED): 1220,
    ("recrypt", Happening.NOT_DOWNLOADED): 1203,
    ("recrypt", Happening.DONE): 1250,
    ("recrypt", Happening.FAILED): 1253,
    ("recrypt", Happening.UPLOADED): 1302,
    ("recrypt", Happening.BATCH_UPLOADED): 1300,
    ("recrypt", Happening.SUCCEEDED): 1200,
    ("recrypt", Happening.NOT_SUCCEEDED): 1201,
    ("imported-pfx", Happening.DOWNLOADED): 2020,
    ("imported-pfx", Happening.NOT_DOWNLOADED): 2203,
    ("imported-pfx", Happening.DONE): 2050,
    ("imported-pfx", Happening.FAILED): 2052,
    ("imported-pfx", Happening.UPLOADED): 2102,
    ("imported-pfx", Happening.BATCH_UPLOADED): 2100,
    ("imported-pfx", Happening.SUCCEEDED): 2000,
    ("imported-pfx", Happening.NOT_SUCCEEDED): 2001,
    ("revocation", Happening.DOWNLOADED): 3020,
    ("revocation", Happening.NOT_DOWNLOADED): 3003,
    ("revocation", Happening.DONE): 3050,
    ("revocation", Happening.FAILED): 3051,
    ("revocation", Happening.UPLOADED): 3102,
    ("revocation", Happening.BATCH_UPLOADED): 3100,
    ("revocation", Happening.SUCCEEDED): 3000,
    ("revocation", Happening.NOT_SUCCEEDED): 3001,
    ("scep", Happening.DOWNLOADED): 4003,
    ("scep", Happening.VALIDATED): 4004,
    ("scep", Happening.NOT_VALIDATED): 4005,
    ("scep", Happening.DONE): 4006,
    ("scep", Happening.FAILED): 4007,
    ("scep", Happening.UPLOADED): 4008,
    ("scep", Happening.SUCCEEDED): 4000,
    ("scep", Happening.NOT_SUCCEEDED): 4001,
    ("scep", Happening.NOT_UPLOADED): 4002,
}
#: The numbers that announce a request for DigiCert's CA in place of others.
_DIGICERT = {1020: 1032, 3020: 3032}

#: Of the edition of 2020: code -> its name.
SUCCESS, UNKNOWN_ERROR = 0x00000000, 0x0FFFFFFF
CA_UNAVAILABLE, RA_CERTIFICATE_MISSING, REVOCATION_DENIED = 0x00000400, 0x00000401, 0x00000402
CHALLENGE_UNREADABLE, CHALLENGE_EXPIRED = 0x00000410, 0x00000411
DIAGNOSTICS: dict[int, str] = {
    SUCCESS: "Success",
    CA_UNAVAILABLE: "PKCS_Issue_CA_Unavailable",
    RA_CERTIFICATE_MISSING: "Symantec_ClientAuthCertNotFound",
    REVOCATION_DENIED: "RevokeCert_AccessDenied",
    0x00000403: "CertThumbprint_NotFound",
    0x00000404: "Certificate_NotFound",
    0x00000405: "Certificate_Expired",
    0x00000408: "CRPSCEPCert_NotFound",
    0x00000409: "CRPSCEPSigningCert_NotFound",
    CHALLENGE_UNREADABLE: "CRPSCEPDeserialize_Failed",
    CHALLENGE_EXPIRED: "CRPSCEPChallenge_Expired",
    UNKNOWN_ERROR: "Unknown_Error",
}


def event(program: Program, role: str, *, happening: Happening, digicert: bool = False) -> Event | None:
    """The number and name of the program's log event; None if the program has no event for it."""
    if program is Program.PFX:
        return None
    number = (_NUMBERS_2020 if program is Program.INTUNE else _NUMBERS).get((role, happening))
    if number is None:
        return None
    number = _DIGICERT.get(number, number) if digicert else number
    return number, NAMES[number]


def diagnostic(program: Program, code: int) -> str | None:
    """The diagnostic code as events contain it; None for the present program, which has none."""
    return f"0x{code:08X}" if program is Program.INTUNE else None
