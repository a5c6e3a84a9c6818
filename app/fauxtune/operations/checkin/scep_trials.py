"""Requests that somebody makes in the name of a device, to see what Intune's service says of them: nothing is issued.

As a stolen challenge, or an app on the phone that asks for more than it may: Microsoft: "Add partner certification
authority in Intune using SCEP" (why the service compares each request with the challenge in it).
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Collection
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keypool import key_of_length
from fauxtune.core.model.ids import ManagedDeviceId, ProfileId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.scep.requesting import write_request
from fauxtune.core.scep.results import Verdict
from fauxtune.operations.checkin.scep_challenges import (
    AuthorityRequest,
    GivenChallenge,
    give_challenge,
    validate_request,
)
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction

_USUAL_BITS = 2048


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who requests, by which profile, and what the request says in place of what the challenge is for; None: that."""

    device: ManagedDeviceId
    profile: ProfileId
    subject: str | None = None
    key_usages: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """A request that was tried: its challenge, the request itself (PKCS#10, PEM), and what the service says."""

    given: GivenChallenge
    csr: bytes
    verdict: Verdict


async def try_request(emulator: Emulator, tenant: Tenant, *, wanted: Wanted) -> Trial:
    """Give the device a challenge, make a request with it, and ask the service as an authority does.

    Raises as `give_challenge`, and Invalid for a subject that cannot be written.
    """
    source = emulator.source_of_issued(tenant)
    key = await asyncio.to_thread(key_of_length, _USUAL_BITS, source=source)
    return await emulator.runner.run(tenant, _tried, wanted, key=key, emulator=emulator)


def _tried(tx: Transaction, wanted: Wanted, *, key: RSAPrivateKey, emulator: Emulator) -> Trial:
    given = give_challenge(tx, device=wanted.device, profile=wanted.profile, keys=emulator.keys)
    original = given.challenge.request
    changed = replace(
        original,
        subject=original.subject if wanted.subject is None else wanted.subject,
        key_usages=original.key_usages if wanted.key_usages is None else tuple(wanted.key_usages),
    )
    csr = write_request(changed, challenge=given.password, key=key)
    request = AuthorityRequest(given.challenge.id, base64.b64encode(csr.public_bytes(Encoding.DER)).decode())
    verdict = validate_request(tx, request, keys=emulator.keys)
    return Trial(given, csr.public_bytes(Encoding.PEM), verdict)
