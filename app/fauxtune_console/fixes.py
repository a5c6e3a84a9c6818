"""How what a diagnosis found is mended: in words, and with buttons where the console has the task.

A button leads to the page of a task, which shows its effects first. What is harmless, such as bringing a connector on
line or asking a device to check in, is done at once, by the form that the page of the thing has too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fauxtune.core.administration.choices import family_and_platform
from fauxtune.core.engine.diagnosis.findings import Finding
from fauxtune.operations.connectors.selection import is_at_work
from fauxtune.storage.rows.certificates import ConnectorRow
from fauxtune_console.call import TenantCall

#: Connectors that one finding offers to bring on line.
_MOST_CONNECTORS = 5
_RUN = "fauxtune connector run"


@dataclass(frozen=True, slots=True)
class Subject:
    """The ids that a finding is about, for the address of the page on which it is mended."""

    user: str | None
    device: str | None
    profile: str | None


@dataclass(frozen=True, slots=True)
class Button:
    """A link to the page of a task; or, with the fields that it `sends`, a form that carries it out at once."""

    words: str
    address: str
    sends: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """How a finding is mended: in words, by buttons, and by a command where the console cannot do it."""

    words: str
    buttons: tuple[Button, ...] = ()
    command: str = ""


Place = Callable[[TenantCall, Subject], str | None]


def _profile(call: TenantCall, about: Subject) -> str | None:
    return None if about.profile is None else call.url("profiles", about.profile)


def _edit(call: TenantCall, about: Subject) -> str | None:
    return None if about.profile is None else call.url("profiles", about.profile, "edit")


def _assign(call: TenantCall, about: Subject) -> str | None:
    return None if about.profile is None else call.url("profiles", about.profile, "assign")


def _licence(call: TenantCall, about: Subject) -> str | None:
    return None if about.user is None else call.url("users", about.user, "licence")


def _import(call: TenantCall, about: Subject) -> str | None:
    return None if about.user is None else call.url("users", about.user, "import")


def _enroll(call: TenantCall, about: Subject) -> str | None:
    return None if about.user is None else call.url("users", about.user, "enroll")


def _device(call: TenantCall, about: Subject) -> str | None:
    return None if about.device is None else call.url("devices", about.device)


def _retire(call: TenantCall, about: Subject) -> str | None:
    return None if about.device is None else call.url("devices", about.device, "retire")


def _connectors(call: TenantCall, _about: Subject) -> str | None:
    return call.url("connectors")


def _templates(call: TenantCall, _about: Subject) -> str | None:
    return call.url("authority", "templates")


def _scep(call: TenantCall, _about: Subject) -> str | None:
    return call.url("authority", "scep")


def _restrictions(call: TenantCall, _about: Subject) -> str | None:
    return call.url("enrollment")


def _profiles(call: TenantCall, _about: Subject) -> str | None:
    return call.url("profiles")


def _new_root(call: TenantCall, _about: Subject) -> str | None:
    return call.url("profiles", "new", kind="root")


def _new_pkcs(call: TenantCall, _about: Subject) -> str | None:
    return call.url("profiles", "new", kind="pkcs")


def _new_imported(call: TenantCall, _about: Subject) -> str | None:
    return call.url("profiles", "new", kind="imported")


#: data. A finding's code -> the words of a button, and the page to which it leads. Others have their fix in words only.
_PAGES: dict[str, tuple[str, Place]] = {
    "enrollment-over": ("Enrol a device…", _enroll),
    "enrollment-refused": ("Look at the restrictions", _restrictions),
    "no-device": ("Enrol a device…", _enroll),
    "nothing-assigned": ("To the profiles", _profiles),
    "user-deleted": ("Retire the device…", _retire),
    "not-licensed": ("Give a licence…", _licence),
    "assigned-to-nobody": ("Assign the profile…", _assign),
    "assigned-elsewhere": ("Assign the profile…", _assign),
    "excluded": ("Change the assignments…", _assign),
    "filtered-out": ("Change the assignments…", _assign),
    "not-in-edition": ("Change the assignments…", _assign),
    "purpose-unsupported": ("Make a PKCS profile…", _new_pkcs),
    "nothing-imported": ("Import a certificate…", _import),
    "purpose-without-profile": ("Make a profile…", _new_imported),
    "key-missing": ("To the connectors' keys", _connectors),
    "key-unnamed": ("Import it again…", _import),
    "purpose-key-usage": ("Import another certificate…", _import),
    "purpose-extended-usage": ("Import another certificate…", _import),
    "address-mismatch": ("Import another certificate…", _import),
    "expired-without-successor": ("Import a successor…", _import),
    "expires-soon": ("Import a successor…", _import),
    "gap-in-time": ("Import what is missing…", _import),
    "revoked-in-use": ("Import another certificate…", _import),
    "encryption-per-device": ("Import one for all devices…", _import),
    "validity-period": ("Edit the profile…", _edit),
    "proof-of-origin": ("To the templates", _templates),
    "root-missing": ("Give the devices the root…", _new_root),
    "reference-out-of-reach": ("Look at the profile", _profile),
    "scep-ra-expired": ("To the SCEP server", _scep),
    "scep-server-unreachable": ("Edit the profile…", _edit),
    "scep-subject-escaped": ("Edit the profile…", _edit),
    "scep-address-http": ("Edit the profile…", _edit),
    "scep-challenge-refused": ("Look at the challenges", _scep),
    "scep-request-differs": ("Look at the challenges", _scep),
    "scep-authority-refused": ("Look at the challenges", _scep),
    "scep-approval-pending": ("Approve or deny it…", _scep),
    "connector-refused": ("Read the connectors' log", _connectors),
    "device-refused": ("Look at the device", _device),
    "profile-impossible": ("Edit the profile…", _edit),
}
#: data. What a device's own certificate needs in place of an import: its profile is edited, or its assignment taken.
_OWN: dict[str, tuple[str, Place]] = {
    "address-mismatch": ("Edit the profile…", _edit),
    "revoked-in-use": ("Change the assignments…", _assign),
}


def fix_of(call: TenantCall, finding: Finding, *, about: Subject) -> Fix:
    """Return how a finding about these things is mended."""
    words = _without_command(finding.observation.fix)
    match finding.code:
        case "connector-offline":
            return _silent_connectors(call, finding)
        case "role-without-connector":
            return Fix(words, _give_role(call))
        case "device-silent" | "network-blocked" | "device-not-compliant" | "scep-challenge-expired" | "scep-clock":
            return Fix(words, _check_in(call, about))
        case "expired-without-successor" if finding.observation.device is not None:
            # A device's own certificate is renewed at a check-in. Only imported certificates have successors to import.
            return Fix(words, _check_in(call, about))
        case "other-platform":
            return Fix(words, _new_of_kind(call, finding))
        case "root-elsewhere" | "intermediate-missing" | "reference-out-of-reach" | "purpose-without-profile":
            if assign := _assign_named(call, finding):
                return Fix(words, assign)
    pages = _PAGES if finding.observation.device is None else {**_PAGES, **_OWN}
    label, place = pages.get(finding.code, ("", None))
    address = None if place is None else place(call, about)
    return Fix(words, () if address is None else (Button(label, address),))


def _without_command(words: str) -> str:
    """Return how something is mended without the command that does it, for which the page has a button."""
    before, colon, _command = words.partition(": fauxtune ")
    return f"{before}." if colon else words


def waiting_fix(call: TenantCall, link: str, *, about: Subject) -> Fix:
    """Return what a link that waits can be given; without words for one that only time or a connector moves."""
    if about.device is not None and link in {"trustedRoot", "reference", "checkIn", "challenge", "installed"}:
        return Fix("A device gets what is due when it checks in.", _check_in(call, about))
    if about.device is None and about.user is not None and link == "enrollment":
        return Fix("Enrol such a device.", (Button("Enrol a device…", call.url("users", about.user, "enroll")),))
    return Fix("")


def bring_on_line(call: TenantCall, row: ConnectorRow) -> Button:
    """Return the button that makes a connector answer again, as far as the console can."""
    if row.state != "online":
        return Button(f"Bring “{row.name}” on line", call.url("connectors", row.id), (("to", "online"),))
    if not is_at_work(row):
        return Button(f"Update “{row.name}”…", call.url("connectors", row.id, "change"))
    return Button(f"Look at “{row.name}”", call.url("connectors", row.id))


def _silent_connectors(call: TenantCall, finding: Finding) -> Fix:
    names = finding.observation.evidence.get("connectors")
    rows = [row for row in call.connectors if isinstance(names, Mapping) and row.name in names][:_MOST_CONNECTORS]
    does_not_run = any(row.state == "online" and is_at_work(row) for row in rows)
    buttons = tuple(bring_on_line(call, row) for row in rows)
    return Fix(finding.observation.fix, buttons, _RUN if does_not_run else "")


def _give_role(call: TenantCall) -> tuple[Button, ...]:
    changes = [
        Button(f"Change “{row.name}”…", call.url("connectors", row.id, "change"))
        for row in call.connectors[:_MOST_CONNECTORS]
    ]
    return (*changes, Button("Add a connector…", call.url("connectors", "new")))


def _check_in(call: TenantCall, about: Subject) -> tuple[Button, ...]:
    if about.device is None:
        return ()
    return (Button("Ask it to check in now", call.url("devices", about.device, "sync"), ()),)


def _new_of_kind(call: TenantCall, finding: Finding) -> tuple[Button, ...]:
    known = family_and_platform(str(finding.observation.evidence.get("kind")))
    return () if known is None else (Button("Make a profile…", call.url("profiles", "new", kind=known[0].value)),)


def _assign_named(call: TenantCall, finding: Finding) -> tuple[Button, ...]:
    """Return the button to the assignments of the first profile that the finding's fix names, if there is one."""
    evidence = finding.observation.evidence
    several = evidence.get("rootProfiles") or evidence.get("profiles")
    if isinstance(several, Mapping) and several:
        return (Button("Assign that profile…", call.url("profiles", str(next(iter(several))), "assign")),)
    if evidence.get("refersTo"):
        return (Button("Assign that profile…", call.url("profiles", str(evidence["refersTo"]), "assign")),)
    return ()
