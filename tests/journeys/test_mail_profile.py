"""Alice's phone gets a mail account that signs in with her certificate: whichever profile the administrator makes
first, the account comes last; without the certificate it says what is missing, and it heals by itself.
"""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.platforms import Platform
from tests.support.administrator import ALICE, PROFILES, Administrator, AgentEnroller, reference
from tests.support.administrator import MAIL as ACCOUNT

MAIL: dict[str, Any] = {
    **{name: value for name, value in ACCOUNT.items() if name != "accountName"},
    "authenticationMethod": "certificate",
}


async def trusted(administrator: Administrator) -> str:
    return await administrator.root("androidWorkProfileTrustedRootCertificate")


async def own(administrator: Administrator, root: str) -> str:
    bound = {"rootCertificate@odata.bind": reference(root)}
    return await administrator.pkcs("androidWorkProfilePkcsCertificateProfile", **bound)


async def why(administrator: Administrator, phone: Agent, *, profile: str) -> str:
    """What the journal says last of why the profile failed on the phone."""
    device = phone.enrollment.name.rpartition("/")[2]
    answer = await administrator.graph.get("/_fauxtune/v1/tenants/contoso/journal", params={"device": device})
    events = answer.raise_for_status().json()["events"]
    failed = [event for event in events if (event["type"], event["profile"]) == ("failed", profile)]
    return str(failed[-1]["detail"]["reason"])


@pytest.fixture
async def phone(enrol_agent: AgentEnroller) -> Agent:
    """Alice's phone with a work profile."""
    return await enrol_agent(Platform.ANDROID)


@pytest.mark.parametrize("mail_first", [False, True], ids=["certificate first", "mail first"])
async def test_a_mail_account_with_its_certificate(
    administrator: Administrator, phone: Agent, *, mail_first: bool
) -> None:
    root = await trusted(administrator)
    if mail_first:
        mail = await administrator.profile("androidWorkProfileGmailEasConfiguration", **MAIL)
        await administrator.assign(mail, root)
        await phone.check_in()
        assert (phone.device.accounts, await administrator.statuses(mail)) == ({}, ["error"])
        pkcs = await own(administrator, root)
        bound = {"@odata.id": reference(pkcs)}
        path = f"{PROFILES}/{mail}/microsoft.graph.androidWorkProfileGmailEasConfiguration/identityCertificate/$ref"
        (await administrator.graph.put(path, json=bound)).raise_for_status()
        await administrator.assign(pkcs)
    else:
        pkcs = await own(administrator, root)
        bind = {"identityCertificate@odata.bind": f"deviceManagement/deviceConfigurations('{pkcs}')"}
        mail = await administrator.profile("androidWorkProfileGmailEasConfiguration", **MAIL, **bind)
        await administrator.assign(root, pkcs, mail)
    assert (await phone.check_in()).settled
    (account,) = phone.device.accounts.values()
    assert account.configuration == {
        "email_address": ALICE,
        "exchange_host": "mail.contoso.example",
        "exchange_username": ALICE,
        "exchange_ssl_required": True,
        "exchange_login_certificate_alias": f"pkcs-{pkcs}",
    }
    identity = phone.device.keystore.identity(f"pkcs-{pkcs}")
    assert identity.certificate.subject.rfc4514_string()
    assert [await administrator.statuses(each) for each in (root, pkcs, mail)] == [["compliant"]] * 3

    await administrator.assign(pkcs, to_everybody=False)
    assert (await phone.check_in()).settled
    assert (phone.device.accounts, await administrator.statuses(mail)) == ({}, ["error"])
    reason = await why(administrator, phone, profile=mail)
    assert "'androidWorkProfilePkcsCertificateProfile', which does not reach this device" in reason

    await administrator.assign(pkcs)
    assert (await phone.check_in()).settled
    assert list(phone.device.accounts) == [f"email-{mail}"]
    assert await administrator.statuses(mail) == ["compliant"]

    refused = await administrator.graph.delete(f"{PROFILES}/{pkcs}")
    assert (refused.status_code, "identityCertificate" in refused.text) == (400, True)
    await administrator.assign(mail, to_everybody=False)
    assert (await phone.check_in()).settled
    assert phone.device.accounts == {}
