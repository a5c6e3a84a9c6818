"""SOAP 1.2 as Windows enrolment speaks it: envelopes, the caller's proof in wsse:Security, and faults.

MS-MDE2 2.2 and 3; WS-Security UsernameToken and BinarySecurityToken. Element names are SOAP 1.2's own, although samples
show faults in lower case.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fauxtune.core.errors import Invalid
from fauxtune.surfaces.devices.windows.messages.xml import Element, leaf, parse, tag

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
    """One step of the enrolment: what its request and its answer are called."""

    request: str
    response: str


DISCOVER = Step(f"{DISCOVERY}/IDiscoveryService/Discover", f"{DISCOVERY}/IDiscoveryService/DiscoverResponse")
GET_POLICIES = Step(f"{POLICY}/IPolicy/GetPolicies", f"{POLICY}/IPolicy/GetPoliciesResponse")
REQUEST_TOKEN = Step(f"{ENROLLMENT}/RST/wstep", f"{ENROLLMENT}/RSTRC/wstep")


@dataclass(frozen=True, slots=True)
class Proof:
    """Who calls: a name and a password, or a token of a kind (`USER_TOKEN`, `JWT`). Nothing: nobody says."""

    username: str = ""
    password: str = field(default="", repr=False)
    kind: str = ""
    token: str = field(default="", repr=False)

    @property
    def given(self) -> bool:
        """Is there anything to look at?"""
        return bool(self.username or self.token)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `security` is None where the header has none; `body` is what stands in the body."""

    message_id: str
    security: Element | None
    body: Element


@dataclass(frozen=True, slots=True)
class Fault:
    """Why not. The client makes its HRESULT of the subcode, or of `error_type` where there is one (MS-MDE2 3.1.1)."""

    subcode: str
    reason: str
    error_type: str | None = None


def read(document: bytes, step: Step) -> Request:
    """The request of this step. Malformed for what is no XML, Invalid for another action or no envelope."""
    return of_step(parse(document), step)


def message_id(envelope: Element) -> str:
    """What the answer relates to, verbatim but for blanks around it; empty where nothing is said."""
    return envelope.text_at("Header", "MessageID")


def of_step(envelope: Element, step: Step) -> Request:
    """The request in an envelope, which must be of this step."""
    header, body = envelope.find("Header"), envelope.find("Body")
    if envelope.name != "Envelope" or header is None or body is None:
        raise Invalid("A SOAP 1.2 envelope with Header and Body was expected.")
    action = header.text_at("Action")
    if _ending(action) != _ending(step.request):
        raise Invalid(f"The action '{action}' is not served here; {step.request} is.", target="Action")
    if not body.children:
        raise Invalid(f"The body is empty; {step.request} says something in it.")
    return Request(header.text_at("MessageID"), header.find("Security"), body.children[0])


def proof(security: Element | None) -> Proof:
    """The caller's proof. Invalid for a token that is not base64, or no text."""
    if security is None:
        return Proof()
    named = security.find("UsernameToken")
    if named is not None:
        return Proof(username=named.text_at("Username"), password=named.text_at("Password"))
    token = security.find("BinarySecurityToken")
    if token is None:
        return Proof()
    kind = token.attributes.get("ValueType", "")
    word = re.split(r"[/:#]", kind)[-1].lower()
    if word not in (JWT, USER_TOKEN):
        raise Invalid(f"Security tokens of the type '{kind}' are not known here.", target="security")
    try:
        text = binary(token.text).decode()
    except (UnicodeDecodeError, Invalid):
        raise Invalid("The BinarySecurityToken is not the base64 of a token.", target="security") from None
    return Proof(kind=word, token=text.strip())


def binary(text: str) -> bytes:
    """base64 in the standard or the URL-safe alphabet, with or without line ends and padding. Invalid for others."""
    packed = "".join(text.split())
    bare = packed.rstrip("=").replace("-", "+").replace("_", "/")
    if not bare or len(packed) > _LONGEST_TOKEN or not _EITHER_ALPHABET.fullmatch(packed):
        raise Invalid("This is not base64.")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("This is not base64.") from None


def answer(step: Step, content: str, *, relates_to: str, activity: str, now: datetime | None = None) -> bytes:
    """The answer of a step; with a time (steps that give tokens) it says from when to when it is good."""
    stamp = "" if now is None else _timestamp(now)
    return _envelope(step.response, content, relates_to=relates_to, activity=activity, more=stamp)


def fault(said: Fault, *, relates_to: str, activity: str) -> bytes:
    """The refusal of any step (SOAP 1.2 5.4)."""
    subcode = tag("s:Subcode", leaf("s:Value", said.subcode))
    content = tag("s:Code", leaf("s:Value", "s:Receiver") + subcode)
    content += tag("s:Reason", leaf("s:Text", said.reason, xml__lang="en-us"))
    if said.error_type is not None:
        parts = (("ErrorType", said.error_type), ("Message", said.reason), ("TraceId", activity))
        told = "".join(leaf(name, value) for name, value in parts)
        content += tag("s:Detail", tag("DeviceEnrollmentServiceError", told, xmlns=ENROLLMENT))
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
    told = "".join(
        leaf(name, f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z") for name, moment in moments
    )
    stamp = tag("u:Timestamp", told, u__Id="_0")
    return tag("o:Security", stamp, s__mustUnderstand="1", xmlns__o=SECURITY)


def _ending(action: str) -> str:
    """The last two parts of an action: samples write its namespace in more than one way."""
    return "/".join(action.strip().rstrip("/").split("/")[-2:]).lower()
