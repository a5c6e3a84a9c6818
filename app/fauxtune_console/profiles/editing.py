"""Editing a profile: what its form shows, and the change that the typed values stand for.

Only what differs from the stored profile is sent (Graph: Update deviceConfiguration), so that settings which the form
does not show stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.administration.choices import (
    EXTENDED_USAGES,
    INTENDED,
    KEY_USAGES,
    KeyUsage,
    MailApplication,
    ProfileFamily,
    family_and_platform,
)
from fauxtune.core.administration.profiles import EMAIL_NAME, UPN_NAME, AlternativeName, ScepKey
from fauxtune.core.administration.requests import Json
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.core.odata.schema.types import Version
from fauxtune.core.profiles.trusted_root import certificate_of
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune_console.profiles.choices import REFERENCES, Choices
from fauxtune_console.profiles.facts import subject_words
from fauxtune_console.profiles.settings import (
    DEFAULTS,
    PkcsSettings,
    ScepSettings,
    Settings,
    read_settings,
)
from fauxtune_console.session import Typed

#: The certificate that the profile has, as a source of a root beside those of the CA.
KEEP = "keep"
_BIND = "@odata.bind"


def form_of(row: ProfileRow) -> tuple[ProfileFamily, ProfilePlatform] | None:
    """Return the family, whose form the profile has, and the platform; None for a kind that has no form."""
    return family_and_platform(row.kind)


def stored(row: ProfileRow) -> Typed:
    """Return the profile as its form shows it."""
    document = row.document
    values = {
        "name": [str(document["displayName"])],
        "description": [str(document.get("description") or "")],
        "version": [str(row.version)],
    }
    known = form_of(row)
    return Typed(values if known is None else {**values, **_settings(row, family=known[0], platform=known[1])})


def changes(row: ProfileRow, form: Typed, *, choices: Choices) -> Json:
    """Return the properties that the typed values change; the form's errors say what is wrong."""
    before = stored(row)
    changed: Json = {}
    if not form.text("name"):
        form.wrong("name", "Give the profile a name.")
    if form.text("name") != before.text("name"):
        changed["displayName"] = form.text("name")
    if form.text("description") != before.text("description"):
        changed["description"] = form.text("description") or None
    known = form_of(row)
    if known is None:
        return changed
    family, platform = known
    choices = with_own_root(row, choices)
    new = read_settings(family, form, choices=choices)
    old = read_settings(family, before, choices=choices)
    if new is None:
        return changed
    return changed | _difference(
        {} if old is None else _body(row, old, platform=platform), after=_body(row, new, platform=platform), row=row
    )


def with_own_root(row: ProfileRow, choices: Choices) -> Choices:
    """Return the choices with the certificate that a root profile has, if it can be read."""
    try:
        certificate = certificate_of(row.document).public_bytes(Encoding.DER)
    except Invalid:
        return choices
    return replace(choices, authorities={**choices.authorities, KEEP: certificate})


def _settings(row: ProfileRow, *, family: ProfileFamily, platform: ProfilePlatform) -> dict[str, list[str]]:
    document = row.document
    match family:
        case ProfileFamily.ROOT:
            return {"source": [KEEP]}
        case ProfileFamily.IMPORTED:
            words = {graph: word.value for word, graph in INTENDED.items()}
            return {"purpose": [words.get(str(document.get("intendedPurpose")), "")]}
        case ProfileFamily.EMAIL:
            nine = "nine" in row.kind.lower()
            return {
                "server": [str(document.get("hostName") or "")],
                "account": [str(document.get("accountName") or "")],
                "application": [(MailApplication.NINE if nine else MailApplication.GMAIL).value],
                **{f"{field}-{platform}": [row.navigations.get(name, "")] for field, name in REFERENCES.items()},
            }
        case ProfileFamily.PKCS:
            return _certificate(document, family)
        case ProfileFamily.SCEP:
            return {**_certificate(document, family), **_scep(document)}


