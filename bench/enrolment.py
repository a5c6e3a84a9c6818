"""Devices of each platform, enrolled and settled: how many a second, and what each costs the server.

No floor is measured beside them. To compare two commits, run this row of both, with PYTHONPATH on the sources of each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench import world
from bench.fleet import settle
from bench.rows import Row

_DEVICES = 100
#: Of each platform: the kind of its devices, and those of a trusted root and a PKCS profile for them.
_PLATFORMS = {
    "Android": ("android", world.WORK_PROFILES),
    "Apple": ("ios", ("iosTrustedRootCertificate", "iosPkcsCertificateProfile")),
    "Windows": ("windows", ("windows81TrustedRootCertificate", "windows10PkcsCertificateProfile")),
}


def rows() -> Iterator[Row]:
    """One row for each platform; each device gets a root and a certificate with an elliptic key."""
    for platform, (kind, kinds) in _PLATFORMS.items():
        with world.server() as server:
            client = server.client()
            group = world.group_id(client, "All Staff")
            world.smime_profiles(client, group=group, template="SmimeP256", kinds=kinds)
            before, start = server.cpu(), time.perf_counter()
            summary = settle(server, devices=_DEVICES, mix=kind)
            seconds, computed = time.perf_counter() - start, server.cpu() - before
        yield Row(
            f"{_DEVICES} {platform} devices, enrolled and settled",
            f"{summary['settled'] / seconds:.1f}/s",
            f"{computed / _DEVICES * 1000:.0f} ms each",
            summary["settled"] / _DEVICES,
            1.0,
        )
