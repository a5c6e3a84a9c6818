"""How what a diagnosis found is mended: in words, and with a button where a page of the console does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fauxtune.core.engine.diagnosis.findings import Finding
from fauxtune.surfaces.console.call import TenantCall


@dataclass(frozen=True, slots=True)
class Subject:
    """The ids that a finding is about, for the address of the page on which it is mended."""

    user: str | None
    device: str | None
    profile: str | None


Place = Callable[[TenantCall, Subject], str | None]


def _profile(call: TenantCall, about: Subject) -> str | None:
    return None if about.profile is None else call.url("profiles", about.profile)


def _assign(call: TenantCall, about: Subject) -> str | None:
    return None if about.profile is None else call.url("profiles", about.profile, "assign")


def _licence(call: TenantCall, about: Subject) -> str | None:
    return None if about.user is None else call.url("users", about.user, "licence")


def _import(call: TenantCall, about: Subject) -> str | None:
    return None if about.user is None else call.url("users", about.user, "import")


def _device(call: TenantCall, about: Subject) -> str | None:
    return None if about.device is None else call.url("devices", about.device)


def _connectors(call: TenantCall, _about: Subject) -> str | None:
    return call.url("connectors")


def _new_root(call: TenantCall, _about: Subject) -> str | None:
    return call.url("profiles", "new", kind="root")


def _new_imported(call: TenantCall, _about: Subject) -> str | None:
    return call.url("profiles", "new", kind="imported")


#: data. A finding's code -> the words of a button, and the page to which it leads. Others have their fix in words only.
_MENDED: dict[str, tuple[str, Place]] = {
    "not-licensed": ("Give a licence", _licence),
    "assigned-to-nobody": ("Assign the profile", _assign),
    "assigned-elsewhere": ("Assign the profile", _assign),
    "excluded": ("Look at the assignments", _assign),
    "nothing-imported": ("Import a certificate", _import),
    "purpose-without-profile": ("Make a profile", _new_imported),
    "key-missing": ("To the connectors' keys", _connectors),
    "key-unnamed": ("To the connectors' keys", _connectors),
    "purpose-key-usage": ("Import another certificate", _import),
    "purpose-extended-usage": ("Import another certificate", _import),
    "expired-without-successor": ("Import a successor", _import),
    "expires-soon": ("Import a successor", _import),
    "gap-in-time": ("Import what is missing", _import),
    "revoked-in-use": ("Import another certificate", _import),
    "encryption-per-device": ("Import one for all devices", _import),
    "root-missing": ("Give the devices the root", _new_root),
    "root-elsewhere": ("Give the devices the root", _new_root),
    "reference-out-of-reach": ("Look at the profile", _profile),
    "role-without-connector": ("To the connectors", _connectors),
    "connector-offline": ("To the connectors", _connectors),
    "device-silent": ("Ask it to check in", _device),
    "connector-refused": ("Read the connectors' log", _connectors),
    "device-refused": ("Look at the device", _device),
    "profile-impossible": ("Look at the profile", _profile),
}


@dataclass(frozen=True, slots=True)
class Fix:
    """How a finding is mended: in words, and if a page of the console does it, its address with a button's words."""

    words: str
    button: str | None
    address: str | None


def fix_of(call: TenantCall, finding: Finding, *, about: Subject) -> Fix:
    """Return how a finding about these things is mended."""
    button, place = _MENDED.get(finding.code, (None, None))
    if finding.code == "expired-without-successor" and finding.observation.device is not None:
        # A device's own certificate is renewed at a check-in. Only imported certificates have successors to import.
        button, place = _MENDED["device-silent"]
    address = None if place is None else place(call, about)
    return Fix(finding.observation.fix, button if address else None, address)
