"""The Android agent against a service that plays the wire: enrolment, policy, operations, leaving, restarts."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.android.client import AndroidAgent
from fauxtune_sim.android.enrollment import MODES, AndroidEnrollment
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere, ServerRefused, ServerUnreachable
from fauxtune_sim.platforms import Mode
from fauxtune_sim.server.transport import Transport

if TYPE_CHECKING:
    from tests.simulator.conftest import Enrolled, Pki, Service


async def test_a_used_up_token_is_refused_with_the_services_words(service: Service, transport: Transport) -> None:
    agent = AndroidAgent(Device.new(), transport)
    with pytest.raises(ServerRefused, match="the token is used up") as refusal:
        await agent.enroll(server=service.url, tenant="contoso", token="spent")
    assert refusal.value.status == 401
    assert not agent.device.is_enrolled


async def test_the_first_report_after_enrolment_shows_an_empty_key_store(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled()
    done = await agent.check_in()
    (report,) = service.of(agent).reports
    assert report["keyStore"] == {"aliases": [], "caCerts": []}
    assert report["appliedPolicyVersion"] == "0"
    assert (done.settled, done.reports, done.installed) == (True, 1, [])


async def test_what_the_policy_names_is_installed_and_reported(enrolled: Enrolled, service: Service, pki: Pki) -> None:
    agent = await enrolled()
    served, own, imported = service.of(agent), pki.issue(), pki.issue()
    served.give(
        roots=[pki.root, pki.intermediate],
        pairs=[
            served.pair(own),
            served.pair(imported, alias="imported-1", source="IMPORTED_PFX", intendedPurpose="smimeEncryption"),
        ],
    )
    done = await agent.check_in()
    assert done.settled
    assert len(done.installed) == 4
    rows = {row["alias"]: row for row in agent.device.keystore.listing()}
    assert (rows["pkcs-1"]["source"], rows["pkcs-1"]["thumbprint"]) == ("pkcs", own.thumbprint)
    assert (rows["imported-1"]["source"], rows["imported-1"]["intendedPurpose"]) == ("imported", "smimeEncryption")
    assert agent.device.keystore.identity("pkcs-1").key.private_numbers() == own.key.private_numbers()
    assert agent.device.keystore.identity("pkcs-1").chain == (pki.intermediate,)
    last = served.reports[-1]
    assert {one["alias"]: one["sha1"] for one in last["keyStore"]["aliases"]} == {
        "pkcs-1": own.thumbprint,
        "imported-1": imported.thumbprint,
    }
    assert len(last["keyStore"]["caCerts"]) == 2
    assert (last["appliedPolicyVersion"], last["policyCompliant"]) == ("1", True)


async def test_a_quiet_check_in_is_one_report_and_nothing_else(enrolled: Enrolled, service: Service, pki: Pki) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())])
    await agent.check_in()
    reports, requests = len(served.reports), served.policy_requests
    done = await agent.check_in()
    assert (done.settled, done.reports, len(served.reports), served.policy_requests) == (True, 1, reports + 1, requests)


async def test_a_changed_pfx_overwrites_its_alias(enrolled: Enrolled, service: Service, pki: Pki) -> None:
    agent = await enrolled()
    served, new = service.of(agent), pki.issue()
    served.give(pairs=[served.pair(pki.issue())])
    await agent.check_in()
    served.give(pairs=[served.pair(new)])
    done = await agent.check_in()
    assert done.installed == ["pkcs-1"]
    assert [one.thumbprint for one in agent.device.keystore.identities()] == [new.thumbprint]


async def test_what_the_policy_no_longer_names_is_removed(enrolled: Enrolled, service: Service, pki: Pki) -> None:
    agent = await enrolled()
    served = service.of(agent)
    kept = served.pair(pki.issue(), alias="kept")
    served.give(pairs=[served.pair(pki.issue(), alias="gone"), kept], roots=[pki.root, pki.intermediate])
    await agent.check_in()
    served.give(pairs=[kept], roots=[pki.root])
    done = await agent.check_in()
    assert list(agent.device.keystore.entries) == ["kept"]
    assert len(agent.device.keystore.trusted) == 1
    assert len(done.removed) == 2
    assert done.installed == []


async def test_a_pfx_whose_password_is_wrong_is_refused_and_the_reason_reported(
    enrolled: Enrolled, service: Service, pki: Pki
) -> None:
    agent = await enrolled()
    served, good = service.of(agent), pki.issue()
    bad = served.pair(pki.issue(), alias="bad") | {
        "encryptedPassword": served.pair(good, password=b"another")["encryptedPassword"]
    }
    served.give(pairs=[bad, served.pair(good, alias="good")])
    done = await agent.check_in()
    assert done.settled
    assert list(agent.device.keystore.entries) == ["good"]
    (detail,) = served.reports[-1]["nonComplianceDetails"]
    assert (detail["settingName"], detail["fieldPath"]) == ("keyPairs", "keyPairs[alias=bad]")
    assert detail["nonComplianceReason"] == "INVALID_VALUE"
    assert "password is wrong" in detail["currentValue"]
    assert served.reports[-1]["policyCompliant"] is False


async def test_a_password_that_is_sealed_for_another_device_is_refused(
    enrolled: Enrolled, service: Service, pki: Pki
) -> None:
    agent, other = await enrolled(), await enrolled()
    served = service.of(agent)
    served.give(pairs=[service.of(other).pair(pki.issue())])
    done = await agent.check_in()
    assert agent.device.keystore.is_empty
    assert "cannot be decrypted with this device's identity key" in done.refused[0].why


async def test_what_was_refused_is_installed_once_it_is_delivered_right(
    enrolled: Enrolled, service: Service, pki: Pki
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    right = served.pair(pki.issue())
    served.give(pairs=[right | {"encryptedPassword": base64.b64encode(b"nonsense").decode()}])
    assert (await agent.check_in()).refused
    served.give(pairs=[right])
    assert (await agent.check_in()).refused == ()
    assert served.reports[-1]["nonComplianceDetails"] == []
    assert list(agent.device.keystore.entries) == ["pkcs-1"]


async def test_a_bad_replacement_leaves_the_old_key_in_place(enrolled: Enrolled, service: Service, pki: Pki) -> None:
    agent = await enrolled()
    served, old = service.of(agent), pki.issue()
    served.give(pairs=[served.pair(old)])
    await agent.check_in()
    served.give(pairs=[served.pair(old) | {"pkcs12": base64.b64encode(b"no PFX").decode()}])
    done = await agent.check_in()
    assert "cannot be opened" in done.refused[0].why
    assert [one.thumbprint for one in agent.device.keystore.identities()] == [old.thumbprint]


async def test_a_trusted_certificate_that_is_not_what_its_digest_says_is_refused(
    enrolled: Enrolled, service: Service, pki: Pki
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(roots=[pki.root, pki.intermediate])
    served.policy["caCerts"][0]["x509"] = served.policy["caCerts"][1]["x509"]
    done = await agent.check_in()
    assert done.refused[0].setting == "caCerts"
    assert agent.device.keystore.trusted_certificates() == (pki.intermediate,)


@pytest.mark.parametrize(("scope", "words"), [("DEVICE", "factory reset"), ("COMPANY_DATA", "company data removed")])
async def test_a_wipe_is_completed_before_everything_is_forgotten(
    enrolled: Enrolled, service: Service, pki: Pki, scope: str, words: str
) -> None:
    agent = await enrolled(mode=Mode.FULLY_MANAGED)
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())], roots=[pki.root])
    await agent.check_in()
    served.wipe(scope)
    done = await agent.check_in()
    assert [one["body"] for one in served.completed] == [{"done": True}]
    assert done.ended == words
    assert agent.device.keystore.is_empty
    assert not agent.device.is_enrolled


@pytest.mark.parametrize(("scope", "left"), [("DEVICE", []), ("COMPANY_DATA", ["scep-1"])])
async def test_with_samsung_knox_a_certificate_by_scep_stays_when_the_device_is_retired(
    enrolled: Enrolled, service: Service, pki: Pki, scope: str, left: list[str]
) -> None:
    agent = await enrolled(mode=Mode.KNOX)
    await agent.check_in()
    given = (pki.issue(alias="scep-1", source="scep"), pki.issue(alias="pkcs-1"))
    for entry in pki.store(*given).entries.values():
        agent.device.keystore.install(entry)
    service.of(agent).wipe(scope)
    await agent.check_in()
    assert not agent.device.is_enrolled
    assert list(agent.device.keystore.entries) == left


async def test_an_operation_that_the_agent_does_not_know_is_completed_with_an_error(
    enrolled: Enrolled, service: Service
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.wipe("DEVICE")
    served.operations[0]["metadata"]["type"] = "RELINQUISH_OWNERSHIP"
    done = await agent.check_in()
    assert done.settled
    assert served.completed[0]["body"]["error"]["message"] == "this agent does not implement RELINQUISH_OWNERSHIP"


async def test_a_device_that_the_service_does_not_know_any_more_forgets_everything(
    enrolled: Enrolled, service: Service, pki: Pki
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())], roots=[pki.root])
    await agent.check_in()
    service.forget(agent)
    done = await agent.check_in()
    assert done.ended is not None
    assert agent.device.keystore.is_empty
    with pytest.raises(NotAllowedHere, match="not enrolled"):
        await agent.check_in()


async def test_a_service_in_trouble_costs_the_device_nothing(enrolled: Enrolled, service: Service, pki: Pki) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())])
    await agent.check_in()
    service.in_trouble = True
    with pytest.raises(ServerRefused, match="503"):
        await agent.check_in()
    assert list(agent.device.keystore.entries) == ["pkcs-1"]


async def test_unenrolling_a_work_profile_tells_the_service_and_forgets(
    enrolled: Enrolled, service: Service, pki: Pki
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())])
    await agent.check_in()
    assert await agent.unenroll() is None
    assert served.unenrolled == [{"reason": "USER_REMOVED_WORK_PROFILE"}]
    assert agent.device.keystore.is_empty


async def test_a_work_profile_can_be_removed_while_the_service_is_away(transport: Transport) -> None:
    device = Device.new()
    device.enrollment = AndroidEnrollment(
        server="http://127.0.0.1:1",
        tenant="contoso",
        name="enterprises/e/devices/d",
        credential="c",
        identity_certificate=b"",
        identity_key=b"",
        policy_name="p",
        user_principal_name="alice@contoso.example",
        push_token="t",
    )
    agent = AndroidAgent(device, transport)
    with pytest.raises(ServerUnreachable):
        await agent.check_in()
    assert "cannot be reached" in str(await agent.unenroll())
    assert not device.is_enrolled


@pytest.mark.parametrize("mode", [mode for mode, ways in MODES.items() if not ways.user_can_unenroll])
async def test_the_companys_own_device_refuses_to_unenrol_without_asking_the_service(
    enrolled: Enrolled, service: Service, mode: Mode
) -> None:
    agent = await enrolled(mode=mode)
    with pytest.raises(NotAllowedHere, match=f"the company's .*{mode}"):
        await agent.unenroll()
    assert service.of(agent).unenrolled == []
    assert agent.device.is_enrolled


async def test_an_enrolled_device_cannot_be_enrolled_again(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled()
    with pytest.raises(NotAllowedHere, match="enrolled already"):
        await agent.enroll(server=service.url, tenant="contoso", token="good")


async def test_a_device_survives_a_restart_and_goes_on_where_it_was(
    enrolled: Enrolled, service: Service, transport: Transport, pki: Pki, tmp_path: Path
) -> None:
    agent = await enrolled(Device.new("a phone", folder=tmp_path / "phone"))
    served, own = service.of(agent), pki.issue()
    bad = served.pair(pki.issue(), alias="bad") | {"pkcs12": base64.b64encode(b"no PFX").decode()}
    served.give(pairs=[served.pair(own), bad], roots=[pki.root])
    await agent.check_in()
    again = AndroidAgent(load_device(tmp_path / "phone"), transport)
    done = await again.check_in()
    assert (done.settled, done.reports, done.installed) == (True, 1, [])
    assert served.reports[-1] == served.reports[-2]
    assert again.device.keystore.identity("pkcs-1").key.private_numbers() == own.key.private_numbers()


async def test_a_wiped_device_is_the_same_hardware_when_it_is_enrolled_again(
    enrolled: Enrolled, service: Service, transport: Transport, tmp_path: Path
) -> None:
    agent = await enrolled(Device.new("a phone", mode=Mode.FULLY_MANAGED, folder=tmp_path / "phone"))
    first = service.of(agent)
    first.wipe("DEVICE")
    await agent.check_in()
    assert not (tmp_path / "phone" / "keystore.json").exists()
    again = await enrolled(load_device(tmp_path / "phone"))
    assert service.of(again).request["hardwareInfo"] == first.request["hardwareInfo"]
    assert service.of(again).name != first.name
