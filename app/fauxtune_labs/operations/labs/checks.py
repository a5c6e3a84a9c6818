"""The checks of labs: what each looks at, what it sees, and what it expects. THE table of functions is `CHECKS`.

A check reads what the service knows: ledgers, the register of certificates, mail and its recipients, the journal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from fauxtune.core.administration import assignments, directory, imported
from fauxtune.core.clock import parse_duration
from fauxtune.core.engine.diagnosis.findings import day
from fauxtune.core.language.catalogue import Catalogue, Message, count, say
from fauxtune.core.language.recognition import recogniser
from fauxtune.core.mail.apps import switches_of
from fauxtune.core.mail.readability import Cell, Reading
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import needs_legacy_pfx
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.pki.pfx import has_modern_ciphers
from fauxtune.operations.insight.readability import Matrix, readability
from fauxtune.operations.mail import address_book
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as scep_queries
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.rows.certificates import CertificateRow
from fauxtune_labs.core.lab import Act, Words
from fauxtune_labs.operations.labs import graph
from fauxtune_labs.operations.labs.sights import Sight, sight
from fauxtune_labs.operations.labs.stage import Stage

#: States of an item in which the certificate is on the device.
_PRESENT = (ItemState.INSTALLED, ItemState.REMOVING, ItemState.KEPT)
#: data. How an enrolment ended, by the word of lab files.
_ENDS = {"wiped": "wipe", "retired": "retire", "deleted": "delete"}
#: data. The states of a device, by the word of lab files.
_DEVICE_STATES = {
    "enrolled": say("enrolled"),
    "wiped": say("wiped"),
    "retired": say("retired"),
    "deleted": say("deleted"),
}
#: data. What an item waits for, in words.
_STATES = {
    ItemState.WANTED: say("it waits"),
    ItemState.SENT: say("it was offered, and is not confirmed"),
    ItemState.FAILED: say("it failed"),
    ItemState.REMOVED: say("it was removed"),
}
#: data. Whom an assignment is for, by the last word of Graph's type.
_TARGETS = {
    "allLicensedUsersAssignmentTarget": say("all users"),
    "allDevicesAssignmentTarget": say("all devices"),
    "groupAssignmentTarget": say("a group"),
    "exclusionGroupAssignmentTarget": say("all but a group"),
}
#: Mail of a user, and events of the journal, that a check looks at.
_MOST_MAIL, _MOST_EVENTS = 200, 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a check."""

    passed: bool
    looked: Message
    saw: tuple[Message, ...]
    expected: Message


@dataclass(frozen=True, slots=True)
class OutcomeText:
    """An outcome in a language."""

    passed: bool
    looked: str
    saw: str
    expected: str


def in_words(outcome: Outcome, words: Catalogue) -> OutcomeText:
    """Return an outcome in a language. What comes from elsewhere is recognised, such as why a device cannot read."""
    known = recogniser(words.language, "console")

    def show(value: Any) -> str:
        return known.translated(str(value))

    saw = "; ".join(words.render(message, show=show) for message in outcome.saw)
    return OutcomeText(outcome.passed, words.render(outcome.looked), saw, words.render(outcome.expected))


Look: TypeAlias = Callable[[Stage, Words], Awaitable[Sight]]


async def outcome(stage: Stage, check: Act) -> Outcome:
    """Carry out a check. Nothing is changed."""
    stage.marks = await stage.scene.emulator.runner.marks.of(stage.scene.tenant)
    seen = await CHECKS[check.verb](stage, check.words)
    wanted = check.words.get("is", True)
    return Outcome(seen.so is wanted, seen.looked, seen.saw, _expected(check, wanted=wanted))


def _expected(check: Act, *, wanted: bool) -> Message:
    values = {name: ", ".join(value) if isinstance(value, list) else value for name, value in check.words.items()}
    more: dict[str, Any] = {
        "which": values.get("label") or f"{values.get('source', '')} {values.get('device', '')}".strip()
    }
    if check.verb == "device state":
        more["state"] = _DEVICE_STATES[values["state"]]
    if "source" in values:
        more["source"] = _source(check.words)
    yes, no = _EXPECTED[check.verb if check.verb != "imported" or "tag" in values else "imported, of any tag"]
    return replace(yes if wanted else no, values={**values, **more})


