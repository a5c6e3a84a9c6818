"""Create, license and delete users; create and delete groups, and change their members.

Graph: user, user: assignLicense, group, members/$ref.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fauxtune.core.administration.requests import AdminRequest, Json, key, object_url
from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import INTUNE_SKU

USERS, GROUPS = "/users", "/groups"
#: What a new user signs in with unless another password is given; not a secret, like everything here.
PASSWORD = "Fauxtune1!"  # noqa: S105 - printed in the documentation
_NOT_IN_A_NICKNAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NICKNAME = 64


def create_user(
    user_principal_name: str,
    *,
    display_name: str | None = None,
    given_name: str | None = None,
    surname: str | None = None,
    mail: str | None = None,
    password: str = PASSWORD,
) -> AdminRequest:
    """Create a user, such as `alice@contoso.example`. Without `mail` the address is the principal name: certificates
    for S/MIME need one. A licence is a request of its own: see `license_user`.
    """
    local, at, domain = user_principal_name.partition("@")
    if not (local and at and domain):
        raise Invalid(
            f"'{user_principal_name}' is no user principal name: write name@domain, such as alice@contoso.example.",
            target="userPrincipalName",
        )
    body: Json = {
        "accountEnabled": True,
        "displayName": display_name or " ".join(part for part in (given_name, surname) if part) or local,
        "givenName": given_name,
        "surname": surname,
        "userPrincipalName": user_principal_name,
        "mailNickname": _nickname(local),
        "mail": mail or user_principal_name,
        # The real service licenses only users whose country it knows.
        "usageLocation": "US",
        "passwordProfile": {"password": password, "forceChangePasswordNextSignIn": False},
    }
    return AdminRequest("POST", USERS, {name: value for name, value in body.items() if value is not None})


def license_user(user: str) -> AdminRequest:
    """Give a user, by id or principal name, the licence without which no device can enrol."""
    return _licences(user, add=[{"skuId": INTUNE_SKU, "disabledPlans": []}])


def unlicense_user(user: str) -> AdminRequest:
    """Take the licence from a user."""
    return _licences(user, remove=[INTUNE_SKU])


def create_group(name: str, *, description: str | None = None, members: Sequence[str] = ()) -> AdminRequest:
    """Create a security group. `members` are the ids of users, devices or groups, 20 at most."""
    if not name.strip():
        raise Invalid("A group needs a name.", target="displayName")
    body: Json = {
        "displayName": name,
        "mailEnabled": False,
        "mailNickname": _nickname(name),
        "securityEnabled": True,
    }
    if description is not None:
        body["description"] = description
    if members:
        body["members@odata.bind"] = [_member(member) for member in members]
    return AdminRequest("POST", GROUPS, body)


def add_member(group_id: str, *, member: str) -> AdminRequest:
    """Add a user, device or group, by its id, to a group."""
    return AdminRequest("POST", f"{GROUPS}/{key(group_id)}/members/$ref", {"@odata.id": _member(member)})


def remove_member(group_id: str, *, member: str) -> AdminRequest:
    """Remove a user, device or group, by its id, from a group."""
    return AdminRequest("DELETE", f"{GROUPS}/{key(group_id)}/members/{key(member)}/$ref")


def _licences(user: str, *, add: list[Json] | None = None, remove: list[str] | None = None) -> AdminRequest:
    body = {"addLicenses": add or [], "removeLicenses": remove or []}
    return AdminRequest("POST", f"{USERS}/{key(user)}/assignLicense", body)


def _member(object_id: str) -> str:
    return object_url("/directoryObjects", object_id)


def _nickname(name: str) -> str:
    """The name in the letters that a mailNickname can have. It need not be unique for security groups."""
    return _NOT_IN_A_NICKNAME.sub("", name)[:_LONGEST_NICKNAME] or "group"
