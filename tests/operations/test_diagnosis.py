"""A healthy tenant has no finding; each planted fault is found under its own code, and under no other."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.connector.refusals import REFUSALS, KeyMissing
from fauxtune.core.engine.diagnosis.chain import LINKS, LinkStatus
from fauxtune.core.engine.diagnosis.findings import Severity
from fauxtune.core.engine.diagnosis.rules import CODES
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.items import REMEDIATION_FAILED
from fauxtune.core.model.states import Source
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.insight import diagnosis
from fauxtune.operations.insight.diagnosis import diagnose, history, number
from fauxtune.operations.profiles import assignment_filters, assignments
from tests.operations.office import Office
from tests.support import diagnosis_faults
from tests.support.certificates import OTHER_AUTHORITY
from tests.support.diagnosis_faults import FAULTS, Company, Plant


@pytest.fixture
async def company(office: Office) -> Company:
    return await diagnosis_faults.open_company(office)


async def test_a_healthy_tenant_has_no_finding_and_every_link_holds(company: Company) -> None:
    found = await company.diagnosis()
    assert (found.findings, found.healthy) == ((), True)
    assert {one.status for one in found.chains} == {LinkStatus.OK}, [
        (one.subject.profile.kind, link.name, link.message)
        for one in found.chains
        for link in one.links
        if link.status is not LinkStatus.OK
    ]
    assert len(found.chains) == 6
    assert (await company.history()).findings == ()


async def test_each_of_the_three_is_enough_and_together_they_narrow_it_down(company: Company) -> None:
    by_device = await company.diagnosis(device=company.phone.enrollment_id)
    assert {one.subject.device.id for one in by_device.chains if one.subject.device} == {company.phone.enrollment_id}
    record_id = (await company.phone.record())["id"]
    assert len((await company.diagnosis(device=record_id)).chains) == len(by_device.chains) == 3
    by_profile = await company.diagnosis(profile=company.profiles["ios pkcs"])
    assert [one.subject.device.id for one in by_profile.chains if one.subject.device] == [company.tablet.enrollment_id]
    everything = {"user": company.alice, "device": company.phone.enrollment_id, "profile": company.profiles["imported"]}
    (one,) = (await company.diagnosis(**everything)).chains
    assert [link.name for link in one.links][:3] == ["enrollment", "import", "connectorKey"]
    assert (await company.diagnosis(user=await company.office.user_id("alice"))).healthy


async def test_what_is_not_there_and_what_does_not_go_together_is_said(company: Company) -> None:
    office = company.office
    for asked in ({"user": "nobody@x.example"}, {"device": "no-device"}, {"profile": "no-profile"}):
        with pytest.raises(NotFound):
            await company.diagnosis(**asked)
    with pytest.raises(Invalid, match="user, device or profile"):
        await diagnose(office.emulator, office.tenant)
    with pytest.raises(Invalid, match="alice"):
        await company.diagnosis(user=office.upn("bob"), device=company.phone.enrollment_id)
    await office.root_profile()
    with pytest.raises(Invalid, match="Several profiles"):
        await company.diagnosis(profile="androidWorkProfileTrustedRootCertificate")
    with pytest.raises(NotFound):
        await office.do(history, "nobody")


async def test_nothing_is_written_by_looking(company: Company) -> None:
    before = (await company.office.events(), await company.phone.row(), await company.phone.ledger())
    await company.diagnosis()
    await company.history()
    assert (await company.office.events(), await company.phone.row(), await company.phone.ledger()) == before


@pytest.mark.parametrize(("plant", "code"), FAULTS, ids=[plant.__name__ for plant, _ in FAULTS])
async def test_a_planted_fault_is_found_under_its_code_and_no_other(company: Company, plant: Plant, code: str) -> None:
    await plant(company)
    # Before any device has met it, unless nobody can know then.
    assert await company.codes() == (set() if code in diagnosis_faults.SEEN_LATER else {code})
    await company.settle()
    assert await company.codes() == {code}
    found = await company.diagnosis()
    is_error = any(each.severity is Severity.ERROR for each in found.findings)
    assert found.healthy is not is_error
    assert any(one.broken for one in found.chains) is is_error or code in diagnosis_faults.WITHOUT_CHAIN
    assert {each.code for each in (await company.history()).findings} == {code}


async def test_a_device_that_is_silent_for_a_month_is_named(company: Company) -> None:
    await diagnosis_faults.long_silence(company)
    assert await company.codes() == {"device-silent"}
    (one,) = (await company.diagnosis(device=company.phone.enrollment_id, profile=company.profiles["root"])).chains
    assert one.broken is not None
    assert one.broken.name == "checkIn"
    await company.settle()
    assert await company.codes() == set()


async def test_what_is_put_right_is_no_finding_any_more(company: Company) -> None:
    await diagnosis_faults.root_to_others(company)
    await company.settle()
    await company.office.assign(company.profiles["root"], "All Staff")
    assert await company.codes() == set()
    await company.settle()
    assert {one.status for one in (await company.diagnosis()).chains} == {LinkStatus.OK}


async def test_a_certificate_that_was_removed_is_not_waited_for(company: Company) -> None:
    await diagnosis_faults.drop(company, await diagnosis_faults.current(company))
    await company.settle()
    await diagnosis_faults.bring(company, "smimeEncryption", template="SmimeEncryption")
    await company.settle()
    found = await company.diagnosis()
    assert {one.status for one in found.chains} == {LinkStatus.OK}
    imported = [one.links[-1] for one in found.chains if one.subject.source is Source.IMPORTED]
    assert [link.message for link in imported] == ["1 of 1 installed."] * 2


async def test_where_everything_was_removed_nothing_is_counted(company: Company) -> None:
    await diagnosis_faults.drop(company, await diagnosis_faults.current(company))
    await company.settle()
    (one,) = (await company.diagnosis(profile=company.profiles["ios imported"])).chains
    assert one.links[-1].message == "Nothing of it is wanted on the device."


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"signs": True}, "purpose-key-usage"),
        ({"mail": False}, "purpose-extended-usage"),
        ({"email": "alice@fabrikam.example"}, "address-mismatch"),
    ],
)
async def test_a_certificate_of_another_authority_is_judged_once_a_connector_has_opened_it(
    company: Company, asked: dict[str, Any], code: str
) -> None:
    mark = await diagnosis_faults.bring_from_outside(company, "smimeEncryption", **asked)
    assert await company.codes() == set()
    (one,) = (await company.diagnosis(profile=company.profiles["ios imported"])).chains
    assert "1 of 2 cannot be looked into" in next(link.message for link in one.links if link.name == "address")
    await company.settle()
    assert await company.codes() == {code}
    owned = (await company.history()).facts.owned(mark)
    assert owned is not None
    assert owned.contents is not None
    assert owned.contents.issuer == f"CN={OTHER_AUTHORITY}"


async def test_what_is_known_of_a_file_stays_known_when_its_record_is_changed(company: Company) -> None:
    mark = await diagnosis_faults.bring_from_outside(company, "smimeEncryption", email="alice@fabrikam.example")
    await company.settle()
    key = await company.office.record_id("alice", mark)
    await company.office.do(imported_pfx.update_pfx, key, changes={"intendedPurpose": "unassigned"})
    owned = (await company.history()).facts.owned(mark)
    assert owned is not None
    assert owned.contents is not None
    assert owned.contents.addresses == ("alice@fabrikam.example",)


async def test_the_history_shows_every_certificate_with_who_holds_it(company: Company) -> None:
    await diagnosis_faults.gap(company)
    await company.settle()
    found = await company.history()
    sources = [each.source and each.source.value for each in found.facts.certificates]
    assert sorted(map(str, sources)) == ["imported", "imported", "pkcs", "pkcs"]
    for each in found.facts.certificates:
        devices = {holder.device for holder in each.holders}
        assert devices == (
            {company.phone.enrollment_id, company.tablet.enrollment_id} if each.purpose else {each.device}
        )
    (finding,) = found.findings
    assert found.about(next(each for each in found.facts.certificates if each.thumbprint == finding.found.certificate))


async def test_a_device_that_left_is_said_to_have_left(company: Company) -> None:
    await company.office.action(company.phone, device_actions.retire)
    assert await company.codes(device=company.phone.enrollment_id) == {"enrollment-over"}
    asked = {"device": company.phone.enrollment_id, "profile": company.profiles["root"]}
    assert await company.codes(**asked) == {"enrollment-over"}
    (one,) = (await company.diagnosis(**asked)).chains
    assert one.broken is not None
    assert one.broken.name == "enrollment"


async def test_a_device_whose_user_was_deleted_is_given_nothing(company: Company) -> None:
    await company.office.do(users_and_groups.delete_user, company.alice)
    assert await company.codes(device=company.phone.enrollment_id) == {"user-deleted"}


# ------------------------------------------------------------------------------------- a profile that does not come


async def asked_codes(company: Company, profile: str) -> set[str]:
    return await company.codes(user=company.alice, device=company.phone.enrollment_id, profile=profile)


async def test_a_profile_that_is_assigned_to_nobody(company: Company) -> None:
    profile = await company.office.profile(
        "androidForWorkImportedPFXCertificateProfile", intendedPurpose="smimeEncryption"
    )
    assert await asked_codes(company, profile) == {"assigned-to-nobody"}
    assert await company.codes(profile=profile) == {"assigned-to-nobody"}


async def test_a_profile_that_is_assigned_to_others(company: Company) -> None:
    await company.office.group("Others")
    profile = await company.office.imported_profile("Others")
    assert await asked_codes(company, profile) == {"assigned-elsewhere"}
    assert await company.codes(profile=profile) == set()
    (one,) = (await company.diagnosis(profile=profile)).chains
    assert (one.status, one.subject.device) == (LinkStatus.WAITING, None)


async def test_a_profile_whose_exclusion_names_the_user(company: Company) -> None:
    profile = await company.office.imported_profile()
    await company.office.assign(profile, "All Staff", excluded=("SMIME Pilot",))
    assert await asked_codes(company, profile) == {"excluded"}


async def test_a_profile_whose_filter_lets_the_device_not_through(company: Company) -> None:
    office = company.office
    rule = {"displayName": "Nokia", "platform": "androidForWork", "rule": '(device.manufacturer -eq "Nokia")'}
    rule |= {"assignmentFilterManagementType": "devices"}
    made = await office.do(assignment_filters.create_filter, rule)
    profile = await office.imported_profile()
    document = {
        "groupId": office.groups["All Staff"],
        "deviceAndAppManagementAssignmentFilterId": made["id"],
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    target = assignments.NewAssignment(TargetKind.GROUP, office.groups["All Staff"], document)
    await office.do(assignments.assign, profile, targets=[target])
    assert await asked_codes(company, profile) == {"filtered-out"}


async def test_a_profile_for_another_kind_of_device(company: Company) -> None:
    assert await asked_codes(company, company.profiles["ios root"]) == {"other-platform"}


async def test_a_profile_that_only_is_kept(company: Company) -> None:
    profile = await company.office.profile("androidWorkProfileGeneralDeviceConfiguration", "All Staff")
    assert await asked_codes(company, profile) == {"kept-only"}
    assert await company.codes() == set()


async def test_a_profile_that_devices_of_the_edition_do_not_take(company: Company) -> None:
    phone = await company.office.enroll("alice", mode="fully-managed", hardware="phone-2")
    await company.office.root_profile(owned=True)
    profile = await company.office.pkcs_profile(owned=True)
    await company.office.switch(edition="2020-04")
    found = await company.diagnosis(device=phone.enrollment_id, profile=profile)
    assert [(each.code, each.severity) for each in found.findings] == [("not-in-edition", Severity.ERROR)]


async def test_what_is_not_applicable_has_a_short_chain_and_is_not_called_ok(company: Company) -> None:
    await diagnosis_faults.edition_of_2020(company)
    (one,) = [one for one in (await company.diagnosis()).chains if not one.subject.profile.applies]
    assert one.status is one.links[-1].status is LinkStatus.NOT_APPLICABLE
    assert {"connector", "trustedRoot"}.isdisjoint(link.name for link in one.links)
    assert "not applicable" in one.links[-1].message


async def test_a_profile_that_reaches_a_company_is_looked_at_on_some_of_its_devices(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    await company.office.enroll("bob", hardware="phone-of-bob")
    everywhere = await company.diagnosis(profile=company.profiles["root"])
    people = {one.subject.facts.user.name for one in everywhere.chains if one.subject.facts.user}
    assert people == {company.alice, company.office.upn("bob")}
    assert (everywhere.left_out, len(everywhere.chains)) == (0, 2)
    monkeypatch.setattr(diagnosis, "MOST_DEVICES", 1)
    some = await company.diagnosis(profile=company.profiles["root"])
    assert (some.left_out, len(some.chains)) == (1, 1)


async def test_a_user_without_devices_waits_for_one(company: Company) -> None:
    bob = company.office.upn("bob")
    assert (await company.diagnosis(user=bob)).chains == ()
    (one,) = (await company.diagnosis(user=bob, profile=company.profiles["root"])).chains
    assert one.status is LinkStatus.WAITING


# ---------------------------------------------------------------------------------------------------------- numbers


def test_every_code_belongs_to_one_link() -> None:
    listed = [code for link in LINKS for code in link.codes]
    assert sorted(listed) == sorted(CODES)


@pytest.mark.parametrize(
    ("code", "family", "inner"),
    [
        (REMEDIATION_FAILED, "intune", None),
        (KeyMissing.number, "connector", 0x1003),
        (diagnosis_faults.WRONG_PASSWORD, "apple", 9000),
        (-2016345612, "syncml", 500),
        (-2016324099, "apple", 12013),
        (0x80070005 - (1 << 32), "unknown", None),
        (0, "unknown", None),
    ],
)
def test_a_number_is_taken_apart(code: int, family: str, inner: int | None) -> None:
    found = number(code)
    assert (found.family, found.number) == (family, inner)
    assert found.words


def test_every_number_of_the_connector_has_words() -> None:
    for each in REFUSALS:
        assert number(each.number).family == "connector"
        assert len(number(each.number).words) > 20
