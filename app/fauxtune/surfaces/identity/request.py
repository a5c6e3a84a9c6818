"""A request for a token: the form, and the tenant of the path."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import text_value
from fauxtune.operations.directory.users_and_groups import password_opens
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.wire import Caller
from fauxtune.storage.queries import applications
from fauxtune.storage.rows.directory import UserRow
from fauxtune.surfaces.identity import errors
from fauxtune.surfaces.identity.discovery import ANY_TENANT
from fauxtune.surfaces.identity.errors import Aadsts, missing

#: The most tenants that are searched for a path with `common`.
_TENANTS = 100
#: The longest form has an assertion with its chain of certificates.
_LONGEST_FORM, _MOST_FIELDS = 128 * 1024, 100


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request at one of the endpoints: the tenant of its path, its parameters, the origin it was sent to, and who
    sends it. `older`: it came to an endpoint of version 1.0, whose id tokens are of that version; `source`: the address
    that it came from.
    """

    emulator: Emulator
    tenant_key: str
    form: dict[str, str]
    origin: str
    caller: Caller = field(default_factory=Caller)
    older: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        for text in (self.tenant_key, *self.form, *self.form.values()):
            try:
                text_value(text)
            except Invalid as error:
                raise Aadsts(errors.BAD_REQUEST, error.message) from None

    def need(self, parameter: str) -> str:
        """Return a parameter. Raises Aadsts if it is missing or empty."""
        value = self.form.get(parameter)
        if not value:
            raise missing(parameter)
        return value

    @property
    def asks_for_passwords(self) -> bool:
        """Whether the sign-in pages ask for a password: where others are in the network one click is not enough."""
        return self.emulator.runner.people_password is not None

    async def check_password(self, user: UserRow, password: str) -> None:
        """Raise Aadsts unless this is the user's password, Unavailable for an address that guesses."""
        runner, guesses = self.emulator.runner, self.emulator.guesses
        guesses.check(self.source, tenant=user.tenant_id)
        if not await runner.read(password_opens, user, password=password, people=runner.people_password):
            await guesses.wrong(self.source, tenant=user.tenant_id)
            raise Aadsts(errors.PASSWORD_WRONG, "Error validating credentials due to invalid username or password.")

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of this emulator, including that of this request."""
        return self.emulator.addresses.hosts_with(self.origin)

    @property
    def any_tenant(self) -> bool:
        """Whether the path leaves the tenant open (`common` and others)."""
        return self.tenant_key.lower() in ANY_TENANT

    def means(self, tenant: Tenant) -> bool:
        """Whether the path names this tenant, or leaves it open."""
        return self.any_tenant or self.tenant_key.lower() in {tenant.id, tenant.name.lower(), tenant.domain}

    async def tenant(self, key: str | None = None) -> Tenant:
        """Return the tenant with this key, by default that of the path. Raises Aadsts for an unknown one."""
        name = self.tenant_key if key is None else key
        try:
            tenant = await self.emulator.runner.tenant(name)
        except NotFound:
            raise errors.tenant_not_found(name) from None
        if key is None or self.any_tenant:
            self.caller.tenant = tenant
        return tenant

    async def tenants(self, client_id: str) -> list[Tenant]:
        """Return the tenant of the path, or those that have the application. Raises Aadsts if no tenant is found."""
        if not self.any_tenant:
            return [await self.tenant()]
        known = await self.emulator.runner.read(
            applications.tenants_with_application, client_id=client_id, limit=_TENANTS
        )
        if not known:
            raise application_not_found(client_id, self.tenant_key)
        return known


def application_not_found(client_id: str, directory: str) -> Aadsts:
    """Return the refusal of a request for an unknown application."""
    return Aadsts(
        errors.APPLICATION_NOT_FOUND,
        f"Application with identifier '{client_id}' was not found in the directory '{directory}'. This can happen "
        "if the application has not been installed by the administrator of the tenant or consented to by any user "
        "in the tenant. You may have sent your authentication request to the wrong tenant.",
    )


def read_form(body: bytes, authorization: str | None = None) -> dict[str, str]:
    """Read the form's parameters, and client_id and client_secret of HTTP Basic (RFC 6749 2.3.1). Raises Aadsts."""
    if len(body) > _LONGEST_FORM:
        raise Aadsts(errors.BAD_REQUEST, f"The form must not be larger than {_LONGEST_FORM // 1024} KiB.")
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Aadsts(errors.BAD_REQUEST, f"The form must not have more than {_MOST_FIELDS} parameters.") from None
    form = dict(pairs)
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:  # not base64, not ASCII, or not UTF-8 below it
            colon = ""
        if not colon:
            raise Aadsts(
                errors.BAD_REQUEST, "The Authorization header must be 'Basic base64(client_id:client_secret)'."
            )
        form |= {"client_id": unquote_plus(client), "client_secret": unquote_plus(secret)}
    return form
