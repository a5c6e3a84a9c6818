"""What an Apple device reports: from CommandResults to the result of the engine's step, and what it holds and is.

Its answers to the inventory commands are read for the engine by the adapter. Apple: "Device Management", Commands and
Queries, and the error domains of Managed Configuration. Intune: the error codes of profiles on iOS, each of which is
0x87D10000 joined with Apple's number plus 10,000.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeGuard, assert_never

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.formats.plist import Plist, dictionaries, text
from fauxtune.core.model.actions import is_on_earth
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_states import FAILED_ON_APPLE
from fauxtune.operations.checkin.steps import AppSighting, Result, StepResult
from fauxtune.surfaces.devices.apple import apps, facts, messages, mobileconfig
from fauxtune.surfaces.devices.apple.messages import CommandResults, ErrorLink, Status
from fauxtune.surfaces.devices.apple.translate import is_app_configuration

#: MCMDMErrorDomain: the device does not know the command; it manages no such profile, which could be removed.
UNKNOWN_COMMAND, NOT_MANAGED = 12021, 12013
#: Unverified: MCInstallationErrorDomain, for the same, where it answers the removal of a profile that is not there.
NOT_INSTALLED = 4024
_LONGEST_TEXT = 400
#: In the data of an answer: base64 of the sealed recovery key (CMS), and the most bytes of it.
SEALED, _LARGEST_SEALED = "sealedKey", 8192
_ESCROWED = "FDE_PersonalRecoveryKeyCMS"
#: Apple, DeviceLocation: a course and a speed that are not known are negative.
_LOCATION = {
    "Latitude": "latitude",
    "Longitude": "longitude",
    "Altitude": "altitude",
    "HorizontalAccuracy": "horizontalAccuracy",
    "VerticalAccuracy": "verticalAccuracy",
    "Course": "heading",
    "Speed": "speed",
}
#: In the data of an answer: base64 of the DER of the device's identities, by thumbprint. The most of them, and the most
#: bytes of one.
SHOWN = "shown"
_MOST_SHOWN, _LARGEST_SHOWN = 32, 8192
PROFILES = "ProfileList"
INVENTORY = (PROFILES, "CertificateList")
INFORMATION = ("DeviceInformation", "SecurityInfo")
#: Apple: on macOS the channel of a user knows this command, and the device's own does not.
_NOT_ON_MAC = ("ManagedApplicationFeedback",)
_HELD_BEFORE = (ItemState.INSTALLED, ItemState.REMOVING, ItemState.KEPT)
#: What the list of profiles shows, and no list of certificates.
_PROFILES_ALONE = (Source.EMAIL, Source.SETTING)
_REQUESTED = (ItemState.SENT, ItemState.FAILED)
_IDENTIFIER = re.compile(r"com\.fauxtune\.[^.]+\.(.+)")


def step_result(results: CommandResults) -> StepResult | None:
    """Return the result of the step whose command was reported; None for Idle, which reports none.

    Raises Invalid if the response has another shape than its command asks for.
    """
    if results.command is None:
        return None
    match results.status:
        case Status.NOT_NOW:
            return StepResult(results.command, Result.LATER)
        case Status.ERROR:
            return _error(results, results.command)
        case Status.FORMAT_ERROR:
            why = problem(results.errors, otherwise="The device calls the command malformed (CommandFormatError).")
            return StepResult(results.command, Result.REFUSED, problem=why)
        case Status.ACKNOWLEDGED:
            failure = _failed_setting(results) or _rejected_app(results)
            if failure is not None:
                return StepResult(results.command, Result.REFUSED, problem=failure)
            return StepResult(results.command, Result.DONE, data=_data(results.response))
        case Status.IDLE:
            return None
        case _:
            assert_never(results.status)


def problem(errors: tuple[ErrorLink, ...], *, otherwise: str = "The device does not say why.") -> Problem:
    """Return Graph's error code and text for an ErrorChain.

    Its innermost link is the reason, and Intune shows that. Links of other domains than Apple's management (MC...) have
    no code there.
    """
    if not errors:
        return Problem(REMEDIATION_FAILED, f"The device refused it. {otherwise}")
    coded = [link for link in errors if _has_code(link)]
    reason = coded[-1] if coded else errors[-1]
    code = _signed(0x87D10000 | (reason.code + 10000)) if coded else REMEDIATION_FAILED
    others = [_text(link) for link in reversed(errors) if link is not reason]
    around = f" (with {'; '.join(others[:3])})" if others else ""
    return Problem(code, f"The device refused it: {_text(reason)}{around}.")


def _failed_setting(results: CommandResults) -> Problem | None:
    """The reason of the first setting that was not applied. Apple: Settings, each has a status of its own."""
    for setting in dictionaries(results.response, "Settings"):
        if text(setting, "Status", required=False) == Status.ERROR:
            return problem(messages.errors_of(setting))
    return None


def _rejected_app(results: CommandResults) -> Problem | None:
    """The reason why an app is not installed. Apple: InstallApplication, RejectionReason."""
    reason = text(results.response, "RejectionReason", required=False)
    if not reason or reason in apps.HARMLESS_REJECTIONS:
        return None
    return Problem(FAILED_ON_APPLE, f"The device rejected the app: {reason[:80]}.")


def _error(results: CommandResults, step: str) -> StepResult:
    codes = {link.code for link in results.errors if _is_management(link)}
    why = problem(results.errors)
    if UNKNOWN_COMMAND in codes:
        return StepResult(step, Result.UNSUPPORTED, problem=why)
    is_removal = results.response.get("RequestType") == "RemoveProfile"
    if NOT_MANAGED in codes or (is_removal and NOT_INSTALLED in codes):
        return StepResult(step, Result.DONE)
    return StepResult(step, Result.REFUSED, problem=why)


def _data(response: Plist) -> JsonObject | None:
    """The part of a response that the server reads: identifiers and thumbprints in place of whole profiles and
    certificates.
    """
    if "ProfileList" in response:
        return {"profiles": {profile.identifier: profile.uuid for profile in messages.profile_list(response)}}
    if "CertificateList" in response:
        certificates = messages.certificate_list(response)
        identities = {
            _thumbprint(installed_certificate.der): installed_certificate.der
            for installed_certificate in certificates
            if installed_certificate.is_identity
        }
        small = [(name, der) for name, der in identities.items() if len(der) <= _LARGEST_SHOWN][:_MOST_SHOWN]
        return {
            "certificates": sorted({_thumbprint(certificate.der) for certificate in certificates}),
            "identities": sorted(identities),
            # A certificate that the device requested itself is seen here for the first time.
            SHOWN: {name: base64.b64encode(der).decode() for name, der in small},
        }
    for key in ("QueryResponses", "SecurityInfo"):
        if key in response:
            return {"values": facts.known_values(response, key), **_sealed(response.get(key), _ESCROWED)}
    about_apps = apps.answer_data(response)
    if about_apps is not None:
        return about_apps
    if "RotateResult" in response:
        return _sealed(response["RotateResult"], "EncryptedNewRecoveryKey") or None
    if "ManagedApplicationFeedback" in response:
        return {"values": facts.app_feedback(response)}
    if facts.BYPASS_CODE in response:
        code = text(response, facts.BYPASS_CODE)
        return {"values": {facts.BYPASS_CODE: code}, "bypassCode": code}
    location = _location(response)
    return None if location is None else {"location": location}


def _sealed(container: object, key: str) -> JsonObject:
    """The recovery key of FileVault, which the device has sealed for the service."""
    sealed = container.get(key) if isinstance(container, dict) else None
    if not isinstance(sealed, bytes) or len(sealed) > _LARGEST_SEALED:
        return {}
    return {SEALED: base64.b64encode(sealed).decode()}


def _location(response: Plist) -> JsonObject | None:
    """The position in the answer to DeviceLocation, by the names of Graph's deviceGeoLocation."""
    numbers = {name: response.get(key) for key, name in _LOCATION.items()}
    known = {name: float(number) for name, number in numbers.items() if _is_number(number)}
    return known if is_on_earth(known) else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _thumbprint(der: bytes) -> str:
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def _is_management(link: ErrorLink) -> bool:
    return not link.domain or link.domain.startswith("MC")


