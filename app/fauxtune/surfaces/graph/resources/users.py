"""Users. Graph: user; list, get, create, update, delete, assignLicense, managedDevices."""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.odata.entities.directory import USER
from fauxtune.core.odata.validation import accept
from fauxtune.core.odata.view import view
from fauxtune.operations import directory
from fauxtune.storage.queries import directory as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, count_rows, list_rows

_LISTED = Listed(
    collection="users",
    entity=USER,
    context="users",
    document=lambda row: row["document"],
    page_size=100,
    largest_page=999,
    directory=True,
)
#: What Graph asks for when a user is made.
_REQUIRED = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")


async def list_users(call: Call) -> Answer:
    """GET /users."""
    return await list_rows(call, _LISTED)


async def count_users(call: Call) -> Answer:
    """GET /users/$count."""
    return await count_rows(call, _LISTED)


async def get_user(call: Call) -> Answer:
    """GET /users/{id or userPrincipalName}."""
    return await _shown(call, call.keys["user"])


async def get_me(call: Call) -> Answer:
    """GET /me: the signed-in user."""
    if call.caller.user_id is None:
        raise Invalid("/me request is only valid with delegated authentication flow.")
    return await _shown(call, call.caller.user_id)


async def create_user(call: Call) -> Answer:
    """POST /users."""
    body = call.body()
    for name in _REQUIRED:
        if body.get(name) is None:
            raise Invalid(f"A value is required for property '{name}' of resource 'User'.", target=name)
    document, password = _accepted(call, body, partial=False)
    made = await call.emulator.runner.run(call.tenant, directory.create_user, document, password=password)
    return created(call, view(USER, made, version=call.version), collection="users")


async def update_user(call: Call) -> Answer:
    """PATCH /users/{user}: 204, as the directory does it."""
    changes, password = _accepted(call, call.body(), partial=True)
    await call.emulator.runner.run(
        call.tenant, directory.update_user, call.keys["user"], changes=changes, password=password
    )
    return NO_CONTENT


async def delete_user(call: Call) -> Answer:
    """DELETE /users/{user}."""
    await call.emulator.runner.run(call.tenant, directory.delete_user, call.keys["user"])
    return NO_CONTENT


async def assign_license(call: Call) -> Answer:
    """POST /users/{user}/assignLicense."""
    body = call.body()
    add, remove = body.get("addLicenses"), body.get("removeLicenses")
    if not isinstance(add, list) or not isinstance(remove, list):
        raise Invalid("addLicenses and removeLicenses are required; either may be an empty list.")
    licences = accept(USER, {"assignedLicenses": add}, partial=True, version=call.version)["assignedLicenses"]
    made = await call.emulator.runner.run(
        call.tenant,
        directory.assign_license,
        call.keys["user"],
        add=licences,
        remove=[str(each) for each in remove],
    )
    return entity_answer(call, view(USER, made, version=call.version), context="users")


async def _shown(call: Call, key: str) -> Answer:
    check_options(call, USER)
    row = await call.emulator.runner.read(queries.user_by_key, call.tenant.id, key=key)
    if row is None:
        raise NotFound(
            f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
        )
    shown = view(USER, row["document"], version=call.version, select=call.query.select)
    return entity_answer(call, shown, context="users")


def _accepted(call: Call, body: Json, *, partial: bool) -> tuple[Json, str | None]:
    """The document without the password, which is kept apart and never shown."""
    document = accept(USER, body, partial=partial, version=call.version)
    profile: dict[str, Any] = document.pop("passwordProfile", None) or {}
    password = profile.get("password")
    if not partial and not password:
        raise Invalid("passwordProfile needs a password.", target="passwordProfile")
    return document, password
