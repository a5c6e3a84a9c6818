"""Mail accounts on the simulated Android device: set up from an application's configuration, reported, taken away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.android import messages
from fauxtune_sim.cli.owner_commands import Owner
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken

if TYPE_CHECKING:
    from tests.simulator.conftest import Enrolled, Pki, Service

ID, GMAIL = "email-1", "com.google.android.gm"


def application(*, digest: str = "d1", account: str = ID, **configuration: Any) -> dict[str, Any]:
    described = {"email_address": "alice@contoso.example", "exchange_host": "mail.contoso.example", **configuration}
    return {
        "packageName": GMAIL,
        "managedConfiguration": described,
        "emailAccount": {"id": account, "digest": digest},
    }


def reported(report: dict[str, Any]) -> dict[str, str]:
    states = [
        state for application_report in report["applicationReports"] for state in application_report["keyedAppStates"]
    ]
    return {state["key"]: state["data"] for state in states}


async def test_an_account_with_its_certificate_is_set_up_reported_and_kept_over_a_restart(
    enrolled: Enrolled, service: Service, pki: Pki, tmp_path: Path
) -> None:
    agent = await enrolled(Device.new("a phone", folder=tmp_path / "phone"))
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())], applications=[application(exchange_login_certificate_alias="pkcs-1")])
    done = await agent.check_in()
    assert (done.settled, done.installed) == (True, ["pkcs-1", ID])
    assert reported(served.reports[-1]) == {ID: "d1"}
    again = load_device(tmp_path / "phone")
    assert again.accounts == agent.device.accounts
    assert again.accounts[ID].login_alias == "pkcs-1"
    keystore = Owner(tmp_path / "phone").keystore()
    assert [(row["source"], row["alias"]) for row in keystore.document] == [("pkcs", "pkcs-1"), ("email", ID)]
    assert [line.split() for line in keystore.lines[-2:]] == [
        ["email", "alice@contoso.example", "at", "mail.contoso.example"],
        ["in", GMAIL],
    ]


async def test_a_changed_configuration_changes_the_account_and_an_absent_one_takes_it(
    enrolled: Enrolled, service: Service
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(applications=[application()])
    await agent.check_in()
    served.give(applications=[application(digest="d2", exchange_host="other.contoso.example")])
    done = await agent.check_in()
    assert (done.installed, done.removed) == ([ID], [])
    assert agent.device.accounts[ID].configuration["exchange_host"] == "other.contoso.example"
    assert reported(served.reports[-1]) == {ID: "d2"}
    served.give(applications=[])
    assert (await agent.check_in()).removed == [ID]
    assert reported(served.reports[-1]) == {}


@pytest.mark.parametrize(
    ("configuration", "why"),
    [
        ({"exchange_login_certificate_alias": "pkcs-9"}, "no key with the alias pkcs-9"),
        ({"email_address": ""}, "no email_address"),
        ({"exchange_host": None}, "no exchange_host"),
    ],
)
async def test_an_account_that_cannot_work_is_refused_with_the_reason(
    enrolled: Enrolled, service: Service, configuration: dict[str, Any], why: str
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(applications=[application(**configuration)])
    (refusal,) = (await agent.check_in()).refused
    assert (refusal.setting, refusal.path) == ("applications", f"applications[emailAccount={ID}]")
    assert why in refusal.why
    assert reported(served.reports[-1]) == {}
    assert agent.device.accounts == {}


async def test_an_application_without_an_account_is_passed_over(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled()
    service.of(agent).give(applications=[{"packageName": "com.microsoft.office.outlook"}])
    done = await agent.check_in()
    assert (done.settled, done.installed, agent.device.accounts) == (True, [], {})


async def test_accounts_go_with_the_work_profile(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled()
    service.of(agent).give(applications=[application()])
    await agent.check_in()
    await agent.unenroll()
    assert agent.device.accounts == {}


@pytest.mark.parametrize(
    "broken",
    [{"packageName": 1}, {"packageName": GMAIL, "emailAccount": {}}, {"packageName": GMAIL, "emailAccount": 7}],
)
def test_an_application_of_another_shape_is_no_policy(broken: dict[str, Any]) -> None:
    with pytest.raises(AnswerBroken):
        messages.policy({"name": "p", "version": "1", "applications": [broken]})