# ----------------------------------------------------------------------------------------------------- mail and devices


async def _readable(stage: Stage, words: Words) -> Sight:
    subject, name, device = words["subject"], words["user"], words["device"]
    looked = say("who can read the mail “%(subject)s” of %(user)s", subject=subject, user=name)
    user = await stage.scene.find_user(name)
    if user is None:
        return sight(None, looked, say("there is no user %(user)s now", user=name))
    cells = _cells(await _matrix(stage, UserId(user["id"])), subject=subject, device=device)
    if cells is None:
        return sight(None, looked, say("%(user)s has no mail with this subject", user=name))
    if not cells:
        return sight(None, looked, say("%(device)s is no device of %(user)s any more", device=device, user=name))
    readable = next((cell for cell in cells if cell.reading.can_read), None)
    seen = readable or cells[-1]
    # What anybody can read shows nothing about keys: the student has forgotten to encrypt it.
    so = None if seen.reading is Reading.NOT_ENCRYPTED else readable is not None
    return sight(so, looked, say("%(name)s: %(what)s", name=device, what=seen.sentence))


async def _matrix(stage: Stage, user_id: UserId) -> Matrix:
    """Return who can read a user's mail. The checks of a step ask about several devices: it is read once for all."""
    if user_id not in stage.matrices:
        stage.matrices[user_id] = await stage.scene.look(readability, user_id, marks=stage.marks, limit=_MOST_MAIL)
    return stage.matrices[user_id]


def _cells(matrix: Matrix, *, subject: str, device: str) -> list[Cell] | None:
    """Return the cells of the newest mail of this subject for the devices of this name; None without such a mail."""
    rows = [row for row in matrix.mail if row.mail.subject.strip() == subject]
    if not rows:
        return None
    columns = [
        place for place, matrix_device in enumerate(matrix.devices) if matrix_device.name.lower() == device.lower()
    ]
    return [rows[-1].cells[place] for place in columns]


async def _items(stage: Stage, device: str, *, source: str) -> list[LedgerRow] | None:
    """Return the items of this source in the ledger of a device; None without such a device."""
    row = await stage.enrollment(device)
    if row is None:
        return None
    ledger = await stage.scene.read(device_queries.ledger_rows, row.id)
    return [ledger_row for ledger_row in ledger.values() if ledger_row.source is Source(source)]


async def _holds(stage: Stage, words: Words) -> Sight:
    device, source = words["device"], _source(words)
    looked = say("what %(device)s holds", device=device)
    items = await _items(stage, device, source=words["source"])
    if items is None:
        return sight(None, looked, say("there is no device %(device)s", device=device))
    wanted = stage.labels.get(words["label"]) if "label" in words else None
    chosen = [item for item in items if wanted is None or item.thumbprint == wanted]
    present = [ledger for ledger in chosen if ledger.state in _PRESENT]
    if present:
        marks = ", ".join(stage.marks.name(ledger.thumbprint) for ledger in present if ledger.thumbprint)
        return sight(True, looked, say("it holds %(marks)s (%(source)s)", marks=marks or source, source=source))
    absence = say("no such certificate (%(source)s) is on it", source=source)
    return sight(False, looked, absence, *(_reasons(chosen) or [say("no profile asks for one")]))


def _source(words: Words) -> str | Message:
    """Return where certificates come from, in words: `pkcs` and `scep` are names."""
    return say("imported") if words["source"] == Source.IMPORTED else str(words["source"])


def _reasons(items: list[LedgerRow]) -> list[Message]:
    reasons = []
    for item in items:
        detail, state = item.problem.message if item.problem else item.waits_for, _STATES[item.state]
        reasons.append(say("%(name)s: %(what)s", name=state, what=detail.rstrip(".")) if detail else state)
    return reasons