def _scep(document: JsonObject) -> dict[str, list[str]]:
    uses, size = str(document.get("keyUsage") or "").split(","), str(document.get("keySize") or "")
    oids = [
        str(extended_key_usage.get("objectIdentifier"))
        for extended_key_usage in document.get("extendedKeyUsages") or ()
    ]
    return {
        "urls": ["\n".join(document.get("scepServerUrls") or ())],
        "key-size": [size.removeprefix("size") or str(ScepKey().size)],
        "key-usage": [usage.value for usage in KeyUsage if KEY_USAGES[usage] in uses],
        "purposes": [word for word, (oid, _) in EXTENDED_USAGES.items() if oid in oids],
        "device": ["on"] if document.get("certificateStore") == "machine" else [],
    }


def _certificate(document: JsonObject, family: ProfileFamily) -> dict[str, list[str]]:
    defaults = {name: list(value) for name, value in DEFAULTS[family].items()}
    stored_values = {
        "template": document.get("certificateTemplateName"),
        "validity": document.get("certificateValidityPeriodValue"),
        "scale": document.get("certificateValidityPeriodScale"),
        "renewal": document.get("renewalThresholdPercentage"),
    }
    own = {name: [str(value)] for name, value in stored_values.items() if value is not None}
    chosen = _alternative_names(document)
    boxes = {"email": EMAIL_NAME, "upn": UPN_NAME}
    return {
        **defaults,
        **own,
        "subject": [subject_words(document)],
        "names": [box for box, name in boxes.items() if name in chosen],
    }


def _alternative_names(document: JsonObject) -> list[AlternativeName]:
    flags = str(document.get("subjectAlternativeNameType") or "").split(",")
    listed = [
        AlternativeName(
            str(custom_subject_alternative_name.get("sanType")), str(custom_subject_alternative_name.get("name"))
        )
        for custom_subject_alternative_name in document.get("customSubjectAlternativeNames") or ()
    ]
    return listed + [name for name in (EMAIL_NAME, UPN_NAME) if name.kind in flags and name not in listed]


def _body(row: ProfileRow, settings: Settings, *, platform: ProfilePlatform) -> Json:
    """Return the properties with which a profile of these settings would be created, as far as its kind has them."""
    if isinstance(settings, ScepSettings):
        settings = replace(settings, key=replace(settings.key, purposes=_purposes(row.document, settings.key)))
    if isinstance(settings, PkcsSettings | ScepSettings):
        others = [
            alternative_name
            for alternative_name in _alternative_names(row.document)
            if alternative_name not in {EMAIL_NAME, UPN_NAME}
        ]
        settings = replace(settings, names=(*settings.names, *others))
    (request,) = settings.requests("-", platforms=[platform], description=None, roots={})
    shape = entity(row.kind)
    known = {
        *shape.properties_in(Version.BETA),
        *(f"{navigation.name}{_BIND}" for navigation in shape.every_navigation()),
    }
    body: Mapping[str, Any] = request.body or {}
    return {name: value for name, value in body.items() if name in known and name != "displayName"}


def _purposes(document: JsonObject, key: ScepKey) -> dict[str, str]:
    """Return the extended key usages, and those that the profile has beside what the form offers."""
    stored_purposes = {
        str(usage.get("objectIdentifier")): str(usage.get("name")) for usage in document.get("extendedKeyUsages") or ()
    }
    offered = dict(EXTENDED_USAGES.values())
    return {**key.purposes, **{oid: name for oid, name in stored_purposes.items() if oid not in offered}}


def _difference(before: Json, *, after: Json, row: ProfileRow) -> Json:
    """Return what the change sends. A reference that is gone is cleared by null."""
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    gone = {name: None for name in before if name.endswith(_BIND) and name not in after}
    return {
        name: value for name, value in {**changed, **gone}.items() if row.document.get(name) != value or "@" in name
    }
