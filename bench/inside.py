"""An emulator inside this process, for measurements that are impossible from outside."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from bench.world import ALICE, csr
from fauxtune.connector.keypool import KeyPool, KeyRing, KeySource
from fauxtune.core.clock import iso
from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.ca import authorities, counter, imported_pfx
from fauxtune.operations.checkin.checkin import CheckedIn, check_in
from fauxtune.operations.checkin.report import Report
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.devices.caller import digest as digest_of
from fauxtune.operations.devices.enrollment import Enrolled, EnrollmentRequest, create_token, enroll
from fauxtune.operations.profiles import assignments, profiles
from fauxtune.operations.runtime.emulator import Addresses, Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.server.bootstrap import Environment, assemble, read_seed, seed_tenant
from fauxtune.server.system import SystemClock, SystemIds
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.migrate import upgrade
from fauxtune.storage.queries import connectors as connector_queries

ADDRESSES = Addresses("https://localhost:8443", "http://localhost:8080", "http://localhost:8080")


@dataclass(frozen=True, slots=True)
class World:
    """The emulator, its tenant, and the key that all devices share."""

    emulator: Emulator
    tenant: Tenant
    key: rsa.RSAPrivateKey

    async def run(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        """Run an operation of the tenant."""
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)

    async def enrol(self, *, count: int) -> list[Enrolled]:
        """Enrol `count` work profiles of Alice's."""
        token = await self.run(create_token, ALICE, uses=count)
        request = base64.b64decode(csr(self.key))
        devices = []
        for _ in range(count):
            enrollment = EnrollmentRequest(Platform.ANDROID, "work-profile", hardware_key="", facts={})
            devices.append(await self.run(enroll, enrollment, token=token, csr=request, keys=self.emulator.keys))
        return devices

    async def check_in(self, device: Enrolled, *, roots: frozenset[str] = frozenset()) -> CheckedIn:
        """Check in a device that has these trusted roots and nothing else."""

        def read(_version: int, _rows: Mapping[ItemKey, LedgerRow]) -> Inventory:
            return Inventory(roots=roots, complete=False)

        digest = hashlib.sha256(repr(sorted(roots)).encode()).hexdigest()
        report = Report(digest=digest, read=read)
        return await check_in(
            self.emulator, self.tenant, caller=DeviceCaller(device.id, digest_of(device.credential)), report=report
        )

    async def profile(self, name: str, **properties: Any) -> str:
        """Create a profile and assign it to all users. Returns its id."""
        known = kind(name)
        assert known is not None
        document = {**defaults(entity(name)), "displayName": name, **properties}

        def create(tx: Transaction) -> str:
            created = profiles.create_profile(tx, known, document=document)
            everybody = assignments.NewAssignment(TargetKind.ALL_USERS, None, {})
            assignments.assign(tx, created["id"], targets=[everybody])
            return str(created["id"])

        return str(await self.run(create))


@asynccontextmanager
async def world(source: KeySource) -> AsyncIterator[World]:
    """A fresh emulator on SQLite."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name:
        database = Database(sqlite_url(Path(name) / "bench.sqlite"))
        upgrade(database)
        around = Environment(clock=SystemClock(), ids=SystemIds(), addresses=ADDRESSES)
        emulator = assemble(database, Path(name), around=around, key_source=source)
        tenant = await seed_tenant(emulator, read_seed("contoso"))
        yield World(emulator, tenant, source.take())
        database.close()


async def loop_lag_while_issuing(*, devices: int) -> float:
    """The 99th percentile of the event loop's lag, in seconds, while certificates are issued to all devices at once
    from a pool of keys that is empty at first and fills itself.
    """
    pool = KeyPool(4)
    pool.start()
    try:
        async with world(pool) as here:
            root = await here.run(lambda tx: authorities.certificate(tx.connection, tx.tenant, name="root"))
            text = base64.b64encode(root.public_bytes(Encoding.DER)).decode()
            await here.profile("androidWorkProfileTrustedRootCertificate", trustedRootCertificate=text)
            await here.profile(
                "androidWorkProfilePkcsCertificateProfile",
                certificationAuthority=here.tenant.ca_host,
                certificationAuthorityName=here.tenant.ca_name,
                certificateTemplateName="SmimeSigning",
                subjectNameFormat="commonNameIncludingEmail",
            )
            enrolled = await here.enrol(count=devices)
            for device in enrolled:
                await here.check_in(device)
            lags: list[float] = []
            watcher = asyncio.create_task(_watch(lags))
            roots = frozenset({authorities.sha256(root)})
            await asyncio.gather(*(here.check_in(device, roots=roots) for device in enrolled))
            watcher.cancel()
            return sorted(lags)[int(len(lags) * 0.99)]
    finally:
        pool.stop()


async def _watch(lags: list[float]) -> None:
    while True:
        start = time.perf_counter()
        await asyncio.sleep(0.001)
        lags.append(time.perf_counter() - start - 0.001)


async def fan_out_seconds(*, devices: int, imports: int) -> float:
    """The seconds of processor time from the first import of a user's certificates until all the user's devices got all
    of them.
    """
    ring = KeyRing([rsa.generate_private_key(65537, 2048) for _ in range(4)])
    async with world(ring) as here:
        await here.profile("androidForWorkImportedPFXCertificateProfile", intendedPurpose="smimeEncryption")
        enrolled = await here.enrol(count=devices)
        for device in enrolled:
            await here.check_in(device)
        documents = [await _import_document(here, ring) for _ in range(imports)]
        start = time.process_time()
        for document in documents:
            await here.run(imported_pfx.import_pfx, document)
        for device in enrolled:
            answer = await here.check_in(device)
            assert answer.policy_version > 1
        return time.process_time() - start


async def _import_document(here: World, ring: KeyRing) -> dict[str, Any]:
    request = counter.CounterRequest("SmimeEncryption", user_principal_name=ALICE, pfx_password="secret")
    answer = await here.run(counter.issue_at_counter, request, key=ring.take(), keys=here.emulator.keys)
    (key,) = await here.emulator.runner.read(connector_queries.connector_key_rows, here.tenant.id)
    public = load_der_public_key(key.public_key)
    assert isinstance(public, rsa.RSAPublicKey)
    assert answer.pfx is not None
    password = public.encrypt(b"secret", OAEP(MGF1(hashes.SHA512()), hashes.SHA512(), None))
    certificate: x509.Certificate = answer.certificate
    return {
        "thumbprint": thumbprint(certificate),
        "intendedPurpose": "smimeEncryption",
        "userPrincipalName": ALICE,
        "startDateTime": iso(certificate.not_valid_before_utc),
        "expirationDateTime": iso(certificate.not_valid_after_utc + timedelta(0)),
        "providerName": key.provider,
        "keyName": key.key_name,
        "paddingScheme": "oaepSha512",
        "encryptedPfxBlob": base64.b64encode(answer.pfx).decode(),
        "encryptedPfxPassword": base64.b64encode(password).decode(),
    }
