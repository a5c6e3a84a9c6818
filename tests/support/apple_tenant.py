"""The contoso tenant in tests of Apple's surface: profiles for all users, and devices that enrol over the wire."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from fauxtune.core.clock import iso
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.issuance import issue_identity
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.configuration import ProfileStateRow
from fauxtune.storage.rows.devices import EnrollmentRow
from tests.support import pkimessages
from tests.support.devices.apple import AppleDevice, Fleet, Mdmb
from tests.support.tenant import Contoso

_GRAPH = "/beta/deviceManagement/deviceConfigurations"
BASE = "https://localhost:8443/mdm/contoso/apple"
#: A password that XML must escape.
PASSWORD = "<geheim & 42>"


@dataclass(slots=True, kw_only=True)
class AppleTenant(Contoso):
    """The tenant, with a client of the server's root, and an access token for Graph."""

    http: httpx.AsyncClient
    graph_token: str = field(repr=False)

    async def enrollment_profile(self, name: str = "alice", **query: str) -> bytes:
        """Fetch an enrolment profile for a user."""
        answer = await self.http.get(f"{BASE}/enroll", params={"token": await self.token(name), **query})
        assert answer.status_code == 200, answer.text
        return answer.content

    async def for_users(self, kind: str, **document: Any) -> str:
        """Create a profile for all users by Graph, which reads bound references (`name@odata.bind`); its id."""
        headers = {"authorization": f"Bearer {self.graph_token}"}
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **document}
        created = await self.http.post(_GRAPH, json=body, headers=headers)
        assert created.status_code == 201, created.text
        profile = str(created.json()["id"])
        target = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
        assigned = await self.http.post(
            f"{_GRAPH}/{profile}/assign", json={"assignments": [{"target": target}]}, headers=headers
        )
        assert assigned.status_code == 200, assigned.text
        return profile

    async def root(self, kind: str, *, name: str = "root") -> str:
        """Create a trusted-root profile of an authority for all users; its id."""
        return await self.for_users(kind, trustedRootCertificate=await self.root_text(name))

    async def pkcs(self, kind: str, template: str = "SmimeSigning") -> str:
        """Create a PKCS profile for all users; its id."""
        return await self.for_users(kind, **self.pkcs_document(certificateTemplateName=template))

    async def import_dated(self, name: str = "alice", **times: datetime) -> str:
        """Issue a certificate and import it for a user with its dates; its thumbprint."""
        mark, file = await self.pfx(name, password=PASSWORD, **times)
        certificate = pkimessages.identity_in(file, PASSWORD)[1]
        dates = {
            "startDateTime": iso(certificate.not_valid_before_utc),
            "expirationDateTime": iso(certificate.not_valid_after_utc),
        }
        return await self.import_file(name, file, mark=mark, password=PASSWORD, **dates)

    async def issued_elsewhere(self) -> Fleet:
        """Return a device whose identity the authority has signed, and which the register does not have."""
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

    async def row(self, device: AppleDevice) -> EnrollmentRow:
        """Return the row of the live enrolment of a device."""
        hardware_key = f"apple/{device.udid}"
        rows: list[EnrollmentRow] = await self.look(
            queries.enrollments_by_hardware, self.tenant.id, hardware_key=hardware_key
        )
        (row,) = rows
        return row

    async def wire_state(self, device: AppleDevice) -> JsonObject:
        """Return what the surface keeps about a device."""
        return (await self.row(device)).wire_state or {}

    async def live(self) -> int:
        """Return how many enrolments are live."""
        return len(await self.look(queries.live_enrollments, self.tenant.id))

    async def record(self, device: AppleDevice) -> JsonObject:
        """Return the document of its managed device."""
        record = await self.look(queries.managed_device_of, (await self.row(device)).id)
        assert record is not None
        return dict(record.document)

    async def ledger(self, device: AppleDevice) -> dict[str, str]:
        """Return the states of its items."""
        rows = await self.look(queries.ledger_rows, (await self.row(device)).id)
        return {key: row.state.value for key, row in rows.items()}

    async def statuses(self, device: AppleDevice) -> dict[str, ProfileStateRow]:
        """Return Graph's statuses of the profiles on the device."""
        device_id = (await self.row(device)).id
        states = await self.look(configuration_queries.states_of_device, device_id)
        return {str(profile): state for profile, state in states.items()}

    async def perform(
        self, device: AppleDevice, operation: Callable[..., Any] = device_actions.sync, **kwargs: Any
    ) -> None:
        """Perform an action on a device."""
        await self.do(operation, (await self.record(device))["id"], **kwargs)

    def mdmb(self, n: int = 0) -> Mdmb:
        """Return a device with the quirks of mdmb."""
        return Mdmb(
            http=self.http,
            key=self.device_keys[2 * n],
            signer_key=self.device_keys[2 * n + 1],
            udid=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"mdmb{n}")).upper(),
            serial=f"MDMB{n:08d}",
            now=self.clock.now,
        )

    def fleet(self, n: int = 0, **facts: Any) -> Fleet:
        """Return a device with the quirks of Fleet."""
        return Fleet(
            http=self.http,
            key=self.device_keys[2 * n + 8],
            signer_key=self.device_keys[2 * n + 9],
            udid=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"fleet{n}")).upper(),
            serial=f"FLEET{n:07d}",
            now=self.clock.now,
            **facts,
        )

    async def enrolled_fleet(self, n: int = 0, *, name: str = "alice", **facts: Any) -> Fleet:
        """Enrol a device with the quirks of Fleet."""
        device = self.fleet(n, **facts)
        token = await self.token(name)
        await device.enroll(scep_url=f"{BASE}/scep", challenge=token, mdm_url=f"{BASE}/server")
        return device