async def _same(stage: Stage, words: Words) -> Sight:
    source, devices = _source(words), ", ".join(words["devices"])
    looked = say("the certificates (%(source)s) on %(devices)s", source=source, devices=devices)
    held: list[frozenset[str]] = []
    lines: list[Message] = []
    for device in words["devices"]:
        items = await _items(stage, device, source=words["source"]) or []
        marks = {item.thumbprint for item in items if item.thumbprint and item.state in _PRESENT}
        held.append(frozenset(marks))
        known = ", ".join(sorted(stage.marks.name(mark) for mark in marks))
        lines.append(say("%(name)s: %(what)s", name=device, what=known or say("none")))
    return sight(len(set(held)) == 1 if all(held) else None, looked, *lines)


async def _reads(stage: Stage, words: Words) -> Sight:
    device, name = words["device"], words["file"]
    looked = say("the system of %(device)s", device=device)
    row, data = await stage.enrollment(device), stage.files.get(name)
    if row is None:
        return sight(None, looked, say("there is no device %(device)s", device=device))
    if data is None:
        return sight(None, looked, say("there is no file %(file)s", file=name))
    version, is_modern = row.facts.get("osVersion"), has_modern_ciphers(data)
    only_old = needs_legacy_pfx(row.variant, version)
    reads = say("version %(version)s, which reads only 3DES", version=version)
    if not only_old:
        reads = say("version %(version)s, which reads PBES2 and 3DES", version=version)
    ciphers = say("%(name)s: %(what)s", name=name, what="PBES2" if is_modern else "3DES")
    system = say("%(name)s: %(what)s", name=device, what=reads)
    return sight(not (only_old and is_modern), looked, system, ciphers)


async def _challenge(stage: Stage, words: Words) -> Sight:
    device, code = words["device"], words["code"]
    looked, row = say("the SCEP challenges of %(device)s", device=device), await stage.enrollment(device)
    if row is None:
        return sight(None, looked, say("there is no device %(device)s", device=device))
    given = await stage.scene.read(scep_queries.challenges_of, stage.scene.tenant.id, enrollment_ids=[row.id])
    codes = [
        str((scep_challenge.outcome or {}).get("code", ""))
        for scep_challenge in given
        if scep_challenge.created_at >= stage.run.started_at
    ]
    known = ", ".join(filter(None, codes))
    saw = say("answered: %(codes)s", codes=known) if known else say("none was answered since the lab began")
    return sight(code in codes, looked, saw)


async def _smime(stage: Stage, words: Words) -> Sight:
    device = words["device"]
    looked, row = say("the accounts of %(device)s", device=device), await stage.enrollment(device)
    if row is None:
        return sight(False, looked, say("there is no device %(device)s", device=device))
    ledger = await stage.scene.read(device_queries.ledger_rows, row.id)
    on = switches_of(ledger.values())
    so = on.by_profile or on.by_configuration
    saw = say("a profile switches S/MIME on") if so else say("nothing switches S/MIME on")
    accounts = count("one account", "%(number)s accounts", number=on.accounts)
    return sight(so, looked, accounts, saw)


async def _device_state(stage: Stage, words: Words) -> Sight:
    device = words["device"]
    looked, row = say("the enrolment of %(device)s", device=device), await stage.enrollment(device)
    if row is None:
        return sight(False, looked, say("there was never such a device"))
    is_active, cause = row.state is EnrollmentState.ACTIVE, row.cause or "-"
    ending = say("ending, by %(cause)s", cause=cause)
    ended = ending if row.state is EnrollmentState.ENDING else say("ended, by %(cause)s", cause=cause)
    saw = say("active") if is_active else ended
    if words["state"] == "enrolled":
        return sight(is_active, looked, saw)
    return sight(row.state is EnrollmentState.ENDED and row.cause == _ENDS[words["state"]], looked, saw)


# --------------------------------------------------------------------------------------------------------- certificates


async def _register(stage: Stage, words: Words) -> tuple[Message, CertificateRow | None]:
    known = await stage.thumbprint(words)
    if known is None:
        return say("the register of the CA"), None
    row = await stage.scene.read(certificate_queries.certificate, stage.scene.tenant.id, key=known)
    return say("the register of the CA, certificate %(mark)s", mark=stage.marks.name(known)), row


