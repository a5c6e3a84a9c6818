"""Resource paths in every form that clients write, their routes, and Graph's words about unknown ones."""

from __future__ import annotations

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import ENTITIES
from fauxtune.core.odata.paths.table import EVERY, NoSuchVerb, Route, RouteTable, UnknownSegment, split_path

MD, DC = "deviceManagement/managedDevices", "deviceManagement/deviceConfigurations"
PFX = "deviceManagement/userPfxCertificates"
TEMPLATES = [
    ("GET", "users"),
    ("GET", "users/$count"),
    ("GET", "users/{id}"),
    ("GET", "users/{user}/managedDevices/{id}"),
    ("GET", "groups/{id}/members"),
    ("POST", "groups/{id}/members/$ref"),
    ("DELETE", "groups/{id}/members/{member}/$ref"),
    ("GET", MD),
    ("GET", f"{MD}/{{id}}"),
    ("POST", f"{MD}/{{id}}/wipe"),
    ("GET", DC),
    ("PATCH", f"{DC}/{{id}}"),
    ("POST", f"{DC}/{{id}}/assign"),
    ("POST", f"{DC}/getTargetedUsersAndDevices"),
    ("GET", f"{DC}/{{id}}/rootCertificate"),
    ("PUT", f"{DC}/{{id}}/rootCertificate/$ref"),
    ("PATCH", f"{PFX}/{{id}}"),
]
TABLE = RouteTable([Route(m, t, f"{m} {t}") for m, t in TEMPLATES], types=[kind.name for kind in ENTITIES])
PFX_KEY = "c0ffee0000004000800000000000a991-0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("method", "path", "route", "keys"),
    [
        ("GET", "users", "users", {}),
        ("get", "/users/", "users", {}),
        ("GET", "USERS", "users", {}),
        ("GET", "/users/a@b.example", "users/{id}", {"id": "a@b.example"}),
        ("GET", "/users/a%40b.example", "users/{id}", {"id": "a@b.example"}),
        ("GET", "/users('a@b.example')", "users/{id}", {"id": "a@b.example"}),
        ("GET", "/users%28%27o%27%27neil%27%29", "users/{id}", {"id": "o'neil"}),
        ("GET", "/users(id='x')", "users/{id}", {"id": "x"}),
        ("GET", "/users/x%2Fy", "users/{id}", {"id": "x/y"}),
        ("GET", "/users/$count", "users/$count", {}),
        ("GET", "/users/%24count", "users/$count", {}),
        ("GET", "users('u')/managedDevices('d')", "users/{user}/managedDevices/{id}", {"user": "u", "id": "d"}),
        ("GET", "//deviceManagement//managedDevices/", MD, {}),
        ("POST", f"{MD}/1/wipe", f"{MD}/{{id}}/wipe", {"id": "1"}),
        ("POST", f"{MD}('1')/microsoft.graph.wipe", f"{MD}/{{id}}/wipe", {"id": "1"}),
        ("POST", f"{MD}/1/wipe()", f"{MD}/{{id}}/wipe", {"id": "1"}),
        ("POST", f"{MD}/1/microsoft.graph.wipe()", f"{MD}/{{id}}/wipe", {"id": "1"}),
        ("POST", f"{DC}/getTargetedUsersAndDevices", f"{DC}/getTargetedUsersAndDevices", {}),
        ("POST", "groups/g/members/$ref", "groups/{id}/members/$ref", {"id": "g"}),
        ("DELETE", "groups/g/members/u/$ref", "groups/{id}/members/{member}/$ref", {"id": "g", "member": "u"}),
        ("PATCH", f"{PFX}({PFX_KEY})", f"{PFX}/{{id}}", {"id": PFX_KEY}),
    ],
)  # fmt: skip
def test_a_path_leads_to_its_route(method: str, path: str, route: str, keys: dict[str, str]) -> None:
    match = TABLE.match(method, path)
    assert match.route.template == route
    assert dict(match.keys) == keys
    assert match.cast is None


@pytest.mark.parametrize(
    ("path", "template", "cast"),
    [
        ("groups/g/members/microsoft.graph.user", "groups/{id}/members", "user"),
        ("groups/g/members/graph.User", "groups/{id}/members", "User"),
        (
            f"{DC}('1')/microsoft.graph.androidWorkProfilePkcsCertificateProfile/rootCertificate",
            f"{DC}/{{id}}/rootCertificate",
            "androidWorkProfilePkcsCertificateProfile",
        ),
    ],
)
def test_a_cast_passes_through_and_is_reported(path: str, template: str, cast: str) -> None:
    match = TABLE.match("GET", path)
    assert (match.route.template, match.cast) == (template, cast)


