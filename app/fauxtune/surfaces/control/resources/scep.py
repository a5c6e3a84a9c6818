"""SCEP with a partner's certification authority: challenges for devices, and certificates that it is to revoke."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from fauxtune.core.errors import Invalid
from fauxtune.core.model import ids
from fauxtune.core.model.ids import ProfileId, TenantId
from fauxtune.core.model.text import JsonObject, Text
from fauxtune.core.scep.challenge import ResultCode, Verdict
from fauxtune.operations.ca import partner_revocations
from fauxtune.operations.checkin import scep_challenges
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.queries.insight.diagnosis import managed_device_ids
from fauxtune.storage.rows.scep import PartnerRevocationRow, ScepChallengeRow
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.answers import DeviceId, ManagedDeviceId
from fauxtune.surfaces.control.bodies import Answer, Body, Listed


class NewChallenge(Body):
    """Who requests a certificate, and by which profile."""

    device: Text | None = Field(
        default=None, description="the id of the device's enrolment, as /devices lists it, or of its managedDevice"
    )
    managed_device_id: Text | None = Field(
        default=None, description="the id of its managedDevice in Graph, in place of `device`"
    )
    profile: Text = Field(description="id of a SCEP profile that reaches the device")


class TriedRequest(NewChallenge):
    """A request in the name of a device, with a challenge of its own. What is left out is as the challenge says."""

    subject: Text | None = Field(default=None, max_length=500, examples=["CN=bob"])
    key_usages: list[Literal["keyEncipherment", "digitalSignature"]] | None = Field(default=None, max_length=2)


class ChallengePassword(Body):
    """A challenge as a device gets it."""

    challenge: Text


class NewRevocation(Body):
    """A certificate of a partner's authority."""

    serial_number: Text = Field(description="as the authority reported it; without an issuer also the thumbprint")
    issuer_name: Text | None = Field(
        default=None, description="null: of the certificate that an authority reported under this number"
    )
    ca_configuration: Text | None = None


class Denial(Body):
    """Why a request is denied."""

    reason: Text = Field(description="printable text of 1 to 255 characters")


class Renewal(Body):
    """Whose RA certificates are renewed."""

    connector: Text | None = Field(default=None, description="id or name; otherwise the one that serves NDES")


class Challenge(Answer):
    """A challenge and what it lets the device request. `challenge` is the challengePassword of the request."""

    challenge: str
    content: JsonObject


class OpenedChallenge(Answer):
    """The content of a challenge; or the code and words with which the service refuses it."""

    content: JsonObject | None
    code: str
    error_description: str


class TriedAnswer(Answer):
    """What the service says of a request: `Success`, or what differs. `request`: PKCS#10, PEM; `content`: that of its
    challenge.
    """

    code: str
    error_description: str
    request: str
    content: JsonObject


class KnownChallenge(Answer):
    """A challenge that was given, and what became of it. `state`: given, validated, refused, issued or failed."""

    id: str
    device: DeviceId
    managed_device_id: ManagedDeviceId
    profile: str
    state: str
    outcome: JsonObject | None
    created_date_time: str
    expiration_date_time: str


class PartnerRevocation(Answer):
    """A certificate in the queue. `state`: open, revoked or failed."""

    id: str
    serial_number: str
    issuer_name: str
    ca_configuration: str | None
    state: str
    leased_until_date_time: str | None
    available_date_time: str | None = Field(
        description="while it is open: when the authority can get it, if an earlier download or a lease holds it up"
    )
    error_code: str | None
    error_message: str | None
    created_date_time: str


class KnownRequest(Answer):
    """A request that NDES has accepted. `state`: pending, issued or denied."""

    id: str
    state: str
    transaction_id: str
    subject: str | None = Field(description="while it is pending")
    challenge: str = Field(description="the id of the challenge in it")
    device: DeviceId
    managed_device_id: ManagedDeviceId
    profile: str
    connector: str
    renews: str | None = Field(description="the serial number of the certificate that it renews")
    serial_number: str | None
    authority: str | None
    message: str | None = Field(description="why it was denied")
    created_date_time: str
    decided_date_time: str | None


class KnownRaCertificate(Answer):
    """A certificate with which NDES answers. `purpose`: encryption or signing."""

    purpose: str
    thumbprint: str
    serial_number: str
    expiration_date_time: str


class Ndes(Answer):
    """How the tenant's NDES stands. `problem`: why it does not answer."""

    url: str
    connector: str | None
    problem: str | None
    ra_certificates: list[KnownRaCertificate] = Field(description="made at the first request of a client")


router = calls("/tenants/{tenant}/scep", tag="scep")
#: Lines of a list.
_MOST = 200


