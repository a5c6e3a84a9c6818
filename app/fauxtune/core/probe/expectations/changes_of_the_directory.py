"""Users and groups that the probe creates, changes and deletes; what is refused. Only with --write.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import AtMost, Both, Has, Lacks, Matches
from fauxtune.core.probe.expectations.forms import (
    GUID,
    delete,
    each,
    equal,
    get,
    get_refused,
    header,
    patch,
    post,
    refused,
    says,
    some,
    status,
)
from fauxtune.core.probe.model import Basis, Expectation, Step

_GROUPS, _USERS = (needs.WRITE_GROUPS,), (needs.WRITE_USERS, needs.READ_DOMAINS)
_GROUP = {
    "displayName": "{prefix}group",
    "mailEnabled": False,
    "mailNickname": "{prefix}group",
    "securityEnabled": True,
}
_INNER = {**_GROUP, "displayName": "{prefix}inner", "mailNickname": "{prefix}inner"}
_USER = {
    "accountEnabled": False,
    "displayName": "{prefix}user",
    "mailNickname": "{prefix}user",
    "userPrincipalName": "{prefix}user@{domain}",
    "passwordProfile": {"forceChangePasswordNextSignIn": True, "password": "{password}"},
}
_REFERENCE = {"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/{inner}"}
_CREATED = post("/groups", _GROUP, status(201), keeps={"group": "id"})
_INNER_CREATED = post("/groups", _INNER, status(201), keeps={"inner": "id"})


def _refused_group(*checks: object, **members: object) -> Step:
    body = {name: value for name, value in {**_GROUP, **members}.items() if value is not None}
    return Step(method="POST", path="/groups", body=body, checks=(*refused(400), *checks))  # type: ignore[arg-type]


CHANGES_OF_THE_DIRECTORY: tuple[Expectation, ...] = (
    Expectation(
        id="group-create",
        says="A created group is answered with 201, the entity, its context and its place.",
        source=by.reference("Create group"),
        needs=_GROUPS,
        steps=(
            post(
                "/groups",
                _GROUP,
                status(201),
                Matches("id", GUID),
                equal("displayName", "{prefix}group"),
                equal("securityEnabled", True),
                Has("createdDateTime", "time"),
                Matches("@odata.context", r"#groups/\$entity$"),
                header("location", "/directoryObjects/|/groups"),
            ),
        ),
    ),
    Expectation(
        id="group-update",
        says="A change of a group is answered with 204 and nothing else.",
        source=by.reference("Update group"),
        needs=_GROUPS,
        steps=(
            _CREATED,
            patch("/groups/{group}", {"description": "{prefix}description"}, status(204), header("content-type", None)),
            get("/groups/{group}?$select=description", equal("description", "{prefix}description")),
        ),
    ),
    Expectation(
        id="group-clear",
        says="An explicit null clears the description of a group.",
        source=by.ODATA_JSON,
        needs=_GROUPS,
        steps=(
            post("/groups", {**_GROUP, "description": "x"}, status(201), keeps={"group": "id"}),
            patch("/groups/{group}", {"description": None}, status(204)),
            get("/groups/{group}?$select=description", equal("description", None)),
        ),
    ),
    Expectation(
        id="group-delete",
        says="A deleted group is answered with 204, and is not there afterwards.",
        source=by.reference("Delete group"),
        needs=_GROUPS,
        steps=(
            _CREATED,
            delete("/groups/{group}"),
            get_refused("/groups/{group}", *refused(404, "Request_ResourceNotFound")),
        ),
    ),
    Expectation(
        id="group-without-name",
        says="A group without displayName is refused with 400 Request_BadRequest.",
        source=by.reference("Create group"),
        needs=_GROUPS,
        steps=(_refused_group(displayName=None),),
    ),
    Expectation(
        id="group-unknown-property",
        says="A property that a group does not have is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_GROUPS,
        steps=(_refused_group(says("frob"), frob="x"),),
    ),
    Expectation(
        id="group-wrong-type",
        says="A number for displayName is refused with 400.",
        source=by.ODATA_JSON,
        needs=_GROUPS,
        steps=(_refused_group(displayName=7),),
    ),
    Expectation(
        id="group-malformed-json",
        says="A body that is no JSON is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_GROUPS,
        steps=(
            Step(
                method="POST",
                path="/groups",
                content="{",
                headers={"content-type": "application/json"},
                checks=refused(400),
            ),
        ),
    ),
    Expectation(
        id="group-without-media-type",
        says="A body without Content-Type is refused with 400 or 415.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_GROUPS,
        steps=(Step(method="POST", path="/groups", content="{}", checks=(status(400, 415), Has("error/code"))),),
    ),
    Expectation(
        id="group-update-unknown",
        says="A change of an unknown group is refused with 404 Request_ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_GROUPS,
        steps=(patch("/groups/{absent}", {"description": "x"}, *refused(404, "Request_ResourceNotFound")),),
    ),
    Expectation(
        id="group-delete-unknown",
        says="The deletion of an unknown group is refused with 404 Request_ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_GROUPS,
        steps=(delete("/groups/{absent}", *refused(404, "Request_ResourceNotFound")),),
    ),
    Expectation(
        id="member-add",
        says="A member is added by a reference with 204; the list of members has it with its @odata.type.",
        source=by.reference("Add members"),
        needs=_GROUPS,
        steps=(
            _CREATED,
            _INNER_CREATED,
            post("/groups/{group}/members/$ref", _REFERENCE, status(204)),
            get(
                "/groups/{group}/members",
                some(Both((equal("id", "{inner}"), equal("@odata.type", "#microsoft.graph.group")))),
            ),
        ),
    ),
    Expectation(
        id="member-add-again",
        says="A member that is there already is refused with 400 and the sentence that clients look for.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_GROUPS,
        steps=(
            _CREATED,
            _INNER_CREATED,
            post("/groups/{group}/members/$ref", _REFERENCE, status(204)),
            post(
                "/groups/{group}/members/$ref",
                _REFERENCE,
                *refused(400, "Request_BadRequest"),
                says("One or more added object references already exist"),
            ),
        ),
    ),
    Expectation(
        id="member-add-unknown",
        says="A reference to an unknown object is refused with 404 or 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_GROUPS,
        steps=(
            _CREATED,
            post(
                "/groups/{group}/members/$ref",
                {"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/{absent}"},
                status(400, 404),
                Has("error/code", "text"),
            ),
        ),
    ),
    Expectation(
        id="member-remove",
        says="A member is removed by its reference with 204; a second time it is refused with 404.",
        source=by.reference("Remove member"),
        needs=_GROUPS,
        steps=(
            _CREATED,
            _INNER_CREATED,
            post("/groups/{group}/members/$ref", _REFERENCE, status(204)),
            delete("/groups/{group}/members/{inner}/$ref"),
            delete("/groups/{group}/members/{inner}/$ref", *refused(404, "Request_ResourceNotFound")),
        ),
    ),
    Expectation(
        id="member-bind",
        says="A group can be created with members by members@odata.bind.",
        source=by.reference("Create group"),
        needs=_GROUPS,
        steps=(
            _INNER_CREATED,
            post(
                "/groups",
                {**_GROUP, "members@odata.bind": ["https://graph.microsoft.com/v1.0/groups/{inner}"]},
                status(201),
                keeps={"group": "id"},
            ),
            get("/groups/{group}/members", some(equal("id", "{inner}"))),
        ),
    ),
    Expectation(
        id="member-nested",
        says="transitiveMembers of a group has the members of its members.",
        source=by.reference("List group transitive members"),
        needs=_GROUPS,
        steps=(
            _CREATED,
            _INNER_CREATED,
            post("/groups/{group}/members/$ref", _REFERENCE, status(204)),
            get("/groups/{group}/transitiveMembers", each(Has("@odata.type", "text"))),
            get("/groups/{inner}/memberOf", some(equal("id", "{group}"))),
        ),
    ),
    Expectation(
        id="group-same-name",
        says="Two groups may have one displayName.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_GROUPS,
        steps=(_CREATED, post("/groups", {**_INNER, "displayName": "{prefix}group"}, status(201))),
    ),
    Expectation(
        id="user-create",
        says="A created user is answered with 201 and the entity, without the password.",
        source=by.reference("Create User"),
        needs=_USERS,
        steps=(
            post(
                "/users",
                _USER,
                status(201),
                Matches("id", GUID),
                equal("displayName", "{prefix}user"),
                Lacks("passwordProfile/password"),
                Matches("@odata.context", r"#users/\$entity$"),
            ),
        ),
    ),
    Expectation(
        id="user-update",
        says="A change of a user is answered with 204 and nothing else.",
        source=by.reference("Update user"),
        needs=_USERS,
        steps=(
            post("/users", _USER, status(201), keeps={"user": "id"}),
            patch("/users/{user}", {"jobTitle": "Probe"}, status(204), header("content-type", None)),
            get("/users/{user}", equal("jobTitle", "Probe")),
        ),
    ),
    Expectation(
        id="user-same-name",
        says="A userPrincipalName that is taken is refused with 400 and the detail ObjectConflict.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(
            post("/users", _USER, status(201)),
            post(
                "/users",
                _USER,
                *refused(400, "Request_BadRequest"),
                says("Another object with the same value for property userPrincipalName already exists"),
                equal("error/details/0/code", "ObjectConflict"),
            ),
        ),
    ),
    Expectation(
        id="user-without-password",
        says="A user without passwordProfile is refused with 400 Request_BadRequest.",
        source=by.reference("Create User"),
        needs=_USERS,
        steps=(
            post(
                "/users",
                {name: value for name, value in _USER.items() if name != "passwordProfile"},
                *refused(400, "Request_BadRequest"),
            ),
        ),
    ),
    Expectation(
        id="user-password-not-shown",
        says="passwordProfile is not shown, also when it is selected.",
        source=by.reference("user"),
        needs=_USERS,
        steps=(
            post("/users", _USER, status(201), keeps={"user": "id"}),
            get("/users/{user}?$select=id,passwordProfile", Lacks("passwordProfile/password")),
        ),
    ),
    Expectation(
        id="user-delete",
        says="A deleted user is answered with 204, and is not there afterwards.",
        source=by.reference("Delete a user"),
        needs=_USERS,
        steps=(
            post("/users", _USER, status(201), keeps={"user": "id"}),
            delete("/users/{user}"),
            get_refused("/users/{user}", *refused(404, "Request_ResourceNotFound")),
            get("/users?$filter=userPrincipalName eq '{prefix}user@{domain}'", AtMost("value", 0)),
        ),
    ),
)
