#: data
"""OpenAPI description of the service for certification authorities of partners; added to the document of the routes."""

from __future__ import annotations

from typing import Any

from fauxtune.core.model.addresses import CONNECTOR, SERVICES, VALIDATION
from fauxtune.core.scep.challenge import ResultCode
from fauxtune.operations.ca.partner_revocations import ERRORS, MOST

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_OPTIONAL: Json = {"type": ["string", "null"]}


def _object(required: str, **properties: Json) -> Json:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(schema: Json, **members: Any) -> Json:
    return _object("value", value={"type": "array", "items": schema, **members})


SCHEMAS: Json = {
    "PartnerEndpoints": _list(
        _object(
            "id capability providerId providerName serviceName providerResourceId uri",
            id=_TEXT,
            capability=_TEXT,
            providerId=_TEXT,
            providerName={"enum": list(SERVICES), "description": "read by clients of Microsoft Graph"},
            serviceName={"enum": list(SERVICES), "description": "read by clients of Azure AD Graph"},
            providerResourceId=_TEXT,
            uri={"type": "string", "description": "without a slash at its end"},
        )
    ),
    "PartnerVerdict": {
        **_object(
            "code errorDescription",
            code={"enum": [code.value for code in ResultCode]},
            errorDescription={"type": "string", "description": "empty for Success"},
        ),
        "additionalProperties": False,
    },
    "PartnerRevocations": _list(
        _object(
            "requestContext serialNumber issuerName caConfiguration",
            requestContext={"type": "string", "description": "repeated by uploadRevocationResults"},
            serialNumber=_TEXT,
            issuerName=_TEXT,
            caConfiguration=_OPTIONAL,
        )
    ),
    "PartnerUploaded": _object("value", value={"const": True}),
    "PartnerRefusal": _object("error", error=_object("code message", code=_TEXT, message=_TEXT)),
}

_CSR: Json = {
    "type": "string",
    "description": "base64 of PKCS#10, DER, with the challenge as its challengePassword",
}
_TRANSACTION: Json = {"type": "string", "description": "SCEP's transactionID, or any other text"}
_BODIES: dict[str, Json] = {
    "validateRequest": _object(
        "request",
        request=_object(
            "transactionId certificateRequest",
            transactionId=_TRANSACTION,
            certificateRequest=_CSR,
            callerInfo=_OPTIONAL,
        ),
    ),
    "successNotification": _object(
        "notification",
        notification=_object(
            "transactionId certificateRequest certificateThumbprint certificateSerialNumber "
            "issuingCertificateAuthority",
            transactionId=_TRANSACTION,
            certificateRequest=_CSR,
            certificateThumbprint={"type": "string", "description": "SHA-1 in hexadecimal"},
            certificateSerialNumber=_TEXT,
            certificateExpirationDateUtc={"type": ["string", "null"], "description": "kept as it comes"},
            issuingCertificateAuthority=_TEXT,
            caConfiguration=_OPTIONAL,
            certificateAuthority=_OPTIONAL,
            callerInfo=_OPTIONAL,
        ),
    ),
    "failureNotification": _object(
        "notification",
        notification=_object(
            "transactionId certificateRequest hResult errorDescription",
            transactionId=_TRANSACTION,
            certificateRequest=_CSR,
            hResult={"type": "integer", "description": "of 32 bits, signed or unsigned"},
            errorDescription=_TEXT,
            callerInfo=_OPTIONAL,
        ),
    ),
    "downloadRevocationRequests": _object(
        "downloadParameters",
        downloadParameters=_object(
            "maxRequests",
            maxRequests={"type": "integer", "minimum": 1, "maximum": MOST},
            issuerName={"type": ["string", "null"], "description": "only certificates of this issuer"},
        ),
    ),
    "uploadRevocationResults": _object(
        "results",
        results={
            "type": "array",
            "maxItems": MOST,
            "items": _object(
                "requestContext succeeded",
                requestContext=_TEXT,
                succeeded={"type": "boolean"},
                errorCode={
                    "type": ["string", "integer", "null"],
                    "description": "a name or its number: "
                    + ", ".join(f"{name} {number}" for number, name in ERRORS.items()),
                },
                errorMessage=_OPTIONAL,
            ),
        },
    ),
}


