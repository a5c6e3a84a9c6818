"""Two administrators who use commands: a wipe waits until the second one has approved it, and is done once."""

from __future__ import annotations

from pathlib import Path

from fauxtune_sim.platforms import Platform
from tests.support.administrator import AgentEnroller
from tests.support.commands import Commands
from tests.support.running_server import Running


async def test_a_lost_phone_is_wiped_once_a_second_administrator_approves(
    server: Running, enrol_agent: AgentEnroller
) -> None:
    run = Commands(Path(server.endpoints["caFile"]).parents[1])
    iphone = await enrol_agent(Platform.IOS)
    name = iphone.device.name
    run.text("approval", "policy", "create", "Wipes", "--type", "deviceWipe", "--group", "SMIME Pilot")
    assert "Ask for that with --justification" in run.refused("device", "wipe", name, "--yes")
    assert name in run.text("device", "wipe", name, "--what-if"), "a question needs no approval"
    asked = run.json("device", "wipe", name, "--yes", "--justification", "Lost, ticket 4711")
    code = asked["approvalRequest"][:8]
    assert (await iphone.check_in()).ended is None
    assert f"about:         {name}" in run.text("approval", "show", code)
    assert "is not approved" in run.refused("device", "wipe", name, "--yes", "--approval", code)
    run.text("approval", "approve", code, "--as", "bob", "--justification", "Seen")
    assert "is reset at its next check-in" in run.text("device", "wipe", name, "--yes", "--approval", code)
    await iphone.check_in()
    assert not iphone.device.is_enrolled
    assert run.json("approval", "show", code)["status"] == "completed"
