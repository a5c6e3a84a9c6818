"""What people see of labs in a tenant: the list, and one lab with its steps, what was done so far, and the three ways
of each deed: the page of the console, the command, and the requests. Nothing is changed.

Files of a lab are for proofs outside: made when somebody asks, from what the tenant and its devices hold then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.errors import Conflict, FauxtuneError, Invalid, NotFound
from fauxtune.core.language.catalogue import Language, Message
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.insight.certificates import known_certificate
from fauxtune.operations.mail import mailboxes
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.seats import seat_of
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune_labs.core.lab import Act, Lab, Words
from fauxtune_labs.core.verbs import DEEDS, command_of, verb_named
from fauxtune_labs.operations.labs.deeds import carry_out, places_of
from fauxtune_labs.operations.labs.graph import answer_of
from fauxtune_labs.operations.labs.runs import Progress, later_lab, progress_of, stage_for
from fauxtune_labs.operations.labs.stage import Stage
from fauxtune_labs.operations.labs.texts import all_labs, lab_named, lab_names

Maker: TypeAlias = Callable[[Stage, Words], Awaitable[bytes]]
_MOST_MAIL = 1000


class LabState(StrEnum):
    """How far a lab has come in a tenant. Of a broken one the file has mistakes; one of another edition than the
    tenant's cannot be played.
    """

    NEW = "new"
    STARTED = "started"
    DONE = "done"
    BROKEN = "broken"
    OTHER_EDITION = "other-edition"


@dataclass(frozen=True, slots=True)
class LabLine:
    """A lab in the list. `lab` is None for one whose file has mistakes: `problem` names them."""

    name: str
    state: LabState
    passed: int
    lab: Lab | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """How a step is done, and what to look at then."""

    do: tuple[Way, ...]
    look: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class LabView:
    """A lab, and what was done in the tenant. `steps` is empty before it was started; `files`: all that the lab has or
    will have, `given`: those that deeds have made so far; `later`: the lab that was started after it, None if it is the
    last one.
    """

    lab: Lab
    state: LabState
    progress: Progress
    steps: tuple[StepView, ...]
    files: tuple[str, ...]
    given: tuple[str, ...] = ()
    later: str | None = None


async def lab_lines(emulator: Emulator, tenant: Tenant, *, language: Language = Language.ENGLISH) -> list[LabLine]:
    """Return the labs in the order in which they are taught; for a seat of a classroom those of the lesson."""
    rows = await progress_of(emulator, tenant)
    labs = dict(zip(await lab_names(emulator), await all_labs(emulator, language=language), strict=True))
    seat = await seat_of(emulator, tenant)
    lines = []
    for name, lab in ((name, labs[name]) for name in (labs if seat is None else seat.labs) if name in labs):
        if isinstance(lab, Invalid):
            lines.append(LabLine(name, LabState.BROKEN, 0, None, lab.message))
            continue
        row = rows.get(name)
        progress = Progress() if row is None else Progress.of(row)
        state = _before(tenant, lab) if row is None else _state(progress, lab)
        lines.append(LabLine(name, state, len(progress.passed), lab))
    return lines


async def lab_view(emulator: Emulator, tenant: Tenant, *, name: str, language: Language = Language.ENGLISH) -> LabView:
    """Return one lab. Raises NotFound, Invalid for one whose file has mistakes."""
    rows, lab = await progress_of(emulator, tenant), await lab_named(emulator, name, language=language)
    row = rows.get(name)
    if row is None:
        return LabView(lab, _before(tenant, lab), Progress(), (), ())
    stage = stage_for(emulator, tenant, lab=lab, row=row, dry=True)
    progress, later, given = Progress.of(row), later_lab(rows, name=name), tuple(sorted(stage.files))
    steps = [
        StepView(tuple(await ways_of(stage, step.do)), tuple(await ways_of(stage, step.look))) for step in lab.steps
    ]
    return LabView(lab, _state(progress, lab), progress, tuple(steps), tuple(file_names(stage)), given, later)


def _before(tenant: Tenant, lab: Lab) -> LabState:
    """Return the state of a lab that was not started."""
    return LabState.NEW if lab.fits(tenant.edition) else LabState.OTHER_EDITION


def _state(progress: Progress, lab: Lab) -> LabState:
    return LabState.DONE if progress.is_done(lab) else LabState.STARTED


async def missing_now(
    emulator: Emulator, tenant: Tenant, *, name: str, language: Language = Language.ENGLISH
) -> tuple[Lab, list[Message]]:
    """Return a lab, and what it needs to be at its end, in words."""
    lab, row = await lab_named(emulator, name, language=language), (await progress_of(emulator, tenant)).get(name)
    return lab, (Progress() if row is None else Progress.of(row)).missing(lab)


@dataclass(frozen=True, slots=True)
class Way:
    """How a deed is done. `page`: the parts of the address of its page, and its query; `problem`: why it cannot be done
    as the tenant is now.
    """

    meaning: str
    command: str
    page: tuple[str, ...]
    query: Mapping[str, str]
    requests: tuple[AdminRequest, ...]
    problem: str | None = None


async def ways_of(stage: Stage, deeds: Sequence[Act]) -> list[Way]:
    """Return how these deeds are done, one after the other, on a dry stage."""
    assert stage.dry, "nothing is changed"
    return [await _way(stage, deed) for deed in deeds]


async def _way(stage: Stage, deed: Act) -> Way:
    verb = verb_named(DEEDS, deed.verb)
    assert verb is not None, "a lab was read"
    problem = None
    try:
        await carry_out(stage, deed)
    except FauxtuneError as error:
        problem = error.message
    known = await stage.thumbprint(deed.words) if verb.names_certificate else None
    command = stage.command or command_of(deed, places_of(stage, deed, thumbprint=known or "THUMBPRINT"))
    # What is not there has no page.
    page = () if any(part.startswith("<") for part in stage.page) else stage.page
    return Way(verb.meaning, command, page, stage.query, tuple(stage.requests), problem)


async def file_named(stage: Stage, name: str) -> bytes:
    """Return a file of the lab: of a proof, or one that a deed has made. Raises NotFound, Conflict if what it is made
    of is not there yet.
    """
    if name in stage.files:
        return stage.files[name]
    described = next((file for file in stage.lab.files() if file.words["name"] == name), None)
    if described is None:
        known = ", ".join(file_names(stage))
        raise NotFound(f"The lab '{stage.lab.name}' has no file '{name[:60]}'. It has: {known}.")
    return await FILES[described.verb](stage, described.words)


def file_names(stage: Stage) -> list[str]:
    """Return the names of the lab's files: those that deeds have made, then those of the proofs."""
    return list(dict.fromkeys([*sorted(stage.files), *(file.words["name"] for file in stage.lab.files())]))


