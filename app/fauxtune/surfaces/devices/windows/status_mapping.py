"""From the statuses of a step's commands to its result, and to what an action brought back by the names of Graph.

OMA-DM 1.2 RepPro 10 (status codes); MS-MDM; RemoteFind CSP. Errors are Graph's codes: 0x87D10000 with the SyncML status
in it (Intune: "Troubleshoot policies": error codes). The role of a command says what its status means for the step; it
is not part of the message.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fauxtune.core.model.actions import StepKind, is_on_earth
from fauxtune.core.model.items import REMEDIATION_FAILED, Problem
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.checkin.steps import Result, StepResult

MUST = "must"  # its failure is a failure of the step
THERE = "there"  # "already exists" counts as success
GONE = "gone"  # "not found" counts as success
ATOMIC = "atomic"  # all of its parts, or none
PART = "part"  # of an Atomic
ANY = "any"  # its status does not matter
ASK = "ask"  # a Get whose data is the answer
DETAIL = "detail"  # a Get that explains a failure

_SUCCESS, _NOT_FOUND, _THERE_ALREADY = 200, 404, 418
#: The device has no such node or command. (405: it cannot do it at present, such as to lock itself without a PIN.)
_UNKNOWN = frozenset({404, 406, 501})
#: Statuses of an Atomic's parts when another part failed.
_ROLLED_BACK = frozenset({214, 215, 216})
_SYNCML_ERRORS = 0x87D10000
#: The nodes of a position, and their names in Graph's deviceGeoLocation. The first two are required.
POSITION = {
    "Latitude": "latitude",
    "Longitude": "longitude",
    "Altitude": "altitude",
    "Accuracy": "horizontalAccuracy",
    "AltitudeAccuracy": "verticalAccuracy",
}


@dataclass(frozen=True, slots=True)
class CommandResponse:
    """The device's answer to one command: the status (None: none was sent) and the data of a Get's Results."""

    role: str
    uri: str
    status: int | None
    data: str | None = None


def error_code(status: int) -> int:
    """Return Graph's error code of a SyncML status: a signed 32-bit number."""
    return (_SYNCML_ERRORS | status) - (1 << 32)


def step_result(step: str, responses: Sequence[CommandResponse], *, kind: StepKind) -> StepResult:
    """Return the result of a step from the responses to its commands, in their order."""
    if kind in (StepKind.QUESTION, StepKind.LIST_APPS):
        return _answer(step, responses)
    failure = next((response for response in responses if _failed(response)), None)
    if failure is None:
        return StepResult(step, Result.DONE, data=_brought(responses) if kind is StepKind.ACTION else None)
    if kind is StepKind.ACTION and failure.status in _UNKNOWN:
        return StepResult(step, Result.UNSUPPORTED, problem=_problem(failure, responses))
    return StepResult(step, Result.REFUSED, problem=_problem(failure, responses))


def _brought(responses: Sequence[CommandResponse]) -> JsonObject | None:
    """What the Gets of an action brought back."""
    return action_answer({response.uri: response.data for response in responses if response.data is not None})


def too_large(step: str, *, largest: int) -> StepResult:
    """Return the result of a step with a command that is too large for any message to the device."""
    why = f"It does not fit into a message to this device, which takes {largest} bytes (SyncML status 413)."
    return StepResult(step, Result.REFUSED, problem=Problem(error_code(413), why))


def _succeeded(status: int | None) -> bool:
    return status is not None and 200 <= status < 300 and status not in _ROLLED_BACK


def _failed(response: CommandResponse) -> bool:
    if response.role in (ANY, PART, DETAIL, ASK):
        return False
    accepted = {THERE: _THERE_ALREADY, GONE: _NOT_FOUND}.get(response.role, _SUCCESS)
    return not _succeeded(response.status) and response.status != accepted


def _problem(failure: CommandResponse, responses: Sequence[CommandResponse]) -> Problem:
    """The part that failed is more precise than the Atomic around it; the provider's Status node has the Windows
    error.
    """
    cause = failure
    if failure.role == ATOMIC:
        parts = (response for response in responses if response.role == PART and response.status is not None)
        failed = (part for part in parts if not _succeeded(part.status) and part.status not in _ROLLED_BACK)
        cause = next(failed, failure)
    if cause.status is None:
        return Problem(REMEDIATION_FAILED, "The device did not report a status for it.")
    where = f" at {cause.uri}" if cause.uri else ""
    text = f"The device refused it (SyncML status {cause.status}{where})"
    hresult = next((code for response in responses if (code := _hresult(response))), None)
    return Problem(error_code(cause.status), f"{text}: 0x{hresult:08X}." if hresult else f"{text}.")


def _hresult(response: CommandResponse) -> int | None:
    """The Windows error in the provider's Status node, in decimal or hexadecimal."""
    if response.role != DETAIL or not response.data:
        return None
    try:
        return int(response.data.strip(), 0) & 0xFFFFFFFF
    except ValueError:
        return None


def _answer(step: str, responses: Sequence[CommandResponse]) -> StepResult:
    """The data of a question's Gets. An inner node that does not exist (404) has no children.

    OMA-DM 1.2 RepPro (Get, Results): the data of a Get comes in Results. Success without Results says nothing about the
    node, so the question counts as unsupported. Some test clients answer every command only with 200.
    """
    values = {
        response.uri: response.data
        for response in responses
        if _succeeded(response.status) and response.data is not None
    }
    if not values and all(response.status != _NOT_FOUND for response in responses):
        return StepResult(step, Result.UNSUPPORTED)
    data: Mapping[str, Any] = {"values": values, "children": next(iter(values.values()), "")}
    return StepResult(step, Result.DONE, data=dict(data))


def action_answer(values: Mapping[str, str]) -> JsonObject | None:
    """Return what an action brought back, from the data of its nodes by their addresses; None if it is nothing."""
    location = {}
    for uri, data in values.items():
        parent, _, leaf = uri.rpartition("/")
        number = _finite_number(data)
        if parent.endswith("/RemoteFind/Location") and leaf in POSITION and number is not None:
            location[POSITION[leaf]] = number
    return {"location": location} if is_on_earth(location) else None


def _finite_number(data: str) -> float | None:
    try:
        number = float(data)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
