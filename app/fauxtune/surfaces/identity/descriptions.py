#: data
"""The endpoints' parameters and answers, for the OpenAPI document. Sources: RFC 6749, RFC 7523, RFC 7636, RFC 8628."""

from __future__ import annotations

from typing import Any

_CLIENT = {
    "client_id": "the application's id",
    "client_secret": "the application's secret",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": "a JWT signed with the application's certificate (PS256 or RS256), or a token of an issuer "
    "that one of its federated identity credentials accepts (RS256)",
}
_GRANTS = {
    "grant_type": "client_credentials, password, refresh_token, authorization_code, or "
    "urn:ietf:params:oauth:grant-type:device_code",
    **_CLIENT,
    "client_info": '"1": tell MSAL which account this is',
    "username": "password: userPrincipalName",
    "password": "password: the user's",
    "refresh_token": "refresh_token: the one that came last",
    "code": "authorization_code: the code",
    "redirect_uri": "authorization_code: the same as before",
    "code_verifier": "authorization_code: what the challenge was made from",
    "device_code": "device code: the device's own",
}
TOKEN_FORM = {
    **_GRANTS,
    "scope": "a resource's /.default; for a user also permissions of it, and openid, profile, offline_access",
}
OLDER_TOKEN_FORM = {**_GRANTS, "resource": "the resource, such as https://graph.microsoft.com"}
AUTHORIZE_QUERY = {
    "client_id": "the application's id",
    "response_type": "code",
    "redirect_uri": "a loopback address, the native client's, or one of the application's redirectUris",
    "response_mode": "query (the default), fragment or form_post",
    "scope": "a resource's permissions, and openid, profile, offline_access",
    "state": "comes back as it is",
    "nonce": "comes back in the id token",
    "code_challenge": "RFC 7636",
    "code_challenge_method": "S256 or plain (the default)",
    "prompt": "none (no page: login_hint says who), login, select_account or consent",
    "login_hint": "a userPrincipalName: only that user is shown",
    "client_info": '"1": tell MSAL which account this is',
}
DEVICE_FORM = {"client_id": "the application's id", "scope": "as at the token endpoint"}
CLICK_FORM = {
    "ticket": "from the page",
    "user": "the id or userPrincipalName of the user who signs in",
    "decline": "anything: nobody signs in",
}

_AADSTS: dict[str, Any] = {
    "description": "what was wrong, in Entra ID's words",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error", "error_description", "error_codes"],
                "properties": {
                    "error": {"type": "string"},
                    "error_description": {"type": "string"},
                    "error_codes": {"type": "array", "items": {"type": "integer"}},
                    "timestamp": {"type": "string"},
                    "trace_id": {"type": "string"},
                    "correlation_id": {"type": "string"},
                    "error_uri": {"type": "string"},
                    "suberror": {"type": "string"},
                },
            }
        }
    },
}


def _json(description: str, *properties: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: {} for name in properties}}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


TOKEN_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _json(
        "the tokens",
        "token_type",
        "expires_in",
        "ext_expires_in",
        "access_token",
        "scope",
        "id_token",
        "refresh_token",
        "client_info",
    ),
    400: _AADSTS,
    401: _AADSTS,
}
#: An operation that needs an access token, unlike the others.
WITH_TOKEN: dict[str, Any] = {"security": [{"accessToken": []}]}
TENANT_ANSWERS: dict[int | str, dict[str, Any]] = {401: _AADSTS}
DEVICE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _json("the codes", "user_code", "device_code", "verification_uri", "expires_in", "interval", "message"),
    400: _AADSTS,
}
_HTML: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
PAGES: dict[int | str, dict[str, Any]] = {
    200: {"description": "a page", "content": _HTML},
    302: {"description": "back to the redirect_uri, where the page has one"},
    # A browser reads the refusal on a page, and a wrong code is said where it was typed in.
    400: {**_AADSTS, "content": {**_AADSTS["content"], **_HTML}},
}


def form(fields: dict[str, str], *, required: tuple[str, ...]) -> dict[str, Any]:
    """The request body of a form. An empty parameter is a missing one (RFC 6749 3.1)."""
    properties: dict[str, dict[str, Any]] = {
        name: {"type": "string", "description": text} for name, text in fields.items()
    }
    for name in required:
        properties[name]["minLength"] = 1
    schema = {"type": "object", "required": list(required), "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def query(fields: dict[str, str], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Parameters in the address."""
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "query", "required": name in required, "description": text, "schema": {"type": "string"}}
        for name, text in fields.items()
    ]
    for parameter in parameters:
        if parameter["required"]:
            parameter["schema"]["minLength"] = 1
    return {"parameters": parameters}


_MANAGED_REFUSAL = _json(
    "what was wrong: `error` with `error_description`, of App Service `statusCode` with `message`",
    "error",
    "error_description",
    "statusCode",
    "message",
)
MANAGED_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _json(
        "the token; numbers are text",
        "access_token",
        "client_id",
        "object_id",
        "expires_in",
        "ext_expires_in",
        "expires_on",
        "not_before",
        "resource",
        "token_type",
    ),
    400: _MANAGED_REFUSAL,
    401: _MANAGED_REFUSAL,
    403: _MANAGED_REFUSAL,
    405: _MANAGED_REFUSAL,
}
_MANAGED_QUERY = {
    "api-version": "such as 2018-02-01; App Service: 2019-08-01; Azure Arc: 2020-06-01",
    "resource": "the resource, such as https://graph.microsoft.com",
    "client_id": "another application of the tenant",
    "object_id": "another application of the tenant, by the id of its service principal",
}


def managed(*, metadata: bool) -> dict[str, Any]:
    """The parameters of an endpoint of managed identity. `metadata`: it needs the header `Metadata`."""
    header = ("Metadata", "true") if metadata else ("X-IDENTITY-HEADER", "the value of IDENTITY_HEADER")
    described = query(_MANAGED_QUERY, required=("api-version", "resource"))
    described["parameters"].append(
        {"name": header[0], "in": "header", "required": True, "schema": {"type": "string"}, "description": header[1]}
    )
    return described