async def _revoked(stage: Stage, words: Words) -> Sight:
    looked, row = await _register(stage, words)
    if row is None:
        return sight(None, looked, say("there is no such certificate yet"))
    if row.revoked_at is None:
        return sight(False, looked, say("it is not revoked"))
    saw = say("it was revoked at %(time)s, %(reason)s", time=day(row.revoked_at), reason=row.reason)
    return sight(True, looked, saw)


async def _expired(stage: Stage, words: Words) -> Sight:
    looked, row = await _register(stage, words)
    if row is None:
        return sight(None, looked, say("there is no such certificate yet"))
    now = stage.scene.now
    end, clock = (
        say("it is valid until %(time)s", time=day(row.not_after)),
        say("the clock shows %(time)s", time=day(now)),
    )
    return sight(row.not_after <= now, looked, end, clock)


async def _imported(stage: Stage, words: Words) -> Sight:
    scene = stage.scene
    records = await scene.listed(imported.COLLECTION, userPrincipalName=scene.principal_name(words["user"]))
    chosen = [record for record in records if words.get("tag") in (None, record["intendedPurpose"])]
    known = sorted((stage.marks.name(record["thumbprint"]), record["intendedPurpose"]) for record in records)
    lines = [say("%(mark)s as %(tag)s", mark=letters, tag=tag) for letters, tag in known]
    looked = say("the imported certificates of %(user)s", user=words["user"])
    return sight(len(chosen) == words["count"], looked, *(lines or [say("nothing is imported")]))


async def _published(stage: Stage, words: Words) -> Sight:
    scene = stage.scene
    user = await scene.find_user(words["user"])
    address = str((user or {}).get("mail") or scene.principal_name(words["user"])).lower()
    entries = await scene.look(address_book.lookup, address)
    known, named = await stage.thumbprint(words), "label" in words or "device" in words
    usable = [entry for entry in entries if entry.is_usable]
    # Of several, senders take the newest.
    so = bool(usable) and (not named or usable[0].thumbprint == known)
    lines = [
        say(
            "%(name)s: %(what)s",
            name=stage.marks.name(entry.thumbprint),
            what="; ".join(r.sentence for r in entry.remarks),
        )
        if not entry.is_usable
        else say("%(mark)s can be used", mark=stage.marks.name(entry.thumbprint))
        for entry in entries
    ]
    looked = say("what is published for %(address)s", address=address)
    return sight(so, looked, *(lines or [say("nothing is published")]))


async def _connector_key(stage: Stage, words: Words) -> Sight:
    rows = await stage.scene.read(connector_queries.connector_rows, stage.scene.tenant.id)
    keys = await stage.scene.read(connector_queries.connector_key_rows, stage.scene.tenant.id)
    names = {row.id: row.name for row in rows}
    holders = {names.get(key.connector_id, "") for key in keys}
    key, no_key = say("a key"), say("no key")
    lines = [say("%(name)s: %(what)s", name=row.name, what=key if row.name in holders else no_key) for row in rows]
    looked = say("the keys of the connectors")
    return sight(words["connector"] in holders, looked, *(lines or [say("there is no connector")]))


# ----------------------------------------------------------------------------------------------- profiles, people, time


async def _assigned(stage: Stage, words: Words) -> Sight:
    looked = say("the assignments of the profile %(profile)s", profile=words["profile"])
    profile = await stage.find_profile(words["profile"])
    if profile is None:
        return sight(False, looked, say("there is no such profile: a reset of the lab brings it back"))
    targets = profile.get("assignments") or []
    if words["to"].lower() not in {"all users", "all devices"} and await stage.scene.find_group(words["to"]) is None:
        return sight(False, looked, say("there is no group %(group)s", group=words["to"]))
    so = assignments.is_assigned(targets, await stage.target(words["to"]))
    kinds = dict.fromkeys(target["target"]["@odata.type"].rpartition(".")[2] for target in targets)
    lines = [say("it is assigned to %(to)s", to=_TARGETS.get(kind, kind)) for kind in kinds]
    return sight(so, looked, *(lines or [say("it is assigned to nobody")]))


