"""Signed mail between the devices of two people, judged with the authority's CRL and OCSP answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.cli import mail_commands
from fauxtune_sim.cli.mail_commands import MailOptions
from fauxtune_sim.cli.mailbox_commands import AccountChange, change_account
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused
from fauxtune_sim.platforms import Platform
from tests.support.administrator import ALICE, Administrator, AgentEnroller
from tests.support.running_server import Running

TENANT = "/_fauxtune/v1/tenants/contoso"


@pytest.fixture
def server(own_server: Running) -> Running:
    return own_server


async def phone(administrator: Administrator, enrol_agent: AgentEnroller, folder: Path) -> Agent:
    """Alice's phone, saved in a folder, with the root, the issuing authority and a certificate of its own."""
    profiles = [
        await administrator.root("androidWorkProfileTrustedRootCertificate"),
        await administrator.root("androidWorkProfileTrustedRootCertificate", authority="issuing"),
        await administrator.pkcs(
            "androidWorkProfilePkcsCertificateProfile",
            customSubjectAlternativeNames=[{"sanType": "emailAddress", "name": "{{EmailAddress}}"}],
        ),
    ]
    await administrator.assign(*profiles)
    agent = await enrol_agent(Platform.ANDROID, Device.new("phone", platform=Platform.ANDROID, folder=folder))
    assert (await agent.check_in()).refused == ()
    agent.device.save()
    return agent


async def read(folder: Path, letter: Path, **options: Any) -> tuple[bool, dict[str, Any], str]:
    output = await mail_commands.read(folder, letter, **options)
    return output.succeeded, dict(output.document), " ".join(line.strip() for line in output.lines)


async def test_a_signature_counts_until_the_authority_revokes_the_certificate(
    administrator: Administrator, enrol_agent: AgentEnroller, tmp_path: Path
) -> None:
    folder, letter = tmp_path / "phone", tmp_path / "letter.eml"
    agent = await phone(administrator, enrol_agent, folder)
    (mark,) = [entry.sha1 for entry in agent.device.keystore.entries.values()]
    await mail_commands.send(
        MailOptions(state=folder, out=letter, to_users=[ALICE], sign=True, encrypt=False, as_tool=True)
    )
    good, document, text = await read(folder, letter)
    assert (good, document["signatures"][0]["code"]) == (True, "valid")
    assert document["signatures"][0]["revocation"]["source"] == "crl"
    assert "not revoked (CRL)" in text

    (await administrator.graph.post(f"{TENANT}/clock/advance", json={"by": "PT1H"})).raise_for_status()
    body = {"reason": "keyCompromise"}
    (await administrator.graph.post(f"{TENANT}/certificates/{mark}/revoke", json=body)).raise_for_status()
    change_account(folder, AccountChange(smime=True, app="outlook"))
    with pytest.raises(MailRefused, match=f"Outlook does not sign with {mark[:8]}: its authority revoked it"):
        await mail_commands.send(MailOptions(state=folder, out=letter, to_users=[ALICE], sign=True, app="outlook"))
    good, document, text = await read(folder, letter)
    (signature,) = document["signatures"]
    assert (good, document["verified"], signature["code"]) == (False, False, "revoked")
    assert "the authority revoked the signer's certificate on" in text
    assert "(keyCompromise), after the mail was signed" in text

    good, document, text = await read(folder, letter, ask_authority=False)
    assert (good, document["signatures"][0]["revocation"]) == (True, None)
    assert "revocation was not checked" in text


async def test_a_mail_that_no_authority_on_this_machine_vouches_for_keeps_its_verdict(
    administrator: Administrator, enrol_agent: AgentEnroller, tmp_path: Path
) -> None:
    folder, letter = tmp_path / "phone", tmp_path / "letter.eml"
    await phone(administrator, enrol_agent, folder)
    await mail_commands.send(
        MailOptions(state=folder, out=letter, to_users=[ALICE], sign=True, encrypt=False, as_tool=True)
    )
    (await administrator.graph.delete(TENANT)).raise_for_status()
    good, document, text = await read(folder, letter)
    assert (good, document["signatures"][0]["revocation"]["state"]) == (True, "unknown")
    assert "whether it was revoked is not known" in text
