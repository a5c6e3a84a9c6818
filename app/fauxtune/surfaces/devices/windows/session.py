"""One exchange of an OMA-DM session: what the device says comes in, what it is told goes out.

MS-MDM 3; OMA-DM Protocol 8.

A session is over when an answer has nothing but statuses in it. One that stops half way is taken up by the next: what
was told and not answered is told again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fauxtune.core.engine.planning.steps import StepKind
from fauxtune.core.model.platforms import FACTS
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin import stepwise
from fauxtune.operations.checkin.steps import Exchange, Result, Step, StepResult
from fauxtune.operations.checkin.stepwise import converse
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.devices.windows_enrollment import leave
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.queries.devices import wire_state
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.surfaces.devices.windows import translate
from fauxtune.surfaces.devices.windows.csp import TREES
from fauxtune.surfaces.devices.windows.messages import syncml
from fauxtune.surfaces.devices.windows.messages.syncml import Message, Reply
from fauxtune.surfaces.devices.windows.session_state import Pending, State
from fauxtune.surfaces.devices.windows.status_mapping import too_large
from fauxtune.surfaces.devices.windows.translate import TranslationContext, WindowsAdapter

WIRE = WindowsAdapter()
#: Steps in one message, if there is room: so many that a device settles in few, so few that none is long to answer.
STEPS = 24


async def exchange(emulator: Emulator, tenant: Tenant, *, enrollment: EnrollmentRow, message: Message) -> bytes:
    """The answer to a device's message. EnrollmentEnded where it is none of ours any more."""
    assert enrollment.credential_digest is not None
    caller = DeviceCaller(enrollment.id, enrollment.credential_digest)
    async with emulator.turns.of(f"{caller.enrollment_id}/session"):
        if message.alerted(syncml.GENERIC_ALERT, syncml.UNENROLLED) is not None:
            await emulator.runner.run(tenant, leave, caller)
            return _reply(message, begins=True).document()
        return await _Exchange(emulator, tenant, caller=caller, enrollment=enrollment).of(message)


def refused(message: Message, code: int) -> bytes:
    """A session that is not held: the header's status says why."""
    return Reply(message, header_status=code).document()


def _reply(message: Message, *, begins: bool) -> Reply:
    reply = Reply(message, header_status=syncml.AUTHENTICATED if begins else syncml.OK)
    reply.statuses()
    return reply


class _Exchange:
    """One message and its answer."""

    def __init__(self, emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, enrollment: EnrollmentRow) -> None:
        self._emulator = emulator
        self._tenant = tenant
        self._caller = caller
        self._variant = enrollment.variant

    async def of(self, message: Message) -> bytes:
        run = self._emulator.runner.run
        kept = await self._emulator.runner.read(wire_state, self._caller.enrollment_id)
        state = State.of(kept)
        begins = state.begins(message)
        if begins:
            state.begin(message)
        state.message = message.number
        self._note_login(state, message, begins=begins)
        answers = state.hear(message)
        if any(each.name == "Alert" and each.data == syncml.ABORT for each in message.commands):
            state.begin(message)
        elif message.alerted(syncml.CLIENT_EVENT, syncml.STILL_BUSY) is None or answers or begins:
            await self._talk(state, message, begins=begins, answers=answers)
        reply = _reply(message, begins=begins)
        self._put(state, reply)
        # A session in which nothing is said leaves nothing to remember.
        if state.sent or state.unsent or not begins:
            kept |= state.document()
            await run(self._tenant, stepwise.set_wire_state, self._caller.enrollment_id, state=kept)
        return reply.document()

    def _note_login(self, state: State, message: Message, *, begins: bool) -> None:
        """The user's nodes are there while the user is logged in. A phone has one user, who always is."""
        said = message.alerted(syncml.CLIENT_EVENT, syncml.LOGIN_STATUS)
        if said is not None:
            state.user_is_here = said.lower() == "user"
        elif begins and FACTS[self._variant].device_type == "windowsPhone":
            state.user_is_here = True

    async def _talk(self, state: State, message: Message, *, begins: bool, answers: Sequence[StepResult]) -> None:
        """Hand on what the device said and take up its next steps. What cannot be told is answered at once."""
        while True:
            talk = Exchange(self._caller, begins=begins, adapter=WIRE, results=tuple(answers), limit=STEPS)
            steps = await converse(self._emulator, self._tenant, exchange=talk)
            around = await self._surroundings(steps, state)
            answers = [found for step in steps if (found := self._taken(state, message, step=step, around=around))]
            begins = False
            if not answers:
                return

    def _taken(self, state: State, message: Message, *, step: Step, around: TranslationContext) -> StepResult | None:
        """The step's commands wait for a message; or the step's answer, where the device cannot be told."""
        told = translate.commands(step, around)
        if not told:
            return StepResult(step.id, Result.UNSUPPORTED)
        if translate.needs_user(told) and not state.user_is_here:
            return StepResult(step.id, Result.LATER)
        reply = Reply(message, header_status=syncml.OK)
        if not all(reply.fits_alone(each) for each in told):
            return too_large(step.id, largest=message.largest)
        row = None if step.item is None else step.item.row
        renewable = row is not None and row.source is Source.PKCS
        pending = Pending(step.kind, [], item=row.key if row is not None and renewable else "")
        if row is not None and renewable and step.kind is StepKind.INSTALL:
            pending.thumbprint = (row.thumbprint or "").upper()
        state.await_step(step.id, pending, commands=told)
        return None

    async def _surroundings(self, steps: Sequence[Step], state: State) -> TranslationContext:
        wanted = {claim.profile for step in steps if step.item is not None for claim in step.item.row.claims}
        found: dict[str, dict[str, Any]] = {}
        if wanted:
            read = self._emulator.runner.read
            found = await read(queries.profiles_by_id, self._tenant.id, ids={str(each) for each in wanted})
        return TranslationContext(
            self._variant,
            self._tenant.edition,
            profiles={key: each["document"] for key, each in found.items()},
            given={key: tuple(each) for key, each in state.given.items()},
        )

    def _put(self, state: State, reply: Reply) -> None:
        """Put into the answer what there is room for."""
        tree = TREES[self._variant]
        state.unsent += [("", 0, each) for each in translate.forget(tree, state.outdated)]
        state.outdated = []
        while state.unsent:
            step, place, command = state.unsent[0]
            placed = reply.add(command)
            if placed is None:
                return
            state.unsent.pop(0)
            if step:
                state.note_sent(step, placed, place=place)
