"""SOAP 1.2 of Windows enrolment: envelopes, the caller's proof in wsse:Security, and faults.

MS-MDE2 2.2 and 3; WS-Security UsernameToken and BinarySecurityToken. Element names are those of SOAP 1.2, although
samples show faults in lower case.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.xml import Element, leaf, parse, tag

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
_WSS = "http://docs.oasis-open.org/wss/2004/01/"
UTILITY = f"{_WSS}oasis-200401-wss-wssecurity-utility-1.0.xsd"
SECURITY = f"{_WSS}oasis-200401-wss-wssecurity-secext-1.0.xsd"
BASE64_BINARY = f"{SECURITY}#base64binary"
DIAGNOSTICS = "http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics"
DISCOVERY = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
POLICY = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
ENROLLMENT = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
MEDIA_TYPE = "application/soap+xml; charset=utf-8"

JWT = "jwt"
USER_TOKEN = "deviceenrollmentusertoken"  # noqa: S105 - the end of a type's name
_EITHER_ALPHABET = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_LONGEST_TOKEN = 64 * 1024
_ANSWER_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the enrolment: the actions of its request and its answer."""

    request: str
    response: str


DISCOVER = Step(f"{DISCOVERY}/IDiscoveryService/Discover", f"{DISCOVERY}/IDiscoveryService/DiscoverResponse")
GET_POLICIES = Step(f"{POLICY}/IPolicy/GetPolicies", f"{POLICY}/IPolicy/GetPoliciesResponse")
REQUEST_TOKEN = Step(f"{ENROLLMENT}/RST/wstep", f"{ENROLLMENT}/RSTRC/wstep")


@dataclass(frozen=True, slots=True)
class Proof:
    """The caller's proof: a name and a password, or a token of a kind (`USER_TOKEN`, `JWT`); empty without one."""

    username: str = ""
    password: str = field(default="", repr=False)
    kind: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `security` is None if the header has none; `body` is the first element of the body."""

    message_id: str
    security: Element | None
    body: Element


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal. The client makes its HRESULT from `error_type` if there is one, else from the subcode (MS-MDE2
    3.1.1).
    """

    subcode: str
    reason: str
    error_type: str | None = None


def read(document: bytes, step: Step) -> Request:
    """Read the request of this step. Raises Malformed for invalid XML, Invalid for another action or no envelope."""
    return of_step(parse(document), step)


def message_id(envelope: Element) -> str:
    """Return the MessageID, to which the answer relates, without blanks around it; empty without one."""
    return envelope.text_at("Header", "MessageID")


def of_step(envelope: Element, step: Step) -> Request:
    """Read the request in an envelope. Raises Invalid if it is not a request of this step."""
    header, body = envelope.find("Header"), envelope.find("Body")
    if envelope.name != "Envelope" or header is None or body is None:
        raise Invalid("The request must be a SOAP 1.2 envelope with Header and Body.")
    action = header.text_at("Action")
    if _ending(action) != _ending(step.request):
        raise Invalid(f"The action of this address is {step.request}, not '{action}'.", target="Action")
    if not body.children:
        raise Invalid(f"The body is empty; {step.request} has content.")
    return Request(header.text_at("MessageID"), header.find("Security"), body.children[0])


def proof(security: Element | None) -> Proof:
    """Read the caller's proof. Raises Invalid for a token of an unknown type, or one that is not base64 of a text."""
    if security is None:
        return Proof()
    username = security.find("UsernameToken")
    if username is not None:
        return Proof(username=username.text_at("Username"), password=username.text_at("Password"))
    token = security.find("BinarySecurityToken")
    if token is None:
        return Proof()
    kind = token.attributes.get("ValueType", "")
    word = re.split(r"[/:#]", kind)[-1].lower()
    if word not in (JWT, USER_TOKEN):
        raise Invalid(f"Security tokens of the type '{kind}' are not emulated.", target="security")
    try:
        text = binary(token.text).decode()
    except (UnicodeDecodeError, Invalid):
        raise Invalid("The BinarySecurityToken is not the base64 of a token.", target="security") from None
    return Proof(kind=word, token=text.strip())


def binary(text: str) -> bytes:
    """Read base64 in the standard or URL-safe alphabet, with or without line ends and padding. Raises Invalid."""
    packed = "".join(text.split())
    bare = packed.rstrip("=").replace("-", "+").replace("_", "/")
    if not bare or len(packed) > _LONGEST_TOKEN or not _EITHER_ALPHABET.fullmatch(packed):
        raise Invalid("This is not base64.")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("This is not base64.") from None


def answer(step: Step, content: str, *, relates_to: str, activity: str, now: datetime | None = None) -> bytes:
    """Write the answer of a step; with `now` (steps that issue tokens) it has a period of validity."""
    stamp = "" if now is None else _timestamp(now)
    return _envelope(step.response, content, relates_to=relates_to, activity=activity, more=stamp)


def fault(refusal: Fault, *, relates_to: str, activity: str) -> bytes:
    """Write the refusal of any step (SOAP 1.2 5.4)."""
    subcode = tag("s:Subcode", leaf("s:Value", refusal.subcode))
    content = tag("s:Code", leaf("s:Value", "s:Receiver") + subcode)
    content += tag("s:Reason", leaf("s:Text", refusal.reason, xml__lang="en-us"))
    if refusal.error_type is not None:
        parts = (("ErrorType", refusal.error_type), ("Message", refusal.reason), ("TraceId", activity))
        detail = "".join(leaf(name, value) for name, value in parts)
        content += tag("s:Detail", tag("DeviceEnrollmentServiceError", detail, xmlns=ENROLLMENT))
    return _envelope(REQUEST_TOKEN.response, tag("s:Fault", content), relates_to=relates_to, activity=activity)


def _envelope(action: str, content: str, *, relates_to: str, activity: str, more: str = "") -> bytes:
    header = leaf("a:Action", action, s__mustUnderstand="1")
    header += leaf("ActivityId", activity, CorrelationId=activity, xmlns=DIAGNOSTICS)
    if relates_to:
        header += leaf("a:RelatesTo", relates_to)
    body = tag("s:Header", header + more) + tag("s:Body", content)
    return tag("s:Envelope", body, xmlns__s=ENVELOPE, xmlns__a=ADDRESSING, xmlns__u=UTILITY).encode()


def _timestamp(now: datetime) -> str:
    moments = (("u:Created", now - _ANSWER_LIFE), ("u:Expires", now + _ANSWER_LIFE))
    period = "".join(
        leaf(name, f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z") for name, moment in moments
    )
    stamp = tag("u:Timestamp", period, u__Id="_0")
    return tag("o:Security", stamp, s__mustUnderstand="1", xmlns__o=SECURITY)


def _ending(action: str) -> str:
    """The last two parts of an action: samples write the namespace in more than one way."""
    return "/".join(action.strip().rstrip("/").split("/")[-2:]).lower()
