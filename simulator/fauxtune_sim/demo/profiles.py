"""The profiles that the story assigns, each for work profiles and for fully managed devices, which are kinds apart.

Graph (beta): androidWorkProfile..., androidForWorkImportedPFX..., androidDeviceOwner... configurations.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

#: Display name -> the prefix of its kinds for roots and PKCS, and the prefix for imported PFX, which differs.
_KINDS = {
    "work profile": ("androidWorkProfile", "androidForWork"),
    "fully managed": ("androidDeviceOwner", "androidDeviceOwner"),
}


@dataclass(frozen=True, slots=True)
class Authority:
    """The enterprise's certification authority as profiles name it."""

    host: str
    name: str


def roots(title: str, der: bytes) -> list[dict[str, Any]]:
    """A trusted certificate (DER), for both ways of managing."""
    return [
        {
            "@odata.type": f"#microsoft.graph.{prefix}TrustedRootCertificate",
            "displayName": f"{title} ({way})",
            "trustedRootCertificate": base64.b64encode(der).decode(),
            "certFileName": f"{title.lower().replace(' ', '-')}.cer",
        }
        for way, (prefix, _) in _KINDS.items()
    ]


def pkcs(title: str, *, template: str, authority: Authority) -> list[dict[str, Any]]:
    """A certificate of its own for every device, from this template."""
    return [
        {
            "@odata.type": f"#microsoft.graph.{prefix}PkcsCertificateProfile",
            "displayName": f"{title} ({way})",
            "certificationAuthority": authority.host,
            "certificationAuthorityName": authority.name,
            "certificateTemplateName": template,
            "subjectNameFormat": "custom",
            "subjectNameFormatString": "CN={{UserName}},E={{EmailAddress}}",
            "customSubjectAlternativeNames": [{"sanType": "emailAddress", "name": "{{EmailAddress}}"}],
            "renewalThresholdPercentage": 20,
            "certificateValidityPeriodScale": "years",
            "certificateValidityPeriodValue": 1,
        }
        for way, (prefix, _) in _KINDS.items()
    ]


def imported(title: str, *, purpose: str) -> list[dict[str, Any]]:
    """All of the user's imported certificates of this purpose, the same on every device."""
    return [
        {
            "@odata.type": f"#microsoft.graph.{prefix}ImportedPFXCertificateProfile",
            "displayName": f"{title} ({way})",
            "intendedPurpose": purpose,
        }
        for way, (_, prefix) in _KINDS.items()
    ]
