"""Tenants: create them from a seed, change settings, move clocks; and which names and domains are possible and free."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from fauxtune.core.clock import ClockMode, TenantClock, parse_duration
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.connectors import PROGRAMS, ROLES, Program
from fauxtune.core.model.ids import ConnectorId, IdSource, TenantId
from fauxtune.core.model.tenants import SETTINGS, Edition, Tenant
from fauxtune.core.pki.template import Template
from fauxtune.operations.ca import authorities, issuance
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.directory.applications import NewApplication, seeded_application
from fauxtune.operations.profiles import role_scope_tags
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants.keys import TenantKeys
from fauxtune.operations.tenants.seed_parts import PUBLISHED_SECRET, Seed, SeedApplication
from fauxtune.operations.tenants.seeding import SeedPeople, add_first
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import applications as application_queries
from fauxtune.storage.queries import authorities as template_queries
from fauxtune.storage.queries import concern, locks
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import tenants as queries
from fauxtune.storage.rows.certificates import ConnectorRow
from fauxtune.storage.rows.tenants import ApplicationRow

#: No tenant leaves the time that certificates and Graph can write.
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 9000
#: Intune, "Device compliance policies": the longest validity period.
_MOST_CONTACT_DAYS = 120
#: A name is a part of URLs, and of the domain that is made from it.
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
#: The words for "any tenant" in the paths of Entra ID, and the first segments of all surfaces' paths: a tenant of
#: that name could not be reached at `/{tenant}/oauth2/v2.0/token`. A test compares it with the application's routes.
RESERVED = frozenset({"common", "consumers", "organizations"}) | {
    "adfs",
    "api",
    "beta",
    "blobs",
    "connector",
    "console",
    "docs",
    "enrollmentserver",
    "livez",
    "managementserver",
    "mdm",
    "metadata",
    "partner",
    "pki",
    "push",
    "readyz",
    "subscriptions",
    "tenants",
    "trust",
}


def new_tenant(
    seed: Seed,
    *,
    ids: IdSource,
    now: datetime,
    public_http_url: str,
    edition: Edition,
    name: str | None = None,
    domain: str | None = None,
) -> Tenant:
    """Return the tenant that the seed describes. It gets an id, a name and a domain of its own unless they are given;
    with the seed's own name it has the seed's id too.
    """
    tenant_id = seed.id if seed.id is not None and name == seed.name else ids.uuid()
    name = name or f"t-{ids.uuid()[:8]}"
    domain = (domain or f"{name}.example").lower()
    return Tenant(
        id=TenantId(tenant_id),
        name=name,
        domain=domain,
        created_at=now,
        ca_host=f"ca.{domain}",
        ca_name=seed.certification_authority.name,
        public_http_url=public_http_url,
        settings={"edition": edition.value},
        keys=seed.keys,
    )


def create_tenant(tx: Transaction, seed: Seed, *, keys: TenantKeys, people: SeedPeople) -> x509.Certificate:
    """Add the tenant, all that belongs to it, and the first of its users and groups; return the certificate of the
    authority of its devices. Raises Conflict if its id, name or domain is taken.
    """
    tenant = tx.tenant
    taken = queries.taken_key(tx.connection, (tenant.id, tenant.name, tenant.domain))
    if taken is not None:
        raise Conflict(f"There is a tenant '{taken}' already.", target="name")
    queries.add_tenant(tx.connection, tenant)
    application_queries.add_applications(tx.connection, *_applications(tx, seed))
    devices = authorities.create(tx, keys=keys.authorities, key_names=keys.authority_names)
    documents = seed.certification_authority.templates
    rows = [
        issuance.template_row(tenant.id, Template.from_document(document), authority_name="issuing")
        for document in documents
    ]
    template_queries.put_templates(tx.connection, *rows)
    role_scope_tags.create_built_in(tx)
    _add_connector(tx, seed, keys=keys)
    add_first(tx, people=people)
    tx.tenant_changed = True
    return devices


def _applications(tx: Transaction, seed: Seed) -> list[ApplicationRow]:
    """Return the rows of the seed's applications. Raises Conflict for a client id that is there twice."""
    rows: dict[str, ApplicationRow] = {}
    for application in seed.applications:
        row = _application(tx, application, is_own=tx.tenant.id == seed.id)
        if rows.setdefault(row.client_id, row) is not row:
            raise Conflict(f"The seed names the application '{row.client_id}' twice.", target="applications")
    return list(rows.values())


