"""Settings of a device: each has an address on its platform's wire, a value, and the policies that ask for it.

Lists to which every policy adds are settings by their members (Intune: "Policy merge for settings", "Merge behavior for
Attack surface reduction rules"), so that only a member can be in conflict. Which value counts where policies ask for
several is decided by `core.engine.planning.setting_conflicts`.

Unverified: that a device which has one of the values that are in conflict keeps it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from fauxtune.core.model.ids import ProfileId

#: The largest value that is delivered, and the longest address: both are kept for each device.
MOST_BYTES, LONGEST_ADDRESS = 65536, 1000
#: The form of a member of a list: a node whose value is members, divided by |. Its address is the node's, # and its own
#: name. Members of the node in `_PAIRS` are pairs of a name, = and a value; others have no value.
MEMBER = "member"
_MARK, _DIVIDER = "#", "|"
_DEFENDER = "./Device/Vendor/MSFT/Policy/Config/Defender"
_PAIRS = f"{_DEFENDER}/AttackSurfaceReductionRules"
_LISTS = (_PAIRS, *(f"{_DEFENDER}/Excluded{name}" for name in ("Extensions", "Paths", "Processes")))


@dataclass(frozen=True, slots=True, order=True)
class Asking:
    """A policy that asks for a setting, and what it calls it: a property, or the id of a definition."""

    profile: ProfileId
    setting: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `form`: the platform's type of the value. In conflict, the value is what the device keeps: the one
    that it was given before, or None. `stricter`: only of a compliance policy, which of two values counts. `below`:
    those who ask for a value that gives way to one of a compliance policy.
    """

    address: str
    form: str
    value: Any
    by: tuple[Asking, ...] = ()
    in_conflict: bool = False
    stricter: str = ""
    below: tuple[Asking, ...] = ()

    @property
    def text(self) -> str:
        """The value as JSON, by which values are compared: in Python, 1 and True are equal."""
        return json.dumps(self.value, sort_keys=True)


@dataclass(frozen=True, slots=True)
class WantedSetting:
    """One setting that a policy asks for: what the policy calls it, its address on the wire, what the device takes as
    one with it, and the form and value of it there. `stricter`: see `Setting`.
    """

    name: str
    address: str
    unit: str
    form: str
    value: Any
    stricter: str = ""


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
    for setting in settings:
        why = _why_unusable(setting)
        if why:
            unusable[setting.name] = why
        else:
            usable += _members(setting)
    return Wishes(tuple(usable), without=tuple(without), unusable=unusable)


def _members(setting: WantedSetting) -> list[WantedSetting]:
    """The members of a setting that is a list, each once; else the setting."""
    if setting.address not in _LISTS:
        return [setting]
    every = members(str(setting.value))
    known = {text.partition("=")[0].lower() if setting.address == _PAIRS else text: text for text in every}
    return [
        replace(setting, address=f"{setting.address}{_MARK}{name}", form=MEMBER, value=text)
        for name, text in known.items()
    ]


def members(text: str) -> list[str]:
    """The members of a list, as it is on the wire."""
    return [member for part in text.split(_DIVIDER) if (member := part.strip())]


def joined(values: Iterable[str]) -> str:
    """A list of these members on the wire."""
    return _DIVIDER.join(values)


def node_of(address: str) -> str:
    """The node that an address is about."""
    return address.partition(_MARK)[0] if address.startswith(".") else address


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


@dataclass(frozen=True, slots=True)
class Unit:
    """The settings that a device takes or refuses as one: a node, a payload, a key of a policy."""

    settings: tuple[Setting, ...]

    @property
    def delivered(self) -> tuple[Setting, ...]:
        """The settings that the device has, or is to have."""
        return tuple(setting for setting in self.settings if setting.value is not None)

    @property
    def fingerprint(self) -> str | None:
        """What the device is given, in short; None: nothing."""
        given = [(setting.address, setting.form, setting.value) for setting in self.delivered]
        return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest() if given else None

    @property
    def in_conflict(self) -> bool:
        """Whether a setting of it is in conflict."""
        return any(setting.in_conflict for setting in self.settings)

    def after(self, earlier: Unit | None) -> Unit:
        """The unit for a device that has an earlier one: it keeps the value of a setting that is in conflict now."""
        if earlier is None or not self.in_conflict:
            return self
        kept = {each.address: each for each in earlier.delivered}
        return Unit(
            tuple(
                replace(setting, value=kept[setting.address].value, form=kept[setting.address].form)
                if setting.in_conflict and setting.address in kept
                else setting
                for setting in self.settings
            )
        )

    def encode(self) -> bytes:
        """The unit as bytes, for the ledger."""
        rows = [
            [setting.address, setting.form, setting.value, _pairs(setting.by), setting.in_conflict, *_few(setting)]
            for setting in self.settings
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
                    by=_from_pairs(by),
                    in_conflict=in_conflict,
                    stricter=few[0] if few else "",
                    below=_from_pairs(few[1]) if few else (),
                )
                for address, form, value, by, in_conflict, *few in json.loads(payload)
            )
        )


def _pairs(askings: Iterable[Asking]) -> list[list[str]]:
    return [[one.profile, one.setting] for one in askings]


def _from_pairs(pairs: Iterable[tuple[str, str]]) -> tuple[Asking, ...]:
    return tuple(Asking(ProfileId(profile), setting) for profile, setting in pairs)


def _few(setting: Setting) -> list[Any]:
    """What only settings of compliance policies have."""
    return [setting.stricter, _pairs(setting.below)] if setting.stricter else []
