"""Graph's queries, documents and batches, and tokens, in words."""

from __future__ import annotations

import base64
import json

import pytest

from fauxtune_wire.decoding import Part, decode, describe_query, describe_token, paired
from fauxtune_wire.decoding.parts import Direction
from tests.support.decoded import outline
from tests.support.planted_secrets import SECRET


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("", []),
        ("$filter=platform eq 'ios'", ["only those whose platform is 'ios'"]),
        ("%24filter=platform%20eq%20%27ios%27", ["only those whose platform is 'ios'"]),
        (
            "$filter=startswith(displayName,'A') and (osVersion ge '17' or not isManaged eq true)",
            [("only those whose displayName begins with 'A' and (whose osVersion is at least '17' or not "
             "(whose isManaged is true))")],
        ),
        (
            "$filter=lastSyncDateTime lt 2026-11-01T00:00:00Z and userId ne null",
            ["only those whose lastSyncDateTime is before 2026-11-01T00:00:00Z and whose userId is not empty"],
        ),
        (
            "$filter=id in ('a','b') and tolower(name) eq 'x' and endswith(a,'y')",
            ["only those whose id is one of 'a', 'b' and whose name (in lower case) is 'x' and whose a ends with 'y'"],
        ),
        (
            "$filter=assignments/any(a:a/target/groupId eq 'g') and isof('microsoft.graph.iosPkcsCertificateProfile')",
            [("only those with at least one of assignments (whose target/groupId is 'g') and that are of the type "
             "iosPkcsCertificateProfile")],
        ),
        ("$filter=name eq", ["only those that match: name eq"]),
        ("$filter=$count eq 0", ["only those that match: $count eq 0"]),
        (
            "$top=5&$skip=10&$orderby=displayName desc,id&$count=true",
            ["the first 5", "after leaving out the first 10", "sorted by displayName, descending, then id",
             "with the number of all"],
        ),
        (
            "$select=id,displayName&$expand=assignments($select=id;$filter=id eq 'x'),memberOf",
            ["of each only id and displayName",
             "together with assignments (of each only id; only those whose id is 'x') and memberOf"],
        ),
        (
            '$search="displayName:ali"&$skiptoken=abc',
            ['only those in which "displayName:ali" stands',
             "the next page: after the last object of the page before ($skiptoken)"],
        ),
        ("after=3&wait=0", ["after: 3", "wait: 0"]),
    ],
)  # fmt: skip
def test_a_query_is_said_in_words(query: str, lines: list[str]) -> None:
    assert describe_query(query) == lines


def graph(document: object, *, path: str = "/beta/users", direction: Direction = "response") -> list[Part]:
    """Decode a JSON document of Graph."""
    return decode(json.dumps(document).encode(), content_type="application/json", path=path, direction=direction)


def test_a_list_says_what_it_lists() -> None:
    document = {
        "@odata.context": "https://localhost/beta/$metadata#deviceManagement/managedDevices(id)",
        "@odata.count": 1200,
        "@odata.nextLink": "https://localhost/beta/deviceManagement/managedDevices?$skiptoken=abc",
        "value": [{"id": "1"}, {"id": "2"}],
    }
    assert (
        outline(graph(document))
        == """\
JSON, the answer: 2 managedDevices
- Of: deviceManagement/managedDevices
- Number of all: 1,200
- Further pages: yes (@odata.nextLink)"""
    )


def test_an_error_says_why() -> None:
    error = {"error": {"code": "BadRequest", "message": "The filter is not valid."}}
    assert (
        outline(graph(error))
        == """\
JSON, the answer: an error
- Error: BadRequest
- Message: The filter is not valid."""
    )
    refused = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
    assert outline(graph(refused)).splitlines()[1:] == [
        "- Error: invalid_client",
        "- Message: AADSTS7000215: Invalid client secret provided.",
    ]


def test_a_user_keeps_everything_but_the_password() -> None:
    user = {"displayName": "Alice", "passwordProfile": {"password": "Pa55word!", "forceChangePasswordNextSignIn": True}}
    (part,) = graph(user, direction="request")
    assert part.title == "JSON, the request: “Alice”"
    assert json.loads(part.text) == {
        "displayName": "Alice",
        "passwordProfile": {"password": "[not shown: password]", "forceChangePasswordNextSignIn": True},
    }


