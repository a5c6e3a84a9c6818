"""The promise of what if: over random tenants and requests, what it says is what then happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import GraphRefused
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.situations import situations
from fauxtune.storage.database import Database
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.insight import diagnosis as diagnosis_queries
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import StepwiseDevice, enrol_by_token, enrol_iphone
from tests.support.predictions import (
    CONFIGURATIONS,
    DEVICES,
    LICENCE,
    observed,
    predict,
    predicted,
    send,
    settle_all,
    snapshot,
)
from tests.support.scep_devices import NDES, PARTNER, ScepAuthorities
from tests.support.soak import SOAK
from tests.support.tenant import SCEP_SETTINGS, Contoso, open_tenant

Request = tuple[str, str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]
PEOPLE = ("alice", "bob", "carol")
GROUPS = ("All Staff", "SMIME Pilot", "Outer", "Things")
KINDS = {
    "work-profile": (
        "androidWorkProfileTrustedRootCertificate",
        "androidWorkProfilePkcsCertificateProfile",
        "androidForWorkImportedPFXCertificateProfile",
        "androidWorkProfileScepCertificateProfile",
    ),
    "owned": (
        "androidDeviceOwnerTrustedRootCertificate",
        "androidDeviceOwnerPkcsCertificateProfile",
        "androidDeviceOwnerImportedPFXCertificateProfile",
        "androidDeviceOwnerScepCertificateProfile",
    ),
    "knox": (
        "androidTrustedRootCertificate",
        "androidPkcsCertificateProfile",
        "androidImportedPFXCertificateProfile",
        "androidScepCertificateProfile",
    ),
    "ios": (
        "iosTrustedRootCertificate",
        "iosPkcsCertificateProfile",
        "iosImportedPFXCertificateProfile",
        "iosScepCertificateProfile",
    ),
    "windows": (
        "windows81TrustedRootCertificate",
        "windows10PkcsCertificateProfile",
        "windows10ImportedPFXCertificateProfile",
        "windows81SCEPCertificateProfile",
    ),
}
#: A certificate that names the user, and one that names the device alone.
SUBJECTS: tuple[dict[str, str], ...] = (
    {},
    {"subjectNameFormat": "commonNameAsSerialNumber", "subjectAlternativeNameType": "none"},
)
_folders = count(1)


@dataclass(slots=True)
class World:
    """A tenant, its devices, and the ids of what requests can be about."""

    contoso: Contoso
    devices: list[AndroidInProcess | StepwiseDevice] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)

    async def records(self) -> list[str]:
        rows = [
            await self.contoso.look(device_queries.managed_device_of, device.enrollment_id) for device in self.devices
        ]
        return [str(row.id) for row in rows if row is not None]

    async def members(self) -> list[str]:
        rows = [await self.contoso.get(device_queries.enrollment, device.enrollment_id) for device in self.devices]
        people = [f"{name}@{self.contoso.tenant.domain}" for name in PEOPLE]
        users = [await self.contoso.look(_user_id, self.contoso.tenant.id, upn=person) for person in people]
        groups = [self.contoso.groups["SMIME Pilot"], self.contoso.groups["Things"]]
        return [*(row.directory_device_id for row in rows), *filter(None, users), *groups]


def _user_id(connection: Any, tenant_id: Any, *, upn: str) -> str | None:
    row = directory_queries.user_by_upn(connection, tenant_id, upn=upn)
    return None if row is None else str(row.id)


async def world(contoso: Contoso, draw: Draw) -> World:
    """A tenant with nested groups, devices of several kinds at rest, and profiles assigned at random."""
    contoso.emulator.packagings = {}
    result, authorities = World(contoso), ScepAuthorities(contoso.device_keys[0], contoso.device_keys)
    await contoso.group("Outer", contoso.groups["SMIME Pilot"])
    await contoso.group("Things")
    for name in draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2)):
        await contoso.import_pfx(name)
    kinds = draw(
        st.lists(
            st.sampled_from(["work-profile", "fully-managed", "dedicated", "knox", "ios", "windows"]),
            min_size=1,
            max_size=3,
        )
    )
    for kind in kinds:
        name = draw(st.sampled_from(PEOPLE))
        if kind == "ios":
            result.devices.append(await enrol_iphone(contoso, name))
        elif kind == "windows":
            result.devices.append(await enrol_by_token(contoso, name))
        else:
            result.devices.append(await contoso.enroll(name, mode=kind))
    for device in result.devices:
        device.scep = authorities
    for member in draw(st.lists(st.sampled_from((await result.members())[: len(kinds)]), max_size=2, unique=True)):
        await contoso.do(users_and_groups.add_member, contoso.groups["Things"], member_id=member)
    for family in sorted({"owned" if kind in ("fully-managed", "dedicated") else kind for kind in kinds}):
        root, pkcs, imported, scep = KINDS[family]
        result.profiles.append(await contoso.profile(root, trustedRootCertificate=await contoso.root_text()))
        subject = draw(st.sampled_from(SUBJECTS))
        result.profiles.append(await contoso.profile(pkcs, **contoso.pkcs_document(**subject)))
        result.profiles.append(await contoso.profile(imported, intendedPurpose="smimeEncryption"))
        url = draw(st.sampled_from([NDES, PARTNER]))
        document = {**SCEP_SETTINGS, **draw(st.sampled_from(SUBJECTS)), "scepServerUrls": [url]}
        references = {"rootCertificate": result.profiles[-3]}
        result.profiles.append(await contoso.profile(scep, references=references, **document))
    for profile in result.profiles:
        if draw(st.integers(0, 3)):
            await send(contoso, "POST", f"{CONFIGURATIONS}/{profile}/assign", draw(assignments(contoso, least=1)))
    await settle_all(*result.devices)
    return result


@st.composite
def assignments(draw: st.DrawFn, contoso: Contoso, *, least: int = 0) -> dict[str, Any]:
    """The body of an assign: groups, all users or all devices, now and then an excluded group."""
    base = "#microsoft.graph."
    included = draw(st.lists(st.sampled_from(GROUPS), min_size=least, max_size=2, unique=True))
    targets = [{"@odata.type": f"{base}groupAssignmentTarget", "groupId": contoso.groups[name]} for name in included]
    for name in draw(st.lists(st.sampled_from(GROUPS), max_size=1)):
        if name not in included:
            kind = f"{base}exclusionGroupAssignmentTarget"
            targets.append({"@odata.type": kind, "groupId": contoso.groups[name]})
    if draw(st.booleans()):
        everybody = draw(st.sampled_from(["allDevicesAssignmentTarget", "allLicensedUsersAssignmentTarget"]))
        targets.append({"@odata.type": f"{base}{everybody}"})
    return {"assignments": [{"target": target} for target in targets]}


async def request(made: World, draw: Draw) -> Request:
    """Anything that an administrator may do."""
    contoso = made.contoso
    profile = draw(st.sampled_from(made.profiles))
    person = contoso.upn(draw(st.sampled_from(PEOPLE)))
    group = contoso.groups[draw(st.sampled_from(GROUPS))]
    member = draw(st.sampled_from(await made.members()))
    possible: list[Request] = [
        ("POST", f"{CONFIGURATIONS}/{profile}/assign", draw(assignments(contoso))),
        (
            "POST",
            f"{CONFIGURATIONS}/{draw(st.sampled_from(made.profiles))}/assign",
            draw(assignments(contoso, least=1)),
        ),
        ("DELETE", f"{CONFIGURATIONS}/{profile}", None),
        ("DELETE", f"/groups/{group}/members/{member}/$ref", None),
        (
            "POST",
            f"/groups/{group}/members/$ref",
            {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{member}"},
        ),
        ("DELETE", f"/groups/{group}", None),
        ("DELETE", f"/users/{person}", None),
        ("PATCH", f"/users/{person}", {"mail": "other@example.org"}),
        ("POST", f"/users/{person}/assignLicense", {"addLicenses": [], "removeLicenses": [LICENCE]}),
        ("POST", f"/users/{person}/assignLicense", {"addLicenses": [{"skuId": LICENCE}], "removeLicenses": []}),
    ]
    assignments_of = await contoso.look(configuration_queries.assignments_of, contoso.tenant.id, profile_id=profile)
    # Ids differ from run to run: what is drawn must not depend on their order.
    order = [*contoso.groups.values()]
    assignments_of.sort(
        key=lambda assignment: order.index(assignment.group_id) if assignment.group_id in order else len(order)
    )
    possible += [
        ("DELETE", f"{CONFIGURATIONS}/{profile}/assignments/{assignment.id}", None) for assignment in assignments_of
    ]
    records = await made.records()
    if records:
        one = f"{DEVICES}/{draw(st.sampled_from(records))}"
        referenced = {"@odata.id": f"https://graph.microsoft.com/beta/users/{person}"}
        possible += [
            ("POST", f"{one}/wipe", None),
            ("POST", f"{one}/wipe", {"keepEnrollmentData": True}),
            ("POST", f"{one}/retire", None),
            ("POST", f"{one}/syncDevice", None),
            ("DELETE", one, None),
            ("POST", f"{one}/users/$ref", referenced),
            ("DELETE", f"{one}/users/$ref", None),
            ("POST", f"{DEVICES}/executeAction", {"actionName": "retire", "deviceIds": records}),
        ]
    found_one: Request = draw(st.sampled_from(possible))
    return found_one


def check_situations(tx: Transaction) -> None:
    """Fail if the situations of all devices, read together, differ from that of each, read alone."""
    devices = device_queries.enrollments_by_id(
        tx.connection, diagnosis_queries.all_enrollments(tx.connection, tx.tenant.id)
    )
    ledgers = device_queries.ledgers(tx.connection, devices.keys())
    together = situations(tx, [*devices.values()], ledgers=ledgers)
    for device, row in devices.items():
        assert row == device_queries.enrollment(tx.connection, device)
        assert ledgers[device] == device_queries.ledger_rows(tx.connection, device)
        assert situations(tx, [row], ledgers={device: ledgers[device]}) == {device: together[device]}


_SETTINGS = settings(
    deadline=None,
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@_SETTINGS
@given(data=st.data())
async def test_what_it_says_is_what_then_happens(
    urls: dict[str, str], tmp_path: Path, rsa_keys: KeyRing, *, raw_rsa_keys: list[RSAPrivateKey], data: st.DataObject
) -> None:
    await _comes_true(urls["sqlite"], tmp_path, rsa_keys, raw_rsa_keys=raw_rsa_keys, data=data)


@settings(_SETTINGS, max_examples=8 if SOAK else 2)
@given(data=st.data())
async def test_what_it_says_is_what_then_happens_on_postgresql_too(
    urls: dict[str, str], tmp_path: Path, rsa_keys: KeyRing, *, raw_rsa_keys: list[RSAPrivateKey], data: st.DataObject
) -> None:
    await _comes_true(urls["postgresql"], tmp_path, rsa_keys, raw_rsa_keys=raw_rsa_keys, data=data)


async def _comes_true(
    url: str, tmp_path: Path, rsa_keys: KeyRing, *, raw_rsa_keys: list[RSAPrivateKey], data: st.DataObject
) -> None:
    opened = Database(url)
    folder = tmp_path / str(next(_folders))
    try:
        contoso = await open_tenant(opened, folder, keys=rsa_keys, raw_keys=raw_rsa_keys)
        result = await world(contoso, data.draw)
        for _ in range(data.draw(st.integers(1, 4))):
            answer = await request(result, data.draw)
            before = await snapshot(contoso, result.devices)
            try:
                outcome = await predict(contoso, *answer)
            except GraphRefused:
                with pytest.raises(GraphRefused):
                    await send(contoso, *answer)
                continue
            assert await predict(contoso, *answer, at_once=1) == outcome
            await contoso.do(check_situations)
            assert await snapshot(contoso, result.devices) == before
            for each in result.devices:
                each.missed.clear()
            await send(contoso, *answer)
            await settle_all(*result.devices)
            after = await snapshot(contoso, result.devices)
            for device in result.devices:
                assert predicted(outcome, device) == observed(device, before, after=after), answer
    finally:
        opened.close()
