"""What sets the modes of Android apart on the device: what it says of itself, what it keeps, and its mail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.android.commands import execute
from fauxtune_sim.android.enrollment import MODES
from fauxtune_sim.android.messages import Operation, enroll_request
from fauxtune_sim.android.policy import SAMSUNG_MAIL
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere
from fauxtune_sim.mail.accounts import Setting
from fauxtune_sim.mail.smime_settings import change_setting, choose_protection, mail_defaults
from fauxtune_sim.platforms import Mode

if TYPE_CHECKING:
    from fauxtune_sim.android.client import AndroidAgent
    from tests.simulator.conftest import Enrolled, Pki, Service

PERSONAL = [mode for mode in Mode if not MODES[mode].owns_device]


@pytest.mark.parametrize(
    ("mode", "management", "ownership"),
    [
        (Mode.WORK_PROFILE, "PROFILE_OWNER", "PERSONALLY_OWNED"),
        (Mode.CORPORATE_WORK_PROFILE, "PROFILE_OWNER", "COMPANY_OWNED"),
        (Mode.FULLY_MANAGED, "DEVICE_OWNER", "COMPANY_OWNED"),
        (Mode.DEDICATED, "DEVICE_OWNER", "COMPANY_OWNED"),
        (Mode.AOSP, "DEVICE_OWNER", "COMPANY_OWNED"),
        (Mode.DEVICE_ADMIN, None, "PERSONALLY_OWNED"),
        (Mode.KNOX, None, "PERSONALLY_OWNED"),
    ],
)
def test_each_mode_enrols_under_its_own_name(mode: Mode, management: str | None, ownership: str) -> None:
    request = enroll_request(Device.new(mode=mode), token="t", csr=b"")
    assert (request["mode"], request.get("managementMode"), request["ownership"]) == (mode.value, management, ownership)
    assert (request["hardwareInfo"]["serialNumber"] == "") is (mode is Mode.WORK_PROFILE)


def test_knox_is_on_samsungs_and_a_mere_device_administrator_is_not() -> None:
    by_key = {mode: {Device.new(mode=mode).hardware.manufacturer for _ in range(40)} for mode in Mode}
    assert by_key[Mode.KNOX] == {"samsung"}
    assert "samsung" not in by_key[Mode.DEVICE_ADMIN]
    assert not by_key[Mode.AOSP] & by_key[Mode.FULLY_MANAGED]


@pytest.mark.parametrize("mode", PERSONAL)
@pytest.mark.parametrize("word", ["REBOOT", "START_LOST_MODE", "LOCATE", "PLAY_SOUND", "SET_DEVICE_NAME"])
def test_who_manages_a_personal_device_cannot_do_what_is_the_owners(mode: Mode, word: str) -> None:
    result = execute(Operation(name="", type=word, scope=""), Device.new(mode=mode))
    assert result.error is not None
    assert result.error[0] == 9
    assert f"android/{mode}" in result.error[1]


# ------------------------------------------------------------------------------------------------- what a device keeps


async def equipped(enrolled: Enrolled, service: Service, pki: Pki, *, mode: Mode, folder: Path) -> AndroidAgent:
    agent = await enrolled(Device.new("a phone", mode=mode, folder=folder))
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())], roots=[pki.root])
    await agent.check_in()
    assert not agent.device.keystore.is_empty
    return agent


async def retired(agent: AndroidAgent, service: Service) -> None:
    service.of(agent).wipe("COMPANY_DATA")
    await agent.check_in()


async def wiped(agent: AndroidAgent, service: Service) -> None:
    service.of(agent).wipe("DEVICE")
    await agent.check_in()


async def unenrolled(agent: AndroidAgent, _service: Service) -> None:
    await agent.unenroll()


async def forgotten(agent: AndroidAgent, service: Service) -> None:
    service.forget(agent)
    await agent.check_in()


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("end", [retired, unenrolled, forgotten, wiped])
async def test_only_what_a_device_administrator_installed_outlasts_management_and_no_reset(
    enrolled: Enrolled, service: Service, pki: Pki, *, tmp_path: Path, mode: Mode, end: Any
) -> None:
    agent = await equipped(enrolled, service, pki, mode=mode, folder=tmp_path / "phone")
    if end is unenrolled and not MODES[mode].user_can_unenroll:
        with pytest.raises(NotAllowedHere):
            await end(agent, service)
        return
    await end(agent, service)
    stays = mode is Mode.DEVICE_ADMIN and end is not wiped
    again = load_device(tmp_path / "phone")
    assert not again.is_enrolled
    assert again.keystore.is_empty is not stays
    assert (tmp_path / "phone" / "keystore.json").exists() is stays


async def test_why_a_users_phone_is_managed_no_more_is_said_in_the_words_of_its_mode(enrolled: Enrolled) -> None:
    for mode, word in ((Mode.WORK_PROFILE, "work profile"), (Mode.KNOX, "device administrator")):
        agent = await enrolled(mode=mode)
        await agent.unenroll()
        assert word in str(agent.device.ended)


async def test_a_device_administrator_takes_nothing_back_that_the_policy_leaves_out(
    enrolled: Enrolled, service: Service, pki: Pki, tmp_path: Path
) -> None:
    agent = await equipped(enrolled, service, pki, mode=Mode.DEVICE_ADMIN, folder=tmp_path / "phone")
    service.of(agent).give(pairs=[], roots=[])
    done = await agent.check_in()
    assert (done.settled, done.removed) == (True, [])
    assert list(agent.device.keystore.entries) == ["pkcs-1"]
    assert service.of(agent).reports[-1]["keyStore"]["aliases"][0]["alias"] == "pkcs-1"


async def test_a_device_administrator_that_comes_again_still_has_what_it_had(
    enrolled: Enrolled, service: Service, pki: Pki, tmp_path: Path
) -> None:
    agent = await equipped(enrolled, service, pki, mode=Mode.DEVICE_ADMIN, folder=tmp_path / "phone")
    await agent.unenroll()
    again = await enrolled(load_device(tmp_path / "phone"))
    await again.check_in()
    assert list(again.device.keystore.entries) == ["pkcs-1"]


# ------------------------------------------------------------------------------------------------------ Samsung's mail


def account(alias: str = "pkcs-1", *, package: str = SAMSUNG_MAIL, **more: Any) -> dict[str, Any]:
    configuration = {
        "email_address": "alice@contoso.example",
        "exchange_host": "mail.contoso.example",
        "require_signed_smime_messages": True,
        "force_smime_certificate_alias": alias,
        **more,
    }
    return {
        "packageName": package,
        "managedConfiguration": configuration,
        "emailAccount": {"id": "email-1", "digest": str(sorted(more))},
    }


async def test_samsungs_mail_signs_what_its_user_writes_and_leaves_encryption_to_them(
    enrolled: Enrolled, service: Service, pki: Pki, tmp_path: Path
) -> None:
    agent = await enrolled(Device.new("a phone", mode=Mode.KNOX, folder=tmp_path / "phone"))
    served, own = service.of(agent), pki.issue()
    served.give(pairs=[served.pair(own)], applications=[account()])
    assert (await agent.check_in()).refused == ()
    device = load_device(tmp_path / "phone")
    defaults = mail_defaults(device)
    assert defaults is not None
    assert (defaults.signs, defaults.signing_identity, defaults.encrypts) == (True, own.thumbprint, False)
    with pytest.raises(NotAllowedHere, match="signing on"):
        choose_protection(device, sign=False)
    assert choose_protection(device, encrypt=True).encrypt
    change_setting(agent.device, "email-1", setting=Setting.ENCRYPT, value=True)
    served.give(pairs=[served.pair(own)], applications=[account(exchange_username="alice")])
    await agent.check_in()
    after = mail_defaults(agent.device)
    assert after is not None
    assert after.encrypts, "what the user chose survives a changed profile"


async def test_samsungs_mail_without_its_certificate_is_not_set_up(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled(mode=Mode.KNOX)
    service.of(agent).give(applications=[account("pkcs-9")])
    (refusal,) = (await agent.check_in()).refused
    assert "no key with the alias pkcs-9 to sign with" in refusal.why
    assert agent.device.accounts == {}


async def test_another_application_hears_nothing_of_smime(enrolled: Enrolled, service: Service, pki: Pki) -> None:
    agent = await enrolled(mode=Mode.WORK_PROFILE)
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())], applications=[account(package="com.google.android.gm")])
    await agent.check_in()
    assert agent.device.accounts["email-1"].smime is None
