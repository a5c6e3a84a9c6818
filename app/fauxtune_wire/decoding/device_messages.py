"""The messages of Android devices and of management agents, and the push channel, in words.

Android Management API: enterprises.devices. Agents say what they have run, and are told what they are to run: a script
may have secrets in its text, and so have its outputs. Of both only the size is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.json_bodies import error_facts, load, masked_text
from fauxtune_wire.decoding.parts import Fact, Part, counted, shortened

_MOST_LISTED = 50
_LONGEST_NAME = 60
_DIGEST = 8
_AGENT = re.compile(r"/mdm/[^/]+/agent$")
#: The members of an agent's messages with work, and those that may have secrets.
_WORKS = ("scripts", "apps")
_HIDDEN = frozenset({"content", "remediation", "output", "error"})

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of a device: the end of its path, what its request and its answer are, and what they say."""

    path: re.Pattern[str]
    request: str
    answer: str
    facts: Callable[[Document], Iterator[Fact]]


def read_android(body: Body) -> list[Part] | None:
    """Read a message of a device; None for another address, or no JSON object."""
    call = next((call for call in _CALLS if call.path.search(body.path)), None)
    if call is None or body.depth > 1 or body.data.lstrip()[:1] != b"{":
        return None
    document = load(body)
    if not isinstance(document, dict):
        return None
    masked, text = masked_text(document, body)
    if "error" in masked:
        return [Part(f"Refused, {body.sender}", "json", text, tuple(error_facts(masked)))]
    title = call.request if body.direction == "request" else call.answer
    return [Part(title, "json", text, tuple(call.facts(masked)))]


def _enrollment(document: Document) -> Iterator[Fact]:
    hardware, software = _object(document, "hardwareInfo"), _object(document, "softwareInfo")
    yield from _said(document, deviceName="Device", mode="Management", ownership="Owner", userPrincipalName="User")
    yield from _said(hardware, manufacturer="Maker", model="Model")
    yield from _said(software, androidVersion="Android")
    if "checkinIntervalSeconds" in document:
        yield "Check-in by itself", f"every {document['checkinIntervalSeconds']} seconds"


def _report(document: Document) -> Iterator[Fact]:
    yield from _said(document, state="State", appliedPolicyVersion="Policy that was applied", policyVersion="Policy")
    yield from _said(document, pendingOperations="Operations that wait")
    store = _object(document, "keyStore")
    for alias in _objects(store, "aliases"):
        yield "Identity", f"{alias.get('alias', 'no alias')} (certificate {str(alias.get('sha1', ''))[:_DIGEST]}…)"
    if store.get("caCerts"):
        yield "Trusted certificates", counted(len(store["caCerts"]), "certificate")
    for detail in _objects(document, "nonComplianceDetails"):
        what = detail.get("fieldPath") or detail.get("settingName", "a part of the policy")
        yield "Refused", f"{what}: {detail.get('nonComplianceReason', '')} {detail.get('currentValue', '')}".strip()
    for report in _objects(document, "applicationReports"):
        for state in _objects(report, "keyedAppStates"):
            outcome = "not set up" if state.get("severity") == "ERROR" else "set up"
            yield "Account", f"{state.get('key', '')}: {outcome}"


def _policy(document: Document) -> Iterator[Fact]:
    yield from _said(document, version="Version")
    for pair in _objects(document, "keyPairs"):
        yield "Certificate with its key", f"{pair.get('alias', 'no alias')} ({pair.get('source', 'no source')})"
    if document.get("caCerts"):
        yield "Trusted certificates", counted(len(document["caCerts"]), "certificate")
    for application in _objects(document, "applications"):
        configuration = _object(application, "managedConfiguration")
        address = configuration.get("email_address", "no address")
        yield "Application", f"{application.get('packageName', 'no package')}: account {address}"


def _operations(document: Document) -> Iterator[Fact]:
    for operation in _objects(document, "operations"):
        metadata = _object(operation, "metadata")
        yield "Operation", f"{metadata.get('type', 'of no type')}, from {metadata.get('createTime', 'no time')}"
    if not document.get("operations") and "operations" in document:
        yield "Operations", "none is waiting"


def _completion(document: Document) -> Iterator[Fact]:
    error = _object(document, "error")
    if error:
        yield "Failed", f"{error.get('code', 'no code')}: {error.get('message', 'no reason')}"
    elif "done" in document:
        yield "Done", "yes" if document["done"] is True else "not yet"


