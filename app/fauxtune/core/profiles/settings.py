"""Settings: what restriction profiles, update rings, custom profiles, compliance policies and enrolment configurations
ask of a device, in words of its wire.

Graph: the general, custom and update kinds of deviceConfiguration; Intune: "Use custom settings". A property without a
word on the wire is not applicable. Differs from Intune: a custom profile for Apple keeps its payloads, but not its own
identifier; and custom settings for Windows are compared with those of other profiles, where Intune only passes them on.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.formats import plist
from fauxtune.core.graph.index import closed
from fauxtune.core.model.items import Item, setting_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.settings import Asking, Setting, WantedSetting, Wishes, gathered, normal
from fauxtune.core.model.states import Source
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.schema.types import Entity, Version
from fauxtune.core.profiles.family import Family, Profile, Recipient
from fauxtune.core.profiles.setting_tables import reading
from fauxtune.core.profiles.setting_tables.reading import GIVEN_BY_COMPLIANCE, words

#: The form of a custom profile for Apple: a whole property list.
MOBILECONFIG = "mobileconfig"
#: The most custom settings of a profile. Unverified: the service's own bound.
MOST_SETTINGS = 1000
#: Graph: deviceManagementConfigurationPlatforms. Those without words here are left out.
_VARIANTS: Mapping[str, tuple[Variant, ...]] = {
    "iOS": (Variant.IOS, Variant.IPADOS),
    "macOS": (Variant.MACOS,),
    "windows10": (Variant.WINDOWS,),
    "windows10X": (Variant.WINDOWS,),
}
#: SyncML's formats of the types of custom settings.
_FORMATS = {
    "omasettingbase64": "b64",
    "omasettingboolean": "bool",
    "omasettingdatetime": "time",
    "omasettingfloatingpoint": "float",
    "omasettinginteger": "int",
    "omasettingstring": "chr",
    "omasettingstringxml": "chr",
}


def wishes_of(profile: Profile) -> Wishes:
    """Return what a profile asks for; nothing, if it is of another family."""
    return wishes_in(profile.kind, profile.document) if profile.wishes is None else profile.wishes


def wishes_in(kind: str, document: dict[str, Any]) -> Wishes:
    """Return what a deviceConfiguration of a kind asks for."""
    reader = _READERS.get(kind.lower(), _of_properties)
    return reader(kind, document)


def _of_properties(kind: str, document: dict[str, Any]) -> Wishes:
    rows = words().get(kind.lower(), ())
    declared, wrong = _declared(kind, document)
    settings = [
        WantedSetting(word.property, word.address, word.unit, word.form, value, word.stricter)
        for word in rows
        if (value := word.value(declared)) is not None
    ]
    known = {word.property.partition(".")[0] for word in rows}
    usual = _shape(kind).properties_in(Version.BETA) if rows else {}
    without = (
        name
        for name in sorted(declared.keys() - known)
        if declared[name] not in (None, [], False, usual[name].initial())
    )
    usable = gathered(settings, without=without)
    return replace(usable, unusable={**usable.unusable, **wrong})


def _declared(kind: str, document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The properties of a document that its type declares, those with a word in normal form; and what is wrong with
    others.
    """
    known = {word.property.partition(".")[0] for word in words().get(kind.lower(), ())}
    if not known:
        return {}, {}
    shape, wrong = _shape(kind), dict[str, str]()
    declared = {name: document[name] for name in shape.properties_in(Version.BETA) if document.get(name) is not None}
    for name in sorted(declared.keys() & known):
        try:
            declared |= accept(shape, {name: declared[name]}, partial=True, version=Version.BETA)
        except Invalid as error:
            del declared[name]
            wrong[name] = error.message
    return declared, wrong


@cache
def _shape(kind: str) -> Entity:
    return closed(kind)


def _of_compliance(kind: str, document: dict[str, Any]) -> Wishes:
    """What a device is given of a compliance policy; all else is only judged."""
    return Wishes(_of_properties(kind, document).settings)


def _of_hello(kind: str, document: dict[str, Any]) -> Wishes:
    """What a PC is given of Windows Hello for Business: nothing if it is not configured, and no rules if it is off."""
    settings = _of_properties(kind, document).settings
    match document.get("state"):
        case "enabled":
            return Wishes(settings)
        case "disabled":
            return Wishes(tuple(setting for setting in settings if setting.name == "state"))
        case _:
            return Wishes()


