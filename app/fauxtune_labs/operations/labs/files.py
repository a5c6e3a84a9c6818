"""The files of labs, for proofs outside: made when somebody asks, from what the tenant and its devices hold then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Conflict, NotFound
from fauxtune.core.model.ids import UserId
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.insight.certificates import known_certificate
from fauxtune.operations.mail import mailboxes
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune_labs.core.lab import Words
from fauxtune_labs.operations.labs.stage import Stage

Maker: TypeAlias = Callable[[Stage, Words], Awaitable[bytes]]
_MOST_MAIL = 1000


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
    }
)
