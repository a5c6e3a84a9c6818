"""From what an Apple device reports to what the engine takes in: results, reasons, what it holds, what it is.

Apple: "Device Management", Commands and Queries, and the error domains of Managed Configuration. Intune: the error
codes of profiles on iOS, each of which is 0x87D10000 joined with Apple's number plus 10,000.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, assert_never

from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.checkin.stepwise import Result, StepResult
from fauxtune.surfaces.devices.apple import messages, mobileconfig
from fauxtune.surfaces.devices.apple.messages import ErrorLink, Outcome, Status
from fauxtune.surfaces.devices.apple.plist import Plist

Json = dict[str, Any]

PROFILES = "ProfileList"
INVENTORY = (PROFILES, "CertificateList")
INFORMATION = ("DeviceInformation", "SecurityInfo")
#: MCMDMErrorDomain: the device does not know the command; there is no such profile of ours to remove.
UNKNOWN_COMMAND, NOT_MANAGED = 12021, 12013
#: Unverified: MCInstallationErrorDomain, for the same, where it answers the removal of a profile that is not there.
NOT_INSTALLED = 4024
_GIGABYTE = 1024**3
_LONGEST_WORDS = 400
_OURS = re.compile(r"com\.fauxtune\.[^.]+\.(.+)")


class AppleAdapter:
    """What the conversation asks of this platform. It keeps nothing."""

    def inventory_parts(self, _variant: Variant) -> tuple[str, ...]:
        """The questions that tell what the device holds."""
        return INVENTORY

    def information_parts(self, _variant: Variant) -> tuple[str, ...]:
        """The questions that tell what the device is."""
        return INFORMATION

    def parts_that_tell(self, key: ItemKey) -> frozenset[str]:
        """An account is told by its profile alone, a certificate by both lists."""
        return frozenset({PROFILES} if key.startswith("email/") else INVENTORY)

    def inventory(
        self, answers: Mapping[str, Json], *, rows: Mapping[ItemKey, LedgerRow], acknowledged: AbstractSet[ItemKey]
    ) -> Inventory:
        """What the device holds, as far as profiles and certificates tell."""
        held = _Held(answers, acknowledged=acknowledged)
        present = [row for row in rows.values() if held.has(row)]
        certificates = (Source.PKCS, Source.IMPORTED, Source.SCEP)
        return Inventory(
            identities={row.key: row.thumbprint or "" for row in present if row.source in certificates},
            roots=frozenset(row.key.split("/")[1] for row in present if row.source is Source.ROOT),
            accounts={row.key: row.fingerprint or "" for row in present if row.source is Source.EMAIL},
        )

    def facts(self, answers: Mapping[str, Json]) -> dict[str, Any]:
        """What the device is, by the names of Graph's managedDevice; what it does not say is left out."""
        told = answers.get("DeviceInformation", {}).get("values", {})
        security = answers.get("SecurityInfo", {}).get("values", {})
        texts = {
            "deviceName": told.get("DeviceName"),
            "serialNumber": told.get("SerialNumber"),
            "model": told.get("ModelName") or told.get("ProductName"),
            "osVersion": told.get("OSVersion"),
            "imei": told.get("IMEI"),
            "meid": told.get("MEID"),
            "wiFiMacAddress": told.get("WiFiMAC"),
            "udid": told.get("UDID"),
        }
        sizes = {
            "totalStorageSpaceInBytes": told.get("DeviceCapacity"),
            "freeStorageSpaceInBytes": told.get("AvailableDeviceCapacity"),
        }
        return {
            **{name: value for name, value in texts.items() if isinstance(value, str) and value},
            **{name: int(value * _GIGABYTE) for name, value in sizes.items() if _is_size(value)},
            **({"isSupervised": told["IsSupervised"]} if isinstance(told.get("IsSupervised"), bool) else {}),
            **_encrypted(security),
        }


def answered(outcome: Outcome) -> StepResult | None:
    """What a report says of its step; None when it is none (Idle). Invalid for an answer of another shape."""
    if outcome.command is None:
        return None
    match outcome.status:
        case Status.NOT_NOW:
            return StepResult(outcome.command, Result.LATER)
        case Status.ERROR:
            return _failed(outcome, outcome.command)
        case Status.FORMAT_ERROR:
            said = problem(outcome.errors, otherwise="The device calls the command malformed (CommandFormatError).")
            return StepResult(outcome.command, Result.REFUSED, problem=said)
        case Status.ACKNOWLEDGED:
            return StepResult(outcome.command, Result.DONE, data=_data(outcome.answer))
        case Status.IDLE:
            return None
        case _:
            assert_never(outcome.status)


