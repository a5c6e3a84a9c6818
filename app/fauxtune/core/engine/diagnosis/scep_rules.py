"""Rules about certificates that devices request by SCEP: the server, the challenge, the request, and the authority.

Intune: "Create and assign SCEP certificate profiles", "Troubleshoot SCEP certificate profile deployment", "Add partner
certification authority in Intune using SCEP". A server asks the service about each challenge: what it asked, and what
it was answered, tells how far a request came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fauxtune.core.clock import iso
from fauxtune.core.engine.diagnosis.facts import Device, Facts, Mismatch, ScepTry, device_name, name_of, source_of
from fauxtune.core.engine.diagnosis.findings import Observation, Severity, day
from fauxtune.core.engine.planning.ledger import is_requested
from fauxtune.core.model.connectors import SCEP_ROLE
from fauxtune.core.model.items import LedgerRow, scep_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.pki.names import escaped_separator
from fauxtune.core.profiles.family import Profile

#: "Create and assign SCEP certificate profiles", 2025-06-26: their addresses must use HTTPS. AOSP is not named.
_HTTPS_ONLY = frozenset(variant for variant in Variant if variant.startswith("android/")) - {Variant.ANDROID_AOSP}


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A certificate that a device was given to request and does not have yet."""

    device: Device
    profile: Profile
    row: LedgerRow
    challenge: ScepTry

    def observed(self, message: str, *, fix: str, severity: Severity | None = None) -> Observation:
        problem = self.row.problem
        return Observation(
            message=f"'{name_of(self.profile)}' on {device_name(self.device)}: {message}",
            fix=fix,
            evidence={
                "challenge": self.challenge.id,
                "given": iso(self.challenge.given_at),
                "expires": iso(self.challenge.expires_at),
                "state": self.challenge.state,
                "code": self.challenge.code,
                "reason": self.challenge.reason,
                "url": self.challenge.url,
                "errorCode": None if problem is None else problem.code,
                "deviceSays": None if problem is None else problem.message,
            },
            device=self.device.id,
            profile=self.profile.id,
            severity=severity,
        )


def server_unreachable(facts: Facts) -> Iterator[Observation]:
    """The device could not request the certificate, and no SCEP server asked the service about its challenge."""
    for attempt in _attempts(facts):
        if attempt.challenge.state != "given" or attempt.row.problem is None:
            continue
        if facts.is_own_server(attempt.challenge.url) and not _is_served(facts):
            continue  # the finding about the connector says so
        yield attempt.observed(
            f"no SCEP server asked the service about the request. The device says: {attempt.row.problem.message}",
            fix=f"See whether the device can reach {attempt.challenge.url or 'the address in the profile'}, and "
            "whether a SCEP server that asks Intune answers there.",
        )


def challenge_expired(facts: Facts) -> Iterator[Observation]:
    """The request came later than an hour after the device was given its challenge, or did not come at all."""
    for attempt in _refused(facts, Mismatch.LATE):
        yield attempt.observed(
            f"the request came too late: the challenge was valid until {day(attempt.challenge.expires_at)}.",
            fix="Let the device check in: it is given a new challenge. A server that passes requests on must do so "
            "within the hour; the tenant's clock counts.",
        )
    for attempt in _attempts(facts):
        unused = attempt.challenge.state == "given" and attempt.row.state is ItemState.SENT
        if unused and attempt.challenge.expires_at <= facts.now:
            yield attempt.observed(
                f"the challenge that it was given expired at {day(attempt.challenge.expires_at)}, and nobody used it.",
                fix="Let the device check in: it is given a new challenge.",
                severity=Severity.WARNING,
            )


def request_differs(facts: Facts) -> Iterator[Observation]:
    """The device requested another certificate than the profile asks for."""
    for attempt in _refused(facts, Mismatch.CONTENT):
        if escaped_separator(_custom_subject(attempt.profile)) is not None:
            continue  # the finding about the profile says so
        yield attempt.observed(
            f"the request is not the one that the profile asks for ({attempt.challenge.code}): "
            f"{attempt.challenge.reason}",
            fix="See what the challenge lets the device request (fauxtune scep challenge list), and what the device "
            "or the server made of it.",
        )


def subject_escaped(facts: Facts) -> Iterator[Observation]:
    """The subject of a profile has a special character behind a backslash: no request with it is validated."""
    for device, profile in _scep_profiles(facts):
        text = _custom_subject(profile)
        separator = escaped_separator(text)
        if separator is not None:
            yield Observation(
                message=f"'{name_of(profile)}': its subject has a '{separator}' behind a backslash. Devices make "
                "another subject of it, so that no authority issues the certificate (SubjectNameMismatch).",
                fix=f'Put the value in quotation marks, such as CN="a{separator} b", or leave the character out.',
                evidence={"subjectNameFormatString": text},
                device=device.id,
                profile=profile.id,
            )


