"""The page about SCEP: the challenges that devices were given, and what became of them; a challenge, opened."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.core.model.ids import ManagedDeviceId, ProfileId
from fauxtune.operations.ca.partner_revocations import ask_for_revocation
from fauxtune.operations.checkin import scep_challenges
from tests.support.console import show, submit, text_of
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
    contoso.clock.forward(hours=1)
    assert "expired nobody used it in its hour" in await show(console, PAGE)


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
