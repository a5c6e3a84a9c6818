"""SOAP of Windows enrolment: discovery, certificate policy (MS-XCEP), certificate request (MS-WSTEP, WS-Trust),
faults. And the provisioning document, which is what an enrolled device is given.

MS-MDE2 3 and 2.2.9.1, with its CSPs; SOAP 1.2; WS-Security UsernameToken and BinarySecurityToken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fauxtune.core.formats.xml import Element, parse
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.der_kinds import DerKind, kind_of, summary
from fauxtune_wire.decoding.masking import Masking, from_base64
from fauxtune_wire.decoding.parts import Fact, Part, counted, shortened
from fauxtune_wire.decoding.tokens import token_part
from fauxtune_wire.decoding.xml_text import pretty, root_of

#: The last two steps of an action, in lower case, in words.
_ACTIONS: dict[str, tuple[str, str]] = {
    "idiscoveryservice/discover": ("Discover", "it asks where it can enrol"),
    "idiscoveryservice/discoverresponse": ("Discover", "where the device can enrol, and how its user signs in"),
    "ipolicy/getpolicies": ("GetPolicies (MS-XCEP)", "it asks which certificate it may request"),
    "ipolicy/getpoliciesresponse": ("GetPolicies (MS-XCEP)", "which certificate the device may request"),
    "rst/wstep": ("RequestSecurityToken (MS-WSTEP)", "it requests its identity certificate"),
    "rstrc/wstep": ("RequestSecurityToken (MS-WSTEP)", "the identity certificate, and how the device is managed"),
}
#: Elements of the messages that are worth a line, in words.
_VALUES: dict[str, str] = {
    "EmailAddress": "User",
    "RequestVersion": "Version of the request",
    "DeviceType": "Kind of device",
    "ApplicationVersion": "System",
    "AuthPolicy": "Way to sign in",
    "EnrollmentVersion": "Version of the enrolment",
    "EnrollmentPolicyServiceUrl": "Policy service",
    "EnrollmentServiceUrl": "Enrolment service",
    "AuthenticationServiceUrl": "Sign-in page",
    "RequestType": "Request",
    "minimalKeyLength": "Key, at least",
    "validityPeriodSeconds": "Validity",
    "defaultName": "Algorithm",
    "Username": "User",
    "Password": "Password",
}
_TOKENS: dict[str, str] = {
    "pkcs10": "a certificate request (PKCS#10)",
    "pkcs7": "a certificate request, signed by the identity that it renews (PKCS#7)",
    "deviceenrollmentprovisiondoc": "the provisioning document",
    "deviceenrollmentusertoken": "the token of the user from the sign-in page",
    "jwt": "a token of the user (JWT)",
}
_LONGEST = 300
_DAY = 86400
_STORES = {"Root": "Trusted root", "CA": "Authority", "My": "The device's identity"}
_PROVISIONED = {
    "ADDR": "Management server",
    "PROVIDER-ID": "Name of the server",
    "EntDMID": "Id of the device",
    "EntDeviceName": "Name of the device",
    "UPN": "User",
    "RenewPeriod": "Renewal, days before the end",
    "SSLCLIENTCERTSEARCHCRITERIA": "Identity to use",
}
_POLLS = (
    ("NumberOfFirstRetries", "IntervalForFirstSetOfRetries", "at first"),
    ("NumberOfSecondRetries", "IntervalForSecondSetOfRetries", "then"),
    ("NumberOfRemainingScheduledRetries", "IntervalForRemainingScheduledRetries", "after that"),
)


def read(body: Body) -> list[Part] | None:
    """Read an envelope; None for anything else."""
    if root_of(body.data) != "Envelope":
        return None
    envelope = parse(body.data)
    fault = envelope.find("Body", "Fault")
    action = envelope.text_at("Header", "Action")
    ending = "/".join(action.rstrip("/").split("/")[-2:]).lower()
    name, words = _ACTIONS.get(ending, ("message", "an action that is not known here"))
    if fault is not None:
        words = f"refused: {fault.text_at('Reason', 'Text')}"
    text = pretty(body)
    content = body.beside()
    facts: list[Fact] = [("Action", action or "none")]
    facts += _fault(fault) if fault is not None else [*_values(envelope, content), *_context(envelope, content)]
    parts: list[Part] = []
    for token in _tokens(envelope):
        kind = re.split(r"[/:#]", token.attributes.get("ValueType", ""))[-1]
        facts.append(("Token", _TOKENS.get(kind.lower(), f"of the type {kind}")))
        parts += _unfolded(token, body)
    title = f"SOAP {name}, {body.sender}: {content.masking.text('', words)}"
    return [Part(title, "xml", text, tuple(facts), tuple(parts))]


def _fault(fault: Element) -> list[Fact]:
    facts = [
        ("Code", fault.text_at("Code", "Value")),
        ("Subcode", fault.text_at("Code", "Subcode", "Value")),
        ("Reason", fault.text_at("Reason", "Text")),
        ("Error", fault.text_at("Detail", "DeviceEnrollmentServiceError", "ErrorType")),
        ("Trace", fault.text_at("Detail", "DeviceEnrollmentServiceError", "TraceId")),
    ]
    return [(name, value) for name, value in facts if value]


def _values(element: Element, body: Body) -> Iterator[Fact]:
    """The values of the elements that are worth a line, in the order of the document."""
    for child in element.children:
        if child.name in _VALUES and child.text:
            yield _VALUES[child.name], _value(child.name, child.text, masking=body.masking)
        yield from _values(child, body)


def _value(name: str, text: str, *, masking: Masking) -> str:
    masked = shortened(masking.text(name, text), _LONGEST)
    match name:
        case "RequestType":
            return masked.rpartition("/")[2]
        case "minimalKeyLength":
            return f"{masked} bits"
        case "validityPeriodSeconds" if text.isascii() and text.isdigit() and len(text) < 12:
            return counted(int(text) // _DAY, "day")
    return masked


def _context(envelope: Element, body: Body) -> Iterator[Fact]:
    """What the device says about itself, name by name."""
    for item in _all(envelope, "ContextItem"):
        name = item.attributes.get("Name", "")
        yield name, body.masking.text(name, item.text_at("Value")) or "empty"


def _tokens(envelope: Element) -> Iterator[Element]:
    return _all(envelope, "BinarySecurityToken")


def _all(element: Element, name: str) -> Iterator[Element]:
    for child in element.children:
        if child.name == name:
            yield child
        yield from _all(child, name)


def _unfolded(token: Element, body: Body) -> list[Part]:
    """The parts of a certificate request, a provisioning document, or a JWT; any other token is a secret as a whole."""
    data = from_base64(token.text) or b""
    if kind_of(data) in (DerKind.REQUEST, DerKind.CMS) or root_of(data) == "wap-provisioningdoc":
        return body.unfold(data)
    text = data.decode("utf-8", "replace")
    return [token_part(text, body.masking, name="of the user")] if text.startswith("eyJ") else []


def read_provisioning(body: Body) -> list[Part] | None:
    """Read a provisioning document; None for anything else."""
    if root_of(body.data) != "wap-provisioningdoc":
        return None
    document = parse(body.data)
    values = dict(_parameters(document))
    text = pretty(body)
    content = body.beside()
    facts = [*_provisioned_certificates(document)]
    facts += [
        (words, content.masking.text(name, values[name])) for name, words in _PROVISIONED.items() if values.get(name)
    ]
    facts += _polls(values)
    return [Part("Provisioning document: what the enrolled device is given", "xml", text, tuple(facts))]


def _provisioned_certificates(document: Element) -> Iterator[Fact]:
    for group in document.all("characteristic"):
        if group.attributes.get("type") == "CertificateStore":
            for store in group.all("characteristic"):
                name = store.attributes.get("type", "")
                for key, value in _parameters(store):
                    if key == "EncodedCertificate":
                        data = from_base64(value) or b""
                        yield _STORES.get(name, name), summary(data, kind_of(data))


def _parameters(element: Element) -> Iterator[tuple[str, str]]:
    for child in element.children:
        if child.name == "parm":
            yield child.attributes.get("name", ""), child.attributes.get("value", "")
        yield from _parameters(child)


def _polls(values: dict[str, str]) -> Iterator[Fact]:
    for number, interval, words in _POLLS:
        if values.get(interval):
            times = values.get(number, "0")
            how_often = "without end" if times == "0" else f"{times} times"
            yield f"Check-in by itself, {words}", f"every {values[interval]} minutes, {how_often}"
