#: data
"""OpenAPI descriptions of the PKI endpoints; added to the document of the routes."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SCHEMAS: Json = {}
_BASE = "/pki/{tenant_key}/{authority}"


def _answer(description: str, media_type: str) -> Json:
    kind = {"type": "string"} if media_type == "text/plain" else {"type": "string", "format": "binary"}
    return {"description": description, "content": {media_type: {"schema": kind}}}


def _path(name: str, description: str) -> Json:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


_PARAMETERS = [
    _path("tenant_key", "the tenant: its id, name or domain"),
    _path("authority", "the authority: root, devices, issuing, or the name of one that was added"),
]
_REFUSALS = {
    "400": _answer("the request cannot be read", "text/plain"),
    "404": _answer("there is no such tenant or authority", "text/plain"),
    "413": _answer("the body is larger than 4 MiB", "text/plain"),
    "500": _answer("a fault of the emulator", "text/plain"),
    "503": _answer("the authority is off line, or the server cannot answer now", "text/plain"),
    "default": _answer("any other refusal", "text/plain"),
}
_OCSP = {"200": _answer("the OCSP response, DER", "application/ocsp-response"), **_REFUSALS}


def _operation(name: str, summary: str, **members: Any) -> Json:
    return {"operationId": name, "summary": summary, "security": [], "parameters": _PARAMETERS, **members}


OPERATIONS: dict[str, dict[str, Json]] = {
    f"{_BASE}/ca.cer": {
        "get": _operation(
            "getAuthorityCertificate",
            "The authority's certificate",
            description="What authorityInfoAccess of its certificates names.",
            responses={"200": _answer("the certificate, DER", "application/pkix-cert"), **_REFUSALS},
        )
    },
    f"{_BASE}/crl": {
        "get": _operation(
            "getCrl",
            "The authority's CRL",
            description="What cRLDistributionPoints of its certificates names.",
            responses={"200": _answer("the CRL, DER", "application/pkix-crl"), **_REFUSALS},
        )
    },
    f"{_BASE}/ocsp": {
        "post": _operation(
            "askOcsp",
            "OCSP by POST",
            description="RFC 6960 A.1.",
            requestBody={
                "required": True,
                "content": {"application/ocsp-request": {"schema": {"type": "string", "format": "binary"}}},
            },
            responses=_OCSP,
        )
    },
    f"{_BASE}/ocsp/{{encoded}}": {
        "get": _operation(
            "askOcspByGet",
            "OCSP by GET",
            description="RFC 6960 A.1.",
            responses=_OCSP,
        )
        | {"parameters": [*_PARAMETERS, _path("encoded", "base64 of the DER OCSP request, URL-encoded")]}
    },
}
