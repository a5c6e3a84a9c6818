"""Events of the journal in words: what happened, without the user and the device, which stand beside it.

#: data
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.certificates import name_of, reason
from fauxtune.core.model.states import Cause, Incident, Source

_SOURCES: dict[str, str] = {
    Source.ROOT: "trusted root",
    Source.PKCS: "PKCS certificate",
    Source.IMPORTED: "imported certificate",
    Source.SCEP: "SCEP certificate",
    Source.EMAIL: "e-mail account",
    Source.SETTING: "setting",
}
_CAUSES: dict[str, str] = {
    Cause.WIPE: "the device was wiped",
    Cause.RETIRE: "the device was retired",
    Cause.UNENROLL: "the user ended the management",
    Cause.DELETE: "the device's record was deleted",
    Cause.USER_DELETED: "the user was deleted",
    Cause.LICENCE_LOST: "the user lost the licence",
    Cause.USER_CHANGED: "the device has another user",
    Cause.CERTIFICATE_DELETED: "the imported certificate was deleted",
    Cause.PROFILE_DELETED: "the profile was deleted",
    Cause.UNASSIGNED: "the profile is not assigned any more",
    Cause.LEFT_GROUP: "the user or the device left the group",
    Incident.WIPE_KEEPING_ENROLLMENT: "the device was wiped and stays enrolled",
    Incident.PROFILE_EDITED: "the profile was edited",
    Incident.RENEWED: "it was renewed",
    Incident.DELETED_BY_USER: "the user deleted it",
}
#: Type -> words. `what` is the certificate or account, `of` the profile in brackets; others are members of `detail`.
_WORDS: dict[str, str] = {
    "enrolled": "enrolled as {variant}",
    "enrollmentRefused": "did not enrol as {variant}: {reason}",
    "issued": "{what} was issued{of}",
    "renewed": "{what} was renewed{of}",
    "imported": "{what} was imported{of}",
    "delivered": "{what} was sent to the device{of}",
    "installed": "{what} was installed{of}",
    "failed": "{what} failed{of}: {reason}",
    "removed": "{what} was removed{of}",
    "revoked": "{what} was revoked{of}: {reason}",
    "released": "{what} was taken from the CRL{of}",
    "waiting": "the revocation of {what} waits{of}: {reason}",
    "unenrolled": "ended: the user ended the management",
    "wiped": "ended: the device was reset",
    "retired": "ended: the company's data was removed",
    "actionDone": "carried out {action}",
    "deviceChanged": "changed: {changed}",
    "complianceChanged": "compliance is {state}; before: {before}",
    "complianceActionDone": "the action {action} of the policy '{policy}' was due: {result}",
    "primaryUserChanged": "has another primary user; before: {former}",
    "authorityAvailable": "the authority {authority} is available",
    "authorityUnavailable": "the authority {authority} is not available",
    "rolledOver": "the authority {authority} has the key in place of {before}",
    "templateAdded": "the template {template} was added",
    "templateChanged": "the template {template} was changed: {after}",
    "templateDeleted": "the template {template} was deleted",
    "digicertSubscribed": "the tenant has a DigiCert CA: {authority}",
    "mailLoginRefused": "a login to the mailbox was refused: {reason}",
    "mailDelivered": "mail from {sender} was delivered",
    "labReset": "the lab {lab} was reset",
    "labStarted": "the lab {lab} was started",
    "certificatePublished": "{what} was published for {address}",
    "certificateWithdrawn": "{what} is not published for {address} any more",
    "applicationAdded": "the application {clientId} was added",
    "applicationChanged": "the application {clientId} was changed: {changed}",
    "snapshotRestored": "the tenant is again in the state of the snapshot '{snapshot}'",
    "tenantReset": "the tenant is again in the state in which it was created",
    "tenantImported": "the state of the tenant is that of an imported document",
    "applicationDeleted": "the application {clientId} was deleted",
    "subscriptionCreated": "an application subscribed to changes of {resource}, which are sent to {url}",
    "subscriptionEnded": "the subscription to changes of {resource} ended: it was not renewed",
    "notificationsDiscarded": "{number} change notifications were discarded: no receiver took them for four hours",
    "faultHit": "the fault {fault} struck: {effect}",
    "scepChallengeGiven": "a challenge for a SCEP request was given{of}",
    "scepRequestValidated": "the SCEP request is the one that was asked for{of}",
    "scepRequestRefused": "the SCEP request was refused{of}: {code}; {reason}",
    "scepCertificateIssued": "the authority issued certificate {serialNumber} for the SCEP request{of}",
    "scepIssuanceFailed": "the authority issued no certificate for the SCEP request{of}: {reason}",
    "scepRequestPending": "the SCEP request waits for an approval{of}: {subject}",
    "scepRequestApproved": "the SCEP request was approved{of}",
    "scepRequestDenied": "the SCEP request was denied{of}: {reason}",
    "raCertificateIssued": "the connector {connector} has an RA certificate for {purpose}",
    "appContentCommitted": "the file {file} of an app was committed",
    "appContentRefused": "the file {file} of an app was not committed: {reason}",
    "escrowed": "handed over a secret of the kind {kind}, which is kept sealed",
    "escrowRead": "a secret of the kind {kind} was read in clear",
    "appStateChanged": "the app {identifier} is {state} on the device",
    "scriptRan": "ran the script '{name}': {state}, exit code {exitCode}",
    "partnerRevocationAsked": "the partner's authority is asked to revoke certificate {serial}",
    "partnerRevocationDone": "the partner's authority revoked certificate {serial}",
    "partnerRevocationFailed": "the partner's authority did not revoke certificate {serial}: {code}; {reason}",
}
_REQUESTED = "Requested"
_BAD = frozenset({"failed", "refused", "mailLoginRefused", "authorityUnavailable", "faultHit", "appContentRefused"}) | {
    "enrollmentRefused",
    "scepRequestRefused",
    "scepIssuanceFailed",
    "scepRequestDenied",
    "partnerRevocationFailed",
}
_GOING = frozenset({"removed", "revoked", "waiting", "unenrolled", "wiped", "retired", "deleted", "revocationCaused"})
_COMING = frozenset({"enrolled", "issued", "renewed", "imported", "installed", "released", "authorityAvailable"})


#: The types of events that people look for, in the order of a certificate's life.
TYPES = (
    "enrolled", "imported", "issued", "renewed", "delivered", "installed", "failed", "refused", "removed", "revoked",
    "released", "waiting", "unenrolled", "wiped", "retired", "deleted",
)  # fmt: skip


def check_type(event_type: str) -> None:
    """Raise Invalid for a type that no event has, with the nearest that there are: a program that counts events of a
    mistyped one would count none.
    """
    if event_type in {*_WORDS, *TYPES, *_BAD, *_GOING, *_COMING} or event_type.endswith(_REQUESTED):
        return
    near = get_close_matches(event_type, _WORDS, n=3) or TYPES
    raise Invalid(f"There are no events of the type '{event_type}'. Similar: {', '.join(near)}.", target="type")


class Tone(StrEnum):
    """The kind of news, for a colour."""

    GOOD = "good"
    BAD = "bad"
    GOING = "going"
    NEUTRAL = "neutral"


def tone(event_type: str) -> Tone:
    """Return the kind of news that an event is."""
    if event_type in _BAD:
        return Tone.BAD
    if event_type in _GOING:
        return Tone.GOING
    return Tone.GOOD if event_type in _COMING else Tone.NEUTRAL


def words(event_type: str, *, profile: str | None, certificate: dict[str, Any] | None, detail: dict[str, Any]) -> str:
    """Return what happened. `profile` is the profile's name; `certificate` and `detail` are the event's."""
    # "imported certificate was imported" would say it twice.
    known = {**certificate, "source": None} if certificate and event_type == "imported" else certificate
    what = certificate_words(known, item=detail.get("item"))
    of = f" ('{profile}')" if profile else ""
    template = _template(event_type, certificate=certificate, detail=detail)
    if template is None:
        return " ".join([spaced(event_type), *(f"{name}={_text(value)}" for name, value in detail.items())])
    values = {name: _text(value) for name, value in detail.items()} | {"what": what, "of": of, "cause": _cause(detail)}
    if event_type == "revoked":
        values["reason"] = reason(detail.get("reason"))
    return template.format_map(_Values(values))


def certificate_words(certificate: dict[str, Any] | None, *, item: str | None = None) -> str:
    """Return the kind of certificate or account, with the name of the certificate: its `mark`, if it has one, and the
    beginning of its thumbprint.
    """
    known = certificate or {}
    source = known.get("source") or (item or "").partition("/")[0]
    kind = "intermediate certificate" if known.get("intermediate") else _SOURCES.get(source, "certificate")
    return " ".join(part for part in (kind, name_of(known.get("mark"), known.get("thumbprint") or "")) if part)


class _Values(dict[str, str]):
    """Values for a template: a member that an event lacks is a question mark."""

    def __missing__(self, _name: str) -> str:
        return "?"


def _template(event_type: str, *, certificate: dict[str, Any] | None, detail: dict[str, Any]) -> str | None:
    """The words for an event; None for a type that is not known."""
    match event_type:
        case "deleted":
            return "{what} was deleted" if certificate else "ended: the device's record was deleted"
        case "revocationCaused":
            return "{what} is revoked, because {cause}"
        case "removed" if "cause" in detail:
            return "{what} was removed, because {cause}"
        case "refused" if "action" in detail:
            return "refused {action}: {reason}"
        case "refused" if "asked" in detail:
            return "the revocation of {what} was refused{of}: {reason}"
        case "refused":
            return "did not remove {what}: {reason}"
    if event_type.endswith(_REQUESTED):
        return spaced(event_type.removesuffix(_REQUESTED)) + " was requested"
    return _WORDS.get(event_type)


def cause_words(cause: str) -> str:
    """Return a cause of a removal in words."""
    return _CAUSES.get(cause, spaced(cause))


def _cause(detail: dict[str, Any]) -> str:
    return cause_words(str(detail.get("cause")))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items())
    return str(value)


def spaced(word: str) -> str:
    """A word of camel case as several words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", word).lower()
