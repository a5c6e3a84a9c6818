"""The contoso tenant in an emulator without a wire: its administrator, users, groups, profiles and devices."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from fauxtune.connector.keypool import KeySource
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import EnrollmentId, GroupId, ManagedDeviceId, ProfileId, TenantId, UserId
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.tenants import INTUNE_SKU, Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.ca import authorities, counter, imported_pfx
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.devices import enrollment
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import assignments, profiles
from fauxtune.operations.runtime.emulator import Addresses, Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants import tenants
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.seed_parts import KEY_NAME, PROVIDER
from fauxtune.operations.tenants.seeds import BUILT_IN, parse_seed
from fauxtune.server.bootstrap import Environment, assemble
from fauxtune.storage.collections.directory import GROUPS
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import collections
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.rows.certificates import ConnectorRow, IssuedCertificateRow
from fauxtune.storage.rows.configuration import ProfileStateRow
from fauxtune.storage.rows.directory import GroupRow
from fauxtune.storage.rows.tenants import JournalRow
from tests.support.certificates import certificate_request, encrypt_password
from tests.support.clock import FixedClock
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import StepwiseDevice
from tests.support.ids import SeededIds

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
#: A device administrator installs trusted roots up to these versions of Android.
_VERSIONS = {"device-admin": "10", "knox": "12"}
#: What a SCEP profile asks for, unless a test asks for something else.
SCEP_SETTINGS: JsonObject = {
    "scepServerUrls": ["https://one.contoso.example/scep", "https://two.contoso.example/scep"],
    "subjectNameFormat": "commonName",
    "subjectAlternativeNameType": "emailAddress",
    "extendedKeyUsages": [{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
    "keyUsage": "keyEncipherment,digitalSignature",
    "keySize": "size2048",
    "hashAlgorithm": "sha2",
    "certificateValidityPeriodValue": 1,
    "certificateValidityPeriodScale": "months",
}
_numbers = count(1)

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D", AndroidInProcess, StepwiseDevice)


class HasId(Protocol):
    """A device, by its enrolment's id."""

    enrollment_id: EnrollmentId


