"""Apple and Windows devices with imported certificates, enrolled and settled: as in bench/enrolment.py.

Each gets a root, a PKCS certificate (P-256, so that making keys is not measured) and its user's three imported
certificates. The floor of a device is the cryptography that no server can omit: its identity, the signatures of its
messages, and the keys that are decrypted, generated and encrypted for it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx

from bench import older, unavoidable, world
from bench.enrolment import Compared
from bench.rows import Row

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
    """Three rows for each kind of fleet."""
    with older.checked_out() as old:
        for name, mix in _MIXES.items():

            def furnish(server: world.Server, name: str = name) -> None:
                client = server.client()
                _profiles(client, _KINDS[name])
                for _ in range(_IMPORTED):
                    world.import_pfx(client, world.pfx_document(client))

            measured = Compared(mix=mix, cryptography=_CRYPTOGRAPHY[name], goal=0.5, user=world.ALICE)
            yield from measured.rows(f"{name}, 3 imported,", old, furnish=furnish)


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
