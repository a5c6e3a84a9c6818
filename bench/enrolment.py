"""Devices of each platform, enrolled and settled, at this commit and at the earlier one in turns: what each costs the
server in processor time, and how many of them a second are done by server and devices together; and the cryptography
that no server can omit for a device.

Each commit's devices are its own. A few of them, which load the code, and the keys that a server makes beforehand are
not measured.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import older, unavoidable, world
from bench.fleet import settle
from bench.rows import Row

_FIRST, _DEVICES, _TURNS = 6, 30, 3
#: What a server needs before devices come, such as profiles.
Furnish = Callable[[world.Server], None]
#: Of each platform: the kind of its devices, those of a trusted root and a PKCS profile for them, and the cryptography.
_PLATFORMS = {
    "Android": ("android", world.WORK_PROFILES, unavoidable.android()),
    "Apple": ("ios", ("iosTrustedRootCertificate", "iosPkcsCertificateProfile"), unavoidable.apple(imported=0)),
    "Windows": (
        "windows",
        ("windows81TrustedRootCertificate", "windows10PkcsCertificateProfile"),
        unavoidable.windows(imported=0),
    ),
}


def rows() -> Iterator[Row]:
    """Three rows for each platform; each device gets a root and a certificate with an elliptic key."""
    with older.checked_out() as old:
        for platform, (kind, kinds, cryptography) in _PLATFORMS.items():

            def furnish(server: world.Server, kinds: tuple[str, str] = kinds) -> None:
                client = server.client()
                group = world.group_id(client, "All Staff")
                world.smime_profiles(client, group=group, template="SmimeP256", kinds=kinds)

            goal = None if platform == "Android" else 0.5
            measured = Compared(mix=kind, cryptography=cryptography, goal=goal)
            yield from measured.rows(platform, old, furnish=furnish)


@dataclass(slots=True)
class _Side:
    """The server of one commit: seconds of its processor time for a device, and devices a second, of each turn."""

    server: world.Server
    commands: Path | None
    more: Sequence[str]
    cost: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)

    def turn(self, mix: str, *, devices: int) -> None:
        """Enrol and settle devices. Raises if one did not settle: a row tells what work costs that was done."""
        before = self.server.cpu()
        summary = settle(
            self.server, devices=devices, mix=mix, more=("--keys", "8", *self.more), commands=self.commands
        )
        self.cost.append((self.server.cpu() - before) / devices)
        if summary["settled"] != devices:
            raise RuntimeError(f"{summary['settled']} of {devices} settled: {summary['failures']}")
        self.rate.append(devices / sum(phase["count"] / phase["perSecond"] for phase in summary["latencies"]))

    def begin(self, mix: str) -> None:
        """Let a few devices load the code, and forget what they took."""
        self.turn(mix, devices=_FIRST)
        self.server.until_idle()
        self.cost.clear()
        self.rate.clear()


@dataclass(frozen=True, slots=True)
class Compared:
    """Devices of these kinds at both commits. `goal`: of the processor time, as a part of the earlier commit's;
    `user`: of all devices, which then come by HTTPS.
    """

    mix: str
    cryptography: unavoidable.Counts
    goal: float | None
    user: str | None = None

    def rows(self, name: str, old: older.Older, *, furnish: Furnish) -> Iterator[Row]:
        """Three rows."""
        with ExitStack() as stack:
            new, before = (self._side(stack, commands, furnish=furnish) for commands in (None, old.commands))
            for _ in range(_TURNS):
                for side in (new, before):
                    side.turn(self.mix, devices=_DEVICES)
        ours, floor = (statistics.median(side.cost) * 1000 for side in (new, before))
        yield older.row(f"{name} settled: server's time", ours, floor, goal=self.goal)
        ours_rate, floor_rate = (statistics.median(side.rate) for side in (new, before))
        goal = None if self.user else 2.0
        yield older.row(f"{name} settled a second", ours_rate, floor_rate, goal=goal, unit="/s", at_most=False)
        raw = unavoidable.seconds(self.cryptography) * 1000
        yield Row(f"its cryptography raw / {name} settled", f"{ours:.1f} ms", f"{raw:.1f} ms", raw / ours)

    def _side(self, stack: ExitStack, commands: Path | None, *, furnish: Furnish) -> _Side:
        server = stack.enter_context(world.server(commands=commands))
        furnish(server)
        where = ("--server", server.endpoints["https"], "--ca", server.endpoints["caFile"])
        side = _Side(server, commands, more=("--user", self.user, *where) if self.user else ())
        side.begin(self.mix)
        return side
