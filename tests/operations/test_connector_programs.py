"""Which connectors a tenant can have, what they can do, and what becomes of work that none of them takes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.connectors import PROGRAMS, Program, Support, support
from fauxtune.core.model.states import Source
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors import revocation
from fauxtune.operations.connectors import selection as connector_selection
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.server import lifespan
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.rows.certificates import ConnectorRow
from tests.support.tenant import Contoso


async def rows(contoso: Contoso) -> list[ConnectorRow]:
    connector_rows: list[ConnectorRow] = await contoso.look(connector_queries.connector_rows, contoso.tenant.id)
    return connector_rows


# ------------------------------------------------------------------------------------------------------------ editions


async def test_in_the_edition_of_2020_the_connector_becomes_two_programs_and_the_keys_stay_with_imports(
    contoso: Contoso,
) -> None:
    await contoso.switch(edition="2020-04", requireTrustedRoot=False)
    by_key = {row.program: row for row in await rows(contoso)}
    assert set(by_key) == {"pfx-connector", "intune-connector"}
    assert by_key[Program.PFX].roles == ["imported-pfx"]
    assert by_key[Program.INTUNE].roles == ["pkcs", "scep", "revocation"]
    await contoso.pkcs_profile()
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed", f"imported/{mark}": "installed"}
    await contoso.switch(edition="current")
    assert {row.program for row in await rows(contoso)} == {"certificate-connector"}


async def test_the_second_pfx_connector_of_2020_and_the_101st_connector_are_refused(contoso: Contoso) -> None:
    await contoso.switch(edition="2020-04")
    with pytest.raises(Conflict, match="PFX Certificate Connector for Microsoft Intune one is all"):
        await contoso.do(connector_registry.add_connector, "PFX 2", roles=["imported-pfx"])
    with pytest.raises(Invalid, match="no role imported-pfx"):
        await contoso.do(connector_registry.add_connector, "Both", roles=["pkcs", "imported-pfx"])
    with pytest.raises(Invalid, match="no role pkcs"):
        await contoso.do(connector_registry.add_connector, "Both", roles=["pkcs"], program="pfx-connector")
    with pytest.raises(Invalid, match="program is one of intune-connector, pfx-connector"):
        await contoso.do(connector_registry.add_connector, "New", roles=["pkcs"], program="certificate-connector")
    for number in range(2, 101):
        await contoso.do(connector_registry.add_connector, f"Connector {number}", roles=["pkcs"])
    with pytest.raises(Conflict, match="100 are all"):
        await contoso.do(connector_registry.add_connector, "Connector 101", roles=["pkcs"])
    assert len(await rows(contoso)) == 101, "a hundred of one program, and one of the other"


async def test_two_connectors_with_imported_certificates_stand_in_the_way_of_the_edition_of_2020(
    contoso: Contoso,
) -> None:
    await contoso.do(connector_registry.add_connector, "Two", roles=["imported-pfx"])
    before = await rows(contoso)
    with pytest.raises(Invalid, match="take it from all but one"):
        await contoso.switch(edition="2020-04")
    with pytest.raises(Invalid, match="edition is one of 2020-04, current"):
        await contoso.switch(edition="2021")
    assert await rows(contoso) == before


# ------------------------------------------------------------------------------------------------------------ versions


@pytest.mark.parametrize(
    ("version", "day", "expected"),
    [
        (None, "2026-11-26", Support.FULL),
        ("6.2510.3.2002", "2030-01-01", Support.FULL),
        ("6.2406.0.2002", "2026-02-17", Support.FULL),
        ("6.2406.0.2002", "2026-02-18", Support.DEPRECATED),
        ("6.2406.0.2002", "2026-08-17", Support.DEPRECATED),
        ("6.2406.0.2002", "2026-08-18", Support.EXPIRED),
        ("6.2312.0.1", "2024-09-18", Support.FULL),
        ("6.2312.0.1", "2025-03-18", Support.DEPRECATED),
        ("6.2101.13.0", "2026-11-26", Support.EXPIRED),
        ("6.2101.12.9", "2026-11-26", Support.REFUSED),
    ],
)
def test_a_version_is_supported_for_six_months_after_the_next_one_came(
    version: str | None, day: str, expected: Support
) -> None:
    now = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    assert support(Program.CERTIFICATE, version, now=now) is expected
    assert support(Program.INTUNE, version, now=now) is Support.FULL
    assert support(Program.PFX, PROGRAMS[Program.PFX].newest, now=now) is Support.FULL


async def test_a_connector_that_is_too_old_issues_nothing_until_it_is_updated(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    await contoso.connector(version="6.2012.1.0")
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert await phone.states() == {"pkcs": "wanted"}
    assert "not served any more" in str((await phone.item()).waits_for)
    await contoso.connector(version="")
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}
    for nonsense in ("6.2406", "6.2413.0.1", "a.b.c.d", "6.2406.0.1.2"):
        with pytest.raises(Invalid, match=r"looks like 6\.2406\.0\.1001"):
            await contoso.connector(version=nonsense)


# ---------------------------------------------------------------------------------------------------------- revocation


async def wiped_phone(contoso: Contoso) -> str:
    """A certificate whose device was wiped: its serial number."""
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile(owned=True)
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    await contoso.action(phone, device_actions.wipe)
    (row,) = [certificate for certificate in await contoso.issued() if certificate.enrollment_id == phone.enrollment_id]
    return str(row.serial)


async def test_a_revocation_waits_for_a_connector_with_the_role_and_says_so(contoso: Contoso) -> None:
    await contoso.connector(roles=["pkcs", "imported-pfx"])
    serial = await wiped_phone(contoso)
    assert await contoso.certificate_status(serial) == "good"
    (waiting,) = await contoso.events("waiting")
    assert "the role revocation: none has it" in waiting.detail["reason"]
    await contoso.do(connector_registry.add_connector, "Revoker", roles=["revocation"])
    assert await contoso.certificate_status(serial) == "revoked"


async def test_a_polling_connector_revokes_thirty_emulated_seconds_later(contoso: Contoso) -> None:
    await contoso.connector(mode="polling")
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile(owned=True)
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    contoso.clock.forward(seconds=30)
    await phone.settle()
    serial = str((await phone.item(Source.PKCS)).serial)
    await contoso.action(phone, device_actions.wipe)
    contoso.clock.forward(seconds=29)
    assert await contoso.do(revocation.carry_out) == 0
    assert await contoso.certificate_status(serial) == "good"
    contoso.clock.forward(seconds=1)
    assert await contoso.do(revocation.carry_out) == 1
    assert await contoso.certificate_status(serial) == "revoked"
    assert await contoso.do(revocation.carry_out) == 0


@pytest.mark.both_databases
async def test_the_server_brings_polling_connectors_to_what_is_to_be_revoked(contoso: Contoso) -> None:
    await contoso.connector(roles=["pkcs"])
    serial = await wiped_phone(contoso)
    await contoso.connector(roles=["pkcs", "revocation"], mode="polling")
    assert await contoso.certificate_status(serial) == "good"
    contoso.clock.forward(seconds=30)
    async with lifespan.polling(contoso.emulator, every=0.01):
        while await contoso.certificate_status(serial) == "good":
            await asyncio.sleep(0.01)


async def test_an_offline_connector_revokes_when_it_is_back_also_after_years(contoso: Contoso) -> None:
    serial = ""
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile(owned=True)
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    serial = str((await phone.item(Source.PKCS)).serial)
    await contoso.connector(state="offline")
    await contoso.action(phone, device_actions.wipe)
    contoso.clock.forward(days=700)
    assert await contoso.certificate_status(serial) == "good"
    await contoso.connector(state="online")
    assert await contoso.certificate_status(serial) == "revoked"


async def test_what_a_process_of_its_own_does_not_answer_is_said_to_wait_for_it(contoso: Contoso) -> None:
    await contoso.connector(roles=[])
    await contoso.do(connector_registry.add_connector, "Apart", roles=["pkcs"], apart=True)

    def words(tx: Transaction) -> str:
        return connector_selection.who_is_waited_for(tx, "pkcs")

    assert "does not run (fauxtune connector run)" in await contoso.do(words)
    assert timedelta(seconds=30) == connector_selection.POLL
