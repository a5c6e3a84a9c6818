"""What PKCS and SCEP profiles have in common: the names in the certificate, its validity, and what it may be used for.

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
_SID, _SID_TAG = "{{onpremisessecurityidentifier}}", "tag:microsoft.com,2022-09-14:sid:"
#: subjectAlternativeNameType flag -> the variable that fills it.
_NAME_FLAGS = {"emailAddress": "{{EmailAddress}}", "userPrincipalName": "{{UserPrincipalName}}"}


def check_settings(document: dict[str, Any]) -> None:
    """Invalid, naming the property, for settings with which no certificate can ever come to be."""
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


def usages(document: dict[str, Any]) -> tuple[str, ...]:
    """The extended key usages, as OIDs. Invalid for what is none."""
    found = document.get("extendedKeyUsages") or ()
    _check_length("extendedKeyUsages", found)
    return extended_key_usages(tuple(each.get("objectIdentifier") or "" for each in found))


def subject(document: dict[str, Any], values: Mapping[str, str | None]) -> str:
    """The subject for one device. Invalid where a variable has no value, or the text is no name."""
    form = document.get("subjectNameFormat") or "commonName"
    text = document.get("subjectNameFormatString") or "" if form == "custom" else SUBJECT_FORMATS[form]
    found = expand(text, values, escape=True)
    parse_subject(found)
    return found


def names(document: dict[str, Any], values: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    """The subject alternative names for one device, each once: pairs (subjectAlternativeNameType, value)."""
    found = [
        (flag, expand(_NAME_FLAGS[flag], values))
        for flag in (word.strip() for word in (document.get("subjectAlternativeNameType") or "").split(","))
        if flag in _NAME_FLAGS
    ]
    custom = document.get("customSubjectAlternativeNames") or ()
    found.extend((each["sanType"], _custom_name(each, values)) for each in custom)
    for kind, value in found:
        alternative_name(kind, value)
    return tuple(dict.fromkeys(found))


def _custom_name(entry: dict[str, Any], values: Mapping[str, str | None]) -> str:
    """The value of an alternative name. A URI of the user's SID alone is the strong mapping of KB5014754, and gets the
    tag that domain controllers look for. Intune: "Create and assign SCEP certificate profiles", 2025-06-26.
    """
    found = expand(entry["name"], values)
    maps = entry["sanType"] == "universalResourceIdentifier" and entry["name"].strip().lower() == _SID
    return f"{_SID_TAG}{found}" if maps else found


def _check_subject(document: dict[str, Any]) -> None:
    if document.get("subjectNameFormat") != "custom" or document.get("subjectNameFormatString"):
        return
    if "subjectNameFormatString" not in document:
        # The oldest of Android's kinds.
        raise Invalid(
            "subjectNameFormat is custom, but this kind of profile has no subjectNameFormatString: choose another.",
            target="subjectNameFormat",
        )
    raise Invalid(
        "subjectNameFormat is custom, so subjectNameFormatString is required, such as 'CN={{UserName}}'.",
        target="subjectNameFormatString",
    )


def _check_custom_names(document: dict[str, Any]) -> None:
    found = document.get("customSubjectAlternativeNames") or ()
    _check_length("customSubjectAlternativeNames", found)
    for each in found:
        if not each.get("name") or each.get("sanType") not in AlternativeNameKind.__members__.values():
            kinds = ", ".join(AlternativeNameKind)
            raise Invalid(
                f"An entry of customSubjectAlternativeNames needs a name and a sanType ({kinds}).",
                target="customSubjectAlternativeNames",
            )


def _check_length(name: str, found: Any) -> None:
    if len(found) > _LONGEST_COLLECTION:
        raise Invalid(f"{name} has {len(found)} entries; it can have {_LONGEST_COLLECTION}.", target=name)