def _has_code(link: ErrorLink) -> bool:
    # mdmb reports its own failures as 99998, which is not one of Apple's codes.
    return _is_management(link) and 0 < link.code < 0x10000 - 10000


def _text(link: ErrorLink) -> str:
    text = link.text[:_LONGEST_TEXT].rstrip(". ") or "no words"
    return f"{text} ({link.domain[:80] or 'no domain'} {link.code})"


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number


class AppleAdapter:
    """The PlatformAdapter of Apple devices; without state."""

    def inventory_parts(self, _variant: Variant) -> tuple[str, ...]:
        """Return the commands that list what the device holds."""
        return INVENTORY

    def is_needed(self, part: str, *, keys: Collection[ItemKey]) -> bool:
        """Return True: every device is asked for both lists."""
        return True

    def information_parts(self, variant: Variant, *, known: JsonObject) -> tuple[str, ...]:
        """Return the commands that describe the device; a supervised one is also asked for its bypass code."""
        if variant is Variant.MACOS:
            return INFORMATION
        supervised = (facts.BYPASS_CODE,) if known.get("isSupervised") is True else ()
        return (*INFORMATION, *_NOT_ON_MAC, *supervised)

    def parts_that_tell(self, key: ItemKey) -> frozenset[str]:
        """Return the commands whose answers show the item: both for a certificate, ProfileList for any other."""
        return frozenset({PROFILES} if key.startswith(("email/", "setting/")) else INVENTORY)

    def inventory(
        self,
        answers: Mapping[str, JsonObject],
        *,
        rows: Mapping[ItemKey, LedgerRow],
        acknowledged: AbstractSet[ItemKey],
    ) -> Inventory:
        """Return what the device holds, as far as its lists of profiles and certificates show."""
        held = _Held(answers, acknowledged=acknowledged)
        present = [row for row in rows.values() if held.has(row)]
        certificates = (Source.PKCS, Source.IMPORTED, Source.SCEP)
        return Inventory(
            identities={row.key: _shown_thumbprint(row) for row in present if row.source in certificates},
            certificates=held.shown(rows.values()) if any(row.source is Source.SCEP for row in present) else {},
            roots=frozenset(row.key.split("/")[1] for row in present if row.source is Source.ROOT),
            accounts={row.key: row.fingerprint or "" for row in present if row.source in _PROFILES_ALONE},
        )

    def apps(self, data: JsonObject) -> dict[str, AppSighting] | None:
        """Return what the device says of its apps, by their identifiers; None if it answered something else."""
        return apps.sightings(data)

    def sealed_key(self, answers: Mapping[str, JsonObject]) -> bytes | None:
        """Return the sealed recovery key of a Mac that escrows it (SecurityInfo)."""
        sealed = answers.get("SecurityInfo", {}).get(SEALED)
        return None if sealed is None else base64.b64decode(sealed)

    def facts(self, answers: Mapping[str, JsonObject], *, variant: Variant) -> JsonObject:
        """Return the device's properties by the names of Graph's managedDevice, without those that it left out."""
        return facts.facts(answers, on_mac=variant is Variant.MACOS)


