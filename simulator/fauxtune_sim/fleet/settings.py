"""The settings of a fleet, and the devices that follow from them: all of them, or the share of one process."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Self

from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.platforms import Kind, Platform, kind_of, read_kind

#: The users of the tenant that a server seeds by itself.
SEEDED_PEOPLE = ("alice", "bob", "carol")


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """The settings of a fleet. `mix` is the share of each kind; `keys` is the ring's size, None: a key each; `seed`
    makes the same devices again, with their names and facts.

    `again` is how often each device checks in once more after it has settled, and `rate` how many of these check-ins
    begin in a second (None: as many as are answered). `part` of `parts`: the share of one of several processes.
    """

    devices: int
    server: str
    tenant: str
    users: Sequence[str]
    mix: Sequence[tuple[Kind, int]] = ((kind_of(Platform.ANDROID), 1),)
    keys: int | None = 64
    at_once: int = 32
    seed: int | None = None
    again: int = 0
    rate: float | None = None
    part: int = 0
    parts: int = 1

    @property
    def numbers(self) -> range:
        """The numbers of this part's devices, among those of the whole fleet."""
        return range(self.part * self.devices // self.parts, (self.part + 1) * self.devices // self.parts)

    @property
    def own_keys(self) -> int | None:
        """The size of this part's ring of keys."""
        return None if self.keys is None else min(-(-self.keys // self.parts), len(self.numbers))

    @property
    def own_at_once(self) -> int:
        """The number of this part's devices that are busy at one time."""
        return -(-self.at_once // self.parts)

    @property
    def own_rate(self) -> float | None:
        """The check-ins of this part that begin in a second."""
        return None if self.rate is None else self.rate / self.parts

    def uses(self) -> Counter[str]:
        """The number of devices of each user, in the whole fleet."""
        return Counter(self.users[number % len(self.users)] for number in range(self.devices))

    def document(self) -> dict[str, Any]:
        """The settings as JSON."""
        return {**asdict(self), "mix": [[str(kind), share] for kind, share in self.mix]}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`."""
        return cls(**{**document, "mix": tuple((read_kind(kind), share) for kind, share in document["mix"])})


def read_mix(text: str) -> tuple[tuple[Kind, int], ...]:
    """Read a mix such as `ios:2,android/fully-managed:1`. Raises NotFoundHere for an unknown platform or mode."""
    mix = []
    for part in text.split(","):
        name, _, share = part.strip().partition(":")
        kind = read_kind(name)
        if not re.fullmatch(r"[1-9][0-9]{0,5}", share or "1"):
            raise NotFoundHere(f"the share {share} is not a whole number from 1")
        mix.append((kind, int(share or "1")))
    return tuple(mix)


def planned_devices(settings: FleetSettings) -> Iterator[tuple[Device, str]]:
    """Make the devices of a part with their users, one after the other. With a seed they are named after their users,
    and each is as in every other fleet with this seed, users and mix.
    """
    kinds = [kind for kind, share in settings.mix for _ in range(share)]
    own, names = settings.numbers, Counter[str]()
    # What a seed makes has a name that depends on all devices before it.
    for number in own if settings.seed is None else range(own.stop):
        user = settings.users[number % len(settings.users)]
        device = _new_device(settings, number, kind=kinds[number % len(kinds)], user=user)
        names[device.name] += 1
        if names[device.name] > 1:
            device.name += f" {names[device.name]}"
        if number in own:
            yield device, user


def _new_device(settings: FleetSettings, number: int, *, kind: Kind, user: str) -> Device:
    if settings.seed is None:
        return Device.new(platform=kind.platform, mode=kind.mode)
    owner = user.partition("@")[0].partition(".")[0].capitalize() or None
    source = Random(f"{settings.seed}/{number}")  # noqa: S311 - devices are no secret
    return Device.new(platform=kind.platform, mode=kind.mode, owner=owner, random=source)
