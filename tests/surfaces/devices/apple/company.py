"""The tenant `contoso` in tests of Apple's surface: what its administrator does, and what devices come to it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from fauxtune.core.clock import iso
from fauxtune.core.model.licences import INTUNE_SKU
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.issuance import issue_identity
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.ca import authorities, imported_pfx
from fauxtune.operations.ca import register as certificate_register
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import enrollment_tokens
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import profiles
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants import tenants
from fauxtune.operations.tenants.seeds import KEY_NAME, PROVIDER
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import EnrollmentRow
from tests.support.clock import FixedClock
from tests.surfaces.devices.apple.clients import Client, Fleet, Mdmb
from tests.surfaces.devices.apple.wire import base64_of

Row = dict[str, Any]
_GRAPH = "/beta/deviceManagement/deviceConfigurations"
BASE = "https://localhost:8443/mdm/contoso/apple"


@dataclass(slots=True)
class Company:
    """What an administrator does, by Graph and by the control surface's operations, and what there is to see."""

    emulator: Emulator
    tenant: Tenant
    http: httpx.AsyncClient
    token: str = field(repr=False)
    keys: list[RSAPrivateKey] = field(repr=False)
    clock: FixedClock

    async def do(self, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)

    async def enrollment_token(self, name: str = "alice", **changes: Any) -> str:
        return str(await self.do(enrollment_tokens.create_token, f"{name}@contoso.example", **changes))

    async def enrollment_profile(self, name: str = "alice", **query: str) -> bytes:
        token = await self.enrollment_token(name)
        answer = await self.http.get(f"{BASE}/enroll", params={"token": token, **query})
        assert answer.status_code == 200, answer.text
        return answer.content

    async def profile(self, kind: str, **document: Any) -> str:
        """A profile for every user; its id."""
        headers = {"authorization": f"Bearer {self.token}"}
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **document}
        made = await self.http.post(_GRAPH, json=body, headers=headers)
        assert made.status_code == 201, made.text
        target = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
        path = f"{_GRAPH}/{made.json()['id']}/assign"
        done = await self.http.post(path, json={"assignments": [{"target": target}]}, headers=headers)
        assert done.status_code == 200, done.text
        return str(made.json()["id"])

    async def root(self, kind: str, *, name: str = "root") -> str:
        found = await self.emulator.runner.read(authorities.certificate, self.tenant, name=name)
        return await self.profile(kind, trustedRootCertificate=base64_of(found.public_bytes(Encoding.DER)))

    async def pkcs(self, kind: str, template: str = "SmimeSigning") -> str:
        return await self.profile(
            kind,
            certificationAuthority=self.tenant.ca_host,
            certificationAuthorityName=self.tenant.ca_name,
            certificateTemplateName=template,
            subjectNameFormat="commonName",
            subjectAlternativeNameType="emailAddress",
        )

    async def import_pfx(self, name: str = "alice", **times: Any) -> str:
        """A certificate for encryption that an administrator imports; its thumbprint."""
        password, upn = "<geheim & 42>", f"{name}@contoso.example"
        key = await asyncio.to_thread(self.emulator.key_source.take)
        wanted = certificate_register.CounterRequest(
            "SmimeEncryption", user_principal_name=upn, pfx_password=password, **times
        )
        made = await self.do(certificate_register.issue_at_counter, wanted, key=key, keys=self.emulator.keys)
        (row,) = await self.emulator.runner.read(connector_queries.connector_key_rows, self.tenant.id)
        public = load_der_public_key(row.public_key)
        assert isinstance(public, RSAPublicKey)
        sealed = public.encrypt(password.encode(), OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None))
        mark = thumbprint(made.certificate)
        document = {
            "thumbprint": mark,
            "userPrincipalName": upn,
            "intendedPurpose": "smimeEncryption",
            "startDateTime": iso(made.certificate.not_valid_before_utc),
            "expirationDateTime": iso(made.certificate.not_valid_after_utc),
            "providerName": PROVIDER,
            "keyName": KEY_NAME,
            "paddingScheme": "oaepSha256",
            "encryptedPfxBlob": base64_of(made.pfx),
            "encryptedPfxPassword": base64_of(sealed),
        }
        await self.do(imported_pfx.import_pfx, document)
        return mark

    async def delete_profile(self, profile: str) -> None:
        await self.do(profiles.delete_profile, profile)

    async def switch(self, **settings: Any) -> None:
        self.tenant = await self.do(tenants.change_settings, settings)

    async def take_licence(self, name: str) -> None:
        user = f"{name}@contoso.example"
        await self.do(users_and_groups.assign_license, user, add=[], remove=[INTUNE_SKU])

    async def issued_elsewhere(self) -> Fleet:
        """A device whose identity the authority has signed, and nobody has kept."""
        device = self.fleet(2)
        authority = await self.do(
            lambda tx: authorities.load(tx.connection, tx.tenant, name="devices", keys=self.emulator.keys)
        )
        device.certificate = issue_identity(
            authority=authority,
            csr=device.csr("", "x"),
            common_name="forgotten",
            serial=4711,
            not_before=self.clock.now(),
            not_after=self.clock.now() + timedelta(days=1),
        )
        device.server_url = f"{BASE}/server"
        return device

    async def row(self, device: Client) -> EnrollmentRow:
        """The live enrolment of a device."""
        (found,) = await self.emulator.runner.read(
            queries.enrollments_by_hardware, self.tenant.id, hardware_key=f"apple/{device.udid}"
        )
        return found

    async def wire_state(self, device: Client) -> Row:
        """What the surface remembers of a device."""
        return (await self.row(device)).wire_state or {}

    async def live(self) -> int:
        return len(await self.emulator.runner.read(queries.live_enrollments, self.tenant.id))

    async def record(self, device: Client) -> Row:
        """Graph's record of a device."""
        found = await self.emulator.runner.read(queries.managed_device_of, (await self.row(device)).id)
        assert found is not None
        return dict(found.document)

    async def ledger(self, device: Client) -> dict[str, str]:
        """Item -> state."""
        rows = await self.emulator.runner.read(queries.ledger_rows, (await self.row(device)).id)
        return {key: row.state.value for key, row in rows.items()}

    async def statuses(self, device: Client) -> dict[str, Row]:
        """Profile -> Graph's status on the device."""
        device_id = (await self.row(device)).id
        return dict(await self.emulator.runner.read(configuration_queries.states_of_device, device_id))

    async def perform(self, device: Client, operation: Callable[..., Any] = device_actions.sync, **kwargs: Any) -> None:
        """What an administrator asks of a device."""
        await self.do(operation, (await self.record(device))["id"], **kwargs)

    def mdmb(self, n: int = 0) -> Mdmb:
        return Mdmb(
            http=self.http,
            key=self.keys[2 * n],
            signer_key=self.keys[2 * n + 1],
            udid=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"mdmb{n}")).upper(),
            serial=f"MDMB{n:08d}",
            now=self.clock.now,
        )

    def fleet(self, n: int = 0, **said: Any) -> Fleet:
        return Fleet(
            http=self.http,
            key=self.keys[2 * n + 8],
            signer_key=self.keys[2 * n + 9],
            udid=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"fleet{n}")).upper(),
            serial=f"FLEET{n:07d}",
            now=self.clock.now,
            **said,
        )

    async def enrolled_fleet(self, n: int = 0, *, name: str = "alice", **said: Any) -> Fleet:
        """A device of Fleet's that is enrolled."""
        device = self.fleet(n, **said)
        token = await self.enrollment_token(name)
        await device.enroll(scep_url=f"{BASE}/scep", challenge=token, mdm_url=f"{BASE}/server")
        return device