def _shown_thumbprint(row: LedgerRow) -> str:
    """The thumbprint of a certificate that the device holds; empty for one that it requested itself, until the service
    knows which of those that the device shows it is.
    """
    is_unknown = row.source is Source.SCEP and row.state in _REQUESTED
    return "" if is_unknown else row.thumbprint or ""


class _Held:
    """The device's lists of profiles and certificates, compared with the rows of the ledger."""

    def __init__(self, answers: Mapping[str, JsonObject], *, acknowledged: AbstractSet[ItemKey]) -> None:
        # A device may answer one command with what another asks for: then it has not answered the first.
        profiles = answers.get("ProfileList", {}).get("profiles")
        certificates = answers.get("CertificateList", {})
        self._acknowledged = acknowledged
        self._profiles: dict[str, tuple[str, str]] | None = None
        if profiles is not None:
            matches = ((_IDENTIFIER.fullmatch(name), name, uuid) for name, uuid in profiles.items())
            self._profiles = {match[1]: (name, uuid) for match, name, uuid in matches if match}
        self._certificates: JsonObject | None = certificates if "identities" in certificates else None

    def has(self, row: LedgerRow) -> bool:
        """Whether the device holds the item. If neither list can show it: whether the device confirmed it, or held it
        before.
        """
        if row.source is Source.EMAIL and row.payload and is_app_configuration(Account.decode(row.payload)):
            # No list shows it: the device confirmed it, or held it before.
            return row.key in self._acknowledged or row.state in _HELD_BEFORE
        if self._profiles is None and (self._certificates is None or row.source in _PROFILES_ALONE):
            return row.key in self._acknowledged or row.state in _HELD_BEFORE
        is_going = row.state in (ItemState.REMOVING, ItemState.KEPT)
        if self._profiles is not None:
            name, uuid = self._profiles.get(row.key.replace("/", "."), ("", ""))
            # An item that goes is there as long as any revision of its profile is.
            is_current = is_going or uuid in ("", mobileconfig.uuid_of(name, row))
            if not name or not is_current:
                return False
        return is_going or self._has_certificate(row)

    def _has_certificate(self, row: LedgerRow) -> bool:
        """mdmb and others confirm profiles whose certificates they do not keep: the list of certificates decides."""
        if self._certificates is None or row.source in _PROFILES_ALONE:
            return True
        if row.source is Source.SCEP and row.state in _REQUESTED:
            return True  # its thumbprint is not known yet
        part = "certificates" if row.source is Source.ROOT else "identities"
        return f"{row.thumbprint}".lower() in self._certificates[part]

    def shown(self, rows: Iterable[LedgerRow]) -> dict[str, bytes]:
        """The identities that the device shows whole, by thumbprint, without those that are other items."""
        listed = (self._certificates or {}).get(SHOWN) or {}
        others = {f"{row.thumbprint}".lower() for row in rows if row.source is not Source.SCEP}
        return {name: base64.b64decode(text) for name, text in listed.items() if name not in others}
