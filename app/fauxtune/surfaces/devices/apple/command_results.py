"""From CommandResults, a device's report of one command, to the result of the engine's step.

Apple: "Device Management", Commands and Queries, and the error domains of Managed Configuration. Intune: the error
codes of profiles on iOS, each of which is 0x87D10000 joined with Apple's number plus 10,000.
"""

from __future__ import annotations

import base64
import hashlib
import math
from typing import TypeGuard, assert_never

from fauxtune.core.formats.plist import Plist, dictionaries, text
from fauxtune.core.model.actions import is_on_earth
from fauxtune.core.model.items import REMEDIATION_FAILED, Problem
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_states import FAILED_ON_APPLE
from fauxtune.operations.checkin.steps import Result, StepResult
from fauxtune.surfaces.devices.apple import apps, facts, messages
from fauxtune.surfaces.devices.apple.messages import CommandResults, ErrorLink, Status

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