async def _profile_there(stage: Stage, words: Words) -> Sight:
    profile = await stage.find_profile(words["profile"])
    saw = say("it is there") if profile is not None else say("there is no such profile")
    return sight(profile is not None, say("the profile %(profile)s", profile=words["profile"]), saw)


async def _user_there(stage: Stage, words: Words) -> Sight:
    user = await stage.scene.find_user(words["user"])
    saw = say("there") if user is not None else say("not there")
    return sight(user is not None, say("the user %(user)s", user=words["user"]), saw)


async def _in_group(stage: Stage, words: Words) -> Sight:
    looked = say("the members of %(group)s", group=words["group"])
    group = await stage.scene.find_group(words["group"])
    if group is None:
        return sight(False, looked, say("there is no group %(group)s", group=words["group"]))
    members = await stage.scene.listed(f"{directory.GROUPS}/{group['id']}/members")
    names = [str(member.get("userPrincipalName", "")).partition("@")[0] for member in members]
    known = ", ".join(filter(None, names))
    saw = say("members: %(names)s", names=known) if known else say("nobody")
    return sight(words["user"].lower() in names, looked, saw)


async def _clock(stage: Stage, words: Words) -> Sight:
    began, now = stage.run.started_at, stage.scene.now
    saw = [say("the clock shows %(time)s", time=day(now)), say("the lab began at %(time)s", time=day(began))]
    if now < began:
        saw.append(say("so the clock was put back: a reset of the lab mends that"))
    return sight(now - began >= parse_duration(words["by"]), say("the tenant's clock"), *saw)


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
    saw = say("%(number)s of %(event)s", number=len(rows), event=words["event"])
    last = [say("the last at %(time)s", time=day(rows[-1].time))] if rows else []
    return sight(bool(rows), say("the journal since the lab began"), saw, *last)


#: data. The verbs of `fauxtune_labs.core.verbs.CHECKS` -> what looks.
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
        "challenge answered": _challenge,
        "reads file": _reads,
        "Graph says": graph.says,
        "clock moved": _clock,
        "happened": _happened,
    }
)

#: data. What each check expects, and what it expects with `is = false`; the values are those of the check.
_EXPECTED: Mapping[str, tuple[Message, Message]] = MappingProxyType(
    {
        "mail readable": (
            say("it is encrypted, and %(device)s can read it"),
            say("it is encrypted, and %(device)s cannot read it"),
        ),
        "device holds": (
            say("%(device)s holds such a certificate (%(source)s)"),
            say("%(device)s holds no such certificate (%(source)s)"),
        ),
        "same certificate": (
            say("the same on all, and at least one"),
            say("a different one on each, and none without"),
        ),
        "certificate revoked": (
            say("the certificate (%(which)s) is revoked"),
            say("the certificate (%(which)s) is not revoked"),
        ),
        "certificate expired": (
            say("the certificate (%(which)s) has expired"),
            say("the certificate (%(which)s) is still valid"),
        ),
        "smime on": (say("something switches S/MIME on"), say("nothing switches S/MIME on")),
        "profile assigned": (say("it is assigned to %(to)s"), say("it is not assigned to %(to)s")),
        "profile there": (say("it is there"), say("it is gone")),
        "device state": (say("%(state)s"), say("not %(state)s")),
        "user there": (say("there"), say("not there")),
        "user in group": (say("%(user)s is among them"), say("%(user)s is not among them")),
        "imported": (say("%(count)s of the tag: %(tag)s"), say("not %(count)s of the tag: %(tag)s")),
        "imported, of any tag": (say("%(count)s, of any tag"), say("not %(count)s, of any tag")),
        "published": (say("a certificate that senders can use"), say("nothing of the kind")),
        "connector has key": (say("%(connector)s has a key"), say("%(connector)s has no key")),
        "challenge answered": (say("one answered with %(code)s"), say("none answered with %(code)s")),
        "reads file": (say("it reads %(file)s"), say("it does not read %(file)s")),
        "Graph says": (say("%(property)s is %(value)s"), say("%(property)s is not %(value)s")),
        "clock moved": (say("%(by)s later than at the start"), say("earlier")),
        "happened": (say("at least one"), say("none")),
    }
)
