"""Users, and the mail that programs send for them.

Graph: user; list, get, create, update, delete, assignLicense, changePassword, revokeSignInSessions, manager, sendMail.

Licences are read-only in a PATCH of the real service; here it sets them, as assignLicense does.

A message that a program sends for a user goes to the mailboxes of the tenant's users. There are no folders: nothing is
saved to the sent items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.search import Searchable
from fauxtune.core.mail.writing import Letter
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.tenants import SKUS
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import EXACT, approximated
from fauxtune.core.odata.schema.values import guid
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.mail import address_book
from fauxtune.storage.collections.devices import MANAGED_DEVICES
from fauxtune.storage.collections.directory import USERS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import directory as queries
from fauxtune.storage.rows.directory import UserRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.resources.device_parts import listed_document
from fauxtune.surfaces.graph.resources.directory_objects import AT_ONCE, SEARCH, DirectoryFamily, expand
from fauxtune.surfaces.graph.resources.own_family import Accepted
from fauxtune.surfaces.graph.resources.parts import Computed, Found, Part, add_parts, by_name, of_collection, of_each

MANAGED_DEVICE = entity("managedDevice")
LICENSE_DETAILS = entity("licenseDetails")
USER = entity("user")


def _license_details(row: UserRow) -> list[Json]:
    return [
        _details(row.id, str(assigned_license["skuId"]), disabled=assigned_license.get("disabledPlans") or [])
        for assigned_license in row.document.get("assignedLicenses") or ()
        if assigned_license["skuId"] in SKUS
    ]


#: What a user has besides directory objects.
PARTS: dict[str, Part[UserRow]] = by_name(
    Part("licenseDetails", LICENSE_DETAILS, of_each(lambda _call, _connection, row: _license_details(row))),
    Part("managedDevices", MANAGED_DEVICE, of_collection(MANAGED_DEVICES, listed_document)),
)


def _expand(call: Call, connection: Connection, rows: Sequence[UserRow]) -> list[Json]:
    added = add_parts(call, connection, rows, parts=PARTS, place=lambda row, part: f"users('{row.id}')/{part.name}")
    return [{**more, **parts} for more, parts in zip(expand(call, connection, rows), added, strict=True)]


_EXPANDABLE = (
    "manager",
    "directreports",
    "memberof",
    "transitivememberof",
    "owneddevices",
    "registereddevices",
    *PARTS,
)
#: What Graph asks for when a user is made.
_REQUIRED = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")


def key_of(call: Call) -> str:
    """Return the key of the user in the path; at `/me` that of the user who signed in."""
    key = call.keys.get("user", call.principal.user_id)
    if key is None:
        raise Invalid("/me request is only valid with delegated authentication flow.")
    return key


@dataclass(frozen=True)
class _Users(DirectoryFamily[UserRow]):
    """Users, whose passwords are stored apart and never shown."""

    def key_of(self, call: Call) -> str:
        """The key in the path; at `/me` that of the user who signed in."""
        return key_of(call)

    def accepted(self, call: Call, body: Json, *, partial: bool) -> Accepted:
        """The document without the password, and the password."""
        document, _ = super().accepted(call, body, partial=partial)
        profile: dict[str, Any] = document.pop("passwordProfile", None) or {}
        password = profile.get("password")
        if not partial and not password:
            raise Invalid("passwordProfile needs a password.", target="passwordProfile")
        return document, {"password": password}


def _found(connection: Connection, call: Call) -> UserRow | None:
    return queries.user_by_key(connection, call.tenant.id, key=key_of(call))


USERS_OF_TENANT = _Users(
    "users",
    "user",
    "a user",
    USERS,
    key="user",
    read=needs.READ_USERS,
    write=needs.WRITE_USERS,
    created_by=users_and_groups.create_user,
    changed_by=users_and_groups.update_user,
    deleted_by=users_and_groups.delete_user,
    found_by=_found,
    required=_REQUIRED,
    expandable=_EXPANDABLE,
    expanded_by=_expand,
    searchable=Searchable(
        words=("displayName",),
        beginnings=("mail", "userPrincipalName", "givenName", "surname", "mailNickname", "onPremisesSamAccountName"),
    ),
    fidelities={
        **dict.fromkeys(("list", "count"), SEARCH),
        "create": approximated("licences may be given at once, and the name's domain need not be the tenant's"),
        "update": approximated("assignedLicenses can be written, which the real service leaves to assignLicense"),
        "delete": AT_ONCE,
    },
)

#: What stands below a user; lists of other objects are added by `groups`.
OF_USER = Routes(
    "users/{user}", "me", source="Graph: user: {verb}", read=needs.READ_USERS, write=needs.WRITE_USERS, mine=needs.ME
)
ME = Routes("me", type=USER, read=needs.ME, write=needs.WRITE_USERS, fidelity=EXACT)
ME.get(summary="Get the signed-in user")(USERS_OF_TENANT.get)
ME.update(
    summary="Update the signed-in user",
    returns=None,
    status=204,
    fidelity=USERS_OF_TENANT.fidelities["update"],
)(USERS_OF_TENANT.update)


@OF_USER.action(
    "/assignLicense",
    returns=USER,
    fidelity=approximated("a usageLocation is not asked for, and licences do not run out"),
)
async def assign_license(call: Call) -> Answer:
    """Assign licences."""
    body = call.body()
    missing = [name for name in ("addLicenses", "removeLicenses") if body.get(name) is None]
    if missing:
        raise Invalid(
            "One or more parameters of the operation 'assignLicense' are missing from the request payload. "
            f"The missing parameters are: {', '.join(missing)}."
        )
    add, remove = body["addLicenses"], body["removeLicenses"]
    if not isinstance(remove, list):
        raise Invalid("removeLicenses is a list of the ids of licences.", target="removeLicenses")
    licences = accept(USER, {"assignedLicenses": add}, partial=True, version=call.version)["assignedLicenses"]
    document = await call.run(
        users_and_groups.assign_license,
        key_of(call),
        add=licences,
        remove=[_guid(each) for each in remove],
    )
    return entity_answer(call, view(USER, document, version=call.version), context="users")


@ME.action("/changePassword", status=204, fidelity=approximated("every new password will do"))
async def change_password(call: Call) -> Answer:
    """Change the signed-in user's password."""
    body = call.body()
    for name in ("currentPassword", "newPassword"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise Invalid(f"'{name}' is required: a text.", target=name)
    await call.run(
        users_and_groups.change_password,
        key_of(call),
        current=body["currentPassword"],
        new=body["newPassword"],
    )
    return NO_CONTENT


@OF_USER.action(
    "/revokeSignInSessions",
    fidelity=approximated("refresh tokens end at once; access tokens live to their end"),
)
async def revoke_sign_in_sessions(call: Call) -> Answer:
    """End a user's sessions.

    200 with true.
    """
    await call.run(users_and_groups.revoke_sign_in_sessions, key_of(call))
    return Answer(200, {"@odata.context": call.context("Edm.Boolean"), "value": True})


@OF_USER.put("/manager/$ref", source="Graph: user: assign manager")
async def set_manager(call: Call) -> Answer:
    """Assign a manager.

    The body is {"@odata.id": url}; only the id in it matters.
    """
    await call.run(users_and_groups.set_manager, key_of(call), manager_id=call.reference(to="user"))
    return NO_CONTENT


@OF_USER.delete("/manager/$ref", source="Graph: user: remove manager")
async def remove_manager(call: Call) -> Answer:
    """Remove the manager."""
    await call.run(users_and_groups.set_manager, key_of(call), manager_id=None)
    return NO_CONTENT


async def _user(call: Call) -> UserRow:
    key = key_of(call)
    row = await call.read(queries.user_by_key, call.tenant.id, key=key)
    if row is None:
        raise missing(key)
    return row


async def _licences(call: Call) -> Found:
    row = await _user(call)
    return f"users('{row.id}')/licenseDetails", _license_details(row)


#: What the user's licences are, as far as the tenant has them.
OF_USER.collection(
    "/licenseDetails",
    Computed(LICENSE_DETAILS, _licences, key="license", missing=missing),
    *("List a user's licences", "Count a user's licences", "Get one of a user's licences"),
    returns=LICENSE_DETAILS,
    source="Graph: user: list licenseDetails",
    fidelity=EXACT,
)


def _details(user_id: UserId, sku: str, *, disabled: list[str]) -> Json:
    name, plans = SKUS[sku]
    service_plans = [
        {**plan, "provisioningStatus": "Disabled"} if plan["servicePlanId"] in disabled else plan for plan in plans
    ]
    # Unverified: the real id is an opaque text made of tenant and licence.
    return {"id": f"{user_id}_{sku}", "skuId": sku, "skuPartNumber": name, "servicePlans": service_plans}


def _guid(value: object) -> str:
    if not isinstance(value, str):
        raise Invalid("removeLicenses is a list of the ids of licences.", target="removeLicenses")
    return guid(value)


_PARTS = ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table")
_HIDDEN = ("script", "style", "title")


@OF_USER.action(
    "/sendMail",
    status=202,
    permissions=needs.SEND_MAIL,
    fidelity=approximated("to the tenant's own mailboxes, as plain text; without attachments and sent items"),
)
async def send_mail(call: Call) -> Answer:
    """Send a mail for a user.

    202, also for addresses that nobody here has.
    """
    message = _object(call.body(), "message")
    if message is None:
        raise Invalid('The body is {"message": {...}}.', target="message")
    if message.get("attachments"):
        raise NotEmulated("A mail with attachments is not sent here: put it into the mailbox as message/rfc822.")
    key = key_of(call)
    user = await call.read(queries.user_by_key, call.tenant.id, key=key)
    if user is None:
        raise missing(key)
    letter = Letter(
        sender=str(user.document.get("mail") or user.document["userPrincipalName"]),
        to=_addresses(message, "toRecipients"),
        cc=_addresses(message, "ccRecipients"),
        subject=_text(message, "subject"),
        text=_body(message),
    )
    await call.run(address_book.send_for, letter, hidden=_addresses(message, "bccRecipients"))
    return Answer(202)


def _object(body: Json, name: str) -> Json | None:
    value = next((value for key, value in body.items() if key.lower() == name.lower()), None)
    if value is not None and not isinstance(value, dict):
        raise Invalid(f"'{name}' is a JSON object.", target=name)
    return value


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid(f"'{name}' is a text.", target=name)
    return value or ""


def _addresses(message: Json, name: str) -> tuple[str, ...]:
    recipients = message.get(name) or []
    if not isinstance(recipients, list) or not all(isinstance(recipient, dict) for recipient in recipients):
        raise Invalid(f"'{name}' is a list of recipients.", target=name)
    return tuple(_address(recipient, name) for recipient in recipients)


def _address(recipient: Json, name: str) -> str:
    address = _text(_object(recipient, "emailAddress") or {}, "address")
    if not address:
        raise Invalid(f'A recipient in \'{name}\' is {{"emailAddress": {{"address": "..."}}}}.', target=name)
    return address


def _body(message: Json) -> str:
    body = _object(message, "body") or {}
    content, kind = _text(body, "content"), _text(body, "contentType").lower()
    if kind not in ("", "text", "html"):
        raise Invalid("'contentType' is text or html.", target="contentType")
    return _plain(content) if kind == "html" else content


class _Texts(HTMLParser):
    """The text of an HTML document."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = False

    def handle_data(self, data: str) -> None:
        """Keep a text that a browser shows."""
        if not self._hidden:
            self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Begin a new line where a browser does."""
        self._hidden = tag in _HIDDEN
        if tag in _PARTS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Show texts again after a part that is not shown."""
        self._hidden = False


def _plain(html: str) -> str:
    texts = _Texts()
    texts.feed(html)
    texts.close()
    return "".join(texts.pieces).strip()
