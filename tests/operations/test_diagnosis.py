"""A healthy tenant has no finding; each planted fault is found under its own code, and under no other."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.engine.diagnosis.chain import LinkStatus
from fauxtune.core.engine.diagnosis.findings import Severity
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import EnrollmentRestricted, Invalid, NotFound
from fauxtune.core.model.ids import GroupId
from fauxtune.core.model.states import Source
from fauxtune.core.policies.enrollment import ENROLLMENT_CONFIGURATIONS
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.insight import diagnosis
from fauxtune.operations.insight.diagnosis import Diagnosis, diagnose, history
from fauxtune.operations.profiles import assignment_filters, assignments, resources
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.tables import metadata
from tests.support import diagnosis_faults
from tests.support.certificates import OTHER_AUTHORITY
from tests.support.databases import OpenDatabases, remembered
from tests.support.diagnosis_faults import FAULTS, DiagnosedTenant, Plant
from tests.support.postgresql import PostgresServer
from tests.support.tenant import open_tenant, reopen_tenant

FILE = "healthy.sqlite"


@dataclass(frozen=True, slots=True)
class Template:
    """A healthy tenant at rest, in a database of its own. `put_back` writes its rows into it again (PostgreSQL)."""

    url: str
    folder: Path
    diagnosed: DiagnosedTenant
    put_back: Callable[[], None] | None = None


@pytest.fixture(scope="module")
def template(
    tmp_path_factory: pytest.TempPathFactory, rsa_keys: KeyRing, raw_rsa_keys: list[RSAPrivateKey]
) -> Callable[[str, Path], Template]:
    """Makes the tenant in an empty database: once for each kind, since its devices settle in a fifth of a second."""

    async def live(database: Database, folder: Path) -> DiagnosedTenant:
        contoso = await open_tenant(database, folder, keys=rsa_keys, raw_keys=raw_rsa_keys)
        return await diagnosis_faults.open_diagnosed_tenant(contoso)

    def make(url: str, folder: Path) -> Template:
        database = Database(url)
        metadata.create_all(database.engine)
        diagnosed = asyncio.run(live(database, folder))
        database.close()
        return Template(url, folder, diagnosed)

    return make


@pytest.fixture(scope="module")
def sqlite_healthy(template: Callable[[str, Path], Template], tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The healthy tenant in a SQLite file."""
    folder = tmp_path_factory.mktemp("healthy-sqlite")
    return template(sqlite_url(folder / FILE), folder)


