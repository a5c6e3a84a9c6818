"""Parameters, answers and proofs in the descriptions of device endpoints, in OpenAPI 3.1.

A proof is one of OpenAPI's security schemes; `client_certificate` decides which certificate counts.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


#: No proof, or the message itself contains it.
NONE: list[Json] = []
#: One of the three is enough.
CERTIFICATE: list[Json] = [{"mdmSignature": []}, {"tlsClientCertificate": []}, {"proxyCertificate": []}]

SCHEMES: Json = {
    "deviceCredential": {
        "type": "http",
        "scheme": "bearer",
        "description": "Android: deviceCredential of the enrolment's answer",
    },
    "enrollmentToken": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "from POST /_fauxtune/v1/tenants/{tenant}/enrollmentTokens; valid for one enrolment",
    },
    "mdmSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "Mdm-Signature",
        "description": "Apple, Windows: base64 of DER CMS SignedData over the body, detached, with the identity "
        "certificate inside: `openssl cms -sign -binary -outform DER -signer identity.pem -inkey identity.key`",
    },
    "tlsClientCertificate": {
        "type": "mutualTLS",
        "description": "Apple, Windows: the identity certificate as TLS client certificate",
    },
    "proxyCertificate": {
        "type": "apiKey",
        "in": "header",
        "name": "Client-Cert",
        "description": "Apple, Windows: from a proxy that `serve --trusted-proxy` names, which ended TLS. "
        "The certificate as :base64: of its DER (RFC 9440), or as URL-encoded PEM; "
        "`--client-certificate-header` names another header",
    },
}


def parameter(name: str, description: str, *, place: str = "path", required: bool = False, **schema: Any) -> Json:
    """Return a parameter; a text unless `schema` says otherwise. In a path it is always required."""
    return {
        "name": name,
        "in": place,
        "required": required or place == "path",
        "description": description,
        "schema": {"type": "string"} | schema,
    }


def query(name: str, description: str, *, required: bool = False, **schema: Any) -> Json:
    """Return a parameter of the query."""
    return parameter(name, description, place="query", required=required, **schema)


def answer(description: str, *media_types: str, **schema: Any) -> Json:
    """Return an answer in one of these media types: a text, or with `format="binary"` bytes."""
    content = {"schema": {"type": "string"} | schema}
    return {"description": description, "content": dict.fromkeys(media_types, content)}


#: The parameter in the paths of all endpoints.
TENANT = parameter("tenant_key", "the tenant: its id, name or domain")