def _application(tx: Transaction, seed: SeedApplication, *, is_own: bool) -> ApplicationRow:
    """Return the row of an application of the seed. `is_own`: the new tenant has the seed's id; only there are the
    seed's client ids used and the published secret valid.
    """
    client_id = (seed.client_id if is_own and seed.client_id else tx.ids.uuid()).lower()
    application = NewApplication(
        name=seed.name,
        roles=list(seed.roles),
        consented_scopes=list(seed.consented_scopes),
        secret=None if seed.secret == PUBLISHED_SECRET and not is_own else seed.secret,
        certificate=seed.certificate,
        redirect_uris=list(seed.redirect_uris),
    )
    return seeded_application(tx, application, client_id=client_id)


def replace_published_secret(tx: Transaction, client_id: str) -> bool:
    """Give an application a new secret if it has the published one. Return whether it had."""
    row = application_queries.application(tx.connection, tx.tenant.id, client_id=client_id)
    if row is None or row.secret != PUBLISHED_SECRET:
        return False
    application_queries.change_application(tx.connection, tx.tenant.id, client_id=client_id, secret=tx.ids.token(24))
    return True


def change_settings(tx: Transaction, changes: dict[str, Any]) -> Tenant:
    """Change settings; every device plans again. Raises Invalid for an unknown setting or a wrong value."""
    for name, value in changes.items():
        check_setting(name, value)
    locks.hold_all(tx.connection, tx.tenant.id)
    tenant = _held(tx)
    changed = _changed(tx, replace(tenant, settings={**tenant.settings, **changes}), wake=True)
    if "edition" in changes:
        connector_registry.reinstall(tx)
    return changed


def check_edition(value: str) -> Edition:
    """Return the edition with this name. Raises Invalid for any other word."""
    if value not in Edition.__members__.values():
        raise Invalid(f"edition is one of {', '.join(Edition)}, not '{value}'.", target="edition")
    return Edition(value)


def set_clock(tx: Transaction, mode: ClockMode, *, now: datetime | None, system_now: datetime) -> Tenant:
    """Set the mode, the time, or both, of the tenant's clock."""
    tenant = _held(tx)
    if tenant.deterministic is not None and mode is not ClockMode.FROZEN:
        raise Invalid("The clock of a deterministic tenant stands: its mode stays frozen.", target="mode")
    clock = tenant.clock.set_to(mode, now, system_now=system_now)
    return _moved(tx, replace(tenant, clock=clock), system_now=system_now)


def advance_clock(tx: Transaction, by: timedelta, *, system_now: datetime) -> Tenant:
    """Put the tenant's clock forward. Raises Invalid for a negative duration."""
    if by < timedelta(0):
        raise Invalid("A clock is advanced, not put back: use PUT .../clock to set it.", target="by")
    tenant = _held(tx)
    try:
        clock = tenant.clock.advanced(by)
    except OverflowError:
        raise Invalid("That is past the end of time.", target="by") from None
    return _moved(tx, replace(tenant, clock=clock), system_now=system_now)


def _held(tx: Transaction) -> Tenant:
    """Return the tenant, locked against other changes until the transaction ends."""
    tenant = queries.tenant_to_change(tx.connection, tx.tenant.id)
    if tenant is None:
        raise NotFound(f"There is no tenant '{tx.tenant.name}'.")
    return tenant


def _changed(tx: Transaction, tenant: Tenant, *, wake: bool) -> Tenant:
    queries.change_tenant(tx.connection, tenant)
    tx.tenant = tenant
    tx.tenant_changed = True
    if wake:
        tx.wake(concern.by_tenant(tx.connection, tenant.id))
    return tenant


