"""What the server remembers between the messages of a session: which answer belongs to which step.

A step is several commands, an answer names a command by the message and the CmdID that it had (OMA-DM: MsgRef, CmdRef).
Kept with the enrolment, so that it outlives requests and restarts; a new session forgets all but what a device was
given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fauxtune.core.engine.planning.steps import StepKind
from fauxtune.operations.checkin.steps import Result, StepResult
from fauxtune.surfaces.devices.windows.messages.syncml import Command, Message, Placed
from fauxtune.surfaces.devices.windows.status_mapping import ANY, DETAIL, PART, Said, verdict

Json = dict[str, Any]


@dataclass(slots=True)
class Pending:
    """A step under way. `said` has an entry for each of its commands, in order; `item` and `thumbprint` are of an
    identity that is installed.
    """

    kind: StepKind
    said: list[Said]
    item: str = ""
    thumbprint: str = ""

    @property
    def is_over(self) -> bool:
        """Has every command that counts been answered?"""
        return all(each.status is not None or each.role in (ANY, PART, DETAIL) for each in self.said)


@dataclass(slots=True)
class State:
    """The session of one device. `sent`: "MsgID/CmdID" -> the step and which of its commands; `unsent`: commands that
    had no room yet; `given`: under which thumbprints the device was given an item; `outdated`: those among them that
    another has taken the place of, until the device is told.
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
    def of(cls, kept: Json) -> State:
        """As it was kept. What cannot be read as such was never written by us."""
        return cls(
            session=kept.get("session", ""),
            message=kept.get("message", 0),
            sent={key: (step, place) for key, (step, place) in kept.get("sent", {}).items()},
            steps={key: _pending(each) for key, each in kept.get("steps", {}).items()},
            unsent=[(step, place, Command.of(each)) for step, place, each in kept.get("unsent", ())],
            given={key: list(each) for key, each in kept.get("given", {}).items()},
            user_is_here=kept.get("userIsHere", False),
            outdated=list(kept.get("outdated", ())),
        )

    def document(self) -> Json:
        """As it is kept."""
        return {
            "session": self.session,
            "message": self.message,
            "sent": {key: list(each) for key, each in self.sent.items()},
            "steps": {key: _kept(each) for key, each in self.steps.items()},
            "unsent": [[step, place, each.document()] for step, place, each in self.unsent],
            "given": self.given,
            "userIsHere": self.user_is_here,
            "outdated": self.outdated,
        }

    def begins(self, message: Message) -> bool:
        """Does this message open a session? Also one that repeats a number: its answer did not arrive."""
        return message.session != self.session or message.number <= self.message

    def begin(self, message: Message) -> None:
        """A new session: nothing of the one before is awaited any more. Where a message only came again, who is logged
        in was said before.
        """
        if message.session != self.session or message.number == 1:
            self.user_is_here = False
        self.session, self.sent, self.steps, self.unsent = message.session, {}, {}, []

    def await_step(self, step: str, pending: Pending, *, commands: tuple[Command, ...]) -> None:
        """The step goes out, as these commands."""
        self.steps[step] = pending
        place = 0
        for command in commands:
            self.unsent.append((step, place, command))
            for each in (command, *command.parts):
                pending.said.append(Said(each.role, each.uri, None))
                place += 1
        if pending.thumbprint:
            known = self.given.setdefault(pending.item, [])
            if pending.thumbprint not in known:
                known.append(pending.thumbprint)

    def note_sent(self, step: str, placed: Placed, *, place: int) -> None:
        """The command stands in the answer to the message at hand, under these numbers."""
        for offset, number in enumerate((placed.id, *(number for _, number in placed.parts))):
            self.sent[f"{self.message}/{number}"] = (step, place + offset)

    def hear(self, message: Message) -> list[StepResult]:
        """Take in statuses and results; the answers of the steps that are over by them. What answers no command of
        ours is ignored.
        """
        for results in message.results:
            data = next((each.data for each in results.items), "")
            self._note(results.message, results.command, data=data)
        for status in message.statuses:
            self._note(status.message, status.command, code=status.code)
        over = [step for step, each in self.steps.items() if each.is_over and not self._waits(step)]
        return [self._concluded(step) for step in over]

    def _note(self, message: str, command: str, *, code: int | None = None, data: str | None = None) -> None:
        step, place = self.sent.get(f"{message}/{command}", ("", 0))
        pending = self.steps.get(step)
        if pending is None:
            return
        said = pending.said[place]
        status = said.status if code is None else code
        pending.said[place] = Said(said.role, said.uri, status, said.data if data is None else data)

    def _waits(self, step: str) -> bool:
        """Has the step commands that were not sent yet?"""
        return any(each == step for each, _, _ in self.unsent)

    def _concluded(self, step: str) -> StepResult:
        pending = self.steps.pop(step)
        self.sent = {key: each for key, each in self.sent.items() if each[0] != step}
        answered = verdict(step, pending.said, kind=pending.kind)
        if answered.result is Result.DONE and pending.kind is StepKind.REMOVE:
            self.given.pop(pending.item, None)
        elif answered.result is Result.DONE and pending.thumbprint:
            self.outdated += [each for each in self.given.get(pending.item, ()) if each != pending.thumbprint]
            self.given[pending.item] = [pending.thumbprint]
        return answered


def _kept(pending: Pending) -> Json:
    said = [[each.role, each.uri, each.status, each.data] for each in pending.said]
    return {"kind": pending.kind.value, "said": said, "item": pending.item, "thumbprint": pending.thumbprint}


def _pending(kept: Json) -> Pending:
    return Pending(
        kind=StepKind(kept["kind"]),
        said=[Said(role, uri, status, data) for role, uri, status, data in kept["said"]],
        item=kept["item"],
        thumbprint=kept["thumbprint"],
    )
