#: data
"""OpenAPI descriptions of the Windows endpoints, for those who write a client; the routes add nothing to them.

The messages are documented by Microsoft (MS-MDE2, MS-MDM, OMA-DM); these texts say what is particular to these
endpoints.
"""

from __future__ import annotations

from typing import Any

from fauxtune.surfaces.devices.openapi import CERTIFICATE, NONE, TENANT, Json, answer, query
from fauxtune.surfaces.devices.windows.messages import soap, syncml

SCHEMAS: Json = {}
BASE = "/mdm/{tenant_key}/windows"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_MANAGER = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment"
_PROOF = (
    f'<o:Security xmlns:o="{_SECURITY}"><o:BinarySecurityToken ValueType="{_MANAGER}/DeviceEnrollmentUserToken" '
    f'EncodingType="{_SECURITY}#base64binary">YW4gZW5yb2xtZW50IHRva2Vu</o:BinarySecurityToken></o:Security>'
)


def _soap(action: str, body: str, *, proof: str = "") -> str:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{action}</a:Action>'
        "<a:MessageID>urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478</a:MessageID>"
        f"{proof}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


_ITEMS = {
    "DeviceType": "CIMClient_Windows",
    "ApplicationVersion": "10.0.19045.4291",
    "OSVersion": "10.0.19045.4291",
    "DeviceName": "DESKTOP-H1T20J1",
    "DeviceID": "7F3A2E44-0C9F-4C5B-9E0D-2B1C8B6A1F10",
    "HWDevID": "0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B",
    "EnrollmentType": "Full",
}
#: Examples of devices' messages, by the step of enrolment.
MESSAGES: dict[soap.Step, str] = {
    soap.DISCOVER: _soap(
        soap.DISCOVER.request,
        '<Discover xmlns="http://schemas.microsoft.com/windows/management/2012/01/enrollment"><request>'
        "<EmailAddress>alice@contoso.example</EmailAddress><RequestVersion>5.0</RequestVersion>"
        "<DeviceType>CIMClient_Windows</DeviceType><ApplicationVersion>10.0.19045.4291</ApplicationVersion>"
        "<AuthPolicies><AuthPolicy>Federated</AuthPolicy></AuthPolicies></request></Discover>",
    ),
    soap.GET_POLICIES: _soap(
        soap.GET_POLICIES.request,
        '<GetPolicies xmlns="http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"><client/>'
        "<requestFilter/></GetPolicies>",
        proof=_PROOF,
    ),
    soap.REQUEST_TOKEN: _soap(
        soap.REQUEST_TOKEN.request,
        '<RequestSecurityToken xmlns="http://docs.oasis-open.org/ws-sx/ws-trust/200512">'
        f"<TokenType>{_MANAGER}/DeviceEnrollmentToken</TokenType>"
        "<RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue</RequestType>"
        f'<o:BinarySecurityToken xmlns:o="{_SECURITY}" '
        'ValueType="http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS10" '
        f'EncodingType="{_SECURITY}#base64binary">MIIC</o:BinarySecurityToken>'
        '<AdditionalContext xmlns="http://schemas.xmlsoap.org/ws/2006/12/authorization">'
        + "".join(f'<ContextItem Name="{name}"><Value>{value}</Value></ContextItem>' for name, value in _ITEMS.items())
        + "</AdditionalContext></RequestSecurityToken>",
        proof=_PROOF,
    ),
}
SESSION = (
    '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
    "<SessionID>1</SessionID><MsgID>1</MsgID>"
    "<Target><LocURI>https://localhost:8443/ManagementServer/MDM.svc</LocURI></Target>"
    "<Source><LocURI>7F3A2E44-0C9F-4C5B-9E0D-2B1C8B6A1F10</LocURI></Source></SyncHdr><SyncBody>"
    "<Alert><CmdID>1</CmdID><Data>1201</Data></Alert>"
    "<Alert><CmdID>2</CmdID><Data>1224</Data><Item>"
    '<Meta><Type xmlns="syncml:metinf">com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert>'
    "<Final/></SyncBody></SyncML>"
)

