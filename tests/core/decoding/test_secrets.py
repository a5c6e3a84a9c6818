"""A secret is nowhere in what the decoder says: whatever the family, the media type, and where the body was cut."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import get_args
from urllib.parse import quote, unquote

import pytest

from fauxtune_wire.decoding import (
    Masking,
    Part,
    decode,
    describe_authorization,
    describe_query,
    describe_token,
    hidden_in,
    mask_headers,
    mask_query,
    mask_text,
    mask_url,
)
from fauxtune_wire.decoding.parts import Direction
from tests.support.decoded import check_hidden, written
from tests.support.planted_secrets import SECRET, Planted

MEDIA_TYPES = [
    "",
    "application/json",
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "text/html",
]
DIRECTIONS: Iterable[Direction] = get_args(Direction)


def check(planted: Planted, body: bytes, *, media_type: str, direction: Direction = "request") -> None:
    """Fail if the decoder says a secret of this body."""
    parts = decode(body, content_type=media_type, path=planted.path, query=planted.query, direction=direction)
    text = written(parts)
    for secret in planted.secrets:
        check_hidden(secret, text)


def test_secrets_of_every_family_are_hidden(planted: list[Planted]) -> None:
    for each in planted:
        for direction in DIRECTIONS:
            check(each, each.body, media_type=each.media_type, direction=direction)


def test_a_wrong_media_type_shows_no_secret(planted: list[Planted]) -> None:
    for each in planted:
        for media_type in MEDIA_TYPES:
            check(each, each.body, media_type=media_type)


def test_a_body_that_was_cut_shows_no_secret(planted: list[Planted]) -> None:
    for each in planted:
        for end in range(1, len(each.body), max(1, len(each.body) // 60)):
            check(each, each.body[:end], media_type=each.media_type)


def test_headers_keep_their_names_and_lose_their_secrets() -> None:
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "Proxy-Authorization": f"Basic {SECRET}",
        "Cookie": f"a={SECRET}; b={SECRET}",
        "Set-Cookie": f"session={SECRET}; Path=/; HttpOnly",
        "Location": f"https://h/callback?code={SECRET}&state=1",
        "X-Api-Key": SECRET,
        "X-Auth-Token": SECRET,
        "ocp-apim-subscription-key": SECRET,
        "X-Ms-Signature": SECRET,
        "Mdm-Signature": "MIIB" * 300,
        "Accept": "application/json",
        "WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login/authorize", error="invalid_token"',
    }
    masked = mask_headers(headers)
    check_hidden(SECRET, str(masked))
    assert masked == [
        ("Authorization", "Bearer [not shown: credential]"),
        ("Proxy-Authorization", "Basic [not shown: credential]"),
        ("Cookie", "a=[not shown: cookie]; b=[not shown: cookie]"),
        ("Set-Cookie", "session=[not shown: cookie]; Path=/; HttpOnly"),
        ("Location", "https://h/callback?code=[not shown: code]&state=1"),
        ("X-Api-Key", "[not shown: key]"),
        ("X-Auth-Token", "[not shown: token]"),
        ("ocp-apim-subscription-key", "[not shown: key]"),
        ("X-Ms-Signature", "[not shown: signature]"),
        ("Mdm-Signature", "[CMS signature, 900 bytes]"),
        ("Accept", "application/json"),
        ("WWW-Authenticate", 'Bearer realm="", authorization_uri="https://login/authorize", error="invalid_token"'),
    ]


UUID = "e50f194e-055a-4878-9a65-67e379db5c8e"


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("/push/contoso/abcDEF123?after=1", "/push/contoso/[not shown: token]?after=1"),
        ("/mdm/t/apple/enroll?token=abc&x=1", "/mdm/t/apple/enroll?token=[not shown: token]&x=1"),
        ("/cb?a=1#access_token=abc&b=2", "/cb?a=1#access_token=[not shown: token]&b=2"),
        ("/cb#id_token=abc", "/cb#id_token=[not shown: token]"),
        ("/users?$filter=mail%20eq%20'a'&$top=5", "/users?$filter=mail%20eq%20'a'&$top=5"),
        ("/users?$skiptoken=abc", "/users?$skiptoken=abc"),
        (f"/_fauxtune/v1/tenants/contoso/connectors/{UUID}", f"/_fauxtune/v1/tenants/contoso/connectors/{UUID}"),
        (
            "/scep?operation=PKIOperation&message=" + "MIIB" * 30,
            "/scep?operation=PKIOperation&message=[120 characters]",
        ),
        (f"https://alice:{SECRET}@host/path", "https://[not shown: credential]@host/path"),
        (f"/x?next=https%3A%2F%2Fh%2F%3Ftoken%3D{SECRET}", "/x?next=https:%2F%2Fh%2F%3Ftoken%3D[not shown: token]"),
    ],
)
def test_an_address_keeps_everything_but_its_secrets(url: str, masked: str) -> None:
    assert mask_url(url) == masked
    assert mask_query(url.partition("?")[2].partition("#")[0]) in masked


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("/a?" + "&" * 5000, "/a?" + "&" * 500 + "[497 characters][4,003 characters]"),
        ("/" + "a" * 5000, "/[5,000 characters]"),
        (f"/a/b?x=1&next=https://alice:{SECRET}" + "x" * 5000 + "@h/", "/a/b?x=1&next=https://[5,030 characters]"),
        (f"/a?token={SECRET}&" + "b" * 5000, "/a?token=[not shown: token]&[5,000 characters]"),
        ("x" * 5000, "[5,000 characters]"),
    ],
)
def test_a_long_address_is_cut_between_its_parts(url: str, masked: str) -> None:
    shown = mask_url(url, longest=1000)
    assert shown[:900] == masked[:900]
    assert len(shown) < 1100
    check_hidden(SECRET, shown)


@pytest.mark.parametrize(
    "query",
    [
        "$filter=password eq '{}'",
        "%24filter=pass%77ord%20eq%20%27{}%27",
        "$filter='{}' eq password",
        "$filter=startswith(password,'{}')",
        "$filter=contains(tolower(password),'{}')",
        "$filter=password in ('a', '{}')",
        "$filter=passwordCredentials/any(c:c/secretText eq '{}')",
        "$filter=password/any(x:x eq '{}')",
        "$filter=concat(password,'x') eq '{}'",
        "$filter=password eq '{}",
        "$filter=password eq {}",
        "$filter=password/**/eq '{}'",
        "$expand=owners($filter=password eq '{}')",
        "$apply=filter(password eq '{}')",
        "filter=password+eq+'{}'",
        "q=password%20eq%20'{}'",
        "q=https:%2F%2Fh%2F%3F$filter%3Dpassword%2520eq%2520%2527{}%2527",
        '$search="password:{}"',
    ],
)
def test_a_secret_in_an_expression_is_hidden_wherever_the_expression_stands(query: str) -> None:
    query = query.format(SECRET)
    url = f"/beta/users?{query}"
    check_hidden(SECRET, mask_url(url))
    check_hidden(SECRET, "\n".join(describe_query(query)))
    check_hidden(SECRET, mask_text(f"Invalid filter clause: expected the end at position 3 in '{unquote(query)}'."))
    check_hidden(SECRET, mask_text(f"Invalid filter clause: it cannot be read: {query}"))
    batch = {"requests": [{"id": "1", "method": "GET", "url": url}]}
    check_hidden(SECRET, written(_decoded(json.dumps(batch), path="/beta/$batch")))
    answer = {"error": {"code": "BadRequest", "message": f"Cannot read {unquote(query)}"}, "@odata.nextLink": url}
    check_hidden(SECRET, written(_decoded(json.dumps(answer), path="/beta/users")))


@pytest.mark.parametrize("path", ["/password/{}", "/a/clientSecret/{}/b", "/pass%77ord/{}", "/x/password%20eq%20'{}'"])
def test_a_segment_behind_the_name_of_a_secret_is_hidden(path: str) -> None:
    check_hidden(SECRET, mask_url(path.format(SECRET)))


@pytest.mark.parametrize(
    "path", ["/password/{}", "/a/clientSecret/{}/b", "/pass%77ord/{}", "/a?clientSecret={}", "/push/contoso/{}"]
)
@pytest.mark.parametrize("secret", [SECRET, "a b+c/d=7", "Hunter2"])
def test_what_an_address_hides_is_hidden_where_the_answer_repeats_it(path: str, secret: str) -> None:
    url = path.format(quote(secret, safe=""))
    for said in (f"There is no '{secret}' here.", f"No route leads to {url}."):
        bodies = [json.dumps({"error": {"code": "NotFound", "message": said}}), f"<p>{said}</p>", said]
        for body in bodies:
            parts = decode(
                body.encode(),
                content_type="",
                path="/",
                direction="response",
                masking=Masking(hidden={*hidden_in(url)}),
            )
            check_hidden(secret, written(parts))


def test_what_a_request_hides_is_hidden_in_its_answer() -> None:
    batch = {"requests": [{"id": "1", "method": "GET", "url": f"/users/clientSecret/{SECRET}"}]}
    for sent, path in ((batch, "/beta/$batch"), ({"clientSecret": SECRET}, "/beta/applications")):
        masking = Masking()
        decode(json.dumps(sent).encode(), content_type="", path=path, direction="request", masking=masking)
        said = json.dumps({"responses": [{"id": "1", "status": 404, "body": {"error": f"There is no '{SECRET}'."}}]})
        check_hidden(
            SECRET,
            written(decode(said.encode(), content_type="", path=path, direction="response", masking=masking)),
        )


def test_an_address_without_a_secret_hides_nothing_of_its_answer() -> None:
    for url in ("/beta/users?$filter=mail eq 'a@b.c'&$top=5", "/beta/devices/passwordMethods", "/pki/contoso/root/crl"):
        assert hidden_in(url) == frozenset()
    assert hidden_in("/a/clientSecret/list/7f3Qx9mK?$top=5") == {"list"}, "short words of the path stay"


def test_a_name_that_is_encoded_twice_is_still_that_of_a_secret() -> None:
    assert mask_query(f"pass%2577ord={SECRET}") == "pass%2577ord=[not shown: password]"
    assert describe_query(f"pass%2577ord={SECRET}") == ["pass%77ord: [not shown: password]"]


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("/users?$filter=displayName eq 'Password rules'&$top=5", None),
        ("/users/1/authentication/passwordMethods/7", None),
        ("/token-lab/oauth2/v2.0/token", None),
        (
            "/users?$filter=password eq 'x' and on eq true",
            "/users?$filter=password eq '[not shown: password]' and on eq true",
        ),
        ("/a/token/x/b?c=1", "/a/token/[not shown: token]/b?c=1"),
    ],
)
def test_of_an_expression_only_values_are_hidden(url: str, masked: str | None) -> None:
    assert mask_url(url) == (masked or url)


def _decoded(text: str, *, path: str) -> list[Part]:
    return decode(text.encode(), content_type="application/json", path=path, direction="request")


def test_queries_and_tokens_are_described_without_their_secrets() -> None:
    query = f"$filter=password eq '{SECRET}' or contains(token,'{SECRET}')&client_secret={SECRET}&$search={SECRET}"
    lines = describe_query(query)
    assert lines[:2] == [
        "only those whose password is [not shown: password] or whose token contains [not shown: token]",
        "client_secret: [not shown: secret]",
    ]
    header, claims = "eyJhbGciOiJSUzI1NiJ9", "eyJ1cG4iOiJhbGljZSIsInBhc3N3b3JkIjoiWndldHNjaGdlbi03ZjNReDltSzJ2In0"
    token = f"{header}.{claims}.{SECRET}"
    for part in (describe_token(token), describe_authorization(f"Bearer {token}")):
        check_hidden(SECRET, written([part]))
        assert dict(part.facts)["User"] == "alice"
    assert describe_authorization("Basic YWxpY2U6aHVudGVyMg==").facts == (
        ("Name", "alice"),
        ("Password", "[not shown: password]"),
    )
    for value in (SECRET, f"Negotiate {SECRET}", f"Bearer {SECRET}", f"Basic {SECRET}"):
        check_hidden(SECRET, written([describe_authorization(value), describe_token(value)]))


def test_a_text_of_no_format_loses_what_looks_random_and_what_has_a_name() -> None:
    body = b"hello\nZwetschgen7f3Qx9mK2v\nport: 8080, path=/a/b\nlast password was abc"
    (part,) = decode(body, content_type="text/plain", path="/", direction="request")
    assert part.text == "hello\n…\nport:…, path=…\nlast password… (cut: a secret may follow)"
