"""The settings that PKCS and SCEP profiles share: the names in the certificate, its validity and its usages.

Graph: iosPkcsCertificateProfile, iosScepCertificateProfile and their siblings; limits of collections by their
descriptions in Graph's metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.names import AlternativeNameKind, alternative_name, parse_subject
from fauxtune.core.pki.template import extended_key_usages
from fauxtune.core.profiles.variables import SUBJECT_FORMATS, expand

_LONGEST_COLLECTION = 500
_DAYS = {"days": 1, "months": 30, "years": 365}
#: A certificate is renewed when so much of its lifetime is left, unless the profile says otherwise.
RENEW_PERCENT = 20
_SID, _SID_TAG = "{{onpremisessecurityidentifier}}", "tag:microsoft.com,2022-09-14:sid:"
#: subjectAlternativeNameType flag -> the variable that fills it.
_NAME_FLAGS = {"emailAddress": "{{EmailAddress}}", "userPrincipalName": "{{UserPrincipalName}}"}


def check_settings(document: dict[str, Any]) -> None:
    """Raise Invalid, naming the property, for settings with which no certificate can ever be issued."""
    percent = document.get("renewalThresholdPercentage")
    if percent is not None and not 1 <= percent <= 99:
        raise Invalid(
            f"renewalThresholdPercentage is {percent}; it must be 1 to 99.", target="renewalThresholdPercentage"
        )
    value = document.get("certificateValidityPeriodValue")
    if value is not None and value < 1:
        raise Invalid(
            f"certificateValidityPeriodValue is {value}; it must be at least 1.",
            target="certificateValidityPeriodValue",
        )
    _check_subject(document)
    _check_custom_names(document)
    usages(document)


def days(value: int | None, scale: str | None) -> int | None:
    """The validity that a profile asks for, in days; None if it leaves that to the authority."""
    return None if value is None else value * _DAYS[scale or "years"]


def usages(document: dict[str, Any]) -> tuple[str, ...]:
    """The extended key usages, as OIDs. Raises Invalid for a malformed OID."""
    entries = document.get("extendedKeyUsages") or ()
    _check_length("extendedKeyUsages", entries)
    return extended_key_usages(tuple(entry.get("objectIdentifier") or "" for entry in entries))


def subject(document: dict[str, Any], values: Mapping[str, str | None]) -> str:
    """The subject for one device. Raises Invalid if a variable has no value, or the text is not a
    distinguished name.
    """
    form = document.get("subjectNameFormat") or "commonName"
    text = document.get("subjectNameFormatString") or "" if form == "custom" else SUBJECT_FORMATS[form]
    expanded = expand(text, values, escape=True)
    parse_subject(expanded)
    return expanded


def names(document: dict[str, Any], values: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    """The subject alternative names for one device, each once: pairs (subjectAlternativeNameType, value)."""
    pairs = [
        (flag, expand(_NAME_FLAGS[flag], values))
        for flag in (word.strip() for word in (document.get("subjectAlternativeNameType") or "").split(","))
        if flag in _NAME_FLAGS
    ]
    custom = document.get("customSubjectAlternativeNames") or ()
    pairs.extend((entry["sanType"], _custom_name(entry, values)) for entry in custom)
    for kind, value in pairs:
        alternative_name(kind, value)
    return tuple(dict.fromkeys(pairs))


def _custom_name(entry: dict[str, Any], values: Mapping[str, str | None]) -> str:
    """The value of an alternative name. A URI of only the user's SID is the strong mapping of KB5014754, and gets the
    tag that domain controllers look for. Intune: "Create and assign SCEP certificate profiles", 2025-06-26.
    """
    value = expand(entry["name"], values)
    maps = entry["sanType"] == "universalResourceIdentifier" and entry["name"].strip().lower() == _SID
    return f"{_SID_TAG}{value}" if maps else value


def _check_subject(document: dict[str, Any]) -> None:
    if document.get("subjectNameFormat") != "custom" or document.get("subjectNameFormatString"):
        return
    if "subjectNameFormatString" not in document:
        # The oldest of Android's kinds.
        raise Invalid(
            "subjectNameFormat is custom, but this kind of profile has no subjectNameFormatString: choose another "
            "format.",
            target="subjectNameFormat",
        )
    raise Invalid(
        "subjectNameFormat is custom, so subjectNameFormatString is required, such as 'CN={{UserName}}'.",
        target="subjectNameFormatString",
    )


def _check_custom_names(document: dict[str, Any]) -> None:
    entries = document.get("customSubjectAlternativeNames") or ()
    _check_length("customSubjectAlternativeNames", entries)
    for entry in entries:
        if not entry.get("name") or entry.get("sanType") not in AlternativeNameKind.__members__.values():
            kinds = ", ".join(AlternativeNameKind)
            raise Invalid(
                f"An entry of customSubjectAlternativeNames needs a name and a sanType ({kinds}).",
                target="customSubjectAlternativeNames",
            )


def _check_length(name: str, entries: Any) -> None:
    if len(entries) > _LONGEST_COLLECTION:
        raise Invalid(f"{name} has {len(entries)} entries; it can have {_LONGEST_COLLECTION}.", target=name)
