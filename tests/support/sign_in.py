"""The seeded application, and readers of tokens, errors, pages and redirects of the sign-in endpoints."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

CLIENT = "c0ffee00-0000-4000-8000-00000000a991"
SECRET = "fauxtune-not-a-secret"
FORM = {
    "grant_type": "client_credentials",
    "client_id": CLIENT,
    "client_secret": SECRET,
    "scope": "https://localhost/.default",
}


async def verified_claims(http: httpx.AsyncClient, token: str) -> dict[str, Any]:
    """Return the claims of a token, after checking its signature with the published keys."""
    keys = KeySet.import_key_set((await http.get("/contoso/discovery/v2.0/keys")).json())
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


def read_error(answer: httpx.Response) -> tuple[int, str, int]:
    """Return status, error code (RFC 6749) and AADSTS number of an error in Entra ID's envelope."""
    body = answer.json()
    (number,) = body["error_codes"]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    return answer.status_code, str(body["error"]), int(number)


def hidden_fields(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a page's first form."""
    form = page.text.partition("<form")[2].partition("</form>")[0]
    matches = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {html.unescape(name): html.unescape(value) for name, value in matches}


def listed_users(page: httpx.Response) -> list[str]:
    """Return the user names on a page's buttons."""
    return [html.unescape(match) for match in re.findall(r"<small>([^<]*)</small>", page.text)]


def read_redirect(answer: httpx.Response, *, separator: str = "?") -> tuple[str, dict[str, str]]:
    """Return the address of a redirect, and its parameters."""
    assert answer.status_code == 302, answer.text
    location = answer.headers["location"]
    address, _, parameters = location.partition(separator)
    assert urlsplit(location).scheme
    return address, dict(parse_qsl(parameters, keep_blank_values=True))
