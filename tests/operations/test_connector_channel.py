"""Several connectors that are processes of their own: which makes what, and which alone can open it again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector import wire
from fauxtune.connector.issue import NewKey
from fauxtune.connector.key_folder import Folder
from fauxtune.connector.keypool import KeyRing
from fauxtune.connector.work import ConnectorTools, do
from fauxtune.core.model.states import Cause
from fauxtune.operations.checkin import connector_channel
from fauxtune.operations.checkin.connector_channel import ConnectorResources, ConnectorSession, Hello, Leased
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import ending
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.queries import devices as device_queries
from tests.support.devices.stepwise import enrol_iphone
from tests.support.tenant import Contoso

ACCOUNT = {
    "accountName": "Work",
    "hostName": "mail.contoso.example",
    "usernameSource": "userPrincipalName",
    "emailAddressSource": "primarySmtpAddress",
    "authenticationMethod": "usernameAndPassword",
    "requireSsl": True,
}


@dataclass
class Program:
    """One connector, one run of it."""

    contoso: Contoso
    folder: Folder
    keys: KeyRing
    id: str
    session: ConnectorSession

    @classmethod
    async def started(cls, contoso: Contoso, name: str, *, folder: Path, keys: KeyRing) -> Program:
        added = await contoso.do(connector_registry.add_connector, name, roles=["pkcs", "imported-pfx"], apart=True)
        assert added.credential is not None
        stranger = ConnectorSession(connector_registry.digest(added.credential))
        hello = Hello(version="6.2406.0.1001", machine=name)
        start_session = await contoso.do(connector_channel.start_session, stranger, hello=hello)
        session = ConnectorSession(stranger.credential, start_session.session)
        return cls(contoso, Folder(folder / name, source=keys), keys, added.row.id, session)

    @property
    def resources(self) -> ConnectorResources:
        return ConnectorResources(self.contoso.emulator.keys, self.contoso.emulator.packagings)

    async def turn(self, *, meanwhile: Callable[[], Awaitable[object]] | None = None) -> int:
        """Take work, over the wire's form of it, and bring the answers; `meanwhile` happens before they are brought."""
        lease: Leased = await self.contoso.do(connector_channel.lease, self.session, most=8, resources=self.resources)
        for task in lease.tasks:
            assert task.work is not None
            work = wire.read_work(wire.work_document(task.work))
            done = await asyncio.to_thread(
                do,
                work,
                tools=ConnectorTools(self.folder, self.keys, "from-here"),
                certify=self._certify(task.request.id),
            )
            if meanwhile is not None:
                await meanwhile()
            assert await self.contoso.do(connector_channel.answer, self.session, request_id=task.request.id, done=done)
        return len(lease.tasks)

    def _certify(self, request_id: str) -> Any:
        loop = asyncio.get_running_loop()

        def certify(key: NewKey) -> Any:
            csr = key.request().public_bytes(Encoding.DER)
            results: dict[str, Any] = {"request_id": request_id, "csr": csr, "proof": None}
            call = self.contoso.do(connector_channel.certify, self.session, **results, resources=self.resources)
            return asyncio.run_coroutine_threadsafe(call, loop).result(30)

        return certify


async def test_an_account_goes_to_the_connector_that_keeps_the_password_of_its_certificate(
    contoso: Contoso, tmp_path: Path, rsa_keys: KeyRing
) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.connector(state="offline")
    own = await contoso.profile("iosPkcsCertificateProfile", "All Staff", **contoso.pkcs_document())
    await contoso.profile(
        "iosEasEmailProfileConfiguration",
        "All Staff",
        references={"smimeSigningCertificate": own},
        smimeSigningEnabled=True,
        **ACCOUNT,
    )
    first = await Program.started(contoso, "first", folder=tmp_path, keys=rsa_keys)
    second = await Program.started(contoso, "second", folder=tmp_path, keys=rsa_keys)
    tablet = await enrol_iphone(contoso, "alice")
    await tablet.check_in()
    assert await first.turn() == 1
    await tablet.check_in()
    assert await tablet.states() == {"pkcs": "installed", "email": "wanted"}
    (request,) = [
        row for row in await contoso.look(request_queries.requests_of, [tablet.enrollment_id]) if row.state == "open"
    ]
    assert request.only_by == first.id
    await contoso.do(connector_registry.change_connector, "Certificate Connector 1", state="online")
    await tablet.check_in()
    assert await second.turn() == 0, "it could not open the password"
    assert await first.turn() == 1
    await tablet.check_in()
    assert set((await tablet.states()).values()) == {"installed"}
    (key,) = [key for key in tablet.holds if key.startswith("email/")]
    assert tablet.unseal(tablet.sealed[key]) == b"from-here"


@pytest.mark.both_databases
async def test_what_a_connector_alone_could_open_fails_with_a_reason_when_it_is_removed(
    contoso: Contoso, tmp_path: Path, rsa_keys: KeyRing
) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.connector(state="offline")
    own = await contoso.profile("iosPkcsCertificateProfile", "All Staff", **contoso.pkcs_document())
    first = await Program.started(contoso, "first", folder=tmp_path, keys=rsa_keys)
    tablet = await enrol_iphone(contoso, "alice")
    await tablet.check_in()
    assert await first.turn() == 1
    await tablet.check_in()
    await contoso.profile(
        "iosEasEmailProfileConfiguration",
        "All Staff",
        references={"smimeSigningCertificate": own},
        smimeSigningEnabled=True,
        **ACCOUNT,
    )
    await tablet.check_in()
    await contoso.do(connector_channel.stop_session, first.session)
    await contoso.do(connector_registry.remove_connector, first.id)
    await contoso.do(connector_registry.change_connector, "Certificate Connector 1", state="online")
    await tablet.check_in()
    rows = await contoso.look(device_queries.ledger_rows, tablet.enrollment_id)
    (problem,) = [row.problem for row in rows.values() if row.problem is not None]
    assert "cannot be decrypted" in problem.message


async def test_a_device_that_leaves_takes_its_request_along(
    contoso: Contoso, tmp_path: Path, rsa_keys: KeyRing
) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.connector(state="offline")
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    first = await Program.started(contoso, "first", folder=tmp_path, keys=rsa_keys)

    row = await phone.row()
    await contoso.do(ending.end, row, cause=Cause.UNENROLL)
    assert await first.turn() == 0


async def test_a_device_that_comes_between_the_certificate_and_the_answer_waits_for_the_file(
    contoso: Contoso, tmp_path: Path, rsa_keys: KeyRing
) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.connector(state="offline")
    await contoso.pkcs_profile()
    program = await Program.started(contoso, "first", folder=tmp_path, keys=rsa_keys)
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert await phone.states() == {"pkcs": "wanted"}

    async def comes_by() -> None:
        await contoso.action(phone, device_actions.sync)  # a reason to plan
        await phone.settle()
        assert await phone.states() == {"pkcs": "wanted"}, "there is a certificate, and no file yet"

    assert await program.turn(meanwhile=comes_by) == 1
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}
    assert [row.thumbprint for row in await contoso.issued()] == list(phone.holds.values())