async def _mail(stage: Stage, words: Words) -> bytes:
    scene = stage.scene
    user = await scene.find_user(words["user"])
    if user is None:
        raise _missing(f"a user {words['user']}")
    lines = await scene.look(mailboxes.messages, UserId(user["id"]), limit=_MOST_MAIL)
    uids = [line.uid for line in lines if line.description.subject.strip() == words["subject"]]
    if not uids:
        raise _missing(f"a mail “{words['subject']}” of {words['user']}")
    return (await scene.look(mailboxes.message, UserId(user["id"]), uid=uids[-1])).raw


async def _key(stage: Stage, words: Words) -> bytes:
    scene = stage.scene
    known, pem = await stage.thumbprint(words), None
    if known is not None:
        pem = (await scene.emulator.device_host.keys(scene.tenant.id, words["device"])).get(known)
    if pem is None:
        raise _missing(f"a key ({words['source']}) on {words['device']} that its owner can export")
    return pem.encode()


async def _certificate(stage: Stage, words: Words) -> bytes:
    return (await _read_certificate(stage, words)).public_bytes(Encoding.PEM)


async def _serial(stage: Stage, words: Words) -> bytes:
    return f"{(await _read_certificate(stage, words)).serial_number:X}\n".encode()


async def _read_certificate(stage: Stage, words: Words) -> x509.Certificate:
    known = await stage.thumbprint(words)
    entry = None if known is None else await stage.scene.look(known_certificate, known)
    if entry is None or entry.der is None:
        raise _missing(f"a certificate {words.get('label') or words.get('device', '')}")
    return x509.load_der_x509_certificate(entry.der)


async def _root(stage: Stage, words: Words) -> bytes:
    return _pem(await stage.authority("root"))


async def _intermediate(stage: Stage, words: Words) -> bytes:
    return _pem(await stage.authority("issuing"))


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


async def _crl(stage: Stage, words: Words) -> bytes:
    row = await stage.scene.read(authority_queries.current_issuing, stage.scene.tenant.id)
    keys = stage.scene.emulator.keys
    return (await stage.scene.look(crl_and_ocsp.current_crl, row.name, keys=keys)).der


async def _made(stage: Stage, words: Words) -> bytes:
    raise _missing(f"the file {words['name']}")


def _missing(what: str) -> Conflict:
    return Conflict(f"There is not {what} now: it comes with a step of the lab, or back with a reset.")


#: data. The verbs of `fauxtune_labs.core.verbs.FILES` -> what makes each.
FILES: Mapping[str, Maker] = MappingProxyType(
    {
        "mail": _mail,
        "key": _key,
        "certificate": _certificate,
        "root": _root,
        "intermediate": _intermediate,
        "crl": _crl,
        "serial": _serial,
        "pfx": _made,
        "request": _made,
        "answer": answer_of,
    }
)