@pytest.mark.parametrize(
    ("path", "segment"),
    [
        ("nothing", "nothing"),
        ("users/u/nothing/more", "nothing"),
        ("microsoft.graph.user", "microsoft.graph.user"),
        ("groups/g/members/u/more", "more"),
        (f"{MD}/1/microsoft.graph.toaster", "microsoft.graph.toaster"),
        ("deviceManagement('x')", "deviceManagement('x')"),
    ],
)
def test_a_path_that_leads_nowhere_names_the_segment(path: str, segment: str) -> None:
    with pytest.raises(UnknownSegment) as error:
        TABLE.match("GET", path)
    assert error.value.message == f"Resource not found for the segment '{segment}'."


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("DELETE", "/users", "~/entityset"),
        ("POST", "/deviceManagement", "~/singleton"),
        ("PUT", f"/{MD}/1", "~/singleton/navigation/key"),
        ("GET", f"/{MD}/1/wipe", "~/singleton/navigation/key/action"),
        (
            "POST",
            f"/{DC}/1/microsoft.graph.user/rootCertificate/$ref",
            "~/singleton/navigation/key/cast/navigation/$ref",
        ),
    ],
)
def test_a_wrong_verb_is_refused_in_graphs_words(method: str, path: str, template: str) -> None:
    with pytest.raises(NoSuchVerb) as error:
        TABLE.match(method, path)
    assert error.value.code == "No method match route template"
    assert error.value.message == (
        f"No OData route exists that match template {template} with http verb {method} for request {path}."
    )


def test_both_misses_are_invalid_requests() -> None:
    assert issubclass(UnknownSegment, Invalid)
    assert issubclass(NoSuchVerb, Invalid)


BRANCHES = RouteTable(
    [
        Route("GET", "deviceManagement/roles", 1),
        Route(EVERY, "deviceManagement/intents", 2),
        Route(EVERY, "users/{user}/messages", 3),
        Route("GET", "users/{user}", 4),
        Route("GET", "groups/{group}/members", 5),
        Route("GET", "groups/{group}/members/{id}", 6),
        Route(EVERY, "microsoft.graph.orgContact", 7),
    ]
)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("path", "handler", "keys"),
    [
        ("deviceManagement/intents", 2, {}),
        ("DEVICEMANAGEMENT/Intents/x/settings/$count", 2, {}),
        ("deviceManagement/intents('x')/microsoft.graph.compare(templateId='y')", 2, {}),
        ("deviceManagement/intents(scope='x')", 2, {}),
        ("deviceManagement/microsoft.graph.intents()", 2, {}),
        ("users('u')/messages/m/attachments", 3, {"user": "u"}),
        ("groups/g/members/microsoft.graph.orgContact", 7, {}),
        ("groups/g/members/graph.OrgContact/$count", 7, {}),
        ("groups/g/members/m/graph.orgContact", 7, {}),
    ],
)
def test_a_branch_has_every_verb_and_every_path_below_it(
    *, method: str, path: str, handler: int, keys: dict[str, str]
) -> None:
    match = BRANCHES.match(method, path)
    assert (match.route.handler, dict(match.keys)) == (handler, keys)


@pytest.mark.parametrize("path", ["deviceManagement/intent", "deviceManagement/roles/x", "users/u/message", "intents"])
def test_a_path_beside_a_branch_is_still_unknown(path: str) -> None:
    with pytest.raises(UnknownSegment):
        BRANCHES.match("GET", path)


@pytest.mark.parametrize("template", ["users", "users/{user}/messages"])
def test_a_branch_that_has_routes_of_its_own_is_noticed_when_the_table_is_made(template: str) -> None:
    with pytest.raises(ValueError, match="refused as a whole branch"):
        RouteTable([Route(EVERY, "users", 1), Route("GET", template, 2)])


def test_a_route_that_is_there_twice_is_noticed_when_the_table_is_made() -> None:
    with pytest.raises(ValueError, match="two routes"):
        RouteTable([Route("GET", "users/{id}", 1), Route("GET", "Users/{user}", 2)])
    with pytest.raises(ValueError, match="key's name"):
        RouteTable([Route("GET", "users/{id}/managedDevices/{id}", 1)])


def test_segments_are_decoded_after_they_are_cut() -> None:
    assert split_path("//a%2Fb///c%20d/") == ("a/b", "c d")
