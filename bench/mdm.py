"""Apple and Windows devices, enrolled and settled: their cost for the server.

Three hundred of each: FAUXTUNE_BENCH_DEVICES=1000 takes as many as the goals name, which cost the same each.

Each gets a root, a PKCS certificate (P-256, so that making keys is not measured) and its user's three imported
certificates. The floor of a device is the cryptography that no server can omit: its identity, the signatures of its
messages, and the keys that are decrypted, generated and encrypted for it.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator

import httpx

from bench import unavoidable, world
from bench.enrolment import cost
from bench.rows import Row

_DEVICES = int(os.environ.get("FAUXTUNE_BENCH_DEVICES", "300"))
_IMPORTED = 3
_MIXES = {"Apple": "ios:2,ipados:1,macos:1", "Windows": "windows:2,windows10mobile:1,windowsphone81:1"}
_CRYPTOGRAPHY = {
    "Apple": unavoidable.apple(imported=_IMPORTED),
    "Windows": unavoidable.windows(imported=_IMPORTED, issued=0.75),
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
    """A row for each kind of fleet."""
    for name, mix in _MIXES.items():
        with world.server() as server:
            client = server.client()
            _profiles(client, _KINDS[name])
            for _ in range(_IMPORTED):
                world.import_pfx(client, world.pfx_document(client))
            floor = unavoidable.seconds(_CRYPTOGRAPHY[name])
            more = ("--user", world.ALICE, "--server", server.endpoints["https"], "--ca", server.endpoints["caFile"])
            yield cost(server, f"{name}, 3 imported", devices=_DEVICES, mix=mix, floor=floor, more=more)


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
