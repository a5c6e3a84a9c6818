"""The state of a session between its messages: which status belongs to which step.

A step has several commands; a status names its command by MsgID and CmdID (OMA-DM: MsgRef, CmdRef). The state is stored
with the enrolment, so that it survives restarts; a new session drops all but the installed thumbprints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import orjson

from fauxtune.core.model.actions import StepKind
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.checkin.steps import Result, StepResult
from fauxtune.surfaces.devices.windows import scep
from fauxtune.surfaces.devices.windows.csp import EVERYTHING
from fauxtune.surfaces.devices.windows.messages.syncml import Command, Item, Message, Placed
from fauxtune.surfaces.devices.windows.status_mapping import ANY, DETAIL, PART, CommandResponse, step_result

#: In the data of an answer: the enrolled user was logged in when the device gave it.
USER_IS_HERE = "userIsHere"
#: The most nodes of one answer that are read, and the most characters of one.
_MOST_ROWS, _LONGEST_ROW = 64, 2048


@dataclass(slots=True)
class Pending:
    """A step in progress. `responses` has an entry for each of its commands, in order; `item` and `name` belong to an
    identity that is being installed: its thumbprint, or (SCEP) the node of its request.
    """

    kind: StepKind
    responses: list[CommandResponse]
    item: str = ""
    name: str = ""

    @property
    def is_answered(self) -> bool:
        """Whether the device has answered every command that counts."""
        return all(response.status is not None or response.role in (ANY, PART, DETAIL) for response in self.responses)


@dataclass(slots=True)
class State:
    """The session of one device. `sent`: the step and the index of its command by "MsgID/CmdID"; `unsent`: commands for
    which no message had room yet; `given`: the thumbprints (of SCEP: the nodes) under which an item was installed;
    `outdated`: those that were replaced and are still to be deleted on the device.
    """

    session: str = ""
    message: int = 0
    sent: dict[str, tuple[str, int]] = field(default_factory=dict)
    steps: dict[str, Pending] = field(default_factory=dict)
    unsent: list[tuple[str, int, Command]] = field(default_factory=list)
    given: dict[str, list[str]] = field(default_factory=dict)
    user_is_here: bool = False
    outdated: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, stored: JsonObject) -> State:
        """Read a stored state."""
        return cls(
            session=stored.get("session", ""),
            message=stored.get("message", 0),
            sent={key: (step, place) for key, (step, place) in stored.get("sent", {}).items()},
            steps={key: _pending(pending) for key, pending in stored.get("steps", {}).items()},
            unsent=[(step, place, Command.of(command)) for step, place, command in stored.get("unsent", ())],
            given={key: list(thumbprints) for key, thumbprints in stored.get("given", {}).items()},
            user_is_here=stored.get("userIsHere", False),
            outdated=list(stored.get("outdated", ())),
        )

    def document(self) -> JsonObject:
        """Write the state for storage."""
        return {
            "session": self.session,
            "message": self.message,
            "sent": {key: list(command) for key, command in self.sent.items()},
            "steps": {key: _document(pending) for key, pending in self.steps.items()},
            "unsent": [[step, place, command.document()] for step, place, command in self.unsent],
            "given": self.given,
            "userIsHere": self.user_is_here,
            "outdated": self.outdated,
        }

    def begins(self, message: Message) -> bool:
        """Whether this message opens a session, also by repeating a MsgID whose answer did not arrive."""
        return message.session != self.session or message.number <= self.message

    def begin(self, message: Message) -> None:
        """Begin a session: the steps of the one before are dropped. A repeated message does not change who is logged
        in.
        """
        if message.session != self.session or message.number == 1:
            self.user_is_here = False
        self.session, self.sent, self.steps, self.unsent = message.session, {}, {}, []

    def await_step(self, step: str, pending: Pending, *, commands: tuple[Command, ...]) -> None:
        """Note a step whose commands are to be sent."""
        self.steps[step] = pending
        place = 0
        for command in commands:
            self.unsent.append((step, place, command))
            for part in (command, *command.parts):
                pending.responses.append(CommandResponse(part.role, part.uri, None))
                place += 1
        if pending.name:
            names = self.given.setdefault(pending.item, [])
            if pending.name not in names:
                names.append(pending.name)

    def note_sent(self, step: str, placed: Placed, *, place: int) -> None:
        """Note the CmdIDs of a command in the answer to the current message."""
        for offset, number in enumerate((placed.id, *(number for _, number in placed.parts))):
            self.sent[f"{self.message}/{number}"] = (step, place + offset)

    def apply(self, message: Message) -> list[StepResult]:
        """Apply the message's Status and Results elements; return the results of the steps that are answered by now.
        Answers to unknown commands are ignored.
        """
        for results in message.results:
            data = next((item.data for item in results.items), "")
            self._note(results.message, results.command, data=data, below=results.items)
        for status in message.statuses:
            self._note(status.message, status.command, code=status.code)
        answered = [step for step, pending in self.steps.items() if pending.is_answered and not self._has_unsent(step)]
        return [self._result(step) for step in answered]

    def _note(
        self,
        message: str,
        command: str,
        *,
        code: int | None = None,
        data: str | None = None,
        below: Sequence[Item] = (),
    ) -> None:
        step, place = self.sent.get(f"{message}/{command}", ("", 0))
        pending = self.steps.get(step)
        if pending is None:
            return
        response = pending.responses[place]
        if data is not None and response.uri.endswith(EVERYTHING):
            data = _rows(below, of_requests=scep.is_question(response.uri))
        pending.responses[place] = replace(
            response,
            status=response.status if code is None else code,
            data=response.data if data is None else data,
        )

    def _has_unsent(self, step: str) -> bool:
        """Whether the step has commands that were not sent yet."""
        return any(unsent == step for unsent, _, _ in self.unsent)

    def _result(self, step: str) -> StepResult:
        pending = self.steps.pop(step)
        self.sent = {key: command for key, command in self.sent.items() if command[0] != step}
        result = step_result(step, pending.responses, kind=pending.kind)
        if pending.kind is StepKind.QUESTION and result.data is not None:
            for item, (last, former) in scep.replaced(result.data, self.given).items():
                self.outdated, self.given[item] = [*self.outdated, *former], [last]
            if self.user_is_here:
                return replace(result, data={**result.data, USER_IS_HERE: True})
        if result.result is Result.DONE and pending.kind is StepKind.REMOVE:
            self.given.pop(pending.item, None)
        elif result.result is Result.DONE and pending.name and not scep.is_node(pending.name):
            self.outdated += [name for name in self.given.get(pending.item, ()) if name != pending.name]
            self.given[pending.item] = [pending.name]
        return result


def _rows(items: Sequence[Item], *, of_requests: bool = False) -> str:
    """The nodes of an answer to a Get of everything below a node, by address, as JSON text; of requests by SCEP only
    those that the service reads.
    """
    if of_requests:
        items = [item for item in items if item.source.rpartition("/")[2] in scep.LEAVES]
    rows = {item.source: item.data for item in items[:_MOST_ROWS] if len(item.source) + len(item.data) <= _LONGEST_ROW}
    return orjson.dumps(rows).decode()


def _document(pending: Pending) -> JsonObject:
    responses = [[one.role, one.uri, one.status, one.data] for one in pending.responses]
    return {"kind": pending.kind.value, "said": responses, "item": pending.item, "thumbprint": pending.name}


def _pending(stored: JsonObject) -> Pending:
    return Pending(
        kind=StepKind(stored["kind"]),
        responses=[CommandResponse(role, uri, status, data) for role, uri, status, data in stored["said"]],
        item=stored["item"],
        name=stored["thumbprint"],
    )
