"""Settings whose definition is not in our catalog, delivered by what their id says: the path of a node, or a payload
and its key, in small letters with _ between the parts.

Graph (beta): deviceManagementConfigurationSettingDefinition; ids of public exports. Addresses have capitals, which an
id does not tell: only an address that some table here has can be spelt. Unverified: that an option's id ends with the
value on the wire where our catalog does not say it. Settings below a node with a name of its own ({...}), lists of
Windows and settings that an administrative template backs stay not applicable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fauxtune.core.model.settings import WantedSetting
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.catalog import PREFIX
from fauxtune.core.policies.catalog_delivery import OF_USERS, OTHERS, POLICIES
from fauxtune.core.policies.configuration_policies import values
from fauxtune.core.profiles.setting_tables.reading import words

_NODE = re.compile(r"(?P<scope>device_|user_|)vendor_msft_(?P<path>.+)", re.IGNORECASE)
_VENDOR = "Vendor/MSFT/"
_SECRET = f"{PREFIX}SecretSettingValue"
#: The forms of Apple's keys whose values an id of an option tells.
_OPTIONS = ("bool", "int")


@dataclass(frozen=True, slots=True)
class Place:
    """The address of a setting, what a device takes as one with it, and the form of Apple's values."""

    address: str
    unit: str
    form: str = ""


def place_of(setting_id: str) -> Place | None:
    """Return where the setting of a definition is on the wire; None if its id does not say it."""
    named = _NODE.fullmatch(setting_id)
    if named is None:
        return _payload_keys().get(setting_id.lower())
    is_for_user = named["scope"].lower() == "user_"
    spelt = _nodes(is_for_user=is_for_user).get(named["path"].lower())
    if spelt is None:
        return None
    address = f"./{'User' if is_for_user else 'Device'}/{_VENDOR}{spelt}"
    return Place(address, address)


def derived(setting_id: str, instance: JsonObject, platforms: str) -> WantedSetting | None:  # noqa: PLR0917 - a hook
    """Return what a policy for these platforms asks for by an instance of a definition that is not in the catalog; None
    if it is unknown.
    """
    place = place_of(setting_id)
    if place is None or place.address.startswith(".") != ("windows10" in platforms.split(",")):
        return None
    value = _value(setting_id, instance, place=place)
    if value is None:
        return None
    form = place.form or ("bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "chr")
    return WantedSetting(setting_id, place.address, place.unit, form, value)


def _value(setting_id: str, instance: JsonObject, *, place: Place) -> Any:
    contents = values(instance)
    is_list = "simpleSettingCollectionValue" in instance
    if any(each.get("@odata.type") == _SECRET for each in contents) or is_list != (place.form == "array"):
        return None
    if is_list:
        return [each.get("value") for each in contents] or None
    content = contents[0].get("value") if contents else None
    if "choiceSettingValue" not in instance or not isinstance(content, str):
        return content
    return _option(content.removeprefix(f"{setting_id}_"), place=place)


def _option(text: str, *, place: Place) -> Any:
    """The value of an option, by the end of its id."""
    if place.form and place.form not in _OPTIONS:
        return None
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdecimal() and place.form != "bool" else None


@cache
def _nodes(*, is_for_user: bool) -> Mapping[str, str]:
    """The paths of the nodes that some table has, by what ids have in their place."""
    start = f"./{'User' if is_for_user else 'Device'}/{_VENDOR}"
    known = [
        word.address.removeprefix(start) for rows in words().values() for word in rows if word.unit.startswith(start)
    ]
    known += _paths(OF_USERS if is_for_user else POLICIES, "Policy/Config/")
    known += [] if is_for_user else _paths(OTHERS, "")
    return {path.replace("/", "_").lower(): path for path in known}


def _paths(table: str, start: str) -> Iterator[str]:
    for line in table.strip().splitlines():
        above, *names = line.split()
        yield from (f"{start}{above}/{name}" for name in names)


@cache
def _payload_keys() -> Mapping[str, Place]:
    """The keys of payloads that some table has, by the ids of their definitions."""
    rows = (word for listed in words().values() for word in listed if word.unit.startswith("com.apple."))
    return {word.address.replace("/", "_").lower(): Place(word.address, word.unit, word.form) for word in rows}
