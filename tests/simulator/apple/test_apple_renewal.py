"""The MDM profile comes again: with the same identity or a new one, but never with more than was granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.simulator.apple.known import codes, enrollment

if TYPE_CHECKING:
    from tests.simulator.apple.conftest import Enrol, Maker, MdmServer


async def test_a_renewed_mdm_profile_brings_a_new_identity_and_tells_the_server(
    enrol: Enrol, server: MdmServer, make: Maker
) -> None:
    identity = make.scep()
    mdm = make.mdm(identity)
    agent = await enrol(make.profile(identity, mdm, identifier="test.enrollment"))
    before = enrollment(agent).identity().certificate
    same = server.tell("InstallProfile", Payload=make.profile(identity, mdm, identifier="test.enrollment"))
    await agent.check_in()
    assert same.report is not None
    assert (same.report["Status"], len(server.scep.requests)) == ("Acknowledged", 1)
    changed = replace_content(identity, Challenge="none is needed")
    renewal = server.tell("InstallProfile", Payload=make.profile(changed, mdm, identifier="test.enrollment"))
    await agent.check_in()
    assert renewal.report is not None
    assert renewal.report["Status"] == "Acknowledged"
    request = server.scep.requests[-1]
    assert (request["kind"], request["signer"]) == ("17", before)
    assert enrollment(agent).identity().certificate != before
    assert server.signed_by[-1] == enrollment(agent).identity().certificate
    assert server.check_ins[-1]["MessageType"] == "TokenUpdate"


def replace_content(payload: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return payload | {"PayloadContent": payload["PayloadContent"] | keys}


REPLACEMENTS: dict[str, tuple[dict[str, Any], int]] = {
    "another server": ({"ServerURL": "https://elsewhere.example/mdm"}, 12012),
    "another topic": ({"Topic": "com.apple.mgmt.other"}, 12012),
    "more rights": ({"AccessRights": 8191}, 12009),
}


@pytest.mark.parametrize("case", REPLACEMENTS)
async def test_a_renewed_mdm_profile_may_not_reach_further(
    enrol: Enrol, server: MdmServer, make: Maker, case: str
) -> None:
    identity = make.scep()
    mdm = make.mdm(identity, AccessRights=3)
    agent = await enrol(make.profile(identity, mdm, identifier="test.enrollment"))
    keys, code = REPLACEMENTS[case]
    queued = server.tell("InstallProfile", Payload=make.profile(identity, mdm | keys, identifier="test.enrollment"))
    without = server.tell("InstallProfile", Payload=make.profile(identity, identifier="test.enrollment"))
    second = server.tell("InstallProfile", Payload=make.profile(identity, mdm, identifier="another"))
    await agent.check_in()
    assert codes(queued.report) == [(4001, "MCInstallationErrorDomain"), (code, "MCMDMErrorDomain")]
    assert [code for code, _ in codes(without.report)] == [4001, 4015]
    assert [code for code, _ in codes(second.report)] == [4001, 12001]
    assert (await agent.check_in()).settled


async def test_an_identity_that_came_in_the_profile_is_not_renewed_by_scep_but_followed(
    enrol: Enrol, server: MdmServer, make: Maker
) -> None:
    device_pkcs12 = make.device_pkcs12()
    mdm = make.mdm(device_pkcs12)
    agent = await enrol(make.profile(device_pkcs12, mdm, identifier="test.enrollment"))
    before = enrollment(agent).identity_certificate
    scep = make.scep()
    following = make.profile(scep, mdm | {"IdentityCertificateUUID": scep["PayloadUUID"]}, identifier="test.enrollment")
    server.tell("InstallProfile", Payload=following)
    assert (await agent.check_in()).settled
    assert [one["kind"] for one in server.scep.requests] == ["19"]
    assert enrollment(agent).identity_certificate != before
    assert (await agent.check_in()).settled
