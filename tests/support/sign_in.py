"""Words that the tests of this surface share."""

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


async def claims_of(http: httpx.AsyncClient, token: str) -> dict[str, Any]:
    """What stands in a token, after checking its signature with the published keys, as a stranger would."""
    keys = KeySet.import_key_set((await http.get("/contoso/discovery/v2.0/keys")).json())
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


def refused(answer: httpx.Response) -> tuple[int, str, int]:
    """Status, RFC 6749's word and AADSTS's number of a refusal in Entra ID's envelope."""
    body = answer.json()
    (number,) = body["error_codes"]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    return answer.status_code, str(body["error"]), int(number)


def hidden(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of a page's first form."""
    form = page.text.partition("<form")[2].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def shown(page: httpx.Response) -> list[str]:
    """The user names on a page's buttons."""
    return [html.unescape(each) for each in re.findall(r"<small>([^<]*)</small>", page.text)]


def sent_back(answer: httpx.Response, *, separator: str = "?") -> tuple[str, dict[str, str]]:
    """Where a redirect leads, and with which parameters."""
    assert answer.status_code == 302, answer.text
    location = answer.headers["location"]
    address, _, parameters = location.partition(separator)
    assert urlsplit(location).scheme
    return address, dict(parse_qsl(parameters, keep_blank_values=True))
