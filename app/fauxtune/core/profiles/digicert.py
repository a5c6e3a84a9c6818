"""What is different about a PKCS profile that names a DigiCert CA (formerly Symantec's).

Intune: "Set up Intune Certificate Connector for DigiCert PKI Platform": three values name it, and all of them must be
right; of names the CA takes those in the table "Supported attributes for the PKCS certificate profile".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.names import parse_subject
from fauxtune.core.profiles.certificate_settings import names as names_of
from fauxtune.core.profiles.certificate_settings import subject as subject_of
from fauxtune.core.profiles.variables import SUBJECT_FORMATS

_SUBJECTS = ("commonName", "commonNameIncludingEmail", "commonNameAsEmail")
_EMAIL, _UPN = "emailAddress", "userPrincipalName"


def subject(document: dict[str, Any], values: Mapping[str, str | None]) -> str:
    """The subject. Invalid for a format that DigiCert's CA is not given."""
    form = document.get("subjectNameFormat") or "commonName"
    text = (document.get("subjectNameFormatString") or "").replace(" ", "").lower()
    known = {SUBJECT_FORMATS[each].replace(" ", "").lower() for each in _SUBJECTS}
    if form not in _SUBJECTS and not (form == "custom" and text in known):
        raise Invalid(
            f"DigiCert's CA takes the subject name formats {', '.join(_SUBJECTS)}, not {form}: further attributes are "
            "fixed values of its certificate profile.",
            target="subjectNameFormat",
        )
    return subject_of(document, values)


def names(document: dict[str, Any], values: Mapping[str, str | None], *, subject: str) -> tuple[tuple[str, str], ...]:
    """The subject alternative names: of e-mail address and principal name, the one that is missing is the other, or the
    subject's value if that is in the format of an e-mail address. Invalid where there is none, and for other kinds.
    """
    found = dict(names_of(document, values))
    beyond = found.keys() - {_EMAIL, _UPN}
    if beyond:
        raise Invalid(
            f"DigiCert's CA takes the alternative names {_EMAIL} and {_UPN}, not {', '.join(sorted(beyond))}.",
            target="customSubjectAlternativeNames",
        )
    value = found.get(_EMAIL) or found.get(_UPN) or _address_in(subject)
    if value is None:
        raise Invalid(
            "DigiCert's CA needs an e-mail address or a principal name in the subject alternative name, or a subject "
            "in the format of an e-mail address.",
            target="subjectAlternativeNameType",
        )
    return ((_EMAIL, found.get(_EMAIL) or value), (_UPN, found.get(_UPN) or value))


def _address_in(subject: str) -> str | None:
    for attribute in parse_subject(subject):
        local, at, host = str(attribute.value).partition("@")
        if local and at and "." in host:
            return str(attribute.value)
    return None
