"""The checks of labs: what each looks at, what it sees, and what it expects. THE table of functions is `CHECKS`.

A check reads what the service knows: ledgers, the register of certificates, mail and its recipients, the journal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from fauxtune.core.administration import assignments, directory, imported
from fauxtune.core.clock import iso, parse_duration
from fauxtune.core.labs.lab import Act, Words
from fauxtune.core.mail.readability import Cell
from fauxtune.core.mail.switches import switches_of
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.marks import mark
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.operations.arrangement.labs.stage import Stage
from fauxtune.operations.insight.readability import Matrix, readability
from fauxtune.operations.mail import address_book
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.rows.certificates import CertificateRow

#: States of an item in which the certificate is on the device.
_PRESENT = (ItemState.INSTALLED, ItemState.REMOVING, ItemState.KEPT)
#: data. How an enrolment ended, by the word of lab files.
_ENDS = {"wiped": "wipe", "retired": "retire", "deleted": "delete"}
#: data. What an item waits for, in words.
_STATES = {
    ItemState.WANTED: "it waits",
    ItemState.SENT: "it was offered, and is not confirmed",
    ItemState.FAILED: "it failed",
    ItemState.REMOVED: "it was removed",
}
#: Mail of a user, and events of the journal, that a check looks at.
_MOST_MAIL, _MOST_EVENTS = 200, 2000


@dataclass(frozen=True, slots=True)
class Sight:
    """What a check saw: whether the thing is so, in words, and the place that it looked at.

    `so` is None where the thing that the check is about is missing: then it is neither so nor not so, and both
    expectations fail.
    """

    so: bool | None
    looked: str
    saw: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a check."""

    passed: bool
    looked: str
    saw: str
    expected: str


Look: TypeAlias = Callable[[Stage, Words], Awaitable[Sight]]


async def outcome(stage: Stage, check: Act) -> Outcome:
    """Carry out a check. Nothing is changed."""
    sight = await CHECKS[check.verb](stage, check.words)
    wanted = check.words.get("is", True)
    return Outcome(sight.so is wanted, sight.looked, sight.saw, _expected(check, wanted=wanted))


def _expected(check: Act, *, wanted: bool) -> str:
    words = {name: ", ".join(value) if isinstance(value, list) else value for name, value in check.words.items()}
    which = words.get("label") or (f"{words.get('source', '')} of {words['device']}" if "device" in words else "")
    more = {"which": f" ({which})" if which else "", "tagged": f" as {words['tag']}" if "tag" in words else ""}
    yes, no = _EXPECTED[check.verb]
    return (yes if wanted else no).format(**words, **more)


# ----------------------------------------------------------------------------------------------------- mail and devices


async def _readable(stage: Stage, words: Words) -> Sight:
    looked = f"who can read the mail “{words['subject']}” of {words['user']}"
    user = await stage.scene.find_user(words["user"])
    if user is None:
        return Sight(so=None, looked=looked, saw=f"there is no user {words['user']} now")
    matrix = await stage.scene.look(readability, UserId(user["id"]), limit=_MOST_MAIL)
    cells = _cells(matrix, subject=words["subject"], device=words["device"])
    if cells is None:
        return Sight(so=None, looked=looked, saw=f"{words['user']} has no mail with this subject")
    if not cells:
        return Sight(so=None, looked=looked, saw=f"{words['device']} is no device of {words['user']} any more")
    readable = next((cell for cell in cells if cell.reading.can_read), None)
    return Sight(readable is not None, looked, f"{words['device']}: {(readable or cells[-1]).sentence}")


def _cells(matrix: Matrix, *, subject: str, device: str) -> list[Cell] | None:
    """Return the cells of the newest mail of this subject for the devices of this name; None without such a mail."""
    rows = [row for row in matrix.mail if row.mail.subject.strip() == subject]
    if not rows:
        return None
    columns = [place for place, each in enumerate(matrix.devices) if each.name.lower() == device.lower()]
    return [rows[-1].cells[place] for place in columns]


async def _items(stage: Stage, device: str, *, source: str) -> list[LedgerRow] | None:
    """Return the items of this source in the ledger of a device; None without such a device."""
    row = await stage.enrollment(device)
    if row is None:
        return None
    ledger = await stage.scene.read(device_queries.ledger_rows, row.id)
    return [each for each in ledger.values() if each.source is Source(source)]


async def _holds(stage: Stage, words: Words) -> Sight:
    device, source = words["device"], words["source"]
    looked = f"what {device} holds"
    items = await _items(stage, device, source=source)
    if items is None:
        return Sight(so=None, looked=looked, saw=f"there is no device {device}")
    wanted = stage.labels.get(words["label"]) if "label" in words else None
    chosen = [each for each in items if wanted is None or each.thumbprint == wanted]
    present = [each for each in chosen if each.state in _PRESENT]
    if present:
        marks = ", ".join(mark(each.thumbprint).letters for each in present if each.thumbprint)
        return Sight(so=True, looked=looked, saw=f"it holds {marks or source} ({source})")
    return Sight(so=False, looked=looked, saw=_absence(chosen, source=source))


