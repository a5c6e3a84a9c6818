"""Words that the tests of this surface share."""

from __future__ import annotations

from typing import Any

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
