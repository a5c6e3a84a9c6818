#: data
"""The OpenAPI description of the agents' channel, for those who write an agent; added to the document of the routes."""

from __future__ import annotations

from pydantic.json_schema import models_json_schema

from fauxtune.surfaces.devices.agent import answers, messages
from fauxtune.surfaces.devices.openapi import CERTIFICATE, TENANT, Json

_REF = "#/components/schemas/{model}"
_, _DEFINITIONS = models_json_schema(
    [
        (messages.AgentRequest, "validation"),
        (answers.AgentAnswer, "serialization"),
        (answers.AgentRefusal, "serialization"),
    ],
    by_alias=True,
    ref_template=_REF,
)
SCHEMAS: Json = _DEFINITIONS["$defs"]


def _json(description: str, schema: str) -> Json:
    content = {"schema": {"$ref": _REF.format(model=schema)}}
    return {"description": description, "content": {"application/json": content}}


def _refused(description: str) -> Json:
    return _json(description, "AgentRefusal")


_REQUEST = {
    "userIsHere": True,
    "scripts": [
        {
            "id": "c0ffee00-0000-4000-8000-00000000a001",
            "run": 1,
            "results": [{"part": "script", "exitCode": 0, "output": "done", "error": ""}],
        }
    ],
    "apps": [{"id": "c0ffee00-0000-4000-8000-00000000a002", "content": "1", "detected": True, "exitCode": 3010}],
}

OPERATIONS: dict[str, dict[str, Json]] = {
    "/mdm/{tenant_key}/agent": {
        "post": {
            "operationId": "agentAsk",
            "tags": ["agent"],
            "summary": "Report work, and ask for work",
            "description": "The emulator's own channel for what MDM has no word for: scripts, Win32 apps, and the "
            "packages of Macs. (The wire of the Intune Management Extension and of the Intune agent for macOS is not "
            "published.) A device of a tenant in which one of these is assigned learns the address from the header "
            "Fauxtune-Agent of an answer to its MDM client. The loop: ask; do what is ordered; report it with the next "
            "request, until nothing is ordered; ask again at askAgainAt, or after a push. The device proves its "
            "identity as in a session of MDM.",
            "security": CERTIFICATE,
            "parameters": [TENANT],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"$ref": _REF.format(model="AgentRequest")}, "example": _REQUEST}
                },
            },
            "responses": {
                "200": _json("what to do now", "AgentAnswer"),
                "400": _refused("the text says which member is wrong, and what would be right"),
                "401": _refused("the device has not proved its identity"),
                "403": _refused("devices of this kind have no agent"),
                "404": _refused("there is no such tenant"),
                "410": _refused("the device's enrolment has ended: the agent goes"),
                "413": _refused("the body is larger than 4 MiB"),
                "500": _refused("a fault of the emulator"),
                "503": _refused("try again; Retry-After, if present, says when"),
                "default": _refused("any other refusal"),
            },
        }
    }
}