ESCROW = {
    "recoveryPassword": {
        "id": "0c8f4f4e-6a5b-4a43-9f0a-8f3c3c1d2e11",
        "password": "000000-000011-000022-000033-000044-000055-000066-000077",
        "volumeType": "operatingSystemVolume",
    }
}

_TENANT = TENANT | {
    "description": f"{TENANT['description']}. The same addresses exist without /mdm/{{tenant_key}}/windows (except "
    "/auth), where the user's domain decides the tenant; and at the paths of Fleet's test client (switch "
    "windows.pathAliases)"
}

_FAULT = soap.MEDIA_TYPE.partition(";")[0]
_SESSION_TYPE = syncml.MEDIA_TYPE.partition(";")[0]
_TOO_LARGE = "the body is larger than 4 MiB"
_SOAP_ANSWERS = {
    "200": answer("the answer; or a fault, if the request has no Content-Type", _FAULT),
    "400": answer("the body is not XML", _FAULT),
    "413": answer(_TOO_LARGE, _FAULT),
    "500": answer(
        "a SOAP fault: the subcode is the kind of refusal (s:MessageFormat, s:Authentication, s:Authorization, "
        "s:CertificateRequest, s:EnrollmentServer, a:InternalServiceFault, a:InvalidSecurity), the reason says what "
        "is wrong; ErrorType is UserLicense, NotSupported, NotEligibleToRenew, InMaintenance or InvalidEnrollmentData",
        _FAULT,
    ),
    "503": answer("try again: a SOAP fault; Retry-After, if present, says when", _FAULT),
    "default": answer("any other refusal: a SOAP fault", _FAULT),
}
_PLAIN_REFUSALS = {
    "400": answer("the request cannot be read", "text/plain"),
    "404": answer("there is no such tenant", "text/plain"),
    "413": answer(_TOO_LARGE, "text/plain"),
    "500": answer("a fault of the emulator", "text/plain"),
    "503": answer("try again; Retry-After, if present, says when", "text/plain"),
    "default": answer("any other refusal", "text/plain"),
}


def _step(name: str, step: soap.Step, *, summary: str, description: str) -> Json:
    return {
        "operationId": name,
        "tags": ["windows"],
        "summary": summary,
        "description": description,
        "security": NONE,
        "parameters": [_TENANT],
        "requestBody": {
            "required": True,
            "content": {_FAULT: {"schema": {"type": "string"}, "example": MESSAGES[step]}},
        },
        "responses": _SOAP_ANSWERS,
    }


def _page(name: str, summary: str, **more: Any) -> Json:
    page = answer("the page, which posts the token to appru as wresult", "text/html")
    wrong = answer("name or password is wrong: the page is shown again", "text/html")
    return {
        "operationId": name,
        "tags": ["windows"],
        "summary": summary,
        "description": "The page of AuthPolicy Federated: a person signs in, and the device gets a token.",
        "security": NONE,
        "responses": {"200": page, "401": wrong, **_PLAIN_REFUSALS},
        **more,
    }


_FORM = {name: {"type": "string"} for name in ("appru", "login", "password")}
_RETURN = query("appru", "the address that gets the token: ms-app://..., or an address on localhost", required=True)
_HINT = query("login_hint", "a user name")

