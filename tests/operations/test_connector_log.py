"""What connectors write into their logs, in the words of each edition's documents."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fauxtune.connector.refusals import REFUSALS, AuthorityUnknown, TemplateUnknown
from fauxtune.core.model.connectors import ROLES, Happening, Program, diagnostic, event, events
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.ca import authorities, issuance
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.rows.certificates import ConnectorEventRow
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso

#: What the present program writes about one request that went well: each step, the upload, and the admin log's entry.
PKCS = (1000, 1020, 1050, 1100, 1102)
IMPORT = (2000, 2020, 2050, 2100, 2102)


async def log(contoso: Contoso, **where: Any) -> list[ConnectorEventRow]:
    connector_log: list[ConnectorEventRow] = await contoso.look(queries.connector_log, contoso.tenant.id, **where)
    return connector_log


async def numbers(contoso: Contoso, **where: Any) -> list[int]:
    return [connector_event.event_id for connector_event in await log(contoso, **where)]


async def both_kinds(contoso: Contoso, *, owned: bool) -> tuple[AndroidInProcess, str]:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile(owned=owned)
    await contoso.imported_profile(owned=owned)
    mark = await contoso.import_pfx("alice")
    return await contoso.enroll("alice", mode="fully-managed" if owned else "work-profile"), mark


async def test_the_present_program_tells_of_each_request_and_how_it_went(contoso: Contoso) -> None:
    phone, mark = await both_kinds(contoso, owned=True)
    await phone.settle()
    result = await log(contoso)
    assert sorted(connector_event.event_id for connector_event in result) == [*PKCS, *IMPORT]
    assert [connector_event.number for connector_event in result] == list(range(1, 11))
    for connector_event in result:
        assert connector_event.name == events().names[connector_event.event_id]
        assert (connector_event.connector, connector_event.device) == ("Certificate Connector 1", phone.enrollment_id)
        assert (connector_event.user, connector_event.diagnostic_code) == (contoso.upn("alice"), None)
        assert connector_event.time == contoso.clock.now()
    names = {connector_event.event_id: connector_event.name for connector_event in result}
    assert (names[2102], names[2100]) == ("PkcsImportUploadedRequest", "PkcsImportUploadSuccess")
    assert (names[1000], names[2000]) == ("PkcsRequestSuccess", "PkcsImportRequestSuccess")
    issued = (await log(contoso, event_id=1050))[0].detail
    (certificate,) = [
        issued_certificate for issued_certificate in await contoso.issued() if issued_certificate.enrollment_id
    ]
    assert issued["ca"] == contoso.tenant.ca_name
    assert issued["template"] == "SmimeSigning"
    assert (issued["thumbprint"], issued["serial"]) == (certificate.thumbprint, certificate.serial)
    assert (await log(contoso, event_id=2050))[0].detail["thumbprint"] == mark
    await contoso.action(phone, device_actions.wipe)
    assert (await numbers(contoso))[10:] == [3020, 3050, 3102, 3100, 3000]


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"certificateTemplateName": "SmimeSinging"}, TemplateUnknown.number, "Its templates: ExchangeSignatureOnly, "),
        ({"certificationAuthorityName": "Contoso CA"}, AuthorityUnknown.number, "Known: 'Contoso Issuing CA' at ca."),
        ({"certificationAuthority": "ca.fabrikam.example"}, AuthorityUnknown.number, "at ca.fabrikam.example is known"),
    ],
)
async def test_a_wrong_template_or_authority_is_asked_for_and_fails_in_the_connectors_log(
    contoso: Contoso, wrong: dict[str, str], code: int, words: str
) -> None:
    """Intune: "Certificate Connector for Microsoft Intune": the connector finds out, in event 1052."""
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile(owned=True, **wrong)
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    assert await phone.states() == {"pkcs": "failed"}
    assert await numbers(contoso) == [1020, 1052, 1102, 1100, 1001]
    (failed,) = await log(contoso, event_id=1052)
    assert (failed.device, failed.detail["errorCode"]) == (phone.enrollment_id, code)
    assert words in failed.detail["message"]
    pkcs_document = contoso.pkcs_document(**wrong)
    assert failed.detail["template"] == pkcs_document["certificateTemplateName"]
    assert failed.detail["ca"] == pkcs_document["certificationAuthorityName"]
    problem = (await phone.item()).problem
    assert problem is not None
    assert (problem.code, problem.message) == (code, failed.detail["message"])
    assert await contoso.issued() == []


async def test_while_no_connector_is_online_a_wrong_profile_waits_like_a_right_one(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    wrong: list[dict[str, Any]] = [
        {},
        {"certificateTemplateName": "SmimeSinging"},
        {"certificationAuthorityName": "Contoso CA"},
    ]
    for changes in wrong:
        await contoso.pkcs_profile(**changes)
    await contoso.connector(state="offline")
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert [row.state.value for row in (await phone.ledger()).values()] == ["wanted"] * 3
    assert await numbers(contoso) == []
    await contoso.connector(state="online")
    await phone.settle()
    assert sorted(row.state.value for row in (await phone.ledger()).values()) == ["failed", "failed", "installed"]


async def test_in_2020_the_intune_connector_has_its_own_series_and_the_pfx_connector_is_silent(
    contoso: Contoso,
) -> None:
    await contoso.switch(edition="2020-04")
    phone, _mark = await both_kinds(contoso, owned=False)
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}
    await contoso.action(phone, device_actions.retire)
    result = await log(contoso)
    assert [connector_event.event_id for connector_event in result] == [20400, 20100, 20300, 20400, 20200, 20300]
    assert {connector_event.connector for connector_event in result} == {"Certificate Connector 1 (PKCS)"}
    assert {connector_event.diagnostic_code for connector_event in result} == {"0x00000000"}


@pytest.mark.parametrize(
    ("edition", "number", "code"), [("2020-04", 20102, "0x0FFFFFFF"), ("current", 1052, None)], ids=["2020", "current"]
)
async def test_a_refused_certificate_is_told_with_the_reason(
    contoso: Contoso, edition: str, number: int, code: str | None
) -> None:
    await contoso.switch(edition=edition, requireTrustedRoot=False)
    await contoso.pkcs_profile()
    await contoso.do(issuance.change_template, "issuing", name="SmimeSigning", changes={"connectorMayEnroll": False})
    phone = await contoso.enroll("alice")
    await phone.settle()
    (found,) = await log(contoso, event_id=number)
    assert (found.diagnostic_code, found.device) == (code, phone.enrollment_id)
    assert "connectorMayEnroll" in found.detail["message"]
    assert found.detail["errorCode"] == (await phone.item()).problem.code  # type: ignore[union-attr]


async def test_an_authority_out_of_reach_and_a_revocation_that_is_denied_have_codes_of_their_own(
    contoso: Contoso,
) -> None:
    await contoso.switch(edition="2020-04", requireTrustedRoot=False)
    await contoso.pkcs_profile()
    await contoso.do(authorities.set_state, "issuing", state="unavailable")
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert [connector_event.diagnostic_code for connector_event in await log(contoso, event_id=20102)] == ["0x00000400"]
    await contoso.do(authorities.set_state, "issuing", state="available")
    await phone.settle()
    await contoso.do(issuance.change_template, "issuing", name="SmimeSigning", changes={"connectorMayRevoke": False})
    await contoso.action(phone, device_actions.retire)
    assert [connector_event.diagnostic_code for connector_event in await log(contoso, event_id=20202)] == ["0x00000402"]


async def test_a_pfx_that_does_not_open_is_told_of(contoso: Contoso) -> None:
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice", encryptedPfxPassword=base64.b64encode(bytes(256)).decode())
    phone = await contoso.enroll("alice")
    await phone.settle()
    (found,) = await log(contoso, event_id=2052)
    assert mark in found.detail["message"]
    assert await numbers(contoso) == [2020, 2052, 2102, 2100, 2001]


async def test_the_log_is_filtered_and_paged_and_another_tenants_is_not_in_it(contoso: Contoso) -> None:
    phone, _mark = await both_kinds(contoso, owned=True)
    await phone.settle()
    other = await contoso.enroll("alice", mode="fully-managed")
    await other.settle()
    assert len(await log(contoso, device=other.enrollment_id)) == 10
    first = await log(contoso, limit=4)
    assert len(await log(contoso, after=first[-1].number)) == 16
    assert await log(contoso, connector_id="nobody") == []
    assert await contoso.look(queries.connector_log, TenantId("another tenant")) == []


def test_every_number_is_in_the_range_that_the_documents_give_its_role() -> None:
    ranges = {"pkcs": 1000, "recrypt": 1000, "imported-pfx": 2000, "revocation": 3000, "scep": 4000}
    for role in (*ROLES, "recrypt", ""):
        for happening in Happening:
            old = event(Program.INTUNE, role, happening=happening)
            new = event(Program.CERTIFICATE, role, happening=happening)
            assert event(Program.PFX, role, happening=happening) is None
            assert old is None or 10010 <= old[0] <= 20602
            assert new is None or ranges[role] <= new[0] < ranges[role] + 1000
    assert event(Program.CERTIFICATE, "pkcs", happening=Happening.DOWNLOADED, digicert=True) == (
        1032,
        "PkcsDigiCertRequest",
    )


def test_every_refusal_has_a_documented_diagnostic_code() -> None:
    assert {refusal.diagnostic for refusal in REFUSALS} <= set(events().diagnostics)
    assert diagnostic(Program.INTUNE, 0x401) == "0x00000401"
    assert diagnostic(Program.CERTIFICATE, 0x401) is None
