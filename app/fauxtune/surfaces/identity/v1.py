"""The older token endpoint, `/oauth2/token`: it takes a `resource`, and its numbers are text.

Source: Entra ID v1.0, "OAuth 2.0 client credentials flow", "authorization code flow". The access tokens are those of
the newer endpoint; id tokens are of version 1.0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fauxtune.operations.runtime.tokens import LIFETIME
from fauxtune.surfaces.identity.request import TokenRequest
from fauxtune.surfaces.identity.token import answer

#: The seconds by which the older endpoint backdates its tokens.
_BACK = 300


async def older_answer(request: TokenRequest) -> dict[str, Any]:
    """Return the token response for ADAL and old scripts."""
    grant = request.need("grant_type")
    resource = request.form.get("resource")
    if not resource and grant in {"client_credentials", "password"}:
        request.need("resource")
    form = {name: value for name, value in request.form.items() if name != "scope"}
    if resource and grant == "client_credentials":
        form["scope"] = f"{resource}/.default"
    elif resource:
        # A user always gets a refresh token here, and an id token on demand.
        openid = "openid " if "openid" in request.form.get("scope", "").split() else ""
        form["scope"] = f"{openid}offline_access {resource}/.default"
    issued = await answer(replace(request, form=form, older=True))
    now, seconds = int(request.emulator.runner.clock.now().timestamp()), int(LIFETIME.total_seconds())
    document = {
        **issued.document,
        "expires_in": str(seconds),
        "ext_expires_in": str(seconds),
        "expires_on": str(now + seconds),
        "not_before": str(now - _BACK),
        "resource": issued.audience,
    }
    if "scope" in document:
        document["scope"] = " ".join(issued.permissions)
    return document
