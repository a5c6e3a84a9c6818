"""Situations for the removal table: any kind of device with one item of every source, and the events that end them.

A device does what real devices of its kind do; what it holds is seen on the device, never in the ledger.
"""

from __future__ import annotations

import base64
import plistlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import FACTS, Platform, Variant
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.model.text import JsonObject
from fauxtune.core.profiles.catalog import APP_CONFIGURATION_KINDS, KINDS, Kind
from fauxtune.operations.ca import imported_pfx, issuance
from fauxtune.operations.connectors import digicert
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices.records import set_primary_user
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import profiles
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from tests.support.app_configurations import android_outlook
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import PlainAdapter, StepwiseDevice, enrol_by_token
from tests.support.scep_devices import NDES, PARTNER, ScepAuthorities
from tests.support.tenant import SCEP_SETTINGS, Contoso, device_in

#: An item of a device: its source, and the authority that issued it.
GivenItem = tuple[Source, Authority]
Event = Cause | Incident
_numbers = count(1)
#: Certificates are made for a month here: then a renewal is not far.
_MONTH = {"validity": "P30D"}
_NAMES_NOBODY = {"subjectNameFormat": "commonNameAsSerialNumber", "subjectAlternativeNameType": "none"}


async def prepare_tenant(contoso: Contoso, edition: Edition) -> None:
    """Set the edition of the tenant, and add a DigiCert CA beside its own."""
    # What a platform puts around a password is its own affair: here it is bare.
    contoso.emulator.packagings = {}
    await contoso.switch(edition=edition.value)
    await digicert.subscribe(contoso.emulator, contoso.tenant)
    rows = await contoso.look(connector_queries.connector_rows, contoso.tenant.id)
    (row,) = [row for row in rows if "pkcs" in row.roles]
    await digicert.install(contoso.emulator, contoso.tenant, connector_id=row.id, csr=None)
    await contoso.do(issuance.change_template, "issuing", name="SmimeP256", changes=_MONTH)
    await contoso.do(issuance.change_template, "digicert", name=digicert.FIRST_PROFILE.name, changes=_MONTH)


# -------------------------------------------------------------------------------------------------------------- devices


async def enrol_variant(
    contoso: Contoso, variant: Variant, *, name: str, number: int
) -> AndroidInProcess | StepwiseDevice:
    """Enrol a device of this variant for a user."""
    word, _, mode = variant.value.partition("/")
    if mode:
        phone = await contoso.enroll(name, mode=mode, hardware=f"S{number}")
        phone.obeys = True
        return phone
    device = await enrol_by_token(contoso, name, platform=Platform(word), hardware=f"S{number}")
    device.adapter, device.limit = PlainAdapter(asks_accounts=True), 20
    return device


# ----------------------------------------------------------------------------------------------------------- situations


