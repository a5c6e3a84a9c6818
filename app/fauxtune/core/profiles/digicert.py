"""The differences of a PKCS profile that names a CA of DigiCert (formerly Symantec).

Intune: "Set up Intune Certificate Connector for DigiCert PKI Platform": three values name it, and all of them must be
right; the CA accepts the names in the table "Supported attributes for the PKCS certificate profile".
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
    """The subject. Raises Invalid for a format that DigiCert's CA does not accept."""
    form = document.get("subjectNameFormat") or "commonName"
    text = (document.get("subjectNameFormatString") or "").replace(" ", "").lower()
    known = {SUBJECT_FORMATS[form].replace(" ", "").lower() for form in _SUBJECTS}
    if form not in _SUBJECTS and not (form == "custom" and text in known):
        raise Invalid(
            f"DigiCert's CA accepts the subject name formats {', '.join(_SUBJECTS)}, not {form}: further attributes "
            "are "
            "fixed values of its certificate profile.",
            target="subjectNameFormat",
        )
    return subject_of(document, values)


def names(document: dict[str, Any], values: Mapping[str, str | None], *, subject: str) -> tuple[tuple[str, str], ...]:
    """The subject alternative names, always e-mail address and principal name: a missing one is filled with the other,
    or with the subject's value if that has the format of an e-mail address. Raises Invalid if none of these exists, and
    for other kinds of names.
    """
    requested = dict(names_of(document, values))
    others = requested.keys() - {_EMAIL, _UPN}
    if others:
        raise Invalid(
            f"DigiCert's CA accepts the alternative names {_EMAIL} and {_UPN}, not {', '.join(sorted(others))}.",
            target="customSubjectAlternativeNames",
        )
    value = requested.get(_EMAIL) or requested.get(_UPN) or _address_in(subject)
    if value is None:
        raise Invalid(
            "DigiCert's CA needs an e-mail address or a principal name in the subject alternative name, or a subject "
            "in the format of an e-mail address.",
            target="subjectAlternativeNameType",
        )
    return ((_EMAIL, requested.get(_EMAIL) or value), (_UPN, requested.get(_UPN) or value))


def _address_in(subject: str) -> str | None:
    for attribute in parse_subject(subject):
        local, at, host = str(attribute.value).partition("@")
        if local and at and "." in host:
            return str(attribute.value)
    return None