def _json(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _component(description: str, name: str) -> Json:
    return _json(description, {"$ref": f"#/components/schemas/{name}"})


_REFUSALS: Json = {
    "400": _component("the body is not as described; nothing was changed", "PartnerRefusal"),
    "401": _component("no valid token of this tenant, or one for another service", "PartnerRefusal"),
    "403": _component("the application lacks the role scep_challenge_provider", "PartnerRefusal"),
    "404": _component("there is no such tenant", "PartnerRefusal"),
    "default": _component("any other refusal", "PartnerRefusal"),
}
_KEY: Json = {
    "name": "tenant_key",
    "in": "path",
    "required": True,
    "description": "the tenant: its id, name or domain",
    "schema": _TEXT,
}
_ACTIVITY: Json = {
    "name": "client-request-id",
    "in": "header",
    "required": False,
    "description": "a GUID of the client's, which the answer repeats",
    "schema": _TEXT,
}
_SECURITY: list[Json] = [{"intuneToken": []}]

SCHEMES: Json = {
    "intuneToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "for https://api.manage.microsoft.com/ with the role scep_challenge_provider; for service "
        "discovery any token of the tenant",
    }
}


def _action(service: str, action: str, *, summary: str, answer: tuple[str, str]) -> tuple[str, dict[str, Json]]:
    group = "ScepActions" if service == VALIDATION else "CertificateAuthorityRequests"
    operation: Json = {
        "operationId": action,
        "summary": summary,
        "security": _SECURITY,
        "parameters": [_KEY, _ACTIVITY],
        "requestBody": {"required": True, **_json("UTF-8, or Latin-1; names in any case", _BODIES[action])},
        "responses": {"200": _component(*answer), **_REFUSALS},
    }
    return f"/partner/{{tenant_key}}/{SERVICES[service]}/{group}/{action}", {"post": operation}


_VERDICT = ("the result; a refusal, too, has status 200", "PartnerVerdict")
OPERATIONS: dict[str, dict[str, Json]] = {
    "/{tenant_key}/servicePrincipalsByAppId/{application}/serviceEndpoints": {
        "get": {
            "operationId": "olderServiceEndpoints",
            "summary": "Service discovery of Azure AD Graph",
            "description": "The newer one is `/v1.0/servicePrincipals/appId={application}/endpoints` of Graph.",
            "security": _SECURITY,
            "parameters": [
                _KEY,
                {
                    "name": "application",
                    "in": "path",
                    "required": True,
                    "description": "Intune's own: 0000000a-0000-0000-c000-000000000000",
                    "schema": _TEXT,
                },
                _ACTIVITY,
            ],
            "responses": {"200": _component("the addresses of the services", "PartnerEndpoints"), **_REFUSALS},
        }
    },
    **dict(
        [
            _action(VALIDATION, "validateRequest", summary="Ask whether a certificate may be issued", answer=_VERDICT),
            _action(VALIDATION, "successNotification", summary="Report that it was issued", answer=_VERDICT),
            _action(VALIDATION, "failureNotification", summary="Report that it was not issued", answer=_VERDICT),
            _action(
                CONNECTOR,
                "downloadRevocationRequests",
                summary="Fetch certificates that are to be revoked",
                answer=(
                    "handed out once; after a call nothing is for 60 minutes of the tenant's clock",
                    "PartnerRevocations",
                ),
            ),
            _action(
                CONNECTOR,
                "uploadRevocationResults",
                summary="Report what became of them",
                answer=("taken, all of them", "PartnerUploaded"),
            ),
        ]
    ),
}
