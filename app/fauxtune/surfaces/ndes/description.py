#: data
"""OpenAPI description of NDES; added to the document of the routes."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SCHEMAS: Json = {}
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def _plain(description: str) -> Json:
    return {"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}}


def _parameter(name: str, description: str, *, place: str, **more: Any) -> Json:
    return {"name": name, "in": place, "description": description, "schema": {"type": "string"}, **more}


_OPERATION = _parameter(
    "operation", "GetCACaps, GetCACert, GetNextCACert or PKIOperation, in any case", place="query", required=True
)
_PARAMETERS = [
    _parameter("tenant_key", "the tenant: its id, name or domain", place="path", required=True),
    _parameter(
        "address",
        "mscep/mscep.dll; also mscep, each also with /pkiclient.exe or /scep or a slash at the end, in any case",
        place="path",
        required=True,
    ),
    _OPERATION,
]
_REFUSALS = {
    "400": _plain("the operation is not known, or the message cannot be read"),
    "403": _plain("no operation is named"),
    "404": _plain("there is no such tenant or address, no connector with the role scep, or no next certificate"),
    "413": _plain("the body is larger than 4 MiB"),
    "500": _plain("the connector's RA certificates have expired; or a fault of the emulator"),
    "503": _plain("the connector or the authority is off line, or the server cannot answer now"),
    "default": _plain("any other refusal"),
}
_CERT_REP = {"application/x-pki-message": _BINARY}


OPERATIONS: dict[str, dict[str, Json]] = {
    "/pki/{tenant_key}/certsrv/{address}": {
        "get": {
            "operationId": "scepByGet",
            "summary": "NDES by GET",
            "description": "RFC 8894 4: the authority's capabilities and certificates, and messages in base64.",
            "security": [],
            "parameters": [
                *_PARAMETERS,
                _parameter("message", "for PKIOperation: the pkiMessage in base64, of either alphabet", place="query"),
            ],
            "responses": {
                "200": {
                    "description": "capabilities, certificates (PKCS#7), or a CertRep: SUCCESS, PENDING or FAILURE",
                    "content": {
                        "text/plain": {"schema": {"type": "string"}},
                        "application/x-x509-ca-ra-cert": _BINARY,
                        "application/x-x509-next-ca-cert": _BINARY,
                        **_CERT_REP,
                    },
                },
                **_REFUSALS,
            },
        },
        "post": {
            "operationId": "scepByPost",
            "summary": "NDES by POST",
            "description": "PKIOperation with the pkiMessage as the body, of at most 64 KiB and any content type.",
            "security": [],
            "parameters": _PARAMETERS,
            "requestBody": {"required": True, "content": {"application/x-pki-message": _BINARY}},
            "responses": {
                "200": {"description": "a CertRep: SUCCESS, PENDING or FAILURE", "content": _CERT_REP},
                **_REFUSALS,
            },
        },
    }
}
