"""Tokens of the tenant's own issuer, which applications accept by federated identity credentials."""

from __future__ import annotations

from fauxtune.core.clock import iso, parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.operations.directory import federation, own_issuer
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Here, calls

router = calls("/tenants/{tenant}/identity/tokens", tag="applications")


@router.post("", status_code=201, summary="Make a token of the tenant's own issuer")
async def issue_identity_token(here: Here, body: messages.NewIdentityToken) -> answers.IdentityToken:
    """For a subject, as a cluster or a CI service does for its workloads: an application shows it in place of a
    secret. With `application` that application accepts it from now on.
    """
    lives = federation.USUAL if body.expires is None else parse_duration(body.expires)
    if not federation.USUAL * 0 < lives <= federation.LONGEST:
        raise Invalid(
            f"A token lives for {federation.LONGEST.days} days at most, and not in the past.", target="expires"
        )
    emulator, audience = here.emulator, body.audience or federation.AUDIENCE
    issuer = own_issuer.issuer_of(emulator.addresses.public_url or emulator.addresses.https, here.tenant.id)
    if body.application is not None:
        await here.run(federation.trust, body.application, issuer=issuer, subject=body.subject, audience=audience)
    now = emulator.runner.clock.now()
    token = await own_issuer.own_token(
        emulator, issuer=issuer, subject=body.subject, audience=audience, now=now, lives=lives
    )
    return answers.IdentityToken(
        token=token, issuer=issuer, subject=body.subject, audience=audience, expires_at=iso(now + lives)
    )