def _absence(items: list[LedgerRow], *, source: str) -> str:
    reasons = []
    for item in items:
        detail = item.problem.message if item.problem else item.waits_for
        reasons.append(_STATES[item.state] + (f": {detail.rstrip('.')}" if detail else ""))
    return f"no such certificate ({source}) is on it; " + ("; ".join(reasons) or "no profile asks for one")


async def _same(stage: Stage, words: Words) -> Sight:
    looked = f"the certificates ({words['source']}) on {', '.join(words['devices'])}"
    held: list[frozenset[str]] = []
    lines = []
    for device in words["devices"]:
        items = await _items(stage, device, source=words["source"]) or []
        marks = {each.thumbprint for each in items if each.thumbprint and each.state in _PRESENT}
        held.append(frozenset(marks))
        lines.append(f"{device}: {', '.join(sorted(mark(each).letters for each in marks)) or 'none'}")
    if not all(held):
        return Sight(None, looked, "; ".join(lines))
    return Sight(len(set(held)) == 1, looked, "; ".join(lines))


async def _smime(stage: Stage, words: Words) -> Sight:
    looked, row = f"the accounts of {words['device']}", await stage.enrollment(words["device"])
    if row is None:
        return Sight(so=False, looked=looked, saw="there is no such device")
    ledger = await stage.scene.read(device_queries.ledger_rows, row.id)
    on = switches_of(ledger.values())
    saw = "a profile switches S/MIME on" if on.by_profile or on.by_configuration else "nothing switches S/MIME on"
    return Sight(on.by_profile or on.by_configuration, looked, f"{on.accounts or 'no'} account; {saw}")


async def _device_state(stage: Stage, words: Words) -> Sight:
    looked, row = f"the enrolment of {words['device']}", await stage.enrollment(words["device"])
    if row is None:
        return Sight(so=False, looked=looked, saw="there was never such a device")
    saw = row.state.value if row.state is EnrollmentState.ACTIVE else f"{row.state.value}, by {row.cause or 'nobody'}"
    if words["state"] == "enrolled":
        return Sight(row.state is EnrollmentState.ACTIVE, looked, saw)
    return Sight(row.state is EnrollmentState.ENDED and row.cause == _ENDS[words["state"]], looked, saw)


# --------------------------------------------------------------------------------------------------------- certificates


async def _register(stage: Stage, words: Words) -> tuple[str, CertificateRow | None]:
    known = await stage.thumbprint(words)
    looked = "the register of the CA"
    if known is None:
        return looked, None
    row = await stage.scene.read(certificate_queries.certificate, stage.scene.tenant.id, key=known)
    return f"{looked}, certificate {mark(known).letters}", row


async def _revoked(stage: Stage, words: Words) -> Sight:
    looked, row = await _register(stage, words)
    if row is None:
        return Sight(None, looked, "there is no such certificate yet")
    if row.revoked_at is None:
        return Sight(so=False, looked=looked, saw="it is not revoked")
    return Sight(so=True, looked=looked, saw=f"it was revoked at {iso(row.revoked_at)}, {row.reason}")


async def _expired(stage: Stage, words: Words) -> Sight:
    looked, row = await _register(stage, words)
    if row is None:
        return Sight(None, looked, "there is no such certificate yet")
    now = stage.scene.now
    return Sight(row.not_after <= now, looked, f"it is valid until {iso(row.not_after)}; the clock shows {iso(now)}")


async def _imported(stage: Stage, words: Words) -> Sight:
    scene = stage.scene
    records = await scene.listed(imported.COLLECTION, userPrincipalName=scene.principal_name(words["user"]))
    chosen = [each for each in records if words.get("tag") in (None, each["intendedPurpose"])]
    tags = ", ".join(sorted(f"{mark(each['thumbprint']).letters} as {each['intendedPurpose']}" for each in records))
    return Sight(
        len(chosen) == words["count"], f"the imported certificates of {words['user']}", tags or "nothing is imported"
    )


async def _published(stage: Stage, words: Words) -> Sight:
    scene = stage.scene
    user = await scene.find_user(words["user"])
    address = str((user or {}).get("mail") or scene.principal_name(words["user"])).lower()
    entries = await scene.look(address_book.lookup, address)
    known, named = await stage.thumbprint(words), "label" in words or "device" in words
    usable = [each for each in entries if each.is_usable]
    # Of several, senders take the newest.
    so = bool(usable) and (not named or usable[0].thumbprint == known)
    lines = [
        f"{mark(each.thumbprint).letters}{'' if each.is_usable else ': ' + '; '.join(r.sentence for r in each.remarks)}"
        for each in entries
    ]
    return Sight(so, f"what is published for {address}", ", ".join(lines) or "nothing is published")


async def _connector_key(stage: Stage, words: Words) -> Sight:
    rows = await stage.scene.read(connector_queries.connector_rows, stage.scene.tenant.id)
    keys = await stage.scene.read(connector_queries.connector_key_rows, stage.scene.tenant.id)
    names = {row.id: row.name for row in rows}
    holders = {names.get(key.connector_id, "") for key in keys}
    saw = ", ".join(f"{row.name}: {'a key' if row.name in holders else 'no key'}" for row in rows)
    return Sight(words["connector"] in holders, "the keys of the connectors", saw or "there is no connector")


