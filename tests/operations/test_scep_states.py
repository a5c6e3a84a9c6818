"""The states of certificates by SCEP in Graph: how far a request came, who issued it, and what became of it."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.graph.index import entity
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.connectors import revocation
from fauxtune.operations.insight.certificates import known_certificate
from fauxtune.storage.collections.certificate_states import ALL_CERTIFICATE_STATES, PROFILE_CERTIFICATE_STATES
from fauxtune.storage.queries import collections
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.scep import ChallengeState
from tests.support.devices.android import AndroidInProcess
from tests.support.scep_devices import NDES, PARTNER, ScepAuthorities
from tests.support.tenant import Contoso


@pytest.fixture
def authorities(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> ScepAuthorities:
    return ScepAuthorities(raw_rsa_keys[0], raw_rsa_keys[1:4])


async def state_of(contoso: Contoso, profile: str) -> dict[str, Any]:
    """Return the only certificate state of a profile."""
    (state,) = await contoso.look(
        collections.page,
        contoso.tenant.id,
        collection=PROFILE_CERTIFICATE_STATES,
        entity=entity("managedDeviceCertificateState"),
        parent=profile,
        limit=9,
    )
    return dict(state)


async def issuance(contoso: Contoso, profile: str) -> str:
    return str((await state_of(contoso, profile))["certificateIssuanceState"])


async def challenged(contoso: Contoso, phone: AndroidInProcess, state: ChallengeState) -> None:
    """Set the state of the last challenge of a device. (Issued stays issued, so that comes last.)"""

    def change(tx: Any) -> None:
        *_, last = queries.challenges_of(tx.connection, tx.tenant.id, enrollment_ids=[phone.enrollment_id])
        queries.change_challenge(tx.connection, tx.tenant.id, challenge_id=last.id, state=state, outcome={})

    await contoso.do(change)


async def test_a_request_is_followed_by_its_challenge(contoso: Contoso) -> None:
    profile = await contoso.scep_profile()
    phone = await contoso.enroll("alice")
    await phone.check_in()
    assert await issuance(contoso, profile) == "issuePending", "its root is awaited"
    await phone.settle()
    assert await issuance(contoso, profile) == "challengeIssued"
    words: dict[ChallengeState, str] = {
        "validated": "challengeValidationSucceeded",
        "refused": "challengeValidationFailed",
        "failed": "issueFailed",
        "issued": "issued",
    }
    for state, word in words.items():
        await challenged(contoso, phone, state)
        assert await issuance(contoso, profile) == word


@pytest.mark.parametrize(("url", "issuer"), [(NDES, "CN=Contoso Issuing CA"), (PARTNER, "CN=Partner CA")])
async def test_what_is_known_of_a_certificate_is_shown_whoever_issued_it(
    contoso: Contoso, authorities: ScepAuthorities, url: str, issuer: str
) -> None:
    profile = await contoso.scep_profile(scepServerUrls=[url])
    phone = await contoso.enroll("alice")
    phone.scep = authorities
    await phone.settle()
    row = await phone.item(Source.SCEP)
    state = await state_of(contoso, profile)
    assert (state["certificateIssuanceState"], state["certificateErrorCode"]) == ("installed", 0)
    assert (state["certificateThumbprint"], state["certificateSerialNumber"]) == (row.thumbprint, row.serial)
    assert str(state["certificateIssuer"]).startswith(issuer)
    assert state["certificateExpirationDateTime"].startswith(str(row.not_after)[:10])
    (known,) = await contoso.look(
        collections.page,
        contoso.tenant.id,
        collection=ALL_CERTIFICATE_STATES,
        entity=entity("managedAllDeviceCertificateState"),
        limit=9,
    )
    assert known["certificateThumbprint"] == row.thumbprint
    assert str(known["certificateIssuerName"]).startswith(issuer)


async def test_a_renewal_shows_and_so_does_one_that_is_refused(contoso: Contoso, authorities: ScepAuthorities) -> None:
    profile = await contoso.scep_profile()
    phone = await contoso.enroll("alice")
    phone.scep = authorities
    await phone.settle()
    row = await phone.item(Source.SCEP)
    assert row.renew_at is not None
    contoso.clock.at = row.renew_at
    await phone.check_in()
    await phone.policy()
    assert await issuance(contoso, profile) == "renewalRequested"
    authorities.refuses = True
    await phone.settle()
    assert (await phone.item(Source.SCEP)).state is ItemState.FAILED
    assert await issuance(contoso, profile) == "issueFailed"


@pytest.mark.both_databases
async def test_a_revoked_one_says_so_and_one_that_is_taken_back_is_removed(
    contoso: Contoso, authorities: ScepAuthorities
) -> None:
    profile = await contoso.scep_profile()
    phone = await contoso.enroll("alice")
    phone.scep = authorities
    await phone.settle()
    row = await phone.item(Source.SCEP)
    known = await contoso.do(known_certificate, str(row.thumbprint))
    assert (known.source, known.device) == ("scep", phone.enrollment_id)
    await contoso.do(revocation.revoke, str(row.serial), reason="keyCompromise", authority_name="issuing")
    assert (await state_of(contoso, profile))["certificateRevokeStatus"] == "revoked"
    await contoso.assign(profile)
    await phone.settle()
    assert (await phone.item(Source.SCEP)).state is ItemState.REMOVED
    assert await issuance(contoso, profile) == "deleted"
