"""The cases of the test bench, in the order in which they are tried (`cases.txt`), what is observed, and the outcomes;
and the requests of the bench's devices: what a challenge is for, and what differs from it in one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.scep.challenge import ResultCode
from fauxtune.core.scep.comparison import USAGES
from fauxtune.core.tables import Line, table


class Result(StrEnum):
    """What the authority did in a case."""

    RIGHT = "right"
    WRONG = "wrong"
    #: No document is violated, but a developer should know.
    NOTE = "note"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that an authority does right or wrong. `looks_at`: what is done, and what is looked at; `expected`:
    what is right, and `source` the document that says so.
    """

    id: str
    group: str
    title: str
    looks_at: str
    expected: str
    source: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a case, and what was seen. `seconds`: how long the case took."""

    case: Case
    result: Result
    saw: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message that a device sent, as far as its answer can be read. `problem`: what is wrong with the answer;
    `certificate`: the issued one for the device's key, DER.
    """

    status: int | None = None
    pki_status: str | None = None
    fail_info: str | None = None
    fail_text: str = ""
    transaction: str = ""
    certificate: bytes | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What Intune's service heard about one request: the codes that it answered to validateRequest, and the
    notifications. A notification has the names of the journal; `transactions` are all that were named.
    """

    codes: tuple[str, ...] = ()
    successes: tuple[Mapping[str, Any], ...] = ()
    failures: tuple[Mapping[str, Any], ...] = ()
    transactions: frozenset[str] = frozenset()

    @property
    def is_granted(self) -> bool:
        """Whether the service let the authority issue."""
        return "Success" in self.codes


_CODES = tuple(code.value for code in ResultCode)


@cache
def cases() -> Mapping[str, Case]:
    """Return the cases by their ids. Read when an authority is to be tried."""
    return {case.id: case for case in read_cases(table(__package__ or "", "cases.txt"))}


def read_cases(lines: Iterable[Line]) -> Iterator[Case]:
    """Yield the cases of a table. Raises Mistake."""
    documents: dict[str, str] = {}
    for line in lines:
        if line.known(line.first, ("document", "group"), what="kind of line") == "document":
            line.only()
            name, documents[name] = line.after_first("NAME TEXT")
            continue
        line.only(below=True)
        (group,) = line.after_first("NAME")
        yield from (_case(below, group, documents=documents) for below in line.below)


def _case(line: Line, group: str, *, documents: Mapping[str, str]) -> Case:
    line.only("by", "code", below=True)
    (title,) = line.after_first("TITLE")
    code = line.option("code", _CODES, default="")
    texts = line.texts(*(() if code else ("right",)), optional=("looks-at",))
    return Case(
        id=line.first,
        group=group,
        title=title,
        looks_at=texts.get("looks-at", f"A device sends a request with its challenge: {title}."),
        expected=texts.get("right", f"pkiStatus FAILURE and no certificate, as Intune's service answers {code}"),
        source=line.of_documents(documents),
    )


_CLIENT, _SERVER = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"
_HUGE = 1_000_000


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A certificate request. `key`: rsa with a number of bits, or ec256; `digest`: another hash than SHA-256;
    `is_authority`: it asks for CA:TRUE, for which no profile asks.
    """

    subject: str
    names: tuple[tuple[str, str], ...]
    key_usages: tuple[str, ...]
    extended_key_usages: tuple[str, ...]
    key: str
    challenge: str | None
    digest: str | None = None
    is_authority: bool = False

    def document(self) -> dict[str, Any]:
        """Return the request as the bench takes it."""
        return {
            "subject": self.subject,
            "names": [list(pair) for pair in self.names],
            "keyUsages": list(self.key_usages),
            "extendedKeyUsages": list(self.extended_key_usages),
            "key": self.key,
            "challenge": self.challenge,
            "digest": self.digest,
            "isAuthority": self.is_authority,
        }


def asked(request: ScepRequest, *, challenge: str) -> DeviceRequest:
    """Return the request that a challenge is for."""
    return DeviceRequest(
        subject=request.subject,
        names=request.names,
        key_usages=tuple(USAGES[word] for word in request.key_usages),
        extended_key_usages=request.extended_key_usages,
        key=f"rsa{request.key_size or 2048}",
        challenge=challenge,
    )


def differing(case: str, good: DeviceRequest) -> DeviceRequest | None:
    """Return the request of a case, which differs in one thing; None if the profile asks for nothing that could."""
    return _DIFFERENCES[case](good)


def is_difference(case: str) -> bool:
    """Whether a case is about a request that differs."""
    return case in _DIFFERENCES


def _other_names(good: DeviceRequest) -> DeviceRequest | None:
    return replace(good, names=tuple((kind, _other(value)) for kind, value in good.names)) if good.names else None


def _other(value: str) -> str:
    """Another value of the same kind: an address, a name of a host or a URI stays one."""
    scheme, separator, rest = value.partition("://")
    return f"{scheme}://other.{rest}" if separator else f"other.{value}"


def _more_names(good: DeviceRequest) -> DeviceRequest:
    return replace(good, names=(*good.names, ("emailAddress", "somebody.else@elsewhere.example")))


def _other_usage(good: DeviceRequest) -> DeviceRequest | None:
    others = tuple(word for word in USAGES.values() if word not in good.key_usages) or good.key_usages[:1]
    return replace(good, key_usages=others) if good.key_usages else None


def _key_of(good: DeviceRequest, *, smaller: bool) -> DeviceRequest | None:
    size = int(good.key.removeprefix("rsa"))
    # cryptography makes no key of fewer than 1024 bits.
    other = (2048 if size > 2048 else 1024) if smaller else 3072 if size < 3072 else size + 1024
    return None if other == size else replace(good, key=f"rsa{other}")


def _other_extended(good: DeviceRequest) -> DeviceRequest:
    other = _SERVER if _SERVER not in good.extended_key_usages else _CLIENT
    return replace(good, extended_key_usages=(other,))


def _changed(good: DeviceRequest) -> DeviceRequest:
    """The challenge with another byte near its end, where its signature is."""
    text = good.challenge or ""
    at = len(text) - 40
    return replace(good, challenge=f"{text[:at]}{'A' if text[at] != 'A' else 'B'}{text[at + 1 :]}")


_DIFFERENCES: Mapping[str, Callable[[DeviceRequest], DeviceRequest | None]] = {
    "subject-other": lambda good: replace(good, subject="CN=somebody else"),
    "subject-missing": lambda good: replace(good, subject="") if good.subject else None,
    "san-other": _other_names,
    "san-more": _more_names,
    "san-missing": lambda good: replace(good, names=()) if good.names else None,
    "key-usage": _other_usage,
    "key-small": lambda good: _key_of(good, smaller=True),
    "key-large": lambda good: _key_of(good, smaller=False),
    "key-ec": lambda good: replace(good, key="ec256"),
    "eku-other": _other_extended,
    "eku-missing": lambda good: replace(good, extended_key_usages=()) if good.extended_key_usages else None,
    "extension-more": lambda good: replace(good, is_authority=True),
    "hash-sha1": lambda good: replace(good, digest="sha1"),
    "challenge-missing": lambda good: replace(good, challenge=None),
    "challenge-garbage": lambda good: replace(good, challenge="not a challenge!"),
    "challenge-changed": _changed,
    "challenge-huge": lambda good: replace(good, challenge="QUFB" * (_HUGE // 4)),
}
