"""Settings of a device: each has an address on its platform's wire, a value, and the policies that ask for it.

Two policies with one address and equal values give one setting; with different values they are in conflict, and neither
is applied. Intune for Education: "Avoiding policy conflicts"; Intune: "Common questions about device profiles".
Unverified: that a device which has one of the values keeps it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from fauxtune.core.model.ids import ItemKey, ProfileId

#: The largest value that is delivered, and the longest address: both are kept for each device.
MOST_BYTES, LONGEST_ADDRESS = 65536, 1000
IN_CONFLICT = "Policies ask for different values of the setting: none of them is applied."


@dataclass(frozen=True, slots=True, order=True)
class Asking:
    """A policy that asks for a setting, and what it calls it: a property, or the id of a definition."""

    profile: ProfileId
    setting: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `form`: the platform's type of the value. In conflict, the value is what the device keeps: the one
    that it was given before, or None.
    """

    address: str
    form: str
    value: Any
    by: tuple[Asking, ...] = ()
    in_conflict: bool = False

    @property
    def text(self) -> str:
        """The value as JSON, by which values are compared: in Python, 1 and True are equal."""
        return json.dumps(self.value, sort_keys=True)


@dataclass(frozen=True, slots=True)
class WantedSetting:
    """One setting that a policy asks for: what the policy calls it, its address on the wire, what the device takes as
    one with it, and the form and value of it there.
    """

    name: str
    address: str
    unit: str
    form: str
    value: Any


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a policy asks of a device. `without`: the names of settings without a word on the wire; `unusable`: those
    that cannot be delivered, with the reason.
    """

    settings: tuple[WantedSetting, ...] = ()
    without: tuple[str, ...] = ()
    unusable: Mapping[str, str] = field(default_factory=dict)


def gathered(settings: Iterable[WantedSetting], *, without: Iterable[str] = ()) -> Wishes:
    """Return settings, those that cannot be delivered apart."""
    unusable: dict[str, str] = {}
    usable = []
    for each in settings:
        why = _why_unusable(each)
        if why:
            unusable[each.name] = why
        else:
            usable.append(each)
    return Wishes(tuple(usable), without=tuple(without), unusable=unusable)


def _why_unusable(setting: WantedSetting) -> str:
    if setting.value is None:
        return "It has no value."
    if setting.address.startswith(".") and not setting.address.startswith(("./Device/", "./User/")):
        return "Its OMA-URI must begin with ./Device/, ./User/ or ./Vendor/."
    if len(setting.address) > LONGEST_ADDRESS:
        return f"Its address has more than {LONGEST_ADDRESS:,} characters."
    if len(json.dumps(setting.value)) > MOST_BYTES:
        return f"Its value is longer than {MOST_BYTES:,} bytes, and is kept only."
    return ""


def normal(address: str, *, bare: bool = False) -> str:
    """Return the address of a node with its scope, which may be left out if it is the device's (MS-MDM). `bare`: what
    does not begin with a dot is no node, and stays as it is.
    """
    text = address.strip()
    if bare and not text.startswith("."):
        return text
    text = text if text.startswith("./") else f"./{text.lstrip('/')}"
    return f"./Device{text[1:]}" if text.startswith("./Vendor/") else text


def merged(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """The settings, each address once, in the order of their addresses."""
    known: dict[str, Setting] = {}
    for each in settings:
        earlier = known.get(each.address)
        known[each.address] = each if earlier is None else _both(earlier, each)
    return tuple(known[address] for address in sorted(known))


def _both(one: Setting, other: Setting) -> Setting:
    by = tuple(sorted({*one.by, *other.by}))
    if one.in_conflict or other.in_conflict or (one.form, one.text) != (other.form, other.text):
        form = min(one.form, other.form)
        return Setting(one.address, form, None, by=by, in_conflict=True)
    return replace(one, by=by)


@dataclass(frozen=True, slots=True)
class Unit:
    """The settings that a device takes or refuses as one: a node, a payload, a key of a policy."""

    settings: tuple[Setting, ...]

    @property
    def delivered(self) -> tuple[Setting, ...]:
        """The settings that the device has, or is to have."""
        return tuple(each for each in self.settings if each.value is not None)

    @property
    def fingerprint(self) -> str | None:
        """What the device is given, in short; None: nothing."""
        given = [(each.address, each.form, each.value) for each in self.delivered]
        return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest() if given else None

    @property
    def in_conflict(self) -> bool:
        """Whether a setting of it is in conflict."""
        return any(each.in_conflict for each in self.settings)

    def after(self, earlier: Unit | None) -> Unit:
        """The unit for a device that has an earlier one: it keeps the value of a setting that is in conflict now."""
        if earlier is None or not self.in_conflict:
            return self
        kept = {each.address: each for each in earlier.delivered}
        return Unit(
            tuple(
                replace(each, value=kept[each.address].value, form=kept[each.address].form)
                if each.in_conflict and each.address in kept
                else each
                for each in self.settings
            )
        )

    def encode(self) -> bytes:
        """The unit as bytes, for the ledger."""
        rows = [
            [each.address, each.form, each.value, [[one.profile, one.setting] for one in each.by], each.in_conflict]
            for each in self.settings
        ]
        return json.dumps(rows).encode()

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read what `encode` wrote."""
        return cls(
            tuple(
                Setting(
                    address,
                    form,
                    value,
                    by=tuple(Asking(ProfileId(profile), setting) for profile, setting in by),
                    in_conflict=in_conflict,
                )
                for address, form, value, by, in_conflict in json.loads(payload)
            )
        )


def setting_key(unit: str) -> ItemKey:
    """The key of the settings of a unit."""
    return ItemKey(f"setting/{unit}")


def unit_name(key: str) -> str:
    """The unit of a key."""
    return key.partition("/")[2]


def is_setting(key: str) -> bool:
    """Whether this is the key of settings."""
    return key.startswith("setting/")
