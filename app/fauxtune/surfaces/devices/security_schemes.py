#: data
"""The proofs of devices as OpenAPI's security schemes; `client_certificate` decides which one counts."""

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
