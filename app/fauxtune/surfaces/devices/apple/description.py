#: data
"""OpenAPI descriptions of the Apple endpoints, for those who write a client; added to the document of the routes.

The messages are documented by Apple ("Device Management"); these texts say what is particular to these endpoints.
"""

from __future__ import annotations

from fauxtune.surfaces.devices.openapi import CERTIFICATE, NONE, TENANT, Json, answer, parameter, query

SCHEMAS: Json = {}
_BASE = "/mdm/{tenant_key}/apple"
_PLIST = "application/xml"
_UDID = "00008110-000A1C2E3F40801E"


def _plist(**members: str) -> str:
    """A property list of strings; a member that begins with < is XML already."""
    keys = (
        f"<key>{name}</key>{text if text[0] == '<' else f'<string>{text}</string>'}" for name, text in members.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>{"".join(keys)}</dict></plist>'


_TOPIC = "com.apple.mgmt.External.c0ffee00-0000-4000-8000-000000000001"
_COMMAND = "c1a3f0f0-7d57-4c39-9a0f-3f7d1b0f6a10"
_PUSH_ADDRESS = "<data>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</data>"
_ABOUT = {"Topic": _TOPIC, "UDID": _UDID}
#: What devices send, under the name that the document gives it.
MESSAGES: dict[str, str] = {
    "Authenticate": _plist(
        MessageType="Authenticate",
        **_ABOUT,
        ProductName="iPhone15,2",
        OSVersion="17.5.1",
        SerialNumber="F2LX30QJN70M",
        DeviceName="An iPhone",
    ),
    "TokenUpdate": _plist(
        MessageType="TokenUpdate",
        **_ABOUT,
        Token=_PUSH_ADDRESS,
        PushMagic="0C0B4A4E-5E0B-4F86-A0D6-2F2B2C1C8E0A",
    ),
    "Idle": _plist(UDID=_UDID, Status="Idle"),
    "Acknowledged": _plist(UDID=_UDID, Status="Acknowledged", CommandUUID=_COMMAND),
    "Error": _plist(
        UDID=_UDID,
        Status="Error",
        CommandUUID=_COMMAND,
        ErrorChain="<array><dict><key>ErrorCode</key><integer>4001</integer>"
        "<key>ErrorDomain</key><string>MCInstallationErrorDomain</string>"
        "<key>LocalizedDescription</key><string>The profile could not be installed.</string></dict></array>",
    ),
    "NotNow": _plist(UDID=_UDID, Status="NotNow", CommandUUID=_COMMAND),
    "CheckOut": _plist(MessageType="CheckOut", **_ABOUT),
}
_COMMANDS = {
    "InstallProfile": _plist(
        CommandUUID=_COMMAND,
        Command="<dict><key>RequestType</key><string>InstallProfile</string>"
        "<key>Payload</key><data>PD94bWwg...</data></dict>",
    ),
    "RemoveProfile": _plist(
        CommandUUID=_COMMAND,
        Command="<dict><key>RequestType</key><string>RemoveProfile</string>"
        "<key>Identifier</key><string>com.fauxtune.c0ffee00-0000-4000-8000-000000000001.pkcs-...</string></dict>",
    ),
    "DeviceLock": _plist(
        CommandUUID=_COMMAND, Command="<dict><key>RequestType</key><string>DeviceLock</string></dict>"
    ),
}
_UNRECOGNIZED = _plist(
    code="com.apple.unrecognized.device",
    description="The enrolment of this device has ended (retire).",
    message="This device is no longer managed.",
)


def _text(description: str) -> Json:
    return answer(description, "text/plain")


def _examples(examples: dict[str, str]) -> Json:
    named = {name: {"value": text} for name, text in examples.items()}
    return {_PLIST: {"schema": {"type": "string"}, "examples": named}}


_REFUSALS = {
    "400": _text("the message cannot be read, comes from another device, or has no identity: a sentence says which"),
    "404": _text("there is no such tenant"),
    "413": _text("the body is larger than 4 MiB"),
    "500": _text("a fault of the emulator"),
    "501": _text("the message or operation is not emulated"),
    "503": _text("try again; Retry-After, if present, says when"),
    "default": _text("any other refusal"),
}


def _message(name: str, *, address: str) -> Json:
    unrecognized: Json = {
        "description": "the enrolment has ended: the device removes the management profile. In JSON if Accept asks "
        "for it",
        "content": {
            _PLIST: {"schema": {"type": "string"}, "example": _UNRECOGNIZED},
            "application/json": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["code", "description", "message"],
                    "properties": {
                        "code": {"const": "com.apple.unrecognized.device"},
                        "description": {"type": "string"},
                        "message": {"type": "string"},
                    },
                }
            },
        },
    }
    return {
        "operationId": name,
        "summary": "A message of a device",
        "description": f"{address} of the enrolment profile; both addresses take every message, by PUT and by POST. "
        "Authenticate, then TokenUpdate, enrol the device. Idle begins a session: the answer is a command, and the "
        "report about that (Acknowledged, Error, NotNow) is answered with the next one. An answer without a body "
        "means that there is nothing more to do. NotNow postpones a command until the next Idle. CheckOut ends the "
        "enrolment. The answer is never 401: a device that reads it would unenrol itself.",
        "security": CERTIFICATE,
        "parameters": [TENANT],
        "requestBody": {
            "required": True,
            "description": "a property list, XML or binary; the Content-Type does not matter",
            "content": _examples(MESSAGES),
        },
        "responses": {
            "200": {"description": "the next command; empty if nothing is to be done", "content": _examples(_COMMANDS)},
            "403": unrecognized,
            "410": {"description": "UserAuthenticate: a channel for the user is declined"},
            **_REFUSALS,
        },
    }


