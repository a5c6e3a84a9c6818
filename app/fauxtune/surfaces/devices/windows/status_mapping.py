"""What became of a step whose commands are all answered. OMA-DM 1.2 RepPro 10 (status codes); MS-MDM.

Errors are Graph's numbers: 0x87D10000 with the SyncML status in it (Intune: "Troubleshoot policies": error codes). The
role of a command says what its status means for the step; the wire does not know it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fauxtune.core.engine.planning.steps import StepKind
from fauxtune.core.model.items import REMEDIATION_FAILED, Problem
from fauxtune.operations.checkin.steps import Result, StepResult

MUST = "must"  # any failure is the step's
THERE = "there"  # that it is there already is as good
GONE = "gone"  # that it is not there is as good
ATOMIC = "atomic"  # all of its parts, or none
PART = "part"  # of an Atomic
ANY = "any"  # whatever comes of it
ASK = "ask"  # a Get whose answer is wanted
DETAIL = "detail"  # a Get that says more about a failure

_SUCCESS, _NOT_FOUND, _THERE_ALREADY = 200, 404, 418
#: The device has no such node or command. (405 is what it will not do as things are: to lock itself without a PIN.)
_UNKNOWN = frozenset({404, 406, 501})
#: What an Atomic's parts say of themselves when another one failed.
_BYSTANDERS = frozenset({214, 215, 216})
_SYNCML_ERRORS = 0x87D10000


@dataclass(frozen=True, slots=True)
class Said:
    """The answer to one command: what it was, its status (None: none came), and what a Get found."""

    role: str
    uri: str
    status: int | None
    data: str | None = None


def error_code(status: int) -> int:
    """Graph's number of a SyncML status: a signed 32-bit number."""
    return (_SYNCML_ERRORS | status) - (1 << 32)


def verdict(step: str, said: Sequence[Said], *, kind: StepKind) -> StepResult:
    """How the step went."""
    if kind is StepKind.QUESTION:
        return _found(step, said)
    failure = next((each for each in said if _failed(each)), None)
    if failure is None:
        return StepResult(step, Result.DONE)
    if kind is StepKind.ACTION and failure.status in _UNKNOWN:
        return StepResult(step, Result.UNSUPPORTED, problem=_problem(failure, said))
    return StepResult(step, Result.REFUSED, problem=_problem(failure, said))


def too_large(step: str, *, largest: int) -> StepResult:
    """A command that no message to the device has room for."""
    why = f"It does not fit into a message to this device, which takes {largest} bytes (SyncML status 413)."
    return StepResult(step, Result.REFUSED, problem=Problem(error_code(413), why))


def _succeeded(status: int | None) -> bool:
    return status is not None and 200 <= status < 300 and status not in _BYSTANDERS


def _failed(each: Said) -> bool:
    if each.role in (ANY, PART, DETAIL, ASK):
        return False
    as_good = {THERE: _THERE_ALREADY, GONE: _NOT_FOUND}.get(each.role, _SUCCESS)
    return not _succeeded(each.status) and each.status != as_good


def _problem(failure: Said, said: Sequence[Said]) -> Problem:
    """The part that failed says more than the Atomic around it; the provider's own status says it in its words."""
    cause = failure
    if failure.role == ATOMIC:
        parts = (each for each in said if each.role == PART and each.status is not None)
        cause = next(
            (each for each in parts if not _succeeded(each.status) and each.status not in _BYSTANDERS), failure
        )
    if cause.status is None:
        return Problem(REMEDIATION_FAILED, "The device did not say what became of it.")
    where = f" at {cause.uri}" if cause.uri else ""
    words = f"The device refused it (SyncML status {cause.status}{where})"
    hresult = next((found for each in said if (found := _hresult(each))), None)
    return Problem(error_code(cause.status), f"{words}: 0x{hresult:08X}." if hresult else f"{words}.")


def _hresult(each: Said) -> int | None:
    """The Windows error in the provider's Status node, in decimal or hexadecimal."""
    if each.role != DETAIL or not each.data:
        return None
    try:
        return int(each.data.strip(), 0) & 0xFFFFFFFF
    except ValueError:
        return None


def _found(step: str, said: Sequence[Said]) -> StepResult:
    """What a question's Gets found. An inner node that is not there (404) has no children.

    OMA-DM 1.2 RepPro (Get, Results): what a Get finds comes in Results. A status of success without them says nothing
    of what is there: the device cannot tell, like one that does not know the question. Some test clients answer every
    command with 200 alone.
    """
    values = {each.uri: each.data for each in said if _succeeded(each.status) and each.data is not None}
    if not values and all(each.status != _NOT_FOUND for each in said):
        return StepResult(step, Result.UNSUPPORTED)
    data: Mapping[str, Any] = {"values": values, "children": next(iter(values.values()), "")}
    return StepResult(step, Result.DONE, data=dict(data))