BATCH = {
    "requests": [
        {"id": "a", "method": "GET", "url": "/users?$filter=accountEnabled eq true&$top=1"},
        {
            "id": "b",
            "method": "post",
            "url": "/groups",
            "headers": {"Content-Type": "application/json"},
            "dependsOn": ["a"],
            "body": {"displayName": "Sales"},
        },
    ]
}
ANSWERS = {
    "responses": [
        {"id": "b", "status": 201, "headers": {"Location": "/groups/1"}, "body": {"displayName": "Sales"}},
        {"id": "a", "status": 200, "body": {"value": []}},
        {"id": "c", "status": 424, "body": {"error": {"code": "FailedDependency", "message": "It depends on b."}}},
    ]
}


def test_a_batch_is_a_part_for_each_request() -> None:
    assert (
        outline(graph(BATCH, path="/v1.0/$batch", direction="request"))
        == """\
Batch of 2 requests
  Request 1 of 2 in the batch: GET /users
  - Id: a
  - Query: only those whose accountEnabled is true
  - Query: the first one
  Request 2 of 2 in the batch: POST /groups
  - Id: b
  - After: a
  - Content-Type: application/json
    JSON, the request: “Sales”"""
    )


def test_only_as_much_of_a_batch_is_read_as_graph_takes() -> None:
    """Anybody may send a batch of batches: read to its ends it took half a second for each look at it."""
    inner = {"id": "b", "url": "/$batch", "body": {"requests": [{"id": "c", "url": "/users"}]}}
    body = {"requests": [inner] * 20 + [{"id": "a", "url": f"/users/password/{SECRET}"}] * 3}
    (whole,) = graph(body, path="/v1.0/$batch", direction="request")
    assert whole.facts == (("Not shown", "3 more: Graph takes 20 at most"),)
    assert (len(whole.parts), SECRET in whole.text) == (20, False)
    assert {part.title for request in whole.parts for part in request.parts} == {"JSON, the request"}


def test_requests_and_answers_of_a_batch_are_paired_by_their_ids() -> None:
    requests = graph(BATCH, path="/v1.0/$batch", direction="request")
    answers = graph(ANSWERS, path="/v1.0/$batch")
    assert (
        outline(paired(requests, answers))
        == """\
Request 1 of 2 in the batch: GET /users
- Id: a
- Query: only those whose accountEnabled is true
- Query: the first one
  Answer 2 of 3 in the batch, to request a: 200 OK
  - Id: a
    JSON, the answer: 0 objects
Request 2 of 2 in the batch: POST /groups
- Id: b
- After: a
- Content-Type: application/json
  JSON, the request: “Sales”
  Answer 1 of 3 in the batch, to request b: 201 Created
  - Id: b
  - Location: /groups/1
    JSON, the answer: “Sales”
Answer 3 of 3 in the batch, to request c: 424 Failed Dependency
- Id: c
  JSON, the answer: an error
  - Error: FailedDependency
  - Message: It depends on b."""
    )


def test_a_request_for_a_token_and_its_answer_are_explained() -> None:
    claims = {
        "upn": "alice@contoso.example",
        "appid": "c0ffee00",
        "scp": "User.Read Group.Read.All",
        "aud": "https://graph.microsoft.com",
        "exp": 1795759323,
        "iat": True,
    }
    token = f"{encoded({'alg': 'RS256', 'kid': 'I8Uasagi4v6ecM86'})}.{encoded(claims)}.c2lnbmF0dXJl"
    form = b"grant_type=client_credentials&client_id=app&client_secret=Pa55word&scope=.default&x=value"
    (part,) = decode(form, content_type="application/x-www-form-urlencoded", path="/token", direction="request")
    assert part == Part(
        "Form: a request for a token",
        "text",
        "grant_type=client_credentials&client_id=app&client_secret=[not shown: secret]&scope=.default&x=[5 characters]",
        (
            ("Proof", "the application's own credentials"),
            ("Application", "app"),
            ("client_secret", "[not shown: secret]"),
            ("Scope", ".default"),
            ("x", "[5 characters]"),
        ),
    )
    parts = graph({"token_type": "Bearer", "access_token": token}, path="/token")
    assert (
        outline(parts)
        == """\
JSON, the answer: tokens (access_token)
  Token (access_token): of alice@contoso.example, by the application c0ffee00
  - User: alice@contoso.example
  - Application id: c0ffee00
  - Scopes (permissions for the user): User.Read Group.Read.All
  - Audience: https://graph.microsoft.com
  - Issued: True
  - Expires: 2026-11-27 06:02:03 UTC
  - Signature: RS256, key I8Uasagi…; not shown"""
    )
    described = describe_token(token)
    assert described.facts == parts[0].parts[0].facts
    assert json.loads(described.text)["claims"] == claims
    assert describe_token("abc.def.ghi").title == "Token that is not a JWT"
    assert describe_token("a.b.c.d.e").title == "Token, encrypted (JWE): only its recipient can read it"


def encoded(value: object) -> str:
    """A piece of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