def problem(errors: tuple[ErrorLink, ...], *, otherwise: str = "The device does not say why.") -> Problem:
    """Graph's number and words of an ErrorChain. Its innermost link is the reason, and Intune shows that; links of
    other domains than Apple's management (MC...) have no number there.
    """
    if not errors:
        return Problem(REMEDIATION_FAILED, f"The device refused it. {otherwise}")
    numbered = [link for link in errors if _has_number(link)]
    reason = numbered[-1] if numbered else errors[-1]
    code = _signed(0x87D10000 | (reason.code + 10000)) if numbered else REMEDIATION_FAILED
    others = [_words(link) for link in reversed(errors) if link is not reason]
    around = f" (with {'; '.join(others[:3])})" if others else ""
    return Problem(code, f"The device refused it: {_words(reason)}{around}.")


class _Held:
    """What a device says of itself, against the rows of the ledger."""

    def __init__(self, answers: Mapping[str, Json], *, acknowledged: AbstractSet[ItemKey]) -> None:
        # A device may answer a question with what another one asks: then it has not answered this one.
        profiles = answers.get("ProfileList", {}).get("profiles")
        certificates = answers.get("CertificateList", {})
        self._acknowledged = acknowledged
        self._profiles: dict[str, tuple[str, str]] | None = None
        if profiles is not None:
            named = ((_OURS.fullmatch(name), name, uuid) for name, uuid in profiles.items())
            self._profiles = {found[1]: (name, uuid) for found, name, uuid in named if found}
        self._certificates: Json | None = certificates if "identities" in certificates else None

    def has(self, row: LedgerRow) -> bool:
        """Is it there? What neither list tells is, if it was confirmed, or if it was there before."""
        if self._profiles is None and (self._certificates is None or row.source is Source.EMAIL):
            there = (ItemState.INSTALLED, ItemState.REMOVING, ItemState.KEPT)
            return row.key in self._acknowledged or row.state in there
        going = row.state in (ItemState.REMOVING, ItemState.KEPT)
        if self._profiles is not None:
            name, uuid = self._profiles.get(row.key.replace("/", "."), ("", ""))
            # One that goes is there as long as any of its name is.
            current = going or uuid in ("", mobileconfig.uuid_of(name, row))
            if not name or not current:
                return False
        return going or self._has_certificate(row)

    def _has_certificate(self, row: LedgerRow) -> bool:
        """Programs like mdmb confirm profiles whose certificates they do not keep: the other list has the last word."""
        if self._certificates is None or row.source is Source.EMAIL:
            return True
        listed = "certificates" if row.source is Source.ROOT else "identities"
        return f"{row.thumbprint}".lower() in self._certificates[listed]


def _failed(outcome: Outcome, step: str) -> StepResult:
    codes = {link.code for link in outcome.errors if _is_apples(link)}
    said = problem(outcome.errors)
    if UNKNOWN_COMMAND in codes:
        return StepResult(step, Result.UNSUPPORTED, problem=said)
    is_removal = outcome.answer.get("RequestType") == "RemoveProfile"
    if NOT_MANAGED in codes or (is_removal and NOT_INSTALLED in codes):
        return StepResult(step, Result.DONE)
    return StepResult(step, Result.REFUSED, problem=said)


def _data(answer: Plist) -> Json | None:
    """What a question was answered, in little: only what somebody will look at."""
    if "ProfileList" in answer:
        return {"profiles": {each.identifier: each.uuid for each in messages.profile_list(answer)}}
    if "CertificateList" in answer:
        listed = messages.certificate_list(answer)
        return {
            "certificates": sorted({_thumbprint(each.der) for each in listed}),
            "identities": sorted({_thumbprint(each.der) for each in listed if each.is_identity}),
        }
    for key in ("QueryResponses", "SecurityInfo"):
        if key in answer:
            return {"values": messages.simple_values(answer, key)}
    return None


def _thumbprint(der: bytes) -> str:
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def _is_apples(link: ErrorLink) -> bool:
    return not link.domain or link.domain.startswith("MC")


def _has_number(link: ErrorLink) -> bool:
    # mdmb reports its own failures as 99998, which is no number of Apple's.
    return _is_apples(link) and 0 < link.code < 0x10000 - 10000


def _words(link: ErrorLink) -> str:
    words = link.words[:_LONGEST_WORDS].rstrip(". ") or "no words"
    return f"{words} ({link.domain[:80] or 'no domain'} {link.code})"


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number


def _is_size(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**30


def _encrypted(security: Json) -> Json:
    """isEncrypted. Apple: on iOS data are encrypted where there is a passcode; on a Mac where FileVault is on."""
    if isinstance(security.get("FDE_Enabled"), bool):
        return {"isEncrypted": security["FDE_Enabled"]}
    if isinstance(security.get("PasscodePresent"), bool):
        return {"isEncrypted": security["PasscodePresent"]}
    return {}