@pytest.fixture(scope="module")
def postgresql_healthy(
    template: Callable[[str, Path], Template],
    tmp_path_factory: pytest.TempPathFactory,
    postgresql_server: PostgresServer,
) -> Iterator[Template]:
    """The healthy tenant in a PostgreSQL database, every table of which is there once more."""
    url = postgresql_server.url(postgresql_server.create())
    made = template(url, tmp_path_factory.mktemp("healthy-postgresql"))
    engine = sqlalchemy.create_engine(url)
    yield replace(made, put_back=remembered(engine, "healthy"))
    engine.dispose()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the emulator of each test has its files: under one name, so that `databases` can stay open."""
    return tmp_path_factory.mktemp("diagnosed")


@pytest.fixture
def healthy(request: pytest.FixtureRequest, folder: Path) -> Template:
    """The template of a kind of database, copied into `folder` for this test alone."""
    template: Template = request.getfixturevalue(f"{request.param}_healthy")
    shutil.rmtree(folder)
    shutil.copytree(template.folder, folder)
    if template.put_back is None:
        return replace(template, url=sqlite_url(folder / FILE))
    template.put_back()
    return template


@pytest.fixture
async def diagnosed(healthy: Template, folder: Path, databases: OpenDatabases) -> AsyncIterator[DiagnosedTenant]:
    """The healthy tenant, for this test alone."""
    with databases.lend(healthy.url) as database:
        contoso = await reopen_tenant(healthy.diagnosed.contoso, database, folder)
        yield diagnosis_faults.reopened(healthy.diagnosed, contoso)


async def test_a_healthy_tenant_has_no_finding_and_every_link_holds(diagnosed: DiagnosedTenant) -> None:
    result = await diagnosed.diagnosis()
    assert (result.findings, result.healthy) == ((), True)
    assert {one.status for one in result.chains} == {LinkStatus.OK}, [
        (one.subject.profile.kind, link.name, link.message)
        for one in result.chains
        for link in one.links
        if link.status is not LinkStatus.OK
    ]
    assert len(result.chains) == 6
    assert (await diagnosed.history()).findings == ()


async def test_each_of_the_three_is_enough_and_together_they_narrow_it_down(diagnosed: DiagnosedTenant) -> None:
    by_device = await diagnosed.diagnosis(device=diagnosed.phone.enrollment_id)
    assert {one.subject.device.id for one in by_device.chains if one.subject.device} == {diagnosed.phone.enrollment_id}
    serial = str((await diagnosed.tablet.record()).serial_number)
    tablet = await diagnosed.diagnosis(device=serial)
    assert {one.subject.device.id for one in tablet.chains if one.subject.device} == {diagnosed.tablet.enrollment_id}
    record_id = (await diagnosed.phone.record()).id
    assert len((await diagnosed.diagnosis(device=record_id)).chains) == len(by_device.chains) == 3
    by_profile = await diagnosed.diagnosis(profile=diagnosed.profiles["ios pkcs"])
    assert [one.subject.device.id for one in by_profile.chains if one.subject.device] == [
        diagnosed.tablet.enrollment_id
    ]
    everything = {
        "user": diagnosed.alice,
        "device": diagnosed.phone.enrollment_id,
        "profile": diagnosed.profiles["imported"],
    }
    (one,) = (await diagnosed.diagnosis(**everything)).chains
    assert [link.name for link in one.links][:3] == ["enrollment", "import", "connectorKey"]
    assert (await diagnosed.diagnosis(user=await diagnosed.contoso.user_id("alice"))).healthy


@pytest.mark.both_databases
async def test_what_is_not_there_and_what_does_not_go_together_is_said(diagnosed: DiagnosedTenant) -> None:
    contoso = diagnosed.contoso
    for asked in ({"user": "nobody@x.example"}, {"device": "no-device"}, {"profile": "no-profile"}):
        with pytest.raises(NotFound):
            await diagnosed.diagnosis(**asked)
    with pytest.raises(Invalid, match="user, device, profile or app"):
        await diagnose(contoso.emulator, contoso.tenant)
    with pytest.raises(Invalid, match="alice"):
        await diagnosed.diagnosis(user=contoso.upn("bob"), device=diagnosed.phone.enrollment_id)
    await contoso.root_profile()
    with pytest.raises(Invalid, match="Several profiles"):
        await diagnosed.diagnosis(profile="androidWorkProfileTrustedRootCertificate")
    with pytest.raises(NotFound):
        await contoso.do(history, "nobody")


async def test_nothing_is_written_by_looking(diagnosed: DiagnosedTenant) -> None:
    before = (await diagnosed.contoso.events(), await diagnosed.phone.row(), await diagnosed.phone.ledger())
    await diagnosed.diagnosis()
    await diagnosed.history()
    assert (await diagnosed.contoso.events(), await diagnosed.phone.row(), await diagnosed.phone.ledger()) == before


@pytest.mark.parametrize(("plant", "code"), FAULTS, ids=[plant.__name__ for plant, _ in FAULTS])
async def test_a_planted_fault_is_found_under_its_code_and_no_other(
    diagnosed: DiagnosedTenant, plant: Plant, code: str
) -> None:
    await plant(diagnosed)
    # Before any device has met it, unless nobody can know then.
    assert await diagnosed.codes() == (set() if code in diagnosis_faults.SEEN_LATER else {code})
    await diagnosed.settle()
    assert await diagnosed.codes() == {code}
    result = await diagnosed.diagnosis()
    is_error = any(finding.severity is Severity.ERROR for finding in result.findings)
    assert result.healthy is not is_error
    assert any(one.broken for one in result.chains) is is_error or code in diagnosis_faults.WITHOUT_CHAIN
    assert {finding.code for finding in (await diagnosed.history()).findings} == {code}


async def test_a_device_that_is_silent_for_a_month_is_named(diagnosed: DiagnosedTenant) -> None:
    await diagnosis_faults.long_silence(diagnosed)
    assert await diagnosed.codes() == {"device-silent"}
    (one,) = (
        await diagnosed.diagnosis(device=diagnosed.phone.enrollment_id, profile=diagnosed.profiles["root"])
    ).chains
    assert one.broken is not None
    assert one.broken.name == "checkIn"
    await diagnosed.settle()
    assert await diagnosed.codes() == set()


async def test_what_is_put_right_is_no_finding_any_more(diagnosed: DiagnosedTenant) -> None:
    await diagnosis_faults.root_to_others(diagnosed)
    await diagnosed.settle()
    await diagnosed.contoso.assign(diagnosed.profiles["root"], "All Staff")
    assert await diagnosed.codes() == set()
    await diagnosed.settle()
    assert {one.status for one in (await diagnosed.diagnosis()).chains} == {LinkStatus.OK}


async def test_a_certificate_that_was_removed_is_not_waited_for(diagnosed: DiagnosedTenant) -> None:
    await diagnosis_faults.drop(diagnosed, await diagnosis_faults.current(diagnosed))
    await diagnosed.settle()
    await diagnosis_faults.bring(diagnosed, "smimeEncryption", template="SmimeEncryption")
    await diagnosed.settle()
    result = await diagnosed.diagnosis()
    assert {one.status for one in result.chains} == {LinkStatus.OK}
    imported = [one.links[-1] for one in result.chains if one.subject.source is Source.IMPORTED]
    assert [link.message for link in imported] == ["1 of 1 installed."] * 2


@pytest.mark.both_databases
async def test_where_everything_was_removed_nothing_is_counted(diagnosed: DiagnosedTenant) -> None:
    await diagnosis_faults.drop(diagnosed, await diagnosis_faults.current(diagnosed))
    await diagnosed.settle()
    (one,) = (await diagnosed.diagnosis(profile=diagnosed.profiles["ios imported"])).chains
    assert one.links[-1].message == "The profile gives this device nothing."


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"signs": True}, "purpose-key-usage"),
        ({"mail": False}, "purpose-extended-usage"),
        ({"email": "alice@fabrikam.example"}, "address-mismatch"),
    ],
)
async def test_a_certificate_of_another_authority_is_judged_once_a_connector_has_opened_it(
    diagnosed: DiagnosedTenant, asked: dict[str, Any], code: str
) -> None:
    mark = await diagnosis_faults.bring_from_outside(diagnosed, "smimeEncryption", **asked)
    assert await diagnosed.codes() == set()
    (one,) = (await diagnosed.diagnosis(profile=diagnosed.profiles["ios imported"])).chains
    assert "1 of 2 cannot be checked" in next(link.message for link in one.links if link.name == "address")
    await diagnosed.settle()
    assert await diagnosed.codes() == {code}
    owned = (await diagnosed.history()).facts.owned(mark)
    assert owned is not None
    assert owned.contents is not None
    assert owned.contents.issuer == f"CN={OTHER_AUTHORITY}"


async def test_what_is_known_of_a_file_stays_known_when_its_record_is_changed(diagnosed: DiagnosedTenant) -> None:
    mark = await diagnosis_faults.bring_from_outside(diagnosed, "smimeEncryption", email="alice@fabrikam.example")
    await diagnosed.settle()
    key = await diagnosed.contoso.record_id("alice", mark)
    await diagnosed.contoso.do(imported_pfx.update_pfx, key, changes={"intendedPurpose": "unassigned"})
    owned = (await diagnosed.history()).facts.owned(mark)
    assert owned is not None
    assert owned.contents is not None
    assert owned.contents.addresses == ("alice@fabrikam.example",)


async def test_the_history_shows_every_certificate_with_who_holds_it(diagnosed: DiagnosedTenant) -> None:
    await diagnosis_faults.gap(diagnosed)
    await diagnosed.settle()
    result = await diagnosed.history()
    sources = [certificate.source and certificate.source.value for certificate in result.facts.certificates]
    assert sorted(map(str, sources)) == ["imported", "imported", "pkcs", "pkcs"]
    for certificate in result.facts.certificates:
        devices = {holder.device for holder in certificate.holders}
        assert devices == (
            {diagnosed.phone.enrollment_id, diagnosed.tablet.enrollment_id}
            if certificate.purpose
            else {certificate.device}
        )
    (finding,) = result.findings
    assert result.about(
        next(
            certificate
            for certificate in result.facts.certificates
            if certificate.thumbprint == finding.observation.certificate
        )
    )


async def test_a_device_that_left_is_said_to_have_left(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.action(diagnosed.phone, device_actions.retire)
    assert await diagnosed.codes(device=diagnosed.phone.enrollment_id) == {"enrollment-over"}
    results = {"device": diagnosed.phone.enrollment_id, "profile": diagnosed.profiles["root"]}
    assert await diagnosed.codes(**results) == {"enrollment-over"}
    (one,) = (await diagnosed.diagnosis(**results)).chains
    assert one.broken is not None
    assert one.broken.name == "enrollment"


async def test_a_device_whose_user_was_deleted_is_given_nothing(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.do(users_and_groups.delete_user, diagnosed.alice)
    assert await diagnosed.codes(device=diagnosed.phone.enrollment_id) == {"user-deleted"}


# ------------------------------------------------------------------------------------- a profile that does not come


async def asked_codes(diagnosed: DiagnosedTenant, profile: str) -> set[str]:
    return await diagnosed.codes(user=diagnosed.alice, device=diagnosed.phone.enrollment_id, profile=profile)


async def test_a_profile_that_is_assigned_to_nobody(diagnosed: DiagnosedTenant) -> None:
    profile = await diagnosed.contoso.profile(
        "androidForWorkImportedPFXCertificateProfile", intendedPurpose="smimeEncryption"
    )
    assert await asked_codes(diagnosed, profile) == {"assigned-to-nobody"}
    assert await diagnosed.codes(profile=profile) == {"assigned-to-nobody"}


async def test_a_profile_that_is_assigned_to_others(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.group("Others")
    profile = await diagnosed.contoso.imported_profile("Others")
    assert await asked_codes(diagnosed, profile) == {"assigned-elsewhere"}
    assert await diagnosed.codes(profile=profile) == set()
    (one,) = (await diagnosed.diagnosis(profile=profile)).chains
    assert (one.status, one.subject.device) == (LinkStatus.WAITING, None)


async def test_a_profile_whose_exclusion_names_the_user(diagnosed: DiagnosedTenant) -> None:
    profile = await diagnosed.contoso.imported_profile()
    await diagnosed.contoso.assign(profile, "All Staff", excluded=("SMIME Pilot",))
    assert await asked_codes(diagnosed, profile) == {"excluded"}


async def test_a_profile_whose_filter_lets_the_device_not_through(diagnosed: DiagnosedTenant) -> None:
    contoso = diagnosed.contoso
    rule = {"displayName": "Nokia", "platform": "androidForWork", "rule": '(device.manufacturer -eq "Nokia")'}
    rule |= {"assignmentFilterManagementType": "devices"}
    result = await contoso.do(assignment_filters.create_filter, rule)
    profile = await contoso.imported_profile()
    document = {
        "groupId": contoso.groups["All Staff"],
        "deviceAndAppManagementAssignmentFilterId": result["id"],
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    target = assignments.NewAssignment(TargetKind.GROUP, GroupId(contoso.groups["All Staff"]), document)
    await contoso.do(assignments.assign, profile, targets=[target])
    assert await asked_codes(diagnosed, profile) == {"filtered-out"}


async def test_a_profile_for_another_kind_of_device(diagnosed: DiagnosedTenant) -> None:
    assert await asked_codes(diagnosed, diagnosed.profiles["ios root"]) == {"other-platform"}


async def test_a_profile_that_only_is_kept(diagnosed: DiagnosedTenant) -> None:
    profile = await diagnosed.contoso.profile("androidWorkProfileCustomConfiguration", "All Staff")
    assert await asked_codes(diagnosed, profile) == {"kept-only"}
    assert await diagnosed.codes() == set()


async def test_a_profile_that_devices_of_the_edition_do_not_take(diagnosed: DiagnosedTenant) -> None:
    phone = await diagnosed.contoso.enroll("alice", mode="fully-managed", hardware="phone-2")
    await diagnosed.contoso.root_profile(owned=True)
    profile = await diagnosed.contoso.pkcs_profile(owned=True)
    await diagnosed.contoso.switch(edition="2020-04")
    result = await diagnosed.diagnosis(device=phone.enrollment_id, profile=profile)
    assert [(finding.code, finding.severity) for finding in result.findings] == [("not-in-edition", Severity.ERROR)]


async def test_what_is_not_applicable_has_a_short_chain_and_is_not_called_ok(diagnosed: DiagnosedTenant) -> None:
    await diagnosis_faults.edition_of_2020(diagnosed)
    (one,) = [one for one in (await diagnosed.diagnosis()).chains if not one.subject.profile.applies]
    assert one.status is one.links[-1].status is LinkStatus.NOT_APPLICABLE
    assert {"connector", "trustedRoot"}.isdisjoint(link.name for link in one.links)
    assert "not applicable" in one.links[-1].message


async def test_a_profile_that_reaches_a_company_is_looked_at_on_some_of_its_devices(
    diagnosed: DiagnosedTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await diagnosed.contoso.enroll("bob", hardware="phone-of-bob")
    everywhere = await diagnosed.diagnosis(profile=diagnosed.profiles["root"])
    people = {one.subject.facts.user.name for one in everywhere.chains if one.subject.facts.user}
    assert people == {diagnosed.alice, diagnosed.contoso.upn("bob")}
    assert (everywhere.left_out, len(everywhere.chains)) == (0, 2)
    monkeypatch.setattr(diagnosis, "MOST_DEVICES", 1)
    some = await diagnosed.diagnosis(profile=diagnosed.profiles["root"])
    assert (some.left_out, len(some.chains)) == (1, 1)


async def test_a_user_without_devices_waits_for_one_and_is_told_how_to_enrol_it(diagnosed: DiagnosedTenant) -> None:
    bob = diagnosed.contoso.upn("bob")
    result = await diagnosed.diagnosis(user=bob)
    assert (result.chains, result.healthy) == ((), False)
    assert fixes(result) == {"no-device": f"Enrol one: fauxtune device add --user {bob} --platform ios"}
    (one,) = (await diagnosed.diagnosis(user=bob, profile=diagnosed.profiles["root"])).chains
    assert one.status is LinkStatus.WAITING


# ---------------------------------------------------------------------------- what does not come, and nobody named


def fixes(result: Diagnosis) -> dict[str, str]:
    return {finding.code: finding.observation.fix for finding in result.findings}


@pytest.mark.both_databases
async def test_a_refused_enrolment_is_named_until_such_a_device_is_enrolled(diagnosed: DiagnosedTenant) -> None:
    contoso, bob = diagnosed.contoso, diagnosed.contoso.upn("bob")
    token = await contoso.token("bob")
    restriction = await diagnosis_faults.block_work_profiles(contoso)
    with pytest.raises(EnrollmentRestricted):
        await contoso.enroll("bob", token=token)
    contoso.clock.forward(minutes=2)
    result = await diagnosed.diagnosis(user=bob)
    assert not result.healthy
    (finding,) = result.findings
    assert finding.observation.message.startswith(
        f"{bob} has no device. A device (Android, work profile) was refused 2 minutes ago: "
    )
    assert "'Ours' blocks the platform AndroidForWork" in finding.observation.message
    assert finding.observation.fix.endswith(f": fauxtune user enrollable {bob}")
    (one,) = (await diagnosed.diagnosis(user=bob, profile=diagnosed.profiles["root"])).chains
    assert one.broken is not None
    assert one.broken.name == "enrollment"
    assert (await diagnosed.diagnosis()).findings == ()  # alice was not refused
    await contoso.do(resources.delete, ENROLLMENT_CONFIGURATIONS, key=restriction)
    (finding,) = (await diagnosed.diagnosis(user=bob)).findings
    assert (finding.code, finding.severity) == ("enrollment-refused", Severity.WARNING)
    phone = await contoso.enroll("bob", token=token)
    await phone.settle()
    assert "enrollment-refused" not in fixes(await diagnosed.diagnosis(user=bob))


async def test_a_profile_for_another_platform_is_named_although_nobody_asked_for_it(diagnosed: DiagnosedTenant) -> None:
    contoso, bob = diagnosed.contoso, diagnosed.contoso.upn("bob")
    for profile in diagnosed.profiles.values():
        await contoso.delete_profile(profile)
    phone = await contoso.enroll("bob", hardware="phone-of-bob")
    await contoso.profile("windows10PkcsCertificateProfile", "All Staff", **contoso.pkcs_document())
    result = await diagnosed.diagnosis(user=bob)
    (finding,) = result.findings
    assert (finding.code, finding.severity, result.healthy) == ("other-platform", Severity.ERROR, False)
    assert "(Android, work profile) gets no PKCS certificate: " in finding.observation.message
    assert finding.observation.message.endswith("is only for Windows.")
    assert "fauxtune profile create pkcs --name " in finding.observation.fix
    assert '--platform android --template SmimeSigning --group "All Staff"' in finding.observation.fix
    # With other certificates, the device may be meant to have none of these: no more than a warning.
    await contoso.imported_profile()
    result = await diagnosed.diagnosis(device=phone.enrollment_id)
    assert {finding.code: finding.severity for finding in result.findings}["other-platform"] is Severity.WARNING


async def test_a_profile_for_another_platform_breaks_the_way_to_the_devices_of_the_user(
    diagnosed: DiagnosedTenant,
) -> None:
    windows = await diagnosed.contoso.profile(
        "windows10PkcsCertificateProfile", "All Staff", **diagnosed.contoso.pkcs_document()
    )
    result = await diagnosed.diagnosis(user=diagnosed.alice, profile=windows)
    assert [one.broken and one.broken.name for one in result.chains] == ["platform", "platform"]
    assert {one.subject.device and one.subject.device.id for one in result.chains} == {
        diagnosed.phone.enrollment_id,
        diagnosed.tablet.enrollment_id,
    }
    commands = {finding.observation.fix.partition(" --platform ")[2].split()[0] for finding in result.findings}
    assert commands == {"android", "ios"}


async def test_a_profile_that_is_assigned_to_nobody_is_named_although_nobody_asked_for_it(
    diagnosed: DiagnosedTenant,
) -> None:
    for name in ("pkcs", "imported"):
        await diagnosed.contoso.delete_profile(diagnosed.profiles[name])
    await diagnosed.contoso.profile("androidWorkProfilePkcsCertificateProfile", **diagnosed.contoso.pkcs_document())
    result = await diagnosed.diagnosis(device=diagnosed.phone.enrollment_id)
    found = {finding.code: finding.severity for finding in result.findings}
    assert found["assigned-to-nobody"] is Severity.ERROR
    command = "fauxtune profile assign androidWorkProfilePkcsCertificateProfile --all-users"
    assert fixes(result)["assigned-to-nobody"].endswith(command)


async def test_a_device_for_which_there_is_no_profile_at_all_is_told_so(diagnosed: DiagnosedTenant) -> None:
    contoso = diagnosed.contoso
    for name in ("ios pkcs", "ios imported", "ios root"):
        await contoso.delete_profile(diagnosed.profiles[name])
    for name in ("pkcs", "imported", "root"):
        await contoso.delete_profile(diagnosed.profiles[name])
    result = await diagnosed.diagnosis(device=diagnosed.tablet.enrollment_id)
    assert (result.healthy, [finding.code for finding in result.findings][:1]) == (False, ["nothing-assigned"])
    command = "fauxtune profile create root --name 'Root (iOS)' --platform ios --all-users"
    assert fixes(result)["nothing-assigned"].endswith(f": {command}")
    await contoso.group("Others")
    await contoso.profile("iosPkcsCertificateProfile", "Others", **contoso.pkcs_document())
    result = await diagnosed.diagnosis(device=diagnosed.tablet.enrollment_id)
    assert "'iosPkcsCertificateProfile' (to the group 'Others')" in result.findings[0].observation.message
    assert fixes(result)["nothing-assigned"].endswith("profile assign iosPkcsCertificateProfile --all-users")
