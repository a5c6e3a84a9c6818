#: data
"""OpenAPI descriptions of the Android endpoints, for those who write a client; added to the document of the routes.

The routes answer plain JSON without validation; tests compare it with these schemas.
"""

from __future__ import annotations

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from fauxtune.surfaces.devices.android import answers, messages
from fauxtune.surfaces.devices.openapi import NONE, TENANT, Json, parameter, query

_BASE = "/mdm/{tenant_key}/android/v1/enterprises/{enterprise}"
_DEVICE = f"{_BASE}/devices/{{device}}"
_REF = "#/components/schemas/{model}"
_CREDENTIAL: list[Json] = [{"deviceCredential": []}]

_READ = (messages.Enroll, messages.ReportStatus, messages.Complete, messages.Unenroll)
_WRITTEN = (
    answers.Enrolled,
    answers.CheckedIn,
    answers.Policy,
    answers.Operations,
    answers.Nothing,
    answers.Refusal,
)


class _Plain(GenerateJsonSchema):
    """Without titles: they would repeat the members' names in another spelling."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Never."""
        return False


_, _DEFINITIONS = models_json_schema(
    [*((model, "validation") for model in _READ), *((model, "serialization") for model in _WRITTEN)],
    by_alias=True,
    ref_template=_REF,
    schema_generator=_Plain,
)
SCHEMAS: Json = _DEFINITIONS["$defs"]


def _json(description: str, schema: str, *, example: Json | None = None) -> Json:
    content: Json = {"schema": {"$ref": _REF.format(model=schema)}}
    if example is not None:
        content["example"] = example
    return {"description": description, "content": {"application/json": content}}


def _body(schema: str) -> Json:
    return {"required": True, "content": {"application/json": {"schema": {"$ref": _REF.format(model=schema)}}}}


def _refused(description: str) -> Json:
    return _json(description, "Refusal")


_ALWAYS = {
    "400": _refused("INVALID_ARGUMENT: the text says which member is wrong, and what would be right"),
    "404": _refused(
        "DEVICE_NOT_FOUND: there is no such tenant, enterprise or device here, or the device's enrolment "
        "has ended: the device removes it, and everything that it received"
    ),
    "413": _refused("INVALID_ARGUMENT: the body is larger than 4 MiB"),
    "500": _refused("INTERNAL: a fault of the emulator"),
    "503": _refused("UNAVAILABLE: try again; Retry-After, if present, says when"),
    "default": _refused("any other refusal"),
}
_KNOWN = {
    **_ALWAYS,
    "401": _refused("UNAUTHENTICATED: the credential is missing, or belongs to another device"),
}


_ENTERPRISE = [
    TENANT,
    parameter("enterprise", "the tenant again, as in the name in the answer to the enrolment"),
]
_OF_DEVICE = [*_ENTERPRISE, parameter("device", "the last part of the name in the answer to the enrolment")]

OPERATIONS: dict[str, dict[str, Json]] = {
    f"{_BASE}/devices:enroll": {
        "post": {
            "operationId": "androidEnroll",
            "summary": "Enrol",
            "description": "Enrols a device. The token is in the message, and a refusal leaves it usable. Keep the "
            "private key of the csr and the whole answer. Then begin with reportStatus.",
            "security": NONE,
            "parameters": _ENTERPRISE,
            "requestBody": _body("Enroll"),
            "responses": {
                "200": _json(
                    "enrolled",
                    "Enrolled",
                    example={
                        "name": "enterprises/c0ffee00-0000-4000-8000-000000000001/devices/"
                        "5b2f0c3e-6a57-4c8e-9d3f-0f3f6f1c2a10",
                        "deviceCredential": "kJ0cV3m8n1b5w7y2q4s6u9x1z3A5C7E9G2I4K6M8O0Q",
                        "identityCertificate": "MIIC...",
                        "policyName": "enterprises/c0ffee00-0000-4000-8000-000000000001/policies/default",
                        "userName": "enterprises/c0ffee00-0000-4000-8000-000000000001/users/"
                        "0c6f7a34-2f8f-4a59-9c07-4f4a5be1b6f0",
                        "userPrincipalName": "alice@contoso.example",
                        "checkinIntervalSeconds": 180,
                        "pushToken": "pT4vK9xR2mN7bQ1sW5yZ8cF3hJ6kL0dA",
                    },
                ),
                **_ALWAYS,
                "401": _refused("UNAUTHENTICATED: the enrolment token is unknown, expired, or was used already"),
                "403": _refused("PERMISSION_DENIED: the token's user is gone or has no licence"),
            },
        }
    },
    f"{_DEVICE}:reportStatus": {
        "post": {
            "operationId": "androidReportStatus",
            "summary": "Check in",
            "description": "The check-in. The loop: report; while "
            "pendingOperations is more than 0, pull the operations and complete each; if policyVersion is not the "
            "version that was applied last, get the policy and apply it; then report again. Stop at the answer that "
            "has the applied version and 0 operations. Report again after a push, after the check-in interval, and "
            "when something on the device has changed.",
            "security": _CREDENTIAL,
            "parameters": _OF_DEVICE,
            "requestBody": _body("ReportStatus"),
            "responses": {
                "200": _json("what to do next", "CheckedIn", example={"policyVersion": "3", "pendingOperations": 0}),
                **_KNOWN,
            },
        }
    },
    f"{_DEVICE}/policy": {
        "get": {
            "operationId": "androidGetPolicy",
            "summary": "Get the policy",
            "description": "Only reads. Each entry of keyPairs, caCerts and applications is installed or refused by "
            "itself: name the entries that cannot be installed in nonComplianceDetails of the next report.",
            "security": _CREDENTIAL,
            "parameters": [
                *_OF_DEVICE,
                query("appliedPolicyVersion", "the version that was applied last"),
            ],
            "responses": {
                "200": _json("the policy", "Policy"),
                "304": {"description": "appliedPolicyVersion is the current version"},
                **_KNOWN,
            },
        }
    },
    f"{_DEVICE}/operations:pull": {
        "get": {
            "operationId": "androidPullOperations",
            "summary": "Get the operations",
            "description": "Only reads.",
            "security": _CREDENTIAL,
            "parameters": _OF_DEVICE,
            "responses": {"200": _json("the pending operations", "Operations"), **_KNOWN},
        }
    },
    f"{_DEVICE}/operations/{{operation}}:complete": {
        "post": {
            "operationId": "androidCompleteOperation",
            "summary": "Complete an operation",
            "description": "The device has carried it out, or says with `error` why not. Complete a WIPE before "
            "carrying it out: afterwards the enrolment has ended.",
            "security": _CREDENTIAL,
            "parameters": [*_OF_DEVICE, parameter("operation", "the last part of the operation's name")],
            "requestBody": _body("Complete"),
            "responses": {"200": _json("completed; a repetition is no error", "Nothing", example={}), **_KNOWN},
        }
    },
    f"{_DEVICE}:unenroll": {
        "post": {
            "operationId": "androidUnenroll",
            "summary": "Unenrol",
            "description": "The user leaves: the enrolment ends, and the device removes everything that it received.",
            "security": _CREDENTIAL,
            "parameters": _OF_DEVICE,
            "requestBody": _body("Unenroll"),
            "responses": {
                "200": _json("the enrolment has ended", "Nothing", example={}),
                **_KNOWN,
                "403": _refused("PERMISSION_DENIED: the user of a device of this mode may not unenrol it"),
            },
        }
    },
}
