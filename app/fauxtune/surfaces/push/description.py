#: data
"""OpenAPI description of the push channel; added to the document of the route."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SCHEMAS: Json = {
    "PushNews": {
        "type": "object",
        "additionalProperties": False,
        "required": ["seq", "now", "push"],
        "properties": {
            "seq": {
                "type": "integer",
                "description": "`after` for the next poll; it rises when something concerns the device",
            },
            "now": {"type": "string", "format": "date-time", "description": "the tenant's time"},
            "push": {
                "description": "null: no news. Else the device has to check in",
                "anyOf": [
                    {"type": "null"},
                    {
                        "title": "CheckInPush",
                        "type": "object",
                        "required": ["type"],
                        "properties": {"type": {"const": "CHECK_IN"}},
                        "additionalProperties": False,
                        "description": "Android, Windows",
                    },
                    {
                        "title": "ApplePush",
                        "type": "object",
                        "required": ["mdm"],
                        "properties": {
                            "mdm": {"type": "string", "description": "PushMagic of the device's TokenUpdate"}
                        },
                        "additionalProperties": False,
                        "description": "Apple: the payload of MDM's notification",
                    },
                ],
            },
        },
    },
    "PushRefusal": {
        "type": "object",
        "additionalProperties": False,
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "additionalProperties": False,
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            }
        },
    },
}


def _json(description: str, schema: str) -> Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _query(name: str, description: str, **schema: Any) -> Json:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


OPERATIONS: dict[str, dict[str, Json]] = {
    "/push/{tenant_key}/{token}": {
        "get": {
            "operationId": "waitForPush",
            "summary": "Wait for a push",
            "description": "A long poll in place of FCM, APNs and WNS. It ends when there is news, when the "
            "tenant's clock is set, and after `wait` seconds. The token in the address authenticates the device.",
            "security": [],
            "parameters": [
                {
                    "name": "tenant_key",
                    "in": "path",
                    "required": True,
                    "description": "the tenant: its id, name or domain",
                    "schema": {"type": "string"},
                },
                {
                    "name": "token",
                    "in": "path",
                    "required": True,
                    "description": "Android: pushToken of the enrolment. Apple: the Token of TokenUpdate in hex, or "
                    "where that is not 16 to 64 bytes of the device's own, the SHA-256 (hex) of the SHA-256 of its "
                    "identity certificate in hex and the Token. Windows: the enrolment has the whole address (PFN)",
                    "schema": {"type": "string"},
                },
                _query("after", "seq of the last answer", type="integer", minimum=0, default=0),
                _query("wait", "seconds", type="number", minimum=0, maximum=60, default=0),
            ],
            "responses": {
                "200": _json("news, or the end of the wait", "PushNews"),
                "400": _json("a parameter is not as documented", "PushRefusal"),
                "404": _json("the token belongs to no enrolled device", "PushRefusal"),
                "413": _json("the body is larger than 4 MiB", "PushRefusal"),
                "500": _json("a fault of the emulator", "PushRefusal"),
                "503": _json("try again; the server may be stopping", "PushRefusal"),
                "default": _json("any other refusal", "PushRefusal"),
            },
        }
    }
}
