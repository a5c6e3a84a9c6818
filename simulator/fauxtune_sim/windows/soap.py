"""The SOAP messages of an enrolment, written and read by a device (MS-MDE2, MS-XCEP, MS-WSTEP; SOAP 1.2).

Faults become ServerRefused with a text: the subcode or the ErrorType determines the HRESULT that Windows shows.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from fauxtune_sim.errors import AnswerBroken, ServerRefused
from fauxtune_sim.windows.markup import Element, read, tag, text

CONTENT_TYPE = "application/soap+xml; charset=utf-8"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_WSS = "http://docs.oasis-open.org/wss/2004/01/"
_SECURITY = f"{_WSS}oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = f"{_WSS}oasis-200401-wss-wssecurity-utility-1.0.xsd"
_BASE64 = f"{_SECURITY}#base64binary"
_PASSWORD = f"{_WSS}oasis-200401-wss-username-token-profile-1.0#PasswordText"
_TRUST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
_CONTEXT = "http://schemas.xmlsoap.org/ws/2006/12/authorization"
_DISCOVERY = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
_POLICY = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
_ENROLLMENT = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_MANAGER = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment"
_USER_TOKEN = f"{_MANAGER}/DeviceEnrollmentUserToken"
_DEVICE_TOKEN = f"{_MANAGER}/DeviceEnrollmentToken"
_JWT = "urn:ietf:params:oauth:token-type:jwt"

#: The key length in bits if the policy does not define a minimum.
DEFAULT_KEY_LENGTH = 2048

#: The HRESULT that Windows shows for a fault (MS-MDE2 2.2.9), and its meaning.
_FAULTS = {
    "messageformat": (0x80180001, "the server did not understand the message"),
    "authentication": (0x80180002, "the server does not know this user or this token"),
    "authorization": (0x80180003, "this user may not enrol devices"),
    "certificaterequest": (0x80180004, "the server refused the certificate request"),
    "enrollmentserver": (0x80180005, "the server has an internal error"),
    "internalservicefault": (0x80180006, "the server has an unexpected error"),
    "invalidsecurity": (0x80180007, "the server refused the security header"),
    "devicecapreached": (0x80180013, "this user has already enrolled the allowed number of devices"),
    "devicenotsupported": (0x80180014, "the server does not manage devices of this kind"),
    "notsupported": (0x80180015, "the server does not manage this kind of device or version"),
    "noteligibletorenew": (0x80180016, "it is too early to renew the certificate"),
    "inmaintenance": (0x80180017, "the server is being maintained; try again later"),
    "userlicense": (0x80180018, "this user has no licence"),
    "invalidenrollmentdata": (0x80180019, "the server refused the data of this enrolment"),
}


@dataclass(frozen=True, slots=True)
class UserPassword:
    """On-premise authentication: the user's name and password."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Token:
    """Federated authentication: an enrolment token of the server, or a JSON web token of Entra (`jwt`)."""

    value: str
    jwt: bool = False


#: The credentials of a request.
Credentials = UserPassword | Token


@dataclass(frozen=True, slots=True)
class DiscoverResult:
    """The DiscoverResult: the addresses for the next requests, and the kind of authentication."""

    policy: str
    version: str
    policy_url: str
    enrollment_url: str
    authentication_url: str | None


def discover(*, to: str, email: str, version: str, device_type: str, os_version: str, edition: str, how: str) -> bytes:
    """The Discover request; `how` is the AuthPolicy that the device supports: OnPremise or Federated."""
    request = tag(
        "request",
        tag("EmailAddress", text(email)),
        tag("RequestVersion", version),
        tag("DeviceType", device_type),
        tag("ApplicationVersion", os_version),
        tag("OSEdition", edition),
        tag("AuthPolicies", tag("AuthPolicy", how)),
    )
    return _envelope(f"{_DISCOVERY}/IDiscoveryService/Discover", tag("Discover", request, xmlns=_DISCOVERY), to=to)


def read_discover_response(status: int, data: bytes) -> DiscoverResult:
    """Read the DiscoverResponse. Raises AnswerBroken if it lacks the addresses of policy and enrolment."""
    result = _body(status, data).first("DiscoverResponse", "DiscoverResult")
    if result is None:
        raise AnswerBroken("the discovery service's answer has no DiscoverResult")
    addresses = DiscoverResult(
        policy=result.text_at("AuthPolicy"),
        version=result.text_at("EnrollmentVersion"),
        policy_url=result.text_at("EnrollmentPolicyServiceUrl"),
        enrollment_url=result.text_at("EnrollmentServiceUrl"),
        authentication_url=result.text_at("AuthenticationServiceUrl") or None,
    )
    if not addresses.policy_url or not addresses.enrollment_url:
        raise AnswerBroken("the discovery service's answer lacks the address of the policy or enrolment service")
    return addresses


def fault(status: int, data: bytes) -> ServerRefused | None:
    """The refusal if the answer is a SOAP fault, else None."""
    try:
        body = read(data, what="the server's answer").first("Body")
    except AnswerBroken:
        return None
    element = None if body is None else body.first("Fault")
    return None if element is None else _refusal(element, status)


def get_policies(*, to: str, credentials: Credentials) -> bytes:
    """The GetPolicies request."""
    nil = {"xmlns_xsi": f"{_SCHEMA}-instance", "xsi_nil": "true"}
    client = tag("client", tag("lastUpdate", **nil), tag("preferredLanguage", **nil))
    body = tag("GetPolicies", client, tag("requestFilter", **nil), xmlns=_POLICY)
    return _envelope(f"{_POLICY}/IPolicy/GetPolicies", body, to=to, security=_security(credentials))


