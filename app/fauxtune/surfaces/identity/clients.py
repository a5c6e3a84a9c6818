"""Authenticates the application: by secret, by certificate, or (a public client) by its id only.

Sources: RFC 6749 2.3, RFC 7521 4.2. Differs from Entra ID: every application is a public and a confidential client at
once, so a user's sign-in needs no credential; one that is sent must be right.
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory.applications import secret_matches
from fauxtune.operations.tenants.seed_parts import PUBLISHED_SECRET
from fauxtune.storage.queries import applications
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.identity import assertion, errors
from fauxtune.surfaces.identity.discovery import ANY_TENANT, PUBLIC_HOSTS
from fauxtune.surfaces.identity.errors import Aadsts
from fauxtune.surfaces.identity.request import TokenRequest, application_not_found


@dataclass(frozen=True, slots=True)
class Client:
    """An application and its proof: `appidacr` of its tokens (0: not at all, 1: secret, 2: certificate)."""

    row: ApplicationRow
    proof: str

    @property
    def id(self) -> str:
        """The client id."""
        return self.row.client_id


async def client_of(request: TokenRequest, tenant: Tenant) -> Client:
    """Return the application of the request. Raises Aadsts if it is unknown, or if a credential in the request is
    wrong.
    """
    secret, signed = request.form.get("client_secret"), request.form.get("client_assertion")
    if secret and signed:
        raise Aadsts(errors.BAD_REQUEST, "Send 'client_secret' or 'client_assertion', not both.")
    client_id = request.form.get("client_id") or (assertion.subject(signed) if signed else request.need("client_id"))
    row = await request.emulator.runner.read(applications.application, tenant.id, client_id=client_id)
    if row is None:
        raise application_not_found(client_id, tenant.name)
    request.caller.application = row.client_id
    request.emulator.guesses.check(request.source, tenant=tenant.id)
    is_closed = request.emulator.runner.people_password is not None
    if secret and (not secret_matches(row, secret) or (is_closed and secret == PUBLISHED_SECRET)):
        await request.emulator.guesses.wrong(request.source, tenant=tenant.id)
        raise Aadsts(
            errors.SECRET_WRONG,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{client_id}'.",
        )
    if signed:
        _check_assertion(request, signed, tenant=tenant, row=row)
    return Client(row, "1" if secret else "2" if signed else "0")


async def proven_client(request: TokenRequest, tenant: Tenant) -> Client:
    """Return the application of the request. Raises Aadsts as `client_of`, and without a credential."""
    client = await client_of(request, tenant)
    if client.proof == "0":
        raise Aadsts(
            errors.SECRET_MISSING,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        )
    return client


def _check_assertion(request: TokenRequest, signed: str, *, tenant: Tenant, row: ApplicationRow) -> None:
    if request.need("client_assertion_type") != assertion.TYPE:
        raise Aadsts(errors.BAD_REQUEST, f"The 'client_assertion_type' must be '{assertion.TYPE}'.")
    addresses = request.emulator.addresses
    origins = {request.origin, addresses.https, *(f"https://{host}" for host in PUBLIC_HOSTS)}
    audiences = assertion.Audiences(origins, {tenant.id, tenant.name, tenant.domain, *ANY_TENANT})
    now = request.emulator.runner.clock.now().timestamp()
    assertion.check(signed, row.certificate, client_id=row.client_id, audiences=audiences, now=now)
