"""The page about SCEP: the challenges that devices were given, and what became of them; a challenge, opened."""

from __future__ import annotations

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model.ids import ManagedDeviceId, ProfileId
from fauxtune.operations.ca.partner_revocations import ask_for_revocation
from fauxtune.operations.checkin import scep_challenges
from fauxtune.storage.queries import scep as queries
from tests.support.console import done, send_from, show, submit, text_of
from tests.support.devices.android import AndroidOverHttp
from tests.support.scep_clients import PENDING, Csr, ScepClient, scep_profile
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

PAGE = "/authority/scep"


@pytest.fixture
async def challenge(contoso: Contoso, enroll: Enroll) -> str:
    """A challenge of alice's phone."""
    phone = await enroll()
    profile = await contoso.profile_for_devices(
        "androidWorkProfileScepCertificateProfile",
        displayName="Wi-Fi by SCEP",
        scepServerUrls=["https://ca.partner.example/scep"],
        subjectNameFormat="custom",
        subjectNameFormatString="CN={{UserName}}",
        subjectAlternativeNameType="emailAddress",
        extendedKeyUsages=[{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
        keyUsage="keyEncipherment,digitalSignature",
        keySize="size2048",
        hashAlgorithm="sha2",
    )
    given = await contoso.do(
        scep_challenges.give_challenge,
        device=ManagedDeviceId(phone.managed_device_id),
        profile=ProfileId(profile),
        keys=contoso.emulator.keys,
    )
    return given.password


async def test_a_challenge_is_listed_and_opened_and_expires(
    console: httpx.AsyncClient, contoso: Contoso, challenge: str
) -> None:
    page = await show(console, PAGE)
    assert "Wi-Fi by SCEP" in page
    assert "not used yet" in page
    opened = text_of(await submit(console, PAGE, challenge=challenge))
    assert "What the challenge contains" in opened
    for words in ("Subject CN=alice", "e-mail address alice@", "RSA, 2048 bits", "https://ca.partner.example/scep"):
        assert words in opened
    (row,) = await contoso.look(queries.newest_challenges, contoso.tenant.id, limit=9)
    assert "Subject CN=alice" in await show(console, f"{PAGE}?challenge={row.id}")
    assert (await console.get(f"{PAGE}?challenge=x")).status_code == 404
    contoso.clock.forward(hours=1)
    assert "expired nobody used it in its hour" in await show(console, PAGE)
    await contoso.delete_profile(row.profile_id)
    html = (await console.get(PAGE)).text
    assert ("deleted" in html, f"/profiles/{row.profile_id}" in html) == (True, False)
    assert "The device or its profile has changed since" in await show(console, f"{PAGE}?challenge={row.id}")


async def test_what_is_no_challenge_of_the_tenant_is_refused_by_its_code(console: httpx.AsyncClient) -> None:
    assert "No device was given a challenge yet." in await show(console, PAGE)
    for text, code in (("<b>", "ChallengeDecodingError"), ("AAAA", "SignatureValidationFailed")):
        answer = await submit(console, PAGE, challenge=text)
        assert answer.status_code == 400
        assert code in text_of(answer)


async def test_the_queue_of_a_partners_authority_is_shown(console: httpx.AsyncClient, contoso: Contoso) -> None:
    await contoso.do(ask_for_revocation, serial="0F", issuer="CN=<Partner> CA", ca_configuration=None)
    page = await show(console, PAGE)
    assert "0F CN=<Partner> CA" in page
    assert "waits until the authority fetches it" in page


async def test_requests_wait_for_an_approval_are_approved_and_denied(
    console: httpx.AsyncClient, contoso: Contoso, http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    done(await send_from(console, PAGE, to=f"{PAGE}/server", fields={"to": "approval"}))
    assert "wait until somebody approves them" in await show(console, PAGE)
    profile = await contoso.profile_for_devices("androidWorkProfileScepCertificateProfile", **scep_profile())
    phone = await AndroidOverHttp.enrolled(http, key=raw_rsa_keys[0], tenant="contoso", user="alice")
    for key, button in ((raw_rsa_keys[1], "approve"), (raw_rsa_keys[2], "deny")):
        given = await contoso.do(
            scep_challenges.give_challenge,
            device=phone.managed_device_id,
            profile=ProfileId(profile),
            keys=contoso.emulator.keys,
        )
        client = ScepClient(http, key)
        assert (await client.ask(Csr(key, given.password).der(), transaction=button)).status == PENDING
        (waiting,) = await contoso.look(queries.newest_requests, contoso.tenant.id, limit=9, state="pending")
        assert "E=alice@contoso.example" in await show(console, PAGE)
        done(await send_from(console, PAGE, to=f"{PAGE}/requests/{waiting.id}", fields={"to": button}))
        again = await console.post(f"{PAGE}/requests/{waiting.id}", data={"to": button})
        assert again.status_code == 403, "without the token of a form"
    states = [row.state for row in await contoso.look(queries.newest_requests, contoso.tenant.id, limit=9)]
    assert sorted(states) == ["denied", "issued"]
    page = await show(console, PAGE)
    assert "certificate issued serial number" in page
    assert "the authority issued nothing It was denied." in page
    assert "of one device (SCEP)" in (await console.get("/authority/certificates")).text
    answer = (await http.get("/_fauxtune/v1/tenants/contoso/certificates")).json()
    assert "scep" in {row["source"] for row in answer["value"]}
    before = await client.certificates()
    done(await send_from(console, PAGE, to=f"{PAGE}/server", fields={"to": "renew"}))
    assert len({*await client.certificates()} - {*before}) == 2, "both RA certificates are others"
    done(await send_from(console, PAGE, to=f"{PAGE}/server", fields={"to": "at-once"}))
    assert "are granted at once" in await show(console, PAGE)


async def test_a_server_without_a_connector_says_so(console: httpx.AsyncClient, contoso: Contoso) -> None:
    await contoso.connector(roles=["pkcs"])
    assert "does not answer No connector of the tenant 'contoso' has the role SCEP" in await show(console, PAGE)


async def test_a_challenge_whose_device_is_gone_names_it_without_a_link(
    console: httpx.AsyncClient, contoso: Contoso, challenge: str
) -> None:
    (row,) = await contoso.look(queries.newest_challenges, contoso.tenant.id, limit=9)
    done(await submit(console, f"/devices/{row.enrollment_id}/delete"))
    page = await submit(console, PAGE, challenge=challenge)
    assert "a device that is gone" in text_of(page)
    assert f"/devices/{row.enrollment_id}" not in page.text, "its page is not there any more"