def minimal_key_length(status: int, data: bytes) -> int:
    """Read the GetPoliciesResponse: the minimalKeyLength in bits, or DEFAULT_KEY_LENGTH if it has none."""
    body = _body(status, data)
    if body.first("GetPoliciesResponse") is None:
        raise AnswerBroken("the policy service's answer has no GetPoliciesResponse")
    length = body.descendant("minimalKeyLength")
    return int(length.text) if length is not None and length.text.isdecimal() else DEFAULT_KEY_LENGTH


def request_security_token(
    *, to: str, credentials: Credentials, csr: bytes, context: Sequence[tuple[str, str]]
) -> bytes:
    """The RequestSecurityToken request for a certificate, with the items of AdditionalContext."""
    body = _request_security_token("Issue", csr, kind="PKCS10", context=context)
    return _envelope(f"{_ENROLLMENT}/RST/wstep", body, to=to, security=_security(credentials))


def renew_security_token(*, to: str, signed_request: bytes, context: Sequence[tuple[str, str]]) -> bytes:
    """The RequestSecurityToken request of a renewal: a PKCS#10 request in a CMS message that the identity signed. The
    rest, with the context items, is as in the first request (MS-MDE 3.4.4.1.1.2).
    """
    body = _request_security_token("Renew", signed_request, kind="PKCS7", context=context)
    return _envelope(f"{_ENROLLMENT}/RST/wstep", body, to=to, security=tag("wsse:Security", s_mustUnderstand="1"))


def _request_security_token(request_type: str, request: bytes, *, kind: str, context: Sequence[tuple[str, str]]) -> str:
    # Windows breaks the base64 into lines.
    encoded = base64.encodebytes(request).decode()
    # MS-MDE2 4.3.1.4 writes the context with this prefix; some servers search for the exact text.
    items = (tag("ac:ContextItem", tag("ac:Value", text(value)), Name=name) for name, value in context)
    return tag(
        "wst:RequestSecurityToken",
        tag("wst:TokenType", _DEVICE_TOKEN),
        tag("wst:RequestType", f"{_TRUST}/{request_type}"),
        tag("wsse:BinarySecurityToken", encoded, ValueType=f"{_ENROLLMENT}#{kind}", EncodingType=_BASE64),
        tag("ac:AdditionalContext", *items),
    )


def provisioning_document(status: int, data: bytes) -> bytes:
    """The provisioning document in a RequestSecurityTokenResponse. Raises AnswerBroken if it is missing."""
    token = _body(status, data).descendant("RequestedSecurityToken")
    encoded = "" if token is None else token.text_at("BinarySecurityToken")
    try:
        document = base64.b64decode("".join(encoded.split()), validate=True)
    except ValueError as broken:
        raise AnswerBroken("the enrolment service's BinarySecurityToken is not base64") from broken
    if not document:
        raise AnswerBroken("the enrolment service's answer has no RequestedSecurityToken")
    return document


def _envelope(action: str, body: str, *, to: str, security: str = "") -> bytes:
    header = tag(
        "s:Header",
        tag("a:Action", action, s_mustUnderstand="1"),
        tag("a:MessageID", f"urn:uuid:{uuid.uuid4()}"),
        tag("a:ReplyTo", tag("a:Address", f"{_ADDRESSING}/anonymous")),
        tag("a:To", text(to), s_mustUnderstand="1"),
        security,
    )
    names = {"xmlns_s": _SOAP, "xmlns_a": _ADDRESSING, "xmlns_u": _UTILITY, "xmlns_wsse": _SECURITY}
    names |= {"xmlns_wst": _TRUST, "xmlns_ac": _CONTEXT}
    return tag("s:Envelope", header, tag("s:Body", body), **names).encode()


def _security(credentials: Credentials) -> str:
    if isinstance(credentials, UserPassword):
        password = tag("wsse:Password", text(credentials.password), Type=_PASSWORD)
        token = tag("wsse:UsernameToken", tag("wsse:Username", text(credentials.user)), password)
    else:
        encoded = base64.b64encode(credentials.value.encode()).decode()
        kind = _JWT if credentials.jwt else _USER_TOKEN
        token = tag("wsse:BinarySecurityToken", encoded, ValueType=kind, EncodingType=_BASE64)
    return tag("wsse:Security", token, s_mustUnderstand="1")


def _body(status: int, data: bytes) -> Element:
    """The Body of an answer. Raises ServerRefused for a fault (even with status 200) and for other refusals."""
    try:
        envelope = read(data, what="the server's answer")
    except AnswerBroken:
        if status >= 400:
            raise ServerRefused(f"the server refused ({status}) without a SOAP fault", status=status) from None
        raise
    body = envelope.first("Body")
    if body is None:
        raise AnswerBroken("the server's answer is not a SOAP envelope with a Body")
    fault = body.first("Fault")
    if fault is not None:
        raise _refusal(fault, status)
    if status >= 400:
        raise ServerRefused(f"the server refused ({status}) without a SOAP fault", status=status)
    return body


def _refusal(fault: Element, status: int) -> ServerRefused:
    subcode = fault.text_at("Code", "Subcode", "Value").rpartition(":")[2]
    detail = fault.descendant("ErrorType")
    reason = fault.text_at("Reason", "Text")
    for name in (detail.text if detail is not None else "", subcode):
        if name.lower() in _FAULTS:
            number, meaning = _FAULTS[name.lower()]
            suffix = f"; the server's reason: {reason}" if reason else ""
            message = f"the server refused (0x{number:08X} {name}): {meaning}{suffix}"
            return ServerRefused(message, status=status, code=f"0x{number:08X}")
    description = f"{subcode or 'a fault without a subcode'}{f': {reason}' if reason else ''}"
    return ServerRefused(f"the server refused: {description}", status=status, code=subcode)
