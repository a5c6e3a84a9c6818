#: data
"""OpenAPI descriptions of what the server answers for itself: `/livez`, `/readyz` and `/ca.pem`."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SCHEMAS: Json = {
    "Liveness": {
        "type": "object",
        "required": ["alive"],
        "properties": {"alive": {"type": "boolean", "const": True}},
    },
    "Readiness": {
        "type": "object",
        "required": ["notReady", "serverId"],
        "properties": {
            "notReady": {
                "type": "array",
                "description": "what a start still waits for, in this order, or `database` if it does not answer now; "
                "empty if the server is ready",
                "items": {"type": "string", "enum": ["listeners", "database", "keyPool", "tenant"]},
            },
            "serverId": {
                "type": "string",
                "format": "uuid",
                "description": "the server, made with its data folder; the header `X-Fauxtune-Server` of every answer "
                "has it, too, and a request that has the header with another id is refused (421)",
            },
        },
    },
}


def _answer(description: str, schema: str) -> Json:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _operation(name: str, summary: str, **members: Any) -> Json:
    return {"operationId": name, "summary": summary, "security": [], "tags": ["health"], **members}


OPERATIONS: dict[str, dict[str, Json]] = {
    "/livez": {
        "get": _operation(
            "get_liveness",
            "Ask whether the process answers",
            description="By HTTPS and HTTP, from the moment on when the ports are open. Without an answer, start the "
            "server again.",
            responses={"200": _answer("it answers", "Liveness")},
        )
    },
    "/readyz": {
        "get": _operation(
            "get_readiness",
            "Ask whether the server is ready",
            description="By HTTPS and HTTP, while it starts too. `fauxtune healthcheck --wait 30` waits for it.",
            responses={
                "200": _answer("it is ready, and its database answers", "Readiness"),
                "503": {
                    **_answer("it starts, or its database does not answer; try again in a second", "Readiness"),
                    "headers": {"Retry-After": {"schema": {"type": "string"}}},
                },
            },
        )
    },
    "/ca.pem": {
        "get": _operation(
            "get_trusted_authority",
            "The CA of the server's own TLS certificate, to trust",
            description="The file that `fauxtune trust` shows. By HTTP nothing proves where it comes from: fetch it "
            "on this machine, or over a network that you trust.",
            responses={
                "200": {
                    "description": "the certificate, PEM",
                    "content": {"application/x-pem-file": {"schema": {"type": "string"}}},
                }
            },
        )
    },
}