_CHALLENGE = (
    "RFC 8894. Encrypt for the certificate of GetCACert. The challengePassword of the request is the one in the "
    "enrolment profile: the enrolment token. Every request is answered at once. A renewal is signed with the "
    "certificate that it renews."
)
_SCEP_ANSWERS = {
    "200": answer(
        "GetCACaps: text; GetCACert: the certificate, DER; PKIOperation: a CertRep, which may be a failure",
        "text/plain",
        "application/x-x509-ca-cert",
        "application/x-pki-message",
        format="binary",
    ),
    **_REFUSALS,
}
_OPERATION = "operation"

OPERATIONS: dict[str, dict[str, Json]] = {
    f"{_BASE}/{path}": {
        method: _message(f"apple{word}{method.capitalize()}", address=address) for method in ("put", "post")
    }
    for path, word, address in (("server", "Server", "ServerURL"), ("checkin", "CheckIn", "CheckInURL"))
} | {
    f"{_BASE}/enroll": {
        "get": {
            "operationId": "appleEnroll",
            "summary": "Get the enrolment profile",
            "description": "The profile that a person opens on the device. It names the addresses for SCEP, check-in "
            "and commands. A token is used up when an identity is issued; with identity=pkcs12 this call issues it.",
            "security": [{"enrollmentToken": []}],
            "parameters": [
                TENANT,
                query("token", "the enrolment token", default=""),
                query(
                    "signed",
                    "the profile in CMS SignedData, signed by the authority of devices",
                    type="boolean",
                    default=False,
                ),
                query(
                    "identity",
                    "scep: the device makes its key; pkcs12: key and certificate are in the profile",
                    enum=["scep", "pkcs12"],
                    default="scep",
                ),
                query(
                    "mode",
                    "device: the whole device is managed; user: a User Enrollment, which hides identifiers",
                    enum=["device", "user"],
                    default="device",
                ),
            ],
            "responses": {
                "200": answer(
                    "a configuration profile (XML property list)", "application/x-apple-aspen-config", format="binary"
                ),
                **_REFUSALS,
                "401": _text("the token is unknown, expired, or was used already"),
                "403": _text("the token's user is gone or has no licence"),
            },
        }
    },
    f"{_BASE}/apps/{{app_id}}/{{file_id}}/manifest.plist": {
        "get": {
            "operationId": "appleAppManifest",
            "summary": "Get the manifest of an app",
            "description": "InstallApplication names this address with its query, which is valid for a day of the "
            "tenant's clock. The manifest names the package: the file as it was uploaded, which is encrypted.",
            "security": NONE,
            "parameters": [
                TENANT,
                parameter("app_id", "the app"),
                parameter("file_id", "the file of its content"),
            ],
            "responses": {
                "200": answer("the manifest (XML property list)", _PLIST),
                **_REFUSALS,
                "401": _text("the address has no signature"),
                "403": _text("the signature is wrong or has expired"),
            },
        }
    },
    f"{_BASE}/scep": {
        "get": {
            "operationId": "appleScepGet",
            "summary": "SCEP by GET",
            "description": _CHALLENGE,
            "security": NONE,
            "parameters": [
                TENANT,
                query(_OPERATION, "the SCEP operation", enum=["GetCACaps", "GetCACert", "PKIOperation"]),
                query(
                    "message",
                    "PKIOperation: the pkiMessage (DER CMS) in base64, URL-encoded",
                    default="",
                ),
            ],
            "responses": _SCEP_ANSWERS,
        },
        "post": {
            "operationId": "appleScepPost",
            "summary": "SCEP by POST",
            "description": _CHALLENGE,
            "security": NONE,
            "parameters": [TENANT, query(_OPERATION, "PKIOperation", enum=["PKIOperation"])],
            "requestBody": {
                "required": True,
                "description": "the pkiMessage, DER CMS",
                "content": {"application/x-pki-message": {"schema": {"type": "string", "format": "binary"}}},
            },
            "responses": _SCEP_ANSWERS,
        },
    },
}
