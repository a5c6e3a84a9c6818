"""A tenant that has something for every page of the console, and copies of its device and of its user.

Of the copies' rows, shares are in the states that lists filter by: so there are at least sixteen copies.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from sqlalchemy import ColumnElement, Connection, func, select, text, true

from bench import world
from bench.copies import copy_people
from fauxtune.core.administration import approvals, directory, emulation, labs, policies, profiles, state
from fauxtune.core.administration.assignments import assign, to_group
from fauxtune.core.administration.choices import Purpose
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.core.model.words.provider_states import SENTENCES
from fauxtune.storage.database import Database
from fauxtune.storage.tables import (
    authorities,
    certificates,
    connector_keys,
    connectors,
    directory_devices,
    enrollments,
    groups,
    ledger,
    managed_devices,
    pfx_certificates,
    published_certificates,
    resources,
)
from fauxtune.storage.tables import profiles as profile_table
from fauxtune.storage.tenancy import across_tenants
from tests.support.running_server import command_of

_PROFILES, _GROUPS = 28, 120
_PHONES = ProfilePlatform.ANDROID
#: Why statements here ask for no tenant.
_WHY = "a bench has one tenant"
_CONTROL = "/_fauxtune/v1/tenants/contoso"
#: A lab, and a file that it has from its start on.
_LAB, _FILE = "root-without-intermediate", "root.crt"
_SNAPSHOT = "Monday"


def build(url: str, *, folder: Path, commands: Path | None = None) -> None:
    """Begin the tenant in a new database, with a phone of Alice's that is settled, and an iPhone of a lab's. With the
    programs in the folder `commands`, if it is given.
    """
    running = world.server("--database-url", url, folder=folder, commands=commands)
    with running as server, closing(server.client()) as client:
        _send(client, _CONTROL, request=labs.start_lab(_LAB))
        _furnish(client)
        fleet = (*command_of("fauxtune-sim", commands), "fleet", "--devices", "1", "--user", world.ALICE)
        where = ("--server", server.endpoints["http"], "--tenant", "contoso", "--mix", "android:1", "--output", "json")
        subprocess.run([*fleet, *where], check=True, capture_output=True)
        _correspond(client)


def multiply(url: str, *, people: int, devices: int) -> None:
    """Add copies of Alice, each with so many copies of her device."""
    copy_people(url, people=people, devices=devices)
    database = Database(url)
    database.run_now(_disturb)
    if not database.is_sqlite:
        database.run_now(lambda connection: connection.execute(text("ANALYZE")))
    database.close()


def _furnish(client: httpx.Client) -> None:
    """Create profiles for everybody, groups, an imported certificate, and what single pages show."""
    graph, control = "/beta", _CONTROL

    def send(base: str, request: AdminRequest) -> Any:
        return _send(client, base, request=request)

    root = client.get("/pki/contoso/root/ca.cer").raise_for_status().content
    issuer = profiles.Issuer("ca.contoso.example", "Contoso Issuing CA", kind=None)
    requests = [
        *profiles.create_root("Root", platforms=[_PHONES], certificate=root),
        *profiles.create_pkcs("Signing", platforms=[_PHONES], issuer=issuer, template="SmimeP256"),
    ]
    for number in range(_PROFILES // 2):
        requests += profiles.create_imported(f"Files {number}", platforms=[_PHONES], purpose=Purpose.ENCRYPTION)
        requests += profiles.create_root(f"Other root {number}", platforms=[ProfilePlatform.IOS], certificate=root)
    targets = [to_group(world.group_id(client, name)) for name in ("All Staff", "SMIME Pilot")]
    for request in requests:
        send(graph, assign(str(send(graph, request)["id"]), present=(), targets=targets))
    for number in range(_GROUPS):
        send(graph, directory.create_group(f"Group {number}"))
    world.import_pfx(client, world.pfx_document(client))
    send(control, emulation.create_template("issuing", name="Ours"))
    send(control, emulation.create_connector("Spare", roles=["revocation"], mode="polling"))
    policy = policies.create_compliance("Passcode", platform=_PHONES, settings={"passwordRequired": True})
    (of,) = policies.COLLECTIONS["compliance"]
    send(graph, policies.assign(of, str(send(graph, policy)["id"]), present=(), targets=targets))
    send(control, state.create_snapshot(_SNAPSHOT))
    _let_something_wait(client)


def _let_something_wait(client: httpx.Client) -> None:
    """Ask for a script, which an approver has to allow."""
    staff = world.group_id(client, "All Staff")
    _send(client, "/beta", request=approvals.create_policy("Scripts", policy_type="script", approvers=[staff]))
    headers = approvals.asking(AdminRequest("POST", "/"), justification="Ticket 4711").headers
    script = {"displayName": "Script", "fileName": "script.ps1", "scriptContent": "MQ==", "runAsAccount": "system"}
    answer = client.post("/beta/deviceManagement/deviceManagementScripts", json=script, headers=headers)
    if answer.status_code != 403:
        raise RuntimeError(f"no approval was needed: {answer.status_code} {answer.text}")


def _send(client: httpx.Client, base: str, *, request: AdminRequest) -> Any:
    answer = client.request(request.method, f"{base}{request.path}", json=request.body).raise_for_status()
    return answer.json() if answer.content else None


def _correspond(client: httpx.Client) -> None:
    """Publish a certificate of Alice, and send her a letter."""
    issued = client.get(f"{_CONTROL}/certificates", params={"userPrincipalName": world.ALICE}).raise_for_status().json()
    mark = issued["value"][0]["thumbprint"]
    _send(client, _CONTROL, request=emulation.publish_certificate(world.ALICE, thumbprint=mark))
    _send(
        client, _CONTROL, request=emulation.send_text(world.ALICE, to=[world.ALICE], subject="Hello", text="A letter.")
    )


def _disturb(connection: Connection) -> None:
    """Let every second device be behind, some items fail, and some certificates be revoked or on hold."""
    enrollment, certificate = enrollments.c, certificates.c
    behind = across_tenants(enrollments.update(), _WHY).values(generation=enrollment.generation + 1)
    connection.execute(behind.where(enrollment.id.in_(_sixteenths(enrollment.id, range(8)))))
    failed = across_tenants(ledger.update(), _WHY).values(state="failed", message="no room")
    connection.execute(failed.where(ledger.c.enrollment_id.in_(_sixteenths(enrollment.id, [8]))))
    moment = select(func.max(certificate.not_before)).scalar_subquery()
    for parts, reason in (([9, 10], "superseded"), ([11], "certificateHold")):
        serials = _sixteenths(certificate.serial, parts, where=_of_copies())
        revoked = across_tenants(certificates.update(), _WHY).values(revoked_at=moment, reason=reason)
        connection.execute(revoked.where(certificate.serial.in_(serials)))
    connection.execute(
        across_tenants(connectors.update(), _WHY).where(connectors.c.name == "Spare").values(state="offline")
    )
    last = select(func.max(enrollment.id)).where(enrollment.platform == Platform.ANDROID).scalar_subquery()
    owned = {"variant": Variant.ANDROID_FULLY_MANAGED, "mode": "fully-managed"}
    connection.execute(across_tenants(enrollments.update(), _WHY).where(enrollment.id == last).values(owned))


def _of_copies() -> ColumnElement[bool]:
    """Return the condition of certificates that devices of copied people have: their pages are all alike."""
    record = managed_devices.c
    people = select(record.user_id).where(record.user_principal_name.like("person%"))
    return (certificates.c.authority == "issuing") & certificates.c.user_id.in_(people)


def _sixteenths(column: ColumnElement[str], parts: Iterable[int], *, where: ColumnElement[bool] | None = None) -> Any:
    """Return the select of some sixteenths of a column's values: they take turns in the order of the values."""
    place = (func.row_number().over(order_by=column) - 1) % 16
    ranked = select(column.label("value"), place.label("place")).where(true() if where is None else where).subquery()
    return select(ranked.c.value).where(ranked.c.place.in_(list(parts)))


