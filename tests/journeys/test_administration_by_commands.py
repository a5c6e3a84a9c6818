"""An administrator who uses commands only: phone, iPhone and PC get what was created for all platforms at once."""

from __future__ import annotations

from pathlib import Path

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.platforms import Platform
from tests.support.administrator import AgentEnroller
from tests.support.commands import Commands
from tests.support.running_server import Running

DEVICES = (Platform.ANDROID, Platform.IOS, Platform.WINDOWS)


def own_certificates(agent: Agent) -> list[str]:
    """The thumbprints of the certificates that were made for this device."""
    return [identity.thumbprint for identity in agent.device.keystore.identities() if identity.source == "pkcs"]


async def test_one_command_for_all_platforms_reaches_each_device(server: Running, enrol_agent: AgentEnroller) -> None:
    run = Commands(Path(server.endpoints["caFile"]).parents[1])
    run.text("profile", "create", "root", "--name", "Root", "--platform", "all", "--all-users")
    run.text(
        "profile", "create", "pkcs", "--name", "Signing", "--template", "SmimeP256", "--platform", "all",
        "--group", "All Staff",
    )  # fmt: skip
    run.text(
        "profile", "create", "email", "--name", "Mail", "--platform", "ios", "--platform", "android",
        "--mail-server", "mail.contoso.example", "--signing", "Signing", "--all-users",
    )  # fmt: skip
    phone, iphone, _pc = agents = [await enrol_agent(platform) for platform in DEVICES]
    for agent in agents:
        assert (await agent.check_in()).settled
    held = [own_certificates(agent) for agent in agents]
    assert [len(each) for each in held] == [1, 1, 1]
    assert len({each[0] for each in held}) == 3, "each device has a certificate of its own"
    assert [len(agent.device.accounts) for agent in agents] == [1, 1, 0]

    lines = [line.split()[:-1] for line in run.text("profile", "list").splitlines()]
    assert ["Signing", "(iOS)", "pkcs", "ios", "All", "Staff", "1", "0", "0", "2"] in lines
    assert ["Root", "(macOS)", "root", "macos", "all", "users", "0", "0", "0", "3"] in lines
    shown = run.text("profile", "show", "Signing", "--platform", "ios")
    assert "installed" in shown.rpartition("\n\n")[2]
    (alice,) = (each for each in run.json("user", "list") if each["displayName"] == "Alice Adams")
    assert alice["devices"] == 3

    words = run.text("profile", "unassign", "Signing", "--platform", "ios", "--group", "All Staff", "--what-if")
    assert iphone.device.name in words
    assert [own_certificates(agent) for agent in agents] == held
    run.text("profile", "unassign", "Mail", "--platform", "all", "--everything")
    run.text("profile", "unassign", "Signing", "--platform", "ios", "--group", "All Staff")
    for agent in agents:
        assert (await agent.check_in()).settled
    assert [len(own_certificates(agent)) for agent in agents] == [1, 0, 1]
    assert not phone.device.accounts

    run.text("group", "create", "iPhones")
    run.text("group", "add", "iPhones", "--device", iphone.device.name)
    run.text("profile", "assign", "Signing (iOS)", "--group", "iPhones")
    assert (await iphone.check_in()).settled
    assert len(own_certificates(iphone)) == 1
    run.text("group", "remove", "iPhones", "--device", iphone.device.name)
    assert (await iphone.check_in()).settled
    assert own_certificates(iphone) == []
    deleted = run.json("profile", "delete", "Root", "Signing", "Mail", "--platform", "all")["deleted"]
    assert len(deleted) == 17
    assert "Mail" in deleted[0]["displayName"], "what refers to another goes before it"