def address_without_https(facts: Facts) -> Iterator[Observation]:
    """A profile gives an Android device an address without HTTPS. Differs from Intune: here devices use it all the
    same, and the tenant's own SCEP server, which has both, is passed over.
    """
    for device, profile in _scep_profiles(facts):
        if facts.edition is Edition.APRIL_2020 or device.variant not in _HTTPS_ONLY:
            continue
        urls = [str(url) for url in profile.document.get("scepServerUrls") or ()]
        plain = [url for url in urls if url.lower().startswith("http:") and not facts.is_own_server(url)]
        if plain:
            yield Observation(
                message=f"'{name_of(profile)}' gives {device_name(device)} the address {plain[0]}: Android requests "
                "certificates over HTTPS only.",
                fix="Give the profile an https address of the SCEP server.",
                evidence={"scepServerUrls": urls, "variant": device.variant.value},
                device=device.id,
                profile=profile.id,
            )


def _custom_subject(profile: Profile) -> str:
    return str(profile.document.get("subjectNameFormatString") or "")


def _scep_profiles(facts: Facts) -> Iterator[tuple[Device, Profile]]:
    """The SCEP profiles that reach devices and apply to them."""
    for device in facts.active:
        for profile in device.profiles:
            if profile.applies and source_of(profile) is Source.SCEP:
                yield device, profile


def challenge_refused(facts: Facts) -> Iterator[Observation]:
    """The challenge in the request is not one that the device was given, or it is for nobody any more."""
    for attempt in _refused(facts, Mismatch.CHALLENGE):
        yield attempt.observed(
            f"the service refused the request ({attempt.challenge.code}): {attempt.challenge.reason}",
            fix="Let the device check in: if the profile still reaches it, it is given a new challenge.",
        )


def clock_behind(facts: Facts) -> Iterator[Observation]:
    """The challenge was made at a time that has not come yet: the tenant's clock was set back."""
    for attempt in _refused(facts, Mismatch.EARLY):
        yield attempt.observed(
            f"by the tenant's clock its challenge is made in the future, at {day(attempt.challenge.given_at)}.",
            fix="Let the device check in, after the tenant's clock was set: it is given a new challenge.",
        )


def authority_refused(facts: Facts) -> Iterator[Observation]:
    """The service confirmed the request, but the authority did not issue the certificate."""
    for attempt in _attempts(facts):
        if attempt.challenge.state == "failed":
            yield attempt.observed(
                f"the service confirmed the request, but the authority issued nothing: {attempt.challenge.reason}",
                fix="See the authority's own log. The device tries again with a new challenge at a later check-in.",
            )


def approval_pending(facts: Facts) -> Iterator[Observation]:
    """The authority keeps the request until somebody approves it."""
    for attempt in _attempts(facts):
        if attempt.challenge.is_pending:
            yield attempt.observed(
                "its request waits for an approval at the authority.",
                fix="Approve or deny it: fauxtune scep request list.",
                severity=Severity.WARNING,
            )


def ra_expired(facts: Facts) -> Iterator[Observation]:
    """The RA certificates of the tenant's own SCEP server have expired: it answers nobody."""
    until = facts.ra_expires_at
    if until is None or until > facts.now:
        return
    needing = [name_of(profile) for _, profile in _own_server_profiles(facts)]
    if needing:
        yield Observation(
            message=f"The RA certificates of the tenant's SCEP server expired on {day(until)}: it answers no device.",
            fix="Renew the RA certificates at the connector.",
            evidence={"expired": iso(until), "neededBy": list(dict.fromkeys(needing))},
            role=SCEP_ROLE,
        )


def _own_server_profiles(facts: Facts) -> Iterator[tuple[Device, Profile]]:
    """The SCEP profiles that reach devices and name the tenant's own SCEP server."""
    for device in facts.devices:
        for profile in device.profiles:
            if profile.applies and facts.role_of(profile) == SCEP_ROLE:
                yield device, profile


def _is_served(facts: Facts) -> bool:
    return any(SCEP_ROLE in connector.roles and connector.online for connector in facts.connectors)


def _attempts(facts: Facts) -> Iterator[_Attempt]:
    for device in facts.active:
        for profile in device.profiles:
            challenge = device.challenges.get(profile.id)
            row = device.rows.get(scep_key(profile.id))
            if challenge is not None and row is not None and is_requested(row):
                yield _Attempt(device, profile, row, challenge)


def _refused(facts: Facts, mismatch: Mismatch) -> Iterator[_Attempt]:
    for attempt in _attempts(facts):
        if attempt.challenge.state == "refused" and attempt.challenge.mismatch is mismatch:
            yield attempt
