"""App configurations of Outlook, on the channel of managed devices.

Graph: iosMobileAppConfiguration, androidManagedStoreAppConfiguration; Exchange Online: "Deploying Outlook for iOS and
Android app configuration settings". The configuration is an item like an e-mail account, which on Android is the
configuration of an app too. Differs from Intune: a configuration of another app is kept and reaches no device, and
tokens such as {{mail}} are not replaced.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.model import mail_accounts
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Problem, email_key
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.family import Family, Profile, Recipient

#: More than Outlook has keys; a configuration is sent whole, to each device.
_MOST_SETTINGS, _MOST_BYTES = 500, 65536
_ANDROID_KIND = "androidenterprise#managedConfiguration"
_PACKAGE = f"app:{mail_accounts.FOR_ANDROID.identifier}"
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SWITCHES = {"true": True, "false": False}
#: The names of a value in a managedProperty, of which each has one, and the type of the value.
_VALUES: Mapping[str, type] = {"valueBool": bool, "valueString": str, "valueInteger": int, "valueStringArray": list}


def _check(document: dict[str, Any]) -> None:
    targeted = document.get("targetedMobileApps") or ()
    if not targeted or not all(_ID.fullmatch(str(each)) for each in targeted):
        raise Invalid(
            "targetedMobileApps must have the ids of one or more apps "
            "(GET /deviceAppManagement/mobileApps lists the apps).",
            target="targetedMobileApps",
        )
    if not is_for_outlook(document):
        _check_of_other_app(document)
    elif "packageId" in document:
        _of_payload(document)
    elif document.get("encodedSettingXml"):
        raise NotEmulated("encodedSettingXml is not emulated for Outlook: send the settings in settings.")
    else:
        _of_settings(document)


def is_for_outlook(document: Mapping[str, Any]) -> bool:
    """Whether the configuration is for Outlook, and reaches devices."""
    is_for_ios = "packageId" not in document
    app = mail_accounts.FOR_IOS if is_for_ios else mail_accounts.FOR_ANDROID
    targeted = [str(targeted_mobile_app).lower() for targeted_mobile_app in document.get("targetedMobileApps") or ()]
    return targeted == [app.id] and (is_for_ios or document["packageId"] == _PACKAGE)


def _check_of_other_app(document: Mapping[str, Any]) -> None:
    """Raise Invalid for a configuration of another app that no app could read."""
    if "packageId" not in document:
        if document.get("settings"):
            _of_settings(document)
        return
    if not str(document["packageId"]).startswith("app:"):
        raise Invalid(f"packageId must be like '{_PACKAGE}'.", target="packageId")
    try:
        payload = json.loads(base64.b64decode(str(document.get("payloadJson") or ""), validate=True))
    except (binascii.Error, ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise Invalid("payloadJson must be the base64 of a JSON object.", target="payloadJson")


def configuration(document: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the app that a document sets, with their values. Raises Invalid for a document that sets none."""
    return _of_payload(document) if "packageId" in document else _of_settings(document)


def _of_settings(document: Mapping[str, Any]) -> dict[str, Any]:
    settings = document.get("settings") or []
    if not settings:
        raise Invalid("settings has no setting: an app configuration needs one at least.", target="settings")
    return _unique(((setting["appConfigKey"], _typed(setting)) for setting in settings), target="settings")


def _typed(setting: Mapping[str, Any]) -> Any:
    text, kind = str(setting["appConfigKeyValue"]), str(setting.get("appConfigKeyType") or "stringType")
    readers: dict[str, Callable[[str], Any]] = {
        "booleanType": lambda value: _SWITCHES[value.lower()],
        "integerType": int,
        "realType": float,
    }
    try:
        value = readers.get(kind, str)(text)
    except (KeyError, ValueError):
        value = None
    if value is None or not _is_plain(value):
        raise Invalid(
            f"The value of {str(setting['appConfigKey'])[:100]} is no {kind}: '{text[:40]}'.", target="settings"
        )
    return value


def _of_payload(document: Mapping[str, Any]) -> dict[str, Any]:
    text = str(document.get("payloadJson") or "")
    if len(text) > _MOST_BYTES:
        raise Invalid(f"payloadJson has more than {_MOST_BYTES} characters.", target="payloadJson")
    try:
        payload = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError) as wrong:
        raise Invalid("payloadJson must be the base64 of a JSON object.", target="payloadJson") from wrong
    properties = payload.get("managedProperty") if isinstance(payload, dict) else None
    if not isinstance(properties, list) or not properties or payload.get("kind") != _ANDROID_KIND:
        raise Invalid(
            f"payloadJson must hold an object with kind '{_ANDROID_KIND}' and a managedProperty at least.",
            target="payloadJson",
        )
    return _unique((_property(each) for each in properties), target="payloadJson")


def _property(sent: object) -> tuple[str, Any]:
    """The key and the value of a managedProperty."""
    given = [name for name in _VALUES if isinstance(sent, dict) and name in sent]
    if not isinstance(sent, dict) or not isinstance(sent.get("key"), str) or len(given) != 1:
        raise Invalid(
            f"Each managedProperty has a key and one of {', '.join(_VALUES)}.",
            target="payloadJson",
        )
    value = sent[given[0]]
    if type(value) is not _VALUES[given[0]] or not _is_plain(value):
        raise Invalid(f"{given[0]} of {sent['key'][:100]} has a value of another type.", target="payloadJson")
    return sent["key"], value


def _is_plain(value: object) -> bool:
    """Whether every platform's wire can carry the value."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return not isinstance(value, int) or -(2**31) <= value < 2**31


def _unique(pairs: Iterable[tuple[str, Any]], *, target: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise Invalid(f"The key {key[:100]} is there twice.", target=target)
        values[key] = value
    if len(values) > _MOST_SETTINGS:
        raise Invalid(f"There are more than {_MOST_SETTINGS} keys.", target=target)
    return values


def _items(profile: Profile, recipient: Recipient) -> tuple[Item, ...]:
    if not is_for_outlook(profile.document):
        return ()
    key, claims = email_key(profile.id), (profile.claim,)
    if not recipient.has_user:
        problem = Problem(REMEDIATION_FAILED, "Outlook needs a user, but this device has no user.")
        return (Item(key=key, source=Source.EMAIL, claims=claims, problem=problem),)
    account = Account(
        kind=profile.kind,
        host="",
        address=str(recipient.variables.get("emailaddress") or recipient.variables.get("userprincipalname") or ""),
        username="",
        settings={"configuration": configuration(profile.document)},
    )
    # Unverified: of several configurations of one app the first is applied, and the others are in conflict.
    slot = "an app configuration of Outlook"
    return (Item(key=key, source=Source.EMAIL, claims=claims, account=account, slot=slot),)


FAMILY = Family(name="app configuration", check=_check, items=_items, source=Source.EMAIL)
