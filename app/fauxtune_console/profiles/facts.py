"""The settings of a profile in words. Graph: the types of deviceConfiguration.

What a family's form asks for is shown in the form's words; every other property that is set is shown by its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.administration.profiles import EMAIL_NAME, UPN_NAME
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.states import Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import Version
from fauxtune.core.pki.names import subject_text
from fauxtune.core.profiles.app_configuration import configuration
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.trusted_root import certificate_of
from fauxtune.core.profiles.variables import SUBJECT_FORMATS
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune_console.profiles.choices import property_words
from fauxtune_console.templating import day

DEVICE_CONFIGURATION = entity("deviceConfiguration")

#: data. Graph: intendedPurpose -> words.
PURPOSES: Mapping[str, str] = {
    "smimeEncryption": "encrypting mail (S/MIME)",
    "smimeSigning": "signing mail (S/MIME)",
    "vpn": "VPN",
    "wifi": "Wi-Fi",
    "unassigned": "nothing: no certificate has this purpose",
}
#: data. A reference to another profile -> words.
_REFERENCES: Mapping[str, str] = {
    "rootCertificate": "Root",
    "identityCertificate": "Signs in with the certificate of",
    "smimeSigningCertificate": "Signs mail with the certificate of",
    "smimeEncryptionCertificate": "Encrypts mail with the certificate of",
}
_NAME_FLAGS = {"emailAddress": "the user's e-mail address", "userPrincipalName": "the user's principal name"}
_NAME_VARIABLES = {name.kind: name.text for name in (EMAIL_NAME, UPN_NAME)}
#: data. What a key is used for -> the end of the sentence about it, which languages translate as a whole.
_KEY_USES: Mapping[tuple[str, ...], str] = {
    ("digitalSignature",): ", for signatures",
    ("keyEncipherment",): ", for encrypted keys",
    ("digitalSignature", "keyEncipherment"): ", for signatures and encrypted keys",
}
_COMMON = frozenset(DEVICE_CONFIGURATION.properties_in(Version.BETA)) | {"@odata.type"}
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Fact:
    """One setting. `profile_id`: the profile that the value names."""

    label: str
    value: str
    profile_id: ProfileId | None = None


def facts(row: ProfileRow, *, names: Mapping[ProfileId, str]) -> list[Fact]:
    """Return the settings of a profile; `names`: the profiles that it refers to."""
    known = kind(row.kind)
    source = None if known is None else known.family.source
    handled: set[str] = set(_COMMON)
    listed = list(_FAMILIES[source](row.document, handled)) if source in _FAMILIES else []
    for navigation, target in row.navigations.items():
        label = _REFERENCES.get(navigation, property_words(navigation).capitalize())
        listed.append(Fact(label, names.get(target, "a profile that was deleted"), target))
    for name, value in row.document.items():
        text = "" if name in handled or "@" in name else _text(value)
        if text:
            listed.append(Fact(property_words(name).capitalize(), text))
    return listed


def _root(document: JsonObject, handled: set[str]) -> Iterator[Fact]:
    handled |= {"trustedRootCertificate", "certFileName"}
    try:
        certificate = certificate_of(document)
    except Invalid as error:
        yield Fact("Certificate", error.message)
        return
    own = certificate.subject == certificate.issuer
    yield Fact("Certificate", subject_text(certificate.subject))
    yield Fact("Issued by", "itself: it is a root" if own else subject_text(certificate.issuer))
    yield Fact("Valid", f"{day(certificate.not_valid_before_utc)} to {day(certificate.not_valid_after_utc)}")


def _certificate(document: JsonObject, handled: set[str]) -> Iterator[Fact]:
    handled |= {
        "certificationAuthority",
        "certificationAuthorityName",
        "certificateTemplateName",
        "subjectNameFormat",
        "subjectNameFormatString",
        "subjectAlternativeNameType",
        "customSubjectAlternativeNames",
        "certificateValidityPeriodValue",
        "certificateValidityPeriodScale",
        "renewalThresholdPercentage",
    }
    if document.get("certificationAuthorityName"):
        host = document.get("certificationAuthority")
        yield Fact("Certification authority", f"{document['certificationAuthorityName']} at {host}")
    if document.get("certificateTemplateName"):
        yield Fact("Template", str(document["certificateTemplateName"]))
    yield Fact("Whom it names", subject_words(document))
    yield Fact("Other names in it", ", ".join(_name_words(document)) or "none")
    value, scale = document.get("certificateValidityPeriodValue"), document.get("certificateValidityPeriodScale")
    if value is not None:
        yield Fact("Valid for", f"{value} {str(scale or 'years').removesuffix('s')}{'' if value == 1 else 's'}")
    if document.get("renewalThresholdPercentage"):
        yield Fact("Renewed", f"when {document['renewalThresholdPercentage']} % of its validity are left")


def _scep(document: JsonObject, handled: set[str]) -> Iterator[Fact]:
    handled |= {"scepServerUrls", "keySize", "keyUsage"}
    servers = document.get("scepServerUrls") or ()
    yield Fact(
        "SCEP server" if len(servers) == 1 else "SCEP servers, of which each device gets one", ", ".join(servers)
    )
    size = str(document.get("keySize") or "").removeprefix("size")
    stated = str(document.get("keyUsage") or "").split(",")
    uses = tuple(use for use in ("digitalSignature", "keyEncipherment") if use in stated)
    bits = f"RSA, {size} bits, " if size else ""
    yield Fact("Key", f"{bits}made on the device{_KEY_USES.get(uses, '')}")
    yield from _certificate(document, handled)


def subject_words(document: JsonObject) -> str:
    """Return the subject with its variables."""
    form = str(document.get("subjectNameFormat") or "commonName")
    return str(document.get("subjectNameFormatString") or "") if form == "custom" else SUBJECT_FORMATS.get(form, form)


def _name_words(document: JsonObject) -> Iterator[str]:
    for flag in str(document.get("subjectAlternativeNameType") or "").split(","):
        if flag.strip() in _NAME_FLAGS:
            yield _NAME_FLAGS[flag.strip()]
    for entry in document.get("customSubjectAlternativeNames") or ():
        if entry.get("name") == _NAME_VARIABLES.get(str(entry.get("sanType"))):
            yield _NAME_FLAGS[entry["sanType"]]
            continue
        yield f"{entry.get('name')} ({property_words(str(entry.get('sanType')))})"


def _imported(document: JsonObject, handled: set[str]) -> Iterator[Fact]:
    handled |= {"intendedPurpose"}
    purpose = str(document.get("intendedPurpose") or "unassigned")
    yield Fact("Certificates for", PURPOSES.get(purpose, purpose))


def _email(document: JsonObject, handled: set[str]) -> Iterator[Fact]:
    if "targetedMobileApps" in document:
        handled |= {"targetedMobileApps", "settings", "payloadJson", "packageId", "encodedSettingXml"}
        yield Fact("App", "Outlook")
        yield from (Fact(key, _text(value)) for key, value in configuration(document).items())
        return
    handled |= {"hostName", "accountName"}
    yield Fact("Mail server", str(document.get("hostName") or ""))
    if document.get("accountName"):
        yield Fact("Name on the device", str(document["accountName"]))


_FAMILIES: Mapping[Source | None, Callable[[JsonObject, set[str]], Iterator[Fact]]] = {
    Source.ROOT: _root,
    Source.PKCS: _certificate,
    Source.SCEP: _scep,
    Source.IMPORTED: _imported,
    Source.EMAIL: _email,
}


def _text(value: Any) -> str:
    """Return a value in words; "" for one that says nothing."""
    match value:
        case None | False | "" | "none" | "notConfigured":
            return ""
        case True:
            return "yes"
        case list():
            text = ", ".join(filter(None, map(_text, value)))
        case dict():
            text = ", ".join(filter(None, (_text(each) for name, each in value.items() if "@" not in name)))
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
