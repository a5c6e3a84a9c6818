"""How far a certificate request by SCEP came: each link that can break is named, and what the device or server is told.

The phone gets its challenge with its policy; what a SCEP server would ask the service about it is asked here.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fauxtune.core.administration.scep import ndes_url
from fauxtune.core.engine.diagnosis.chain import Chain, LinkStatus
from fauxtune.core.engine.diagnosis.findings import Severity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import REMEDIATION_FAILED, Problem, scep_key
from fauxtune.core.model.states import Source
from fauxtune.core.scep.challenge import ResultCode
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.scep_challenges import AuthorityRequest
from fauxtune.operations.connectors import ra_certificates
from fauxtune.operations.insight.diagnosis import Diagnosis, diagnose
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.scep import ScepRequestRow
from tests.support.devices.android import AndroidInProcess
from tests.support.scep_clients import Csr
from tests.support.tenant import Contoso


class Asked:
    """A device that was given a challenge, and a server that asks the service about requests with it."""

    def __init__(self, contoso: Contoso, phone: AndroidInProcess, profile: str, key: rsa.RSAPrivateKey) -> None:
        self.contoso, self.phone, self.profile, self.key = contoso, phone, profile, key

    async def request(self, **changes: Any) -> AuthorityRequest:
        """Return the request that the device makes, or another one."""
        (item,) = [item for item in await self.phone.policy() if item.row.source is Source.SCEP]
        assert item.scep is not None
        own = Csr(
            self.key, item.scep.challenge, subject=((NameOID.COMMON_NAME, "alice"),), names=(self.contoso.upn("alice"),)
        )
        return AuthorityRequest("t", base64.b64encode(replace(own, **changes).der()).decode())

    async def validate(self, request: AuthorityRequest) -> ResultCode:
        keys = self.contoso.emulator.keys
        verdict = await self.contoso.do(scep_challenges.validate_request, request, keys=keys)
        return ResultCode(verdict.code)

    async def note_failed(self, request: AuthorityRequest, reason: str) -> None:
        report = {"hResult": -1, "reason": reason}
        await self.contoso.do(scep_challenges.note_failed, request, report=report, keys=self.contoso.emulator.keys)

    async def fail(self, words: str) -> None:
        """The device reports that it did not get the certificate."""
        self.phone.refused[scep_key(ProfileId(self.profile))] = Problem(REMEDIATION_FAILED, words)
        await self.phone.check_in()

    async def chain(self) -> Chain:
        """Return the chain of the profile; the root to which it refers has another."""
        (one,) = [one for one in (await self.diagnosis()).chains if one.subject.profile.id == self.profile]
        return one

    async def diagnosis(self) -> Diagnosis:
        device = self.phone.enrollment_id
        return await diagnose(self.contoso.emulator, self.contoso.tenant, device=device, profile=self.profile)

    async def broken(self) -> tuple[str, str, str]:
        """Return the link that is broken, the code, and the words."""
        link = (await self.chain()).broken
        assert link is not None
        return link.name, link.findings[0].code, link.message


@pytest.fixture
async def asked(contoso: Contoso, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Asked:
    profile = await contoso.scep_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    return Asked(contoso, phone, profile, raw_rsa_keys[3])


async def test_a_request_under_way_breaks_nothing(asked: Asked) -> None:
    one = await asked.chain()
    names = [link.name for link in one.links]
    assert names.index("scepServer") < names.index("checkIn") < names.index("challenge") < names.index("installed")
    assert one.status is LinkStatus.WAITING
    words = {link.name: link.message for link in one.links}
    assert words["scepServer"].startswith("The device requests it at https://")
    assert words["challenge"] == "Given at 2026-11-24 10:00; no SCEP server has asked about it."
    assert words["connector"] == "No connector is needed."
    assert await asked.validate(await asked.request()) is ResultCode.SUCCESS
    words = {link.name: link.message for link in (await asked.chain()).links}
    assert words["challenge"] == "Given at 2026-11-24 10:00; the request is the one that the profile asks for."


async def test_a_server_that_was_not_reached_is_told_from_one_that_refused(asked: Asked) -> None:
    other = await asked.request(subject=((NameOID.COMMON_NAME, "bob"),))
    await asked.fail("The SCEP server cannot be reached.")
    link, code, words = await asked.broken()
    assert (link, code) == ("scepServer", "scep-server-unreachable")
    assert "The SCEP server cannot be reached." in words
    assert await asked.validate(other) is ResultCode.SUBJECT_MISMATCH
    link, code, words = await asked.broken()
    assert (link, code) == ("challenge", "scep-request-differs")
    assert "SubjectNameMismatch" in words


async def test_a_request_that_comes_too_late_and_a_challenge_that_nobody_used(asked: Asked) -> None:
    late = await asked.request()
    asked.contoso.clock.forward(minutes=61)
    (finding,) = (await asked.diagnosis()).findings
    assert (finding.code, finding.severity) == ("scep-challenge-expired", Severity.WARNING)
    assert await asked.validate(late) is ResultCode.EXPIRED
    assert (await asked.broken())[:2] == ("challenge", "scep-challenge-expired")
    await asked.phone.settle()
    assert (await asked.chain()).broken is None, "it was given a new challenge"


async def test_a_clock_that_was_set_back(asked: Asked) -> None:
    early = await asked.request()
    asked.contoso.clock.forward(minutes=-30)
    assert await asked.validate(early) is ResultCode.INVALID_TIMESTAMP
    assert (await asked.broken())[:2] == ("challenge", "scep-clock")


async def test_a_challenge_for_somebody_else(asked: Asked) -> None:
    request = await asked.request()
    await asked.contoso.group("Others")
    await asked.contoso.assign(asked.profile, "Others")
    assert await asked.validate(request) is ResultCode.NOT_TARGETED
    await asked.contoso.assign(asked.profile, "All Staff")
    link, code, words = await asked.broken()
    assert (link, code) == ("challenge", "scep-challenge-refused")
    assert "ScepProfileNoLongerTargetedToTheClient" in words


async def test_an_authority_that_issues_nothing(asked: Asked) -> None:
    request = await asked.request()
    assert await asked.validate(request) is ResultCode.SUCCESS
    await asked.note_failed(request, "The template is not published.")
    link, code, words = await asked.broken()
    assert (link, code) == ("challenge", "scep-authority-refused")
    assert words.endswith("the authority issued nothing: The template is not published.")


@pytest.mark.both_databases
async def test_a_request_that_waits_for_an_approval(asked: Asked) -> None:
    contoso = asked.contoso
    assert await asked.validate(await asked.request()) is ResultCode.SUCCESS
    (given,) = await contoso.look(queries.newest_challenges, contoso.tenant.id, limit=9)
    row = ScepRequestRow(
        tenant_id=contoso.tenant.id,
        id="waiting",
        transaction="t",
        key_digest="k",
        signer_digest="s",
        challenge_id=given.id,
        connector_id=(await contoso.connector()).id,
        enrollment_id=given.enrollment_id,
        profile_id=given.profile_id,
        state="pending",
        csr=b"",
        renews=None,
        authority=None,
        serial=None,
        message=None,
        created_at=contoso.clock.now(),
        decided_at=None,
    )
    await contoso.look(queries.put_request, row)
    (finding,) = (await asked.diagnosis()).findings
    assert (finding.code, finding.severity) == ("scep-approval-pending", Severity.WARNING)
    await contoso.look(queries.put_request, replace(row, state="denied"))
    assert (await asked.diagnosis()).findings == ()


@pytest.mark.both_databases
async def test_the_tenants_own_server_needs_its_connector_and_its_certificates(
    contoso: Contoso, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    own = ndes_url(contoso.tenant.public_http_url, tenant=contoso.tenant.name)
    profile = await contoso.scep_profile(scepServerUrls=[own])
    phone = await contoso.enroll("alice")
    await phone.settle()
    asked = Asked(contoso, phone, profile, raw_rsa_keys[3])
    await contoso.connector(roles=["pkcs", "scep"])
    words = {link.name: link.message for link in (await asked.chain()).links}
    assert words["scepServer"].startswith("The device requests it at the tenant's own SCEP server, http")
    assert "is on line" in words["connector"]
    await contoso.connector(roles=["pkcs"])
    assert (await asked.broken())[:2] == ("connector", "role-without-connector")
    await contoso.connector(roles=["pkcs", "scep"], state="offline")
    await asked.fail("The SCEP server cannot be reached.")
    assert (await asked.broken())[:2] == ("connector", "connector-offline"), "that is why it was not reached"
    await contoso.connector(state="online")
    await ra_certificates.registration_authority(contoso.emulator, contoso.tenant)
    assert (await asked.broken())[:2] == ("scepServer", "scep-server-unreachable")
    contoso.clock.forward(days=(ra_certificates.VALIDITY + timedelta(days=1)).days)
    codes = {finding.code for finding in (await asked.diagnosis()).findings}
    assert "scep-ra-expired" in codes
