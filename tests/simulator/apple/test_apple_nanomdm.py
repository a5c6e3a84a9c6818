"""What an unmodified NanoMDM asks of a device, set up by hand: `nanomdm -ca ca.pem -api KEY -storage inmem`.

It signs nobody up for pushes without a push certificate, takes commands as property lists of any kind by its API, and
with `-checkin` it has an address of its own for check-ins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.apple.enrollment import AppleEnrollment
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere, ServerRefused
from fauxtune_sim.platforms import Platform
from tests.simulator.apple.known import hardware

if TYPE_CHECKING:
    from fauxtune_sim.server.transport import Transport
    from tests.simulator.apple.conftest import Enrol, Maker, MdmServer

CHECK_IN, COMMAND = "application/x-apple-aspen-mdm-checkin", "application/x-apple-aspen-mdm"


@pytest.mark.parametrize("separate", [False, True], ids=["one address", "-checkin"])
async def test_check_ins_and_commands_are_told_apart_by_their_content_type(
    enrol: Enrol, server: MdmServer, make: Maker, separate: bool
) -> None:
    """NanoMDM: the beginning of the Content-Type decides at /mdm; with -checkin there is /checkin besides."""
    keys = {"CheckInURL": f"{server.url}/mdm?at=checkin"} if separate else {}
    agent = await enrol(make.enrollment(None, **keys))
    assert [check_in["MessageType"] for check_in in server.check_ins] == ["Authenticate", "TokenUpdate"]
    assert (await agent.check_in()).settled
    assert server.methods == {("PUT", CHECK_IN), ("PUT", COMMAND)}
    kept = agent.device.enrollment
    assert isinstance(kept, AppleEnrollment)
    assert kept.server_url == f"{server.url}/mdm"


async def test_the_enrolment_is_named_by_the_udid_and_topic_magic_and_token_are_told(
    enrol: Enrol, server: MdmServer
) -> None:
    """NanoMDM's enrolment id is the UDID; TokenUpdate with Topic, PushMagic and Token is what enables it."""
    agent = await enrol()
    udid = hardware(agent).udid
    assert server.enabled == {udid}
    authenticate, token = server.check_ins
    assert {authenticate["UDID"], token["UDID"]} == {udid}
    assert authenticate["Topic"] == token["Topic"] == "com.apple.mgmt.External.test"
    assert token["PushMagic"]
    assert isinstance(token["Token"], bytes)


async def test_the_identity_is_for_clients_and_signs_every_message(enrol: Enrol, server: MdmServer) -> None:
    """NanoMDM wants ClientAuth among the extended usages, or none, and the same certificate ever after."""
    agent = await enrol()
    await agent.check_in()
    (certificate,) = set(server.signed_by)
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.CLIENT_AUTH in usages
    assert len(server.signed_by) == len(server.check_ins) + len(server.reports)


@pytest.mark.parametrize("name", ["0001_ProfileList", "a", "µ - spaces & <signs>", "x" * 300])
async def test_a_command_has_any_name_that_the_api_was_given(enrol: Enrol, server: MdmServer, name: str) -> None:
    """PUT /v1/enqueue/<id>?nopush=1 takes a raw property list; its CommandUUID need not be a UUID."""
    agent = await enrol()
    queued = server.tell("ProfileList")
    queued.uuid = name
    done = await agent.check_in()
    assert done.settled
    assert queued.report is not None
    assert (queued.report["CommandUUID"], queued.report["Status"]) == (name, "Acknowledged")


async def test_keys_that_a_device_does_not_know_do_no_harm(enrol: Enrol, server: MdmServer) -> None:
    agent = await enrol()
    queued = server.tell("DeviceInformation", Queries=["UDID"], RequestRequiresNetworkTether=False, Unknown={"a": [1]})
    await agent.check_in()
    assert queued.report is not None
    assert queued.report["QueryResponses"] == {"UDID": hardware(agent).udid}


async def test_what_the_server_does_not_believe_is_an_error_and_no_end(enrol: Enrol, server: MdmServer) -> None:
    """NanoMDM answers 500 where the certificate is not the one that it bound; never 401."""
    agent = await enrol()
    udid = hardware(agent).udid
    bound, server.bound[udid] = server.bound[udid], "another"
    with pytest.raises(ServerRefused, match="not the one that was bound"):
        await agent.check_in()
    assert agent.device.is_enrolled
    server.bound[udid] = bound
    assert (await agent.check_in()).settled


async def test_there_is_no_push_and_a_device_connects_when_it_is_told_to(enrol: Enrol, server: MdmServer) -> None:
    """NanoMDM names no address to listen at, so none is asked."""
    agent = await enrol()
    kept = agent.device.enrollment
    assert kept is not None
    kept.push_token = ""
    with pytest.raises(NotAllowedHere, match="has not named one"):
        await agent.poll_push(after=0, wait=0)
    await agent.tenant_now()
    assert server.polls == 0
    queued = server.tell("ProfileList")
    assert (await agent.check_in()).settled
    assert queued.report is not None


async def test_check_out_comes_signed_by_the_identity_that_was_bound(enrol: Enrol, server: MdmServer) -> None:
    """webhook event mdm.CheckOut."""
    agent = await enrol()
    await agent.unenroll()
    assert server.check_ins[-1]["MessageType"] == "CheckOut"
    assert server.enabled == set()


@pytest.mark.parametrize("old", [False, True], ids=["modern", "old ciphers"])
async def test_without_scep_the_identity_comes_beforehand(
    make: Maker, server: MdmServer, transport: Transport, old: bool
) -> None:
    """NanoMDM has no SCEP of its own: scepserver stands beside it, or the profile brings a PKCS#12."""
    agent = AppleAgent(Device.new(platform=Platform.MACOS), transport)
    await agent.enroll_with_profile(make.enrollment(make.device_pkcs12(old=old)), key=make.keys())
    assert (await agent.check_in()).settled
    assert server.scep.requests == []