def _moved(tx: Transaction, tenant: Tenant, *, system_now: datetime) -> Tenant:
    check_year(tenant.clock, system_now)
    return _changed(tx, tenant, wake=False)


def check_year(clock: TenantClock, system_now: datetime) -> None:
    """Raise Invalid for a clock that has left the time that a tenant can have."""
    try:
        year = clock.now(system_now).year
    except OverflowError:
        year = _LATEST_YEAR + 1
    if year > _LATEST_YEAR:
        raise Invalid(f"That is past the year {_LATEST_YEAR}.", target="now")
    if year < _EARLIEST_YEAR:
        raise Invalid(f"That is before the year {_EARLIEST_YEAR}.", target="now")


def check_setting(name: str, value: object) -> None:
    """Raise Invalid for an unknown setting or a wrong value."""
    if name not in SETTINGS:
        raise Invalid(f"There is no setting '{name}'. There are: {', '.join(sorted(SETTINGS))}.", target=name)
    default = SETTINGS[name][0]
    if type(value) is not type(default):
        raise Invalid(f"'{name}' takes a {type(default).__name__}, such as {default!r}.", target=name)
    checks: dict[str, Callable[[str], object]] = {
        "edition": check_edition,
        "identityValidity": _validity,
        "compliance.checkinThresholdDays": _contact_days,
    }
    if name in checks:
        checks[name](str(value))


def _validity(value: str) -> None:
    if parse_duration(value) <= timedelta(0):
        raise Invalid("identityValidity is longer than nothing, such as P3650D.", target="identityValidity")


def _contact_days(value: str) -> None:
    if not 1 <= int(value) <= _MOST_CONTACT_DAYS:
        raise Invalid(
            f"The compliance status validity period is 1 to {_MOST_CONTACT_DAYS} days, not {value}.",
            target="compliance.checkinThresholdDays",
        )


def _add_connector(tx: Transaction, seed: Seed, *, keys: TenantKeys) -> None:
    connector_id = ConnectorId(tx.ids.uuid())
    row = ConnectorRow(
        tenant_id=tx.tenant.id,
        id=connector_id,
        name="Certificate Connector 1",
        program=Program.CERTIFICATE,
        version=None,
        state="online",
        mode="immediate",
        roles=list(ROLES),
        created_at=tx.now,
    )
    connector_queries.add_connector(tx.connection, row)
    rows = [
        connector_registry.key_row(row, (described.provider_name, described.key_name), key=key.public_key(), file=file)
        for described, (key, file) in zip(seed.connector_keys, keys.connector_keys, strict=True)
    ]
    connector_queries.add_connector_keys(tx.connection, *rows)
    if tx.tenant.edition is not PROGRAMS[row.program].edition:
        connector_registry.reinstall(tx)


def check_names(tenant: Tenant) -> None:
    """Raise Invalid for a name or a domain that no tenant can have."""
    if not _NAME.fullmatch(tenant.name) or tenant.name.lower() in RESERVED:
        raise Invalid(
            "A tenant's name has 1 to 63 letters, digits and hyphens, does not begin or end with a hyphen, and is not "
            f"{', '.join(sorted(RESERVED))}; '{tenant.name}' cannot be a name.",
            target="name",
        )
    if not _DOMAIN.fullmatch(tenant.domain):
        raise Invalid(f"A tenant's domain looks like contoso.example; '{tenant.domain}' does not.", target="domain")


def check_free(connection: Connection, tenant: Tenant, *, former: Tenant | None = None) -> None:
    """Raise Conflict if a tenant has the id, the name or the domain already. Before keys are made this saves making
    them for nothing: the transaction that adds the tenant looks again. `former`: a tenant that goes before that.
    """
    keys = {tenant.id: "id", tenant.name: "name", tenant.domain: "domain"}
    going = set() if former is None else {former.id, former.name.lower(), former.domain.lower()}
    taken = queries.taken_key(connection, tuple(key for key in keys if key.lower() not in going))
    if taken is not None:
        raise Conflict(f"There is a tenant '{taken}' already.", target=keys[taken])