# ----------------------------------------------------------------------------------------------- profiles, people, time


async def _assigned(stage: Stage, words: Words) -> Sight:
    looked = f"the assignments of the profile {words['profile']}"
    profile = await stage.find_profile(words["profile"])
    if profile is None:
        return Sight(so=False, looked=looked, saw="there is no such profile: a reset of the lab brings it back")
    targets = profile.get("assignments") or []
    if words["to"].lower() not in {"all users", "all devices"} and await stage.scene.find_group(words["to"]) is None:
        return Sight(so=False, looked=looked, saw=f"there is no group {words['to']}")
    so = assignments.is_assigned(targets, await stage.target(words["to"]))
    kinds = ", ".join(each["target"]["@odata.type"].rpartition(".")[2] for each in targets)
    return Sight(so, looked, kinds or "it is assigned to nobody")


async def _profile_there(stage: Stage, words: Words) -> Sight:
    profile = await stage.find_profile(words["profile"])
    saw = "it is there" if profile is not None else "there is no such profile"
    return Sight(profile is not None, f"the profile {words['profile']}", saw)


async def _user_there(stage: Stage, words: Words) -> Sight:
    user = await stage.scene.find_user(words["user"])
    return Sight(user is not None, f"the user {words['user']}", "there" if user is not None else "not there")


async def _in_group(stage: Stage, words: Words) -> Sight:
    looked = f"the members of {words['group']}"
    group = await stage.scene.find_group(words["group"])
    if group is None:
        return Sight(so=False, looked=looked, saw="there is no such group")
    members = await stage.scene.listed(f"{directory.GROUPS}/{group['id']}/members")
    names = [str(each.get("userPrincipalName", "")).partition("@")[0] for each in members]
    return Sight(words["user"].lower() in names, looked, ", ".join(filter(None, names)) or "nobody")


async def _clock(stage: Stage, words: Words) -> Sight:
    began, now = stage.run.started_at, stage.scene.now
    saw = f"it shows {iso(now)}; the lab began at {iso(began)}"
    if now < began:
        saw += ", so the clock was put back: a reset of the lab mends that"
    return Sight(now - began >= parse_duration(words["by"]), "the tenant's clock", saw)


async def _happened(stage: Stage, words: Words) -> Sight:
    rows = await stage.scene.read(
        tenant_queries.events,
        stage.scene.tenant.id,
        after=stage.run.number,
        types=(words["event"],),
        limit=_MOST_EVENTS,
    )
    if "device" in words:
        device = await stage.enrollment(words["device"])
        rows = [row for row in rows if device is not None and row.device == device.id]
    if "user" in words:
        user = await stage.scene.find_user(words["user"])
        rows = [row for row in rows if user is not None and row.user == user["id"]]
    saw = f"{len(rows)} of {words['event']}" + (f", the last at {iso(rows[-1].time)}" if rows else "")
    return Sight(bool(rows), "the journal since the lab began", saw)


#: data. The verbs of `core.labs.verbs.CHECKS` -> what looks.
CHECKS: Mapping[str, Look] = MappingProxyType(
    {
        "mail readable": _readable,
        "device holds": _holds,
        "same certificate": _same,
        "certificate revoked": _revoked,
        "certificate expired": _expired,
        "smime on": _smime,
        "profile assigned": _assigned,
        "profile there": _profile_there,
        "device state": _device_state,
        "user there": _user_there,
        "user in group": _in_group,
        "imported": _imported,
        "published": _published,
        "connector has key": _connector_key,
        "clock moved": _clock,
        "happened": _happened,
    }
)

#: data. What each check expects, and what it expects with `is = false`.
_EXPECTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mail readable": ("{device} can read it", "{device} cannot read it"),
        "device holds": (
            "{device} holds such a certificate ({source})",
            "{device} holds no such certificate ({source})",
        ),
        "same certificate": ("the same on all, and at least one", "a different one on each, and none without"),
        "certificate revoked": ("the certificate{which} is revoked", "the certificate{which} is not revoked"),
        "certificate expired": ("the certificate{which} has expired", "the certificate{which} is still valid"),
        "smime on": ("something switches S/MIME on", "nothing switches S/MIME on"),
        "profile assigned": ("it is assigned to {to}", "it is not assigned to {to}"),
        "profile there": ("it is there", "it is gone"),
        "device state": ("{state}", "not {state}"),
        "user there": ("there", "not there"),
        "user in group": ("{user} is among them", "{user} is not among them"),
        "imported": ("{count}{tagged}", "not {count}{tagged}"),
        "published": ("a certificate{which} that senders can use", "nothing of the kind"),
        "connector has key": ("{connector} has a key", "{connector} has no key"),
        "clock moved": ("{by} later than at the start", "earlier"),
        "happened": ("at least one", "none"),
    }
)