@dataclass(slots=True)
class Situation:
    """A settled device with its items and its user. `helpers` are profiles that it needs besides."""

    contoso: Contoso
    variant: Variant
    number: int
    name: str
    device: AndroidInProcess | StepwiseDevice
    profiles: dict[GivenItem, str] = field(default_factory=dict)
    helpers: list[str] = field(default_factory=list)
    rows: dict[GivenItem, LedgerRow] = field(default_factory=dict)
    marks: dict[GivenItem, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return f"Group {self.number}"

    async def record_id(self) -> str:
        record = await self.contoso.get(device_queries.managed_device_of, self.device.enrollment_id)
        return str(record.id)

    async def ledger(self) -> dict[ItemKey, LedgerRow]:
        ledger_rows: dict[ItemKey, LedgerRow] = await self.contoso.look(
            device_queries.ledger_rows, self.device.enrollment_id
        )
        return ledger_rows


async def prepare_situation(contoso: Contoso, variant: Variant, *, edition: Edition) -> Situation:
    """Enrol a device of this variant and give it every item that it can have in this edition."""
    number = next(_numbers)
    name = f"person{number}"
    user = await contoso.user(name)
    device = await enrol_variant(contoso, variant, name=name, number=number)
    device.scep = ScepAuthorities(contoso.device_keys[0], contoso.device_keys)
    situation = Situation(contoso, variant, number=number, name=name, device=device)
    member = user if FACTS[variant].has_user else (await device.row()).directory_device_id
    await contoso.group(situation.group, member)
    for source, known in _kinds(variant, edition=edition).items():
        await _add_profiles(situation, source, kind=known)
    await device.settle_completely()
    rows = await situation.ledger()
    for thing, profile in situation.profiles.items():
        result = [row for row in rows.values() if any(claim.profile == profile for claim in row.claims)]
        if result:
            (situation.rows[thing],) = result
            assert result[0].state is ItemState.INSTALLED, result[0]
            situation.marks[thing] = str(device.holds_of(result[0].key))
    return situation


def reopened(situation: Situation, contoso: Contoso) -> Situation:
    """Return the situation as it was, in a tenant that was opened again (`tenant.reopen_tenant`)."""
    device = situation.device
    if isinstance(device, StepwiseDevice):
        return replace(situation, contoso=contoso, device=device_in(contoso, device))
    return replace(situation, contoso=contoso, device=device_in(contoso, device))


def _kinds(variant: Variant, *, edition: Edition) -> dict[Source, Kind]:
    """Return the kind of profile for each source: the first that applies."""
    results: dict[Source, Kind] = {}
    for kind in (*KINDS, *APP_CONFIGURATION_KINDS):
        source = kind.family.source
        if source is not None and kind.applies(variant, edition=edition):
            results.setdefault(source, kind)
    # A SCEP profile refers to that of its root.
    return dict(sorted(results.items(), key=lambda pair: pair[0] is not Source.ROOT))


def _settings(kind: Kind, value: int) -> JsonObject:
    """Return what gives a device one item of settings: a rule for passwords, or a custom one."""
    if kind.name.startswith("windows"):
        node = {"@odata.type": "#microsoft.graph.omaSettingInteger", "displayName": "x", "value": value}
        return {"omaSettings": [{**node, "omaUri": "./Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordLength"}]}
    if kind.name.endswith("CustomConfiguration"):
        payload = plistlib.dumps({"PayloadContent": [{"PayloadType": "com.contoso.viewer", "Zoom": value}]})
        return {"payloadName": "x", "payload": base64.b64encode(payload).decode()}
    return {"passwordMinimumLength": value}


async def _add_profiles(situation: Situation, source: Source, *, kind: Kind) -> None:
    contoso, usual = situation.contoso, (source, Authority.MICROSOFT)
    has_user = FACTS[situation.variant].has_user
    if source is Source.IMPORTED and not has_user:
        return
    document: JsonObject = {}
    match source:
        case Source.ROOT:
            document = {"trustedRootCertificate": await contoso.root_text()}
            digicerts = await contoso.root_text("digicert-root")
            situation.helpers.append(
                await contoso.profile(kind.name, situation.group, trustedRootCertificate=digicerts)
            )
        case Source.PKCS:
            changes = {"certificateTemplateName": "SmimeP256"} | ({} if has_user else _NAMES_NOBODY)
            document = contoso.pkcs_document(**changes)
        case Source.IMPORTED:
            await contoso.import_pfx(situation.name)
            document = {"intendedPurpose": "smimeEncryption"}
        case Source.SCEP:
            await _add_scep_profiles(situation, kind=kind)
            return
        case Source.SETTING:
            document = _settings(kind, 6)
        case Source.EMAIL if kind in APP_CONFIGURATION_KINDS:
            document = android_outlook(smime=True)
        case Source.EMAIL:
            document = {"hostName": "mail.contoso.example", "accountName": "Work"}
    situation.profiles[usual] = await contoso.profile(kind.name, situation.group, **document)
    if source is Source.PKCS and has_user:
        document |= {
            "certificationAuthority": "pki-ws.symauth.com",
            "certificationAuthorityName": digicert.NAME,
            "certificateTemplateName": digicert.FIRST_PROFILE.name,
        }
        situation.profiles[source, Authority.DIGICERT] = await contoso.profile(kind.name, situation.group, **document)


async def _add_scep_profiles(situation: Situation, *, kind: Kind) -> None:
    """Add a profile for each authority: the tenant's own behind NDES, and a partner's."""
    names = {} if FACTS[situation.variant].has_user else _NAMES_NOBODY
    validity = {"certificateValidityPeriodValue": 30, "certificateValidityPeriodScale": "days"}
    root = situation.profiles[Source.ROOT, Authority.MICROSOFT]
    for authority, url in ((Authority.MICROSOFT, NDES), (Authority.PARTNER, PARTNER)):
        situation.profiles[Source.SCEP, authority] = await situation.contoso.profile(
            kind.name,
            situation.group,
            references={"rootCertificate": root},
            **{**SCEP_SETTINGS, **names, **validity, "scepServerUrls": [url]},
        )


# ------------------------------------------------------------------------------------------------------ the events


async def _act(situation: Situation, operation: Callable[..., Any], **options: Any) -> None:
    await situation.contoso.do(operation, await situation.record_id(), **options)


async def _wipe(situation: Situation) -> None:
    await _act(situation, device_actions.wipe)


async def _wipe_keeping(situation: Situation) -> None:
    await _act(situation, device_actions.wipe, options={"keepEnrollmentData": True})


async def _retire(situation: Situation) -> None:
    await _act(situation, device_actions.retire)


async def _delete(situation: Situation) -> None:
    await _act(situation, device_actions.delete)


async def _unenroll(situation: Situation) -> None:
    """The user unenrols; a user who may not resets the device by hand and enrols it again."""
    if FACTS[situation.variant].user_may_unenroll:
        await situation.device.unenroll()
    else:
        situation.device.forget()
        await enrol_variant(situation.contoso, situation.variant, name=situation.name, number=situation.number)


async def _unassign(situation: Situation) -> None:
    for profile in (*situation.profiles.values(), *situation.helpers):
        await situation.contoso.assign(profile)


async def _delete_profiles(situation: Situation) -> None:
    # A profile that others refer to is not deleted before them.
    for profile in (*reversed(situation.profiles.values()), *situation.helpers):
        await situation.contoso.do(profiles.delete_profile, profile)


async def _leave_group(situation: Situation) -> None:
    contoso, row = situation.contoso, await situation.device.row()
    member = row.user_id or row.directory_device_id
    await contoso.do(users_and_groups.remove_member, contoso.groups[situation.group], member_id=member)


async def _change_user(situation: Situation) -> None:
    await situation.contoso.user(f"other{situation.number}")
    await _act(situation, set_primary_user, user_key=situation.contoso.upn(f"other{situation.number}"))


async def _delete_user(situation: Situation) -> None:
    await situation.contoso.do(users_and_groups.delete_user, situation.contoso.upn(situation.name))


async def _take_licence(situation: Situation) -> None:
    await situation.contoso.take_licence(situation.name)


async def _delete_certificate(situation: Situation) -> None:
    contoso, mark = situation.contoso, situation.marks[Source.IMPORTED, Authority.MICROSOFT]
    await contoso.do(imported_pfx.delete_pfx, await contoso.record_id(situation.name, mark))


async def _edit(situation: Situation) -> None:
    """Edit each profile where it can change and still be the same item."""
    changes: dict[Source, JsonObject] = {
        Source.ROOT: {"description": "edited"},
        Source.PKCS: {"subjectAlternativeNameType": "userPrincipalName", "renewalThresholdPercentage": 30},
        Source.IMPORTED: {"description": "edited"},
        Source.SCEP: {"keyUsage": "digitalSignature"},
        Source.EMAIL: {"hostName": "other.contoso.example"},
    }
    if not FACTS[situation.variant].has_user:
        changes[Source.PKCS] = {"renewalThresholdPercentage": 30}
    kinds = _kinds(situation.variant, edition=situation.contoso.tenant.edition)
    if kinds.get(Source.EMAIL) in APP_CONFIGURATION_KINDS:
        changes[Source.EMAIL] = android_outlook(smime=False)
    if Source.SETTING in kinds:
        changes[Source.SETTING] = _settings(kinds[Source.SETTING], 8)
    for (source, _authority), profile in situation.profiles.items():
        await situation.contoso.do(
            profiles.update_profile, profile, kind=kinds[source], changes=changes[source], navigations={}
        )


async def _lose(situation: Situation) -> None:
    for row in situation.rows.values():
        situation.device.lose(row.key)
    # A device that works step by step is asked for its inventory only now and then, or after syncDevice.
    await _act(situation, device_actions.sync)


async def _renew(situation: Situation) -> None:
    situation.contoso.clock.forward(days=25)


EVENTS: dict[Event, Callable[[Situation], Awaitable[None]]] = {
    Cause.WIPE: _wipe,
    Cause.RETIRE: _retire,
    Cause.UNENROLL: _unenroll,
    Cause.DELETE: _delete,
    Cause.USER_DELETED: _delete_user,
    Cause.LICENCE_LOST: _take_licence,
    Cause.USER_CHANGED: _change_user,
    Cause.CERTIFICATE_DELETED: _delete_certificate,
    Cause.PROFILE_DELETED: _delete_profiles,
    Cause.UNASSIGNED: _unassign,
    Cause.LEFT_GROUP: _leave_group,
    Incident.WIPE_KEEPING_ENROLLMENT: _wipe_keeping,
    Incident.PROFILE_EDITED: _edit,
    Incident.RENEWED: _renew,
    Incident.DELETED_BY_USER: _lose,
}
