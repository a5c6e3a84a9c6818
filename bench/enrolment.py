"""Devices of each platform, enrolled and settled: what each costs the server in processor time, beside the cryptography
that no server can omit for it, and how many of them a second are done by server and devices together.

To compare two commits, run this row of both, with PYTHONPATH on the sources of each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from bench import unavoidable, world
from bench.fleet import settle
from bench.rows import Row

_DEVICES = 100
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
    """One row for each platform; each device gets a root and a certificate with an elliptic key."""
    for platform, (kind, kinds, cryptography) in _PLATFORMS.items():
        with world.server() as server:
            client = server.client()
            group = world.group_id(client, "All Staff")
            world.smime_profiles(client, group=group, template="SmimeP256", kinds=kinds)
            yield cost(server, platform, devices=_DEVICES, mix=kind, floor=unavoidable.seconds(cryptography))


def cost(server: world.Server, name: str, *, devices: int, mix: str, floor: float, more: Sequence[str] = ()) -> Row:
    """Enrol and settle devices of these kinds, with `more` options of the fleet, beside the seconds of cryptography
    that each device needs. Raises if one did not settle: a row tells what work costs that was done.
    """
    before, start = server.cpu(), time.perf_counter()
    summary = settle(server, devices=devices, mix=mix, more=more)
    seconds, each = time.perf_counter() - start, (server.cpu() - before) / devices
    if summary["settled"] != devices:
        raise RuntimeError(f"{summary['settled']} of {devices} settled: {summary['failures']}")
    return Row(
        f"{devices} {name}, settled / their cryptography",
        f"{each * 1000:.1f} ms {devices / seconds:.0f}/s",
        f"{floor * 1000:.1f} ms",
        floor / each,
    )