def _of_status_page(kind: str, document: dict[str, Any]) -> Wishes:
    """What a PC is given of the enrolment status page."""
    settings = _of_properties(kind, document).settings
    if not document.get("showInstallationProgress"):
        return Wishes(tuple(setting for setting in settings if setting.name == "showInstallationProgress"))
    remedies = (
        (reading.RESET if document.get("allowDeviceResetOnInstallFailure") else 0)
        + (0 if document.get("blockDeviceSetupRetryByUser") else reading.TRY_AGAIN)
        + (reading.CONTINUE if document.get("allowDeviceUseOnInstallFailure") else 0)
    )
    node = reading.REMEDIES
    return Wishes((*settings, WantedSetting("allowDeviceUseOnInstallFailure", node, node, "int", remedies)))


def _of_nodes(_kind: str, document: dict[str, Any]) -> Wishes:
    return gathered(
        _node(oma_setting) for oma_setting in document.get("omaSettings") or () if isinstance(oma_setting, dict)
    )


def _node(setting: dict[str, Any]) -> WantedSetting:
    kind = str(setting.get("@odata.type")).rpartition(".")[2].lower()
    address, value = normal(str(setting.get("omaUri"))), setting.get("value")
    if kind == "omasettingstringxml":
        value = _decoded(str(value)).decode("utf-8", "replace")
    return WantedSetting(address, address, address, _FORMATS.get(kind, "chr"), value)


def _of_payload(_kind: str, document: dict[str, Any]) -> Wishes:
    """The payloads of a custom profile, as one setting: which of their keys are in conflict is not evaluated."""
    name, content = "payload", str(document.get("payload") or "")
    try:
        payloads = plist.dictionaries(plist.parse(_decoded(content)), "PayloadContent")
    except Invalid as wrong:
        return Wishes(unusable={name: f"The payload cannot be read: {wrong.message}"})
    if not payloads:
        return Wishes(unusable={name: "The payload has no PayloadContent: there is nothing to deliver."})
    unit = f"custom-{document.get('id')}"
    return gathered([WantedSetting(name, unit, unit, MOBILECONFIG, content)])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


_READERS: dict[str, Callable[[str, dict[str, Any]], Wishes]] = {
    **{name.lower(): _of_compliance for name in GIVEN_BY_COMPLIANCE},
    reading.HELLO.lower(): _of_hello,
    reading.STATUS_PAGE.lower(): _of_status_page,
    "ioscustomconfiguration": _of_payload,
    "macoscustomconfiguration": _of_payload,
    "windows10customconfiguration": _of_nodes,
}


def _items(profile: Profile, _recipient: Recipient) -> tuple[Item, ...]:
    units: dict[str, list[Setting]] = {}
    for wish in wishes_of(profile).settings:
        by = (Asking(profile.id, wish.name),)
        setting = Setting(wish.address, wish.form, wish.value, by=by, stricter=wish.stricter)
        units.setdefault(wish.unit, []).append(setting)
    return tuple(
        Item(key=setting_key(unit), source=Source.SETTING, claims=(profile.claim,), settings=tuple(settings))
        for unit, settings in units.items()
    )


def with_both(one: Item, other: Item) -> Item:
    """An item that two profiles give. The plan merges their settings, when all are known."""
    return replace(one, claims=one.claims + other.claims, settings=one.settings + other.settings)


def family(kind: str) -> Family:
    """Return the family of the settings of a kind."""

    def check(document: dict[str, Any]) -> None:
        """Raise Invalid for a value of another type. What cannot be delivered is an error on the device."""
        _declared_names, wrong = _declared(kind, document)
        for name, why in wrong.items():
            raise Invalid(why, target=name)
        _check_nodes(document.get("omaSettings"))

    return Family(name="settings", check=check, items=_items, source=Source.SETTING)


def _check_nodes(settings: object) -> None:
    """Raise Invalid for what is no custom setting."""
    if settings is None:
        return
    if not isinstance(settings, list) or not all(isinstance(setting, dict) for setting in settings):
        raise Invalid("omaSettings must be an array of objects.", target="omaSettings")
    if len(settings) > MOST_SETTINGS:
        raise Invalid(f"A profile can have {MOST_SETTINGS:,} custom settings.", target="omaSettings")
    for setting in settings:
        if not isinstance(setting.get("omaUri"), str) or isinstance(setting.get("value"), dict | list):
            raise Invalid("Each custom setting has an omaUri, a text, and a plain value.", target="omaSettings")


def platforms_of(policy: Mapping[str, Any]) -> frozenset[Variant]:
    """Return the kinds of device for which a policy of the settings catalog is."""
    named = str(policy.get("platforms") or "").split(",")
    return frozenset(variant for name in named for variant in _VARIANTS.get(name.strip(), ()))
