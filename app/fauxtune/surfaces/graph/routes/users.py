"""Users, and the signed-in one.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, approximated
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import groups, users
from fauxtune.surfaces.graph.routes.collections import read_collection
from fauxtune.surfaces.graph.routes.families import routes_of_own
from fauxtune.surfaces.graph.routes.groups import ONE_OWNER, lists, of_member

DIRECTORY_OBJECT = entity("directoryObject")
LICENSE_DETAILS = entity("licenseDetails")
USER = entity("user")

_LICENSES = approximated("a usageLocation is not asked for, and licences do not run out")
_MAIL = approximated("to the tenant's own mailboxes, as plain text; without attachments and sent items")
_SESSIONS = approximated("refresh tokens end at once; access tokens live to their end")
_PASSWORD = approximated("every new password will do")


def _of_user(one: str, *, read: tuple[str, ...], write: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    """Return the routes below a user, and below `/me`."""
    return (
        *of_member(one, kind="user", permissions=read),
        *lists(
            f"{one}/ownedDevices",
            "ownedDevices",
            what="Entra devices of a user",
            permissions=read,
            source="Graph: user: list ownedDevices",
            fidelity=ONE_OWNER,
        ),
        *lists(
            f"{one}/registeredDevices",
            "registeredDevices",
            what="Entra devices of a user",
            permissions=read,
            source="Graph: user: list registeredDevices",
            fidelity=ONE_OWNER,
        ),
        *lists(
            f"{one}/directReports",
            "directReports",
            what="users whose manager this is",
            permissions=read,
            source="Graph: user: list directReports",
        ),
        *_of_user_alone(one, read=read, write=write),
    )


def _of_user_alone(one: str, *, read: tuple[str, ...], write: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    """Return the routes that no other kind of directory object has."""
    return (
        *_licences(one, read=read),
        *_manager(one, read=read, write=write),
        Route(
            "POST",
            f"{one}/assignLicense",
            users.assign_license,
            "Assign licences",
            returns=USER,
            permissions=write,
            source="Graph: user: assignLicense",
            fidelity=_LICENSES,
        ),
        Route(
            "POST",
            f"{one}/sendMail",
            users.send_mail,
            "Send a mail for a user",
            status=202,
            permissions=needs.SEND_MAIL,
            source="Graph: user: sendMail",
            fidelity=_MAIL,
        ),
        Route(
            "POST",
            f"{one}/revokeSignInSessions",
            users.revoke_sign_in_sessions,
            "End a user's sessions",
            permissions=write,
            source="Graph: user: revokeSignInSessions",
            fidelity=_SESSIONS,
        ),
    )


def _licences(one: str, *, read: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    return read_collection(
        f"{one}/licenseDetails",
        users.LICENCES,
        summaries=("List a user's licences", "Count a user's licences", "Get one of a user's licences"),
        returns=LICENSE_DETAILS,
        permissions=read,
        source="Graph: user: list licenseDetails",
        fidelity=EXACT,
    )


def _manager(one: str, *, read: tuple[str, ...], write: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    return (
        Route(
            "GET",
            f"{one}/manager",
            groups.get_manager,
            "Get a user's manager",
            returns=DIRECTORY_OBJECT,
            permissions=read,
            source="Graph: user: list manager",
        ),
        Route(
            "GET",
            f"{one}/manager/$ref",
            groups.get_manager_reference,
            "Get the reference to a user's manager",
            permissions=read,
            source="Graph: user: list manager",
        ),
        Route(
            "PUT",
            f"{one}/manager/$ref",
            users.set_manager,
            "Assign a manager",
            status=204,
            permissions=write,
            source="Graph: user: assign manager",
        ),
        Route(
            "DELETE",
            f"{one}/manager/$ref",
            users.remove_manager,
            "Remove the manager",
            status=204,
            permissions=write,
            source="Graph: user: remove manager",
        ),
    )


_ONE_USER = "users/{user}"
USERS: tuple[Route[Handler], ...] = (
    *routes_of_own(users.USERS_OF_TENANT),
    *_of_user(_ONE_USER, read=needs.READ_USERS, write=needs.WRITE_USERS),
    Route(
        "GET",
        "me",
        users.USERS_OF_TENANT.get,
        "Get the signed-in user",
        returns=USER,
        permissions=needs.ME,
        source="Graph: user: get",
    ),
    Route(
        "PATCH",
        "me",
        users.USERS_OF_TENANT.update,
        "Update the signed-in user",
        accepts=USER,
        status=204,
        permissions=needs.WRITE_USERS,
        source="Graph: user: update",
        fidelity=users.USERS_OF_TENANT.fidelities["update"],
    ),
    Route(
        "POST",
        "me/changePassword",
        users.change_password,
        "Change the signed-in user's password",
        status=204,
        permissions=needs.WRITE_USERS,
        source="Graph: user: changePassword",
        fidelity=_PASSWORD,
    ),
    *_of_user("me", read=needs.ME, write=needs.WRITE_USERS),
)
