"""Apple and Windows devices, enrolled and settled: their cost for the server.

Three hundred of each: FAUXTUNE_BENCH_DEVICES=1000 takes as many as the goals name, which cost the same each.

Each gets a root, a PKCS certificate (P-256, so that making keys is not measured) and its user's three imported
certificates. The floor of a device is the cryptography that no server can omit: its identity, the signatures of its
messages, and the keys that are decrypted, generated and encrypted for it.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx

from bench import unavoidable, world
from bench.rows import Row

_DEVICES = int(os.environ.get("FAUXTUNE_BENCH_DEVICES", "300"))
_IMPORTED = 3
_TENANT = "/_fauxtune/v1/tenants/contoso"
_MIXES = {"Apple": "ios:2,ipados:1,macos:1", "Windows": "windows:2,windows10mobile:1,windowsphone81:1"}
_CRYPTOGRAPHY = {
    "Apple": unavoidable.apple(imported=_IMPORTED),
    "Windows": unavoidable.windows(imported=_IMPORTED),
}
#: Kinds of profiles: root, PKCS (None: the platform has no such kind), imported.
_KINDS = {
    "Apple": (
        ("iosTrustedRootCertificate", "iosPkcsCertificateProfile", "iosImportedPFXCertificateProfile"),
        ("macOSTrustedRootCertificate", "macOSPkcsCertificateProfile", "macOSImportedPFXCertificateProfile"),
    ),
    "Windows": (
        (
            "windows81TrustedRootCertificate",
            "windows10PkcsCertificateProfile",
            "windows10ImportedPFXCertificateProfile",
        ),
        ("windowsPhone81TrustedRootCertificate", None, "windowsPhone81ImportedPFXCertificateProfile"),
    ),
}


def rows() -> Iterator[Row]:
    """Three rows for each kind of fleet."""
    for name, mix in _MIXES.items():
        with world.server() as server:
            client = server.client()
            _profiles(client, _KINDS[name])
            for _ in range(_IMPORTED):
                world.import_pfx(client, world.pfx_document(client))
            before, start = server.cpu(), time.perf_counter()
            summary = _fleet(server, mix=mix)
            seconds = time.perf_counter() - start
            spent = server.cpu() - before
        failures = "" if not summary["failures"] else f" {summary['failures'][0]['cause'][:20]}"
        yield Row(
            f"{_DEVICES:,} {name} devices: settled; per second",
            f"{summary['settled']:,}{failures}",
            f"{_DEVICES / seconds:.1f}/s",
            summary["settled"] / _DEVICES,
            1.0,
        )
        yield Row(
            f"{name}: check-ins per second; server's CPU",
            f"{summary['checkinsPerSecond']:.0f}/s",
            f"{spent / seconds:.0%}",
        )
        floor = unavoidable.seconds(_CRYPTOGRAPHY[name])
        per_device = spent / _DEVICES
        yield Row(
            f"{name}: server's CPU per device / cryptography",
            f"{per_device * 1000:.1f} ms",
            f"{floor * 1000:.1f} ms",
            per_device / floor,
        )


def _profiles(client: httpx.Client, kinds: tuple[tuple[str, str | None, str], ...]) -> None:
    group = world.group_id(client, "All Staff")
    authority = base64.b64encode(client.get("/pki/contoso/root/ca.cer").raise_for_status().content).decode()
    for root, pkcs, imported in kinds:
        world.profile(client, root, group=group, trustedRootCertificate=authority)
        world.profile(client, imported, group=group, intendedPurpose="smimeEncryption")
        if pkcs is not None:
            world.profile(
                client,
                pkcs,
                group=group,
                certificationAuthority="ca.contoso.example",
                certificationAuthorityName="Contoso Issuing CA",
                certificateTemplateName="SmimeP256",
                subjectNameFormat="commonNameIncludingEmail",
                subjectAlternativeNameType="emailAddress",
            )


def _fleet(server: world.Server, *, mix: str) -> dict[str, Any]:
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "fauxtune_sim", "fleet", "--devices", str(_DEVICES), "--user", world.ALICE),
            *("--server", server.endpoints["https"], "--ca", server.endpoints["caFile"], "--tenant", "contoso"),
            *("--mix", mix, "--keys", "64", "--output", "json"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    summary: dict[str, Any] = json.loads(ended.stdout)
    return summary
