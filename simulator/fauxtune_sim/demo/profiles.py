"""The profiles that the story assigns: each kind of device has kinds of profiles of its own.

Graph (beta): android..., androidWorkProfile..., androidForWorkImportedPFX..., androidDeviceOwner..., ios..., macOS...,
windows81..., windows10... and windowsPhone81... configurations.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _Kinds:
    """What the profiles of one kind of device are called; `pkcs` is None where that kind of device has no PKCS profile.
    `free_names`: its PKCS profiles take texts with variables as subject and alternative names.
    """

    root: str
    pkcs: str | None
    imported: str
    free_names: bool = True


_KINDS = {
    "work profile": _Kinds(
        "androidWorkProfileTrustedRootCertificate",
        "androidWorkProfilePkcsCertificateProfile",
        "androidForWorkImportedPFXCertificateProfile",
    ),
    "fully managed": _Kinds(
        "androidDeviceOwnerTrustedRootCertificate",
        "androidDeviceOwnerPkcsCertificateProfile",
        "androidDeviceOwnerImportedPFXCertificateProfile",
    ),
    # A Samsung phone, the company's phone in the edition of 2020.
    "device administrator": _Kinds(
        "androidTrustedRootCertificate",
        "androidPkcsCertificateProfile",
        "androidImportedPFXCertificateProfile",
        free_names=False,
    ),
    "iOS": _Kinds("iosTrustedRootCertificate", "iosPkcsCertificateProfile", "iosImportedPFXCertificateProfile"),
    "macOS": _Kinds("macOSTrustedRootCertificate", "macOSPkcsCertificateProfile", "macOSImportedPFXCertificateProfile"),
    # Windows 10 and later take the root of Windows 8.1; so does Windows 10 Mobile.
    "Windows": _Kinds(
        "windows81TrustedRootCertificate", "windows10PkcsCertificateProfile", "windows10ImportedPFXCertificateProfile"
    ),
    "Windows Phone 8.1": _Kinds(
        "windowsPhone81TrustedRootCertificate", None, "windowsPhone81ImportedPFXCertificateProfile"
    ),
}


_FREE_NAMES = {
    "subjectNameFormat": "custom",
    "subjectNameFormatString": "CN={{UserName}},E={{EmailAddress}}",
    "customSubjectAlternativeNames": [{"sanType": "emailAddress", "name": "{{EmailAddress}}"}],
}
_NAMES = {"subjectNameFormat": "commonNameIncludingEmail", "subjectAlternativeNameType": "emailAddress"}


@dataclass(frozen=True, slots=True)
class Authority:
    """The enterprise's certification authority as profiles name it."""

    host: str
    name: str


def roots(title: str, der: bytes) -> list[dict[str, Any]]:
    """A trusted certificate (DER), for every kind of device."""
    return [
        {
            "@odata.type": f"#microsoft.graph.{kinds.root}",
            "displayName": f"{title} ({way})",
            "trustedRootCertificate": base64.b64encode(der).decode(),
            "certFileName": f"{title.lower().replace(' ', '-')}.cer",
        }
        for way, kinds in _KINDS.items()
    ]


def pkcs(title: str, *, template: str, authority: Authority) -> list[dict[str, Any]]:
    """A certificate of its own for every device, from this template."""
    return [
        {
            "@odata.type": f"#microsoft.graph.{kinds.pkcs}",
            "displayName": f"{title} ({way})",
            "certificationAuthority": authority.host,
            "certificationAuthorityName": authority.name,
            "certificateTemplateName": template,
            **(_FREE_NAMES if kinds.free_names else _NAMES),
            "renewalThresholdPercentage": 20,
            "certificateValidityPeriodScale": "years",
            "certificateValidityPeriodValue": 1,
        }
        for way, kinds in _KINDS.items()
        if kinds.pkcs is not None
    ]


def imported(title: str, *, purpose: str) -> list[dict[str, Any]]:
    """All of the user's imported certificates of this purpose, the same on every device."""
    return [
        {
            "@odata.type": f"#microsoft.graph.{kinds.imported}",
            "displayName": f"{title} ({way})",
            "intendedPurpose": purpose,
        }
        for way, kinds in _KINDS.items()
    ]


def mail_account(title: str, *, signing: str, encryption: str) -> dict[str, Any]:
    """An account for iPhones that signs and encrypts by itself. Its certificates are those of two other profiles: their
    addresses (`@odata.id`).
    """
    return {
        "@odata.type": "#microsoft.graph.iosEasEmailProfileConfiguration",
        "displayName": title,
        "accountName": "Contoso",
        "hostName": "mail.contoso.example",
        "emailAddressSource": "primarySmtpAddress",
        "usernameSource": "userPrincipalName",
        "authenticationMethod": "usernameAndPassword",
        "requireSsl": True,
        "smimeSigningEnabled": True,
        "smimeEncryptByDefaultEnabled": True,
        "smimeSigningCertificate@odata.bind": signing,
        "smimeEncryptionCertificate@odata.bind": encryption,
    }