def _push(document: Document) -> Iterator[Fact]:
    push = _object(document, "push")
    yield "Push", f"{push.get('type', 'of no type')}: the device should check in" if push else "nothing new"
    yield from _said(document, seq="Number", now="The tenant's time")


def _unenrollment(document: Document) -> Iterator[Fact]:
    yield from _said(document, reason="Reason")


def _said(document: Document, **names: str) -> Iterator[Fact]:
    for name, words in names.items():
        if document.get(name) not in (None, "", [], {}):
            yield words, shortened(str(document[name]), _LONGEST_NAME)


def _object(document: Document, name: str) -> Document:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _objects(document: Document, name: str) -> list[Document]:
    values = document.get(name)
    return [value for value in values[:_MOST_LISTED] if isinstance(value, dict)] if isinstance(values, list) else []


_CALLS = (
    _Call(
        re.compile(r"/android/.*/devices:enroll$"),
        "Enrolment, from the device: it begins",
        "Enrolment, from the server: the device's identity and its credential",
        _enrollment,
    ),
    _Call(
        re.compile(r"/android/.*:reportStatus$"),
        "Report, from the device: what it has",
        "Report, from the server: what the device should do next",
        _report,
    ),
    _Call(
        re.compile(r"/android/.*/policy$"), "Policy", "Policy, from the server: what the device should have", _policy
    ),
    _Call(
        re.compile(r"/android/.*/operations:pull$"),
        "Operations, from the device: it asks for them",
        "Operations, from the server: what the device should do now",
        _operations,
    ),
    _Call(
        re.compile(r"/android/.*/operations/[^/]+:complete$"),
        "Operation, from the device: its outcome",
        "Operation, from the server: the outcome is recorded",
        _completion,
    ),
    _Call(
        re.compile(r"/android/.*:unenroll$"),
        "Unenrolment, from the device: its user leaves",
        "Unenrolment, from the server: the device has left",
        _unenrollment,
    ),
    _Call(re.compile(r"^/push/[^/]+/[^/]+$"), "Push channel", "Push channel, from the server", _push),
)


def read_agent(body: Body) -> list[Part] | None:
    """Read a message of an agent; None for another address, or no JSON object."""
    if body.depth > 1 or not _AGENT.search(body.path) or body.data.lstrip()[:1] != b"{":
        return None
    document = load(body)
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("error"), dict):
        masked, text = masked_text(document, body)
        return [Part(f"Refused, {body.sender}", "json", text, tuple(error_facts(masked)))]
    masked, text = masked_text(_without_texts(document), body)
    if body.direction == "request":
        return [Part("Management agent: what it has done", "json", text, tuple(_done(masked)))]
    return [Part("Management agent, from the server: what it is to do", "json", text, tuple(_ordered(masked)))]


def _without_texts(value: Any) -> Any:
    """The document with the sizes of scripts and outputs in their place."""
    if isinstance(value, list):
        return [_without_texts(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: counted(len(each), "character") if name in _HIDDEN and isinstance(each, str) else _without_texts(each)
        for name, each in value.items()
    }


def _done(document: Document) -> Iterator[Fact]:
    for script in _objects(document, "scripts"):
        codes = [str(each.get("exitCode")) for each in _objects(script, "results")]
        yield "Script", f"{_name(script, 'id')}: exit code {', then '.join(codes)}"
    for app in _objects(document, "apps"):
        code = "" if app.get("exitCode") is None else f"exit code {app['exitCode']}, "
        yield "App", f"{_name(app, 'id')}: {code}{'detected' if app.get('detected') is True else 'not detected'}"
    if not any(document.get(kind) for kind in _WORKS):
        yield "Work", "nothing was ordered before"
    if "userIsHere" in document:
        yield "User", "signed in" if document["userIsHere"] is True else "nobody is signed in"


def _ordered(document: Document) -> Iterator[Fact]:
    for script in _objects(document, "scripts"):
        yield "Script", f"{_name(script, 'name')} ({script.get('kind')}), as {script.get('runAs')}"
    for app in _objects(document, "apps"):
        yield "App", f"{_name(app, 'name')}: {app.get('action')}"
    if not any(document.get(kind) for kind in _WORKS):
        yield "Work", "nothing is to do"
    if "askAgainAt" in document:
        yield "Ask again", str(document["askAgainAt"])


def _name(script: Document, member: str) -> str:
    return shortened(str(script.get(member) or "no name"), _LONGEST_NAME)