def things(connection: Connection) -> dict[str, str]:
    """Return the names of things by the words of addresses."""

    def one(column: Any, *where: Any) -> str:
        return str(
            connection.execute(
                across_tenants(select(column), _WHY).where(*where).order_by(column).limit(1)
            ).scalar_one()
        )

    record = managed_devices.c
    # One whose certificate is valid: to remove another one takes fewer statements.
    valid = select(certificates.c.enrollment_id).where(_of_copies(), certificates.c.revoked_at.is_(None))
    device = connection.execute(
        across_tenants(select(record.enrollment_id, record.user_id, record.user_principal_name), _WHY)
        .where(record.user_principal_name.like("person%"), record.enrollment_id.in_(valid))
        .order_by(record.enrollment_id)
        .limit(1)
    ).one()
    key = connection.execute(across_tenants(select(connector_keys.c.provider, connector_keys.c.key_name), _WHY)).one()
    return {
        "device": device[0],
        "owned": one(enrollments.c.id, enrollments.c.variant == Variant.ANDROID_FULLY_MANAGED),
        "user": device[1],
        "device_object": one(directory_devices.c.id, directory_devices.c.enrollment_id == device[0]),
        "address": device[2],
        "group": one(groups.c.id, groups.c.document["displayName"].as_string() == "All Staff"),
        "profile": one(profile_table.c.id, profile_table.c.kind.contains("Pkcs")),
        "alice": world.ALICE,
        "published": one(published_certificates.c.thumbprint),
        "certificate": one(certificates.c.serial, _of_copies(), certificates.c.revoked_at.is_(None)),
        "held": one(certificates.c.serial, _of_copies(), certificates.c.reason == "certificateHold"),
        "authority": one(authorities.c.name, authorities.c.role == "issuing"),
        "template": "Ours",
        "program": "certificate-connector",
        "connector": one(connectors.c.id, connectors.c.state == "online"),
        "offline": one(connectors.c.id, connectors.c.state == "offline"),
        "thumbprint": one(pfx_certificates.c.thumbprint, pfx_certificates.c.user_id == device[1]),
        "provider": key.provider,
        "key": key.key_name,
        "noun": "compliance",
        "managed": one(resources.c.id, resources.c.kind == "androidWorkProfileCompliancePolicy"),
        "policy": one(resources.c.id, resources.c.kind == "operationApprovalPolicy"),
        "approval": one(resources.c.id, resources.c.kind == "operationApprovalRequest"),
        "lab": _LAB,
        "name": _FILE,
        "snapshot": _SNAPSHOT,
        "sentence": quote(SENTENCES[0].text),
    }