@router.post("/challenges", status_code=201, summary="Give a device a challenge for its SCEP request")
async def give_challenge(here: Here, body: NewChallenge) -> Challenge:
    """The challenge and the request that it is for. 400 if the profile does not reach the device."""
    given = await here.run(
        scep_challenges.give_challenge,
        device=await here.read(_device, here.tenant.id, key=body.managed_device_id or body.device),
        profile=ProfileId(body.profile),
        keys=here.emulator.keys,
    )
    return Challenge(challenge=given.password, content=given.challenge.document())


@router.post("/challenges/try", summary="Ask what becomes of a request with a device's challenge")
async def try_request(here: Here, body: TriedRequest) -> TriedAnswer:
    """A challenge is given to the device, a request is made with it and with what the body says in place of what the
    challenge is for, and the service is asked as an authority asks it. Nothing is issued. 400 as for a challenge, and
    for a subject that cannot be written.
    """
    device = await here.read(_device, here.tenant.id, key=body.managed_device_id or body.device)
    wanted = scep_challenges.Wanted(device, ProfileId(body.profile), subject=body.subject, key_usages=body.key_usages)
    trial = await scep_challenges.try_request(here.emulator, here.tenant, wanted=wanted)
    return TriedAnswer(
        code=trial.verdict.code.value,
        error_description=trial.verdict.description,
        request=trial.csr.decode(),
        content=trial.given.challenge.document(),
    )


@router.get("/challenges", summary="List the newest challenges and what became of them")
async def list_challenges(here: Here) -> Listed[KnownChallenge]:
    """The newest 200, the newest first."""
    rows = await here.read(queries.newest_challenges, here.tenant.id, limit=_MOST)
    known = await here.read(managed_device_ids, here.tenant.id, enrollment_ids=[row.enrollment_id for row in rows])
    return Listed(value=[_challenge(row, managed=known.get(row.enrollment_id)) for row in rows])


@router.post("/challenges/open", summary="Open a challenge")
async def open_challenge(here: Here, body: ChallengePassword) -> OpenedChallenge:
    """What stands in it, which Intune shows nobody. With a code other than Success it is not one of this tenant."""
    opened = await here.run(scep_challenges.open_challenge, body.challenge, keys=here.emulator.keys)
    if isinstance(opened, Verdict):
        return OpenedChallenge(content=None, code=opened.code.value, error_description=opened.description)
    return OpenedChallenge(content=opened.document(), code=ResultCode.SUCCESS.value, error_description="")


@router.post("/revocations", status_code=201, summary="Ask the partner's authority to revoke a certificate")
async def ask_for_revocation(here: Here, body: NewRevocation) -> PartnerRevocation:
    """It waits until the authority downloads it. Without an issuer, 404 for a certificate that no authority reported,
    and 409 if several did.
    """
    row = await here.run(
        partner_revocations.ask_for_revocation,
        serial=body.serial_number,
        issuer=body.issuer_name,
        ca_configuration=body.ca_configuration,
    )
    return _revocation(row, next_download=await here.run(partner_revocations.next_download))


@router.get("/revocations", summary="List the newest revocations at the partner's authority")
async def list_revocations(here: Here) -> Listed[PartnerRevocation]:
    """The newest 200, the newest first."""
    rows = await here.read(queries.revocations, here.tenant.id, limit=_MOST)
    next_download = await here.run(partner_revocations.next_download)
    return Listed(value=[_revocation(row, next_download=next_download) for row in rows])


def _device(connection: Connection, tenant_id: TenantId, *, key: str | None) -> ids.ManagedDeviceId:
    """Return the managedDevice of an enrolment, or the one with this id, which need not be there."""
    if key is None:
        raise Invalid("Name the device: its `device` or its `managedDeviceId`.", target="device")
    enrollment = device_queries.enrollment_named(connection, tenant_id, key=key)
    record = None if enrollment is None else device_queries.managed_device_of(connection, enrollment.id)
    return ids.ManagedDeviceId(key if record is None else record.id)


def _challenge(row: ScepChallengeRow, *, managed: str | None) -> KnownChallenge:
    return KnownChallenge.from_value(
        row,
        device=row.enrollment_id,
        managed_device_id=managed,
        profile=row.profile_id,
        expiration_date_time=row.expires_at,
    )


def _revocation(row: PartnerRevocationRow, *, next_download: datetime | None) -> PartnerRevocation:
    held_up = [at for at in (next_download, row.leased_until) if at is not None and row.state == "open"]
    return PartnerRevocation.from_value(
        row,
        serial_number=row.serial,
        issuer_name=row.issuer,
        leased_until_date_time=row.leased_until,
        available_date_time=max(held_up, default=None),
    )
