"""The profiles that the demonstration assigns: each kind of device has its own kinds of profiles.

Graph (beta): android..., androidWorkProfile..., androidForWorkImportedPFX..., androidDeviceOwner..., ios..., macOS...,
windows81..., windows10... and windowsPhone81... configurations.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The names of the profile types for one kind of device; `pkcs` is None where there is no PKCS profile.
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
    # A Samsung phone: the company's phone in the edition of 2020.
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
    """The enterprise's certification authority, by the names that profiles use."""

    host: str
    name: str


def roots(title: str, der: bytes) -> list[dict[str, Any]]:
    """Trusted certificate profiles with this certificate (DER), one for each kind of device."""
    return [
        {
            "@odata.type": f"#microsoft.graph.{kinds.root}",
            "displayName": f"{title} ({device_kind})",
            "trustedRootCertificate": base64.b64encode(der).decode(),
            "certFileName": f"{title.lower().replace(' ', '-')}.cer",
        }
        for device_kind, kinds in _KINDS.items()
    ]


def pkcs(
    title: str, *, template: str, authority: Authority, only: Collection[str] = tuple(_KINDS)
) -> list[dict[str, Any]]:
    """PKCS certificate profiles with this template, one for each (or only these) kinds of devices: each device gets
    its own key.
    """
    return [
        {
            "@odata.type": f"#microsoft.graph.{kinds.pkcs}",
            "displayName": f"{title} ({device_kind})",
            "certificationAuthority": authority.host,
            "certificationAuthorityName": authority.name,
            "certificateTemplateName": template,
            **(_FREE_NAMES if kinds.free_names else _NAMES),
            "renewalThresholdPercentage": 20,
            "certificateValidityPeriodScale": "years",
            "certificateValidityPeriodValue": 1,
        }
        for device_kind, kinds in _KINDS.items()
        if kinds.pkcs is not None and device_kind in only
    ]


def imported(title: str, *, purpose: str) -> list[dict[str, Any]]:
    """Imported PFX profiles of this purpose, one for each kind of device: all devices of a user get the same."""
    return [
        {
            "@odata.type": f"#microsoft.graph.{kinds.imported}",
            "displayName": f"{title} ({device_kind})",
            "intendedPurpose": purpose,
        }
        for device_kind, kinds in _KINDS.items()
    ]


def scep(title: str, *, url: str, root: str) -> dict[str, Any]:
    """A SCEP certificate profile for phones with a work profile, for signing; `url` is the SCEP server, `root` the
    address (`@odata.id`) of the profile with the root of its authority.
    """
    return {
        "@odata.type": "#microsoft.graph.androidWorkProfileScepCertificateProfile",
        "displayName": title,
        "scepServerUrls": [url],
        "subjectNameFormat": "custom",
        "subjectNameFormatString": _FREE_NAMES["subjectNameFormatString"],
        "subjectAlternativeNameType": "emailAddress",
        "keySize": "size2048",
        "keyUsage": "digitalSignature",
        "hashAlgorithm": "sha2",
        "extendedKeyUsages": [{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
        "renewalThresholdPercentage": 20,
        "certificateValidityPeriodScale": "days",
        "certificateValidityPeriodValue": 30,
        "rootCertificate@odata.bind": root,
    }


def mail_account(title: str, *, login: str, signing: str, encryption: str) -> dict[str, Any]:
    """A mail account for iPhones that signs and encrypts by itself; `login`, `signing` and `encryption` are the
    addresses (`@odata.id`) of the profiles that deliver its certificates.
    """
    return {
        "@odata.type": "#microsoft.graph.iosEasEmailProfileConfiguration",
        "displayName": title,
        "accountName": "Contoso",
        "hostName": "mail.contoso.example",
        "emailAddressSource": "primarySmtpAddress",
        "usernameSource": "userPrincipalName",
        "authenticationMethod": "certificate",
        "requireSsl": True,
        "smimeSigningEnabled": True,
        "smimeEncryptByDefaultEnabled": True,
        "identityCertificate@odata.bind": login,
        "smimeSigningCertificate@odata.bind": signing,
        "smimeEncryptionCertificate@odata.bind": encryption,
    }