OPERATIONS: dict[str, dict[str, Json]] = {
    f"{BASE}/EnrollmentServer/Discovery.svc": {
        "get": {
            "operationId": "windowsProbe",
            "tags": ["windows"],
            "summary": "Check for a service",
            "description": "The first request of a device.",
            "security": NONE,
            "parameters": [_TENANT],
            "responses": {
                "200": {"description": "there is a service; without content"},
                "404": answer("there is no such tenant", _FAULT),
                **{status: _SOAP_ANSWERS[status] for status in ("413", "500", "503", "default")},
            },
        },
        "post": _step(
            "windowsDiscover",
            soap.DISCOVER,
            summary="Discover",
            description="Names the addresses of the next steps. AuthPolicy is Federated (a token) or OnPremise (name "
            "and password), as the device offers.",
        ),
    },
    f"{BASE}/EnrollmentServer/Policy.svc": {
        "post": _step(
            "windowsGetPolicies",
            soap.GET_POLICIES,
            summary="GetPolicies",
            description="The demands on the certificate request. The proof is in the message's Security header: a "
            "BinarySecurityToken with base64 of the enrolment token, or a UsernameToken.",
        )
    },
    f"{BASE}/EnrollmentServer/Enrollment.svc": {
        "post": _step(
            "windowsRequestSecurityToken",
            soap.REQUEST_TOKEN,
            summary="RequestSecurityToken",
            description="Enrols the device, with the same proof. BinarySecurityToken of the body is base64 of a DER "
            "PKCS#10 request (ValueType ...#PKCS10); with RequestType .../Renew, DER CMS SignedData around one, signed "
            "with the certificate that it renews (...#PKCS7). The answer holds base64 of the provisioning document "
            "(wap-provisioningdoc): the certificate, and the account for the sessions.",
        )
    },
    f"{BASE}/autopilot": {
        "post": {
            "operationId": "windowsAutopilot",
            "tags": ["windows"],
            "summary": "Ask for the Autopilot deployment profile",
            "description": "The first question of a PC at its set-up. The emulator's own address: the messages of "
            "Windows' deployment service are not published. The answer has the names of "
            "AutopilotConfigurationFile.json; its ZtdCorrelationId goes into a context item of that name at the "
            "enrolment, beside SerialNumber, DeviceManufacturer and DeviceModel.",
            "security": NONE,
            "parameters": [_TENANT],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"type": "object"},
                        "example": {"serialNumber": "4711", "hardwareHash": "T0EzZXhhbXBsZQ=="},
                    }
                },
            },
            "responses": {"200": answer("the deployment profile", "application/json"), **_PLAIN_REFUSALS},
        },
    },
    f"{BASE}/escrow": {
        "post": {
            "operationId": "windowsEscrow",
            "tags": ["windows"],
            "summary": "Escrow a secret",
            "description": "A recovery password of BitLocker, or the password of a local administrator. The emulator's "
            "own address: Windows sends both to Entra ID, by messages that are not documented. The device proves its "
            "identity as in a session.",
            "security": CERTIFICATE,
            "parameters": [_TENANT],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object"}, "example": ESCROW}},
            },
            "responses": {
                "204": {"description": "it is kept, sealed"},
                "401": answer("the device has not proved its identity", "text/plain"),
                **_PLAIN_REFUSALS,
            },
        },
    },
    f"{BASE}/ManagementServer/MDM.svc": {
        "post": {
            "operationId": "windowsManage",
            "tags": ["windows"],
            "summary": "One message of a session",
            "description": "OMA-DM 1.2 in XML. The first message of a session alerts 1201 (or 1200) and 1224 "
            "LoginStatus; each answer has commands, and the device answers with a Status for each and Results for each "
            "Get, until an answer has no command. A device that is unknown or no longer enrolled is refused by the "
            "Status of SyncHdr (401, 407, 403), with HTTP 200.",
            "security": CERTIFICATE,
            "parameters": [_TENANT],
            "requestBody": {
                "required": True,
                "content": {_SESSION_TYPE: {"schema": {"type": "string"}, "example": SESSION}},
            },
            "responses": {"200": answer("the server's message", _SESSION_TYPE), **_PLAIN_REFUSALS},
        }
    },
    f"{BASE}/auth": {
        "get": _page("windowsSignInPage", "The sign-in page", parameters=[_TENANT, _RETURN, _HINT]),
        "post": _page(
            "windowsSignIn",
            "Sign in",
            parameters=[_TENANT],
            requestBody={
                "required": True,
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {"type": "object", "required": list(_FORM), "properties": _FORM}
                    }
                },
            },
        ),
    },
}