@dataclass(slots=True)
class Contoso:
    """The tenant, and what its administrator does in it. Every call is one transaction."""

    emulator: Emulator
    tenant: Tenant
    clock: FixedClock
    #: Keys of devices: any will do, but reading their requests should not wait for new ones.
    device_keys: list[RSAPrivateKey]
    groups: dict[str, str] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------------------- basics

    async def do(self, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)

    async def mark(self, thumbprint: str) -> str:
        """Return the letters of a certificate's mark."""
        return (await self.emulator.runner.marks.of(self.tenant)).of(thumbprint).letters

    async def look(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.emulator.runner.read(query, *args, **kwargs)

    async def get(
        self, query: Callable[Concatenate[Connection, P], T | None], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return the row that a query finds; it must find one."""
        row = await self.look(query, *args, **kwargs)
        assert row is not None
        return row

    def upn(self, name: str) -> str:
        return f"{name}@{self.tenant.domain}"

    async def user_id(self, name: str) -> UserId:
        row = await self.get(directory_queries.user_by_upn, self.tenant.id, upn=self.upn(name))
        return row.id

    async def switch(self, **settings: Any) -> None:
        self.tenant = await self.do(tenants.change_settings, settings)

    async def events(self, *types: str, device: HasId | None = None) -> list[JournalRow]:
        device_id = None if device is None else device.enrollment_id
        result: list[JournalRow] = await self.look(
            tenant_queries.events, self.tenant.id, after=0, types=types, device=device_id, limit=10_000
        )
        return result

    # ---------------------------------------------------------------------------------------------------- directory

    async def user(self, name: str, *, licensed: bool = True, mail: str | None = None) -> str:
        licences = [{"skuId": INTUNE_SKU, "disabledPlans": []}] if licensed else []
        document = {
            "userPrincipalName": self.upn(name),
            "displayName": name.title(),
            "mail": mail or self.upn(name),
            "assignedLicenses": licences,
        }
        return str((await self.do(users_and_groups.create_user, document))["id"])

    async def group(self, name: str, *members: str) -> str:
        result = await self.do(users_and_groups.create_group, {"displayName": name, "securityEnabled": True})
        self.groups[name] = result["id"]
        for member in members:
            await self.do(users_and_groups.add_member, result["id"], member_id=member)
        return str(result["id"])

    async def take_licence(self, name: str) -> None:
        await self.do(users_and_groups.assign_license, self.upn(name), add=[], remove=[INTUNE_SKU])

    async def give_licence(self, name: str) -> None:
        await self.do(users_and_groups.assign_license, self.upn(name), add=[{"skuId": INTUNE_SKU}], remove=[])

    # ----------------------------------------------------------------------------------------------------- profiles

    async def profile(
        self, kind_name: str, *groups: str, references: dict[str, str] | None = None, **document: Any
    ) -> str:
        """Create a profile for these groups (by name); its id. It refers to `references`, by navigation."""
        known = kind(kind_name)
        assert known is not None
        document = {"@odata.type": f"#microsoft.graph.{kind_name}", "displayName": kind_name, **document}
        navigations = {name: [bound] for name, bound in (references or {}).items()}
        result = await self.do(profiles.create_profile, known, document=document, navigations=navigations)
        if groups:
            await self.assign(result["id"], *groups)
        return str(result["id"])

    async def profile_for_devices(self, kind_name: str, **document: Any) -> str:
        """Create a profile for all devices of the tenant; its id.

        Its root and its authority are the tenant's own unless `document` has others.
        """
        if "TrustedRoot" in kind_name:
            document = {"trustedRootCertificate": await self.root_text(), **document}
        if "Pkcs" in kind_name:
            document = self.pkcs_document(**document)
        profile = await self.profile(kind_name, **document)
        await self.do(
            assignments.assign, profile, targets=[assignments.NewAssignment(TargetKind.ALL_DEVICES, None, {})]
        )
        return profile

    async def delete_profile(self, profile_id: str) -> None:
        await self.do(profiles.delete_profile, profile_id)

    async def root_text(self, name: str = "root") -> str:
        """Return an authority's certificate as profiles carry it."""
        certificate = await self.look(authorities.certificate, self.tenant, name=name)
        return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()

    async def root_profile(self, *groups: str, owned: bool = False) -> str:
        name = "androidDeviceOwnerTrustedRootCertificate" if owned else "androidWorkProfileTrustedRootCertificate"
        return await self.profile(name, *(groups or ("All Staff",)), trustedRootCertificate=await self.root_text())

    def pkcs_document(self, **changes: Any) -> JsonObject:
        """Return the settings of a PKCS profile for the tenant's authority."""
        return {
            "certificationAuthority": self.tenant.ca_host,
            "certificationAuthorityName": self.tenant.ca_name,
            "certificateTemplateName": "SmimeSigning",
            "subjectNameFormat": "commonName",
            "subjectAlternativeNameType": "emailAddress",
            **changes,
        }

    async def pkcs_profile(self, *groups: str, owned: bool = False, **changes: Any) -> str:
        name = "androidDeviceOwnerPkcsCertificateProfile" if owned else "androidWorkProfilePkcsCertificateProfile"
        return await self.profile(name, *(groups or ("All Staff",)), **self.pkcs_document(**changes))

    async def scep_profile(self, *groups: str, root: str | None = None, **changes: Any) -> str:
        """Create a SCEP profile for these groups, which refers to the profile `root`: a new one, unless it is given."""
        groups = groups or ("All Staff",)
        name = "androidWorkProfileScepCertificateProfile"
        references = {"rootCertificate": root or await self.root_profile(*groups)}
        return await self.profile(name, *groups, references=references, **{**SCEP_SETTINGS, **changes})

    async def imported_profile(self, *groups: str, purpose: str = "smimeEncryption", owned: bool = False) -> str:
        name = (
            "androidDeviceOwnerImportedPFXCertificateProfile"
            if owned
            else "androidForWorkImportedPFXCertificateProfile"
        )
        return await self.profile(name, *(groups or ("All Staff",)), intendedPurpose=purpose)

    async def assign(self, profile_id: str, *groups: str, excluded: tuple[str, ...] = ()) -> None:
        targets = [
            assignments.NewAssignment(what, GroupId(self.groups[name]), {"groupId": self.groups[name]})
            for what, names in ((TargetKind.GROUP, groups), (TargetKind.EXCLUSION, excluded))
            for name in names
        ]
        await self.do(assignments.assign, profile_id, targets=targets)

    async def status(self, phone: HasId, profile_id: str) -> ProfileStateRow | None:
        states = await self.emulator.runner.read(configuration_queries.states_of_device, phone.enrollment_id)
        return states.get(ProfileId(profile_id))

    async def profile_state(self, phone: HasId, profile_id: str) -> ProfileStateRow:
        """The state of a profile that reaches the device."""
        state = await self.status(phone, profile_id)
        assert state is not None
        return state

    # ------------------------------------------------------------------------------------------------- certificates

    async def pfx(
        self,
        name: str,
        *,
        password: str = "geheim-42",
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> tuple[str, bytes]:
        """Issue an encryption certificate; its thumbprint, and its PFX file."""
        key = await asyncio.to_thread(self.emulator.key_source.take)
        request = counter.CounterRequest(
            "SmimeEncryption",
            user_principal_name=self.upn(name),
            pfx_password=password,
            not_before=not_before,
            not_after=not_after,
        )
        answer = await self.do(counter.issue_at_counter, request, key=key, keys=self.emulator.keys)
        assert answer.pfx is not None
        return thumbprint(answer.certificate), answer.pfx

    async def encrypted(self, password: str) -> str:
        """Return a password encrypted with the connector's public key, base64."""
        (row,) = await self.look(connector_queries.connector_key_rows, self.tenant.id)
        key = load_der_public_key(row.public_key)
        assert isinstance(key, RSAPublicKey)
        return base64.b64encode(encrypt_password(password, key, algorithm=hashes.SHA256())).decode()

    async def import_pfx(self, name: str, *, password: str = "geheim-42", **changes: Any) -> str:
        """Issue a certificate and import it for the user; its thumbprint. `changes`: other properties of the import."""
        mark, file = await self.pfx(name, password=password)
        return await self.import_file(name, file, mark=mark, password=password, **changes)

    async def import_file(self, name: str, file: bytes, *, mark: str, password: str, **changes: Any) -> str:
        """Import a PFX file, whose certificate has the thumbprint `mark`, for the user; the thumbprint."""
        document = {
            "thumbprint": mark,
            "userPrincipalName": self.upn(name),
            "intendedPurpose": "smimeEncryption",
            "providerName": PROVIDER,
            "keyName": KEY_NAME,
            "paddingScheme": "oaepSha256",
            "encryptedPfxBlob": base64.b64encode(file).decode(),
            **changes,
        }
        if "encryptedPfxPassword" not in document:
            document["encryptedPfxPassword"] = await self.encrypted(password)
        await self.do(imported_pfx.import_pfx, document)
        return str(document["thumbprint"])

    async def record_id(self, name: str, mark: str) -> str:
        return imported_pfx.record_id(UserId(await self.user_id(name)), mark)

    async def certificate_status(self, key: str) -> str:
        row = await self.look(certificate_queries.certificate, self.tenant.id, key=key)
        assert row is not None, key
        return "good" if row.revoked_at is None else "revoked"

    async def issued(self) -> list[IssuedCertificateRow]:
        rows: list[IssuedCertificateRow] = await self.look(certificate_queries.issued, self.tenant.id)
        return rows

    async def connector(self, **changes: Any) -> ConnectorRow:
        """Change the only connector."""
        (row,) = await self.look(connector_queries.connector_rows, self.tenant.id)
        changed: ConnectorRow = await self.do(connector_registry.change_connector, row.id, **changes)
        return changed

    # ------------------------------------------------------------------------------------------------------ devices

    async def token(self, name: str, **changes: Any) -> str:
        return str(await self.do(enrollment.create_token, self.upn(name), **changes))

    async def enroll(
        self, name: str, *, mode: str = "work-profile", hardware: str = "", token: str | None = None, version: str = ""
    ) -> AndroidInProcess:
        """Enrol an Android device of this user."""
        key = self.device_keys[next(_numbers) % len(self.device_keys)]
        csr = certificate_request(key, "phone")
        request = enrollment.EnrollmentRequest(
            platform=Platform.ANDROID,
            mode=mode,
            hardware_key=hardware and f"android/{mode}/{hardware}",
            facts={"serialNumber": hardware, "model": "Pixel 8", "osVersion": version or _VERSIONS.get(mode, "14")},
        )
        done = await self.do(
            enrollment.enroll,
            request,
            token=token or await self.token(name),
            csr=csr,
            keys=self.emulator.keys,
        )
        record = await self.look(device_queries.managed_device_of, done.id)
        assert record is not None
        return AndroidInProcess(
            contoso=self,
            enrollment_id=EnrollmentId(done.id),
            managed_device_id=ManagedDeviceId(record.id),
            credential=done.credential,
            key=key,
            certificate=done.identity_certificate,
            variant=Variant(f"android/{mode}"),
        )

    async def action(
        self, device: AndroidInProcess | StepwiseDevice, operation: Callable[..., Any], **kwargs: Any
    ) -> None:
        """Perform an action on a device, such as `device_actions.wipe`."""
        await self.do(operation, device.managed_device_id, **kwargs)


def _groups(connection: Connection, tenant_id: TenantId) -> list[GroupRow]:
    return collections.page(connection, tenant_id, collection=GROUPS, entity=entity("group"), limit=100)


async def open_tenant(database: Database, folder: Path, *, keys: KeySource, raw_keys: list[RSAPrivateKey]) -> Contoso:
    """Create the contoso tenant under a name of its own, on a clock that stands still.

    Each has ids of its own, so that many live in one database.
    """
    number, clock = next(_numbers), FixedClock(START)
    emulator = await asyncio.to_thread(_emulator, database, folder, clock=clock, ids=SeededIds(number), keys=keys)
    seed = parse_seed({**BUILT_IN, "id": None})
    tenant = await found_tenant(emulator, seed, name=f"contoso{number}", domain=f"contoso{number}.example")
    contoso = Contoso(emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_keys)
    for row in await contoso.look(_groups, tenant.id):
        contoso.groups[row.document["displayName"]] = row.id
    return contoso


def _emulator(database: Database, folder: Path, *, clock: FixedClock, ids: SeededIds, keys: KeySource) -> Emulator:
    addresses = Addresses(https="https://localhost:8443", http="http://localhost", public_http_url="http://localhost")
    return assemble(database, folder, around=Environment(clock=clock, ids=ids, addresses=addresses), key_source=keys)


async def reopen_tenant(contoso: Contoso, database: Database, folder: Path) -> Contoso:
    """Return the tenant as it stands in a copy of its database and its folder, at the same moment.

    What tests change about an emulator, its packagings, stays as well.
    """
    clock, ids, keys = FixedClock(contoso.clock.at), SeededIds(next(_numbers)), contoso.emulator.key_source
    emulator = await asyncio.to_thread(_emulator, database, folder, clock=clock, ids=ids, keys=keys)
    emulator.packagings = contoso.emulator.packagings
    return replace(contoso, emulator=emulator, clock=clock, groups=dict(contoso.groups))


def device_in(contoso: Contoso, device: D) -> D:
    """Return a copy of the device in a tenant that was opened again: what it holds is its own."""
    states = {each.name: getattr(device, each.name) for each in fields(device)}
    held: dict[str, Any] = {name: copy(state) for name, state in states.items() if isinstance(state, dict | list | set)}
    return replace(device, **{**held, "contoso": contoso})
