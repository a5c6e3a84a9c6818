"""One exchange of an OMA-DM session: a message of the device and its answer.

MS-MDM 3; OMA-DM Protocol 8.

A session ends with an answer that has only statuses. The next session continues one that broke off: commands without a
status are sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from fauxtune.core.model.actions import StepKind
from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.model.platforms import FACTS
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.checkin.steps import AppDelivery, Exchange, Result, Step, StepResult
from fauxtune.operations.checkin.stepwise import converse
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.devices.log_collections import upload_address
from fauxtune.operations.devices.windows import leave
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.visits.left import in_conversation, set_wire_state
from fauxtune.operations.visits.situations import claiming
from fauxtune.storage.queries.devices import wire_state
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.surfaces.devices.windows import apps, translate
from fauxtune.surfaces.devices.windows.adapter import WindowsAdapter
from fauxtune.surfaces.devices.windows.csp import TREES
from fauxtune.surfaces.devices.windows.messages import syncml
from fauxtune.surfaces.devices.windows.messages.syncml import Message, Reply
from fauxtune.surfaces.devices.windows.session_state import Pending, State
from fauxtune.surfaces.devices.windows.status_mapping import too_large
from fauxtune.surfaces.devices.windows.translate import TranslationContext

ADAPTER = WindowsAdapter()
#: The most steps in one message: enough that a device needs few messages, and few enough to be answered quickly.
STEPS = 24


async def exchange(
    emulator: Emulator, tenant: Tenant, *, enrollment: EnrollmentRow, message: Message, by_user: bool = False
) -> bytes:
    """Return the answer to a device's message. `by_user`: its user began the session. Raises EnrollmentEnded if its
    enrolment has ended.
    """
    assert enrollment.credential_digest is not None
    caller = DeviceCaller(enrollment.id, enrollment.credential_digest)
    async with emulator.turns.across(session_turn(caller.enrollment_id)):
        if message.alerted(syncml.GENERIC_ALERT, syncml.UNENROLLED) is not None:
            await emulator.runner.run(tenant, leave, caller)
            return _reply(message, begins=True).document()
        one = _Exchange(emulator, tenant, caller=caller, enrollment=enrollment, by_user=by_user)
        return await one.of(message)


def session_turn(enrollment: EnrollmentId) -> str:
    """Return the name of the turn in which a message of a device is answered: what is stored of its session is read at
    the beginning and written at the end.
    """
    return f"{enrollment}/session"


def refused(message: Message, code: int, *, why: str) -> bytes:
    """Return the answer that refuses a session: the status of SyncHdr, and in its Item the reason in words (OMA DM
    Representation Protocol 1.2, 6.5: an Item of a Status has more about it).
    """
    return Reply(message, header_status=code, why=why).document()


def _origin(message: Message) -> str:
    """The origin at which the device reaches the server: that of the address to which it sent the message."""
    parts = urlsplit(message.target)
    return f"{parts.scheme}://{parts.netloc}"


def _reply(message: Message, *, begins: bool) -> Reply:
    reply = Reply(message, header_status=syncml.AUTHENTICATED if begins else syncml.OK)
    reply.statuses()
    return reply


class _Exchange:
    """One message and its answer."""

    def __init__(
        self, emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, enrollment: EnrollmentRow, by_user: bool
    ) -> None:
        self._emulator = emulator
        self._tenant = tenant
        self._caller = caller
        self._variant = enrollment.variant
        self._by_user = by_user

    async def of(self, message: Message) -> bytes:
        run = self._emulator.runner.run_check_in
        stored = await self._stored()
        state = State.of(stored)
        begins = state.begins(message)
        if begins:
            state.begin(message)
        state.message = message.number
        self._note_login(state, message, begins=begins)
        results = state.apply(message)
        if any(command.name == "Alert" and command.data == syncml.ABORT for command in message.commands):
            state.begin(message)
        elif message.alerted(syncml.CLIENT_EVENT, syncml.STILL_BUSY) is None or results or begins:
            await self._take_steps(state, message, begins=begins, results=results)
        reply = _reply(message, begins=begins)
        self._fill(reply, state)
        # A session without commands needs no state.
        if state.sent or state.unsent or not begins:
            stored |= state.document()
            await run(self._tenant, set_wire_state, self._caller, state=stored)
        return reply.document()

    async def _stored(self) -> JsonObject:
        runner = self._emulator.runner
        known = in_conversation(runner, self._tenant, credential=self._caller.credential)
        if known is not None:
            return dict(known.wire_state or {})
        return await runner.read(wire_state, self._caller.enrollment_id)

    def _note_login(self, state: State, message: Message, *, begins: bool) -> None:
        """Note whether the user's nodes exist: while the user is logged in. The one user of a phone always is."""
        login = message.alerted(syncml.CLIENT_EVENT, syncml.LOGIN_STATUS)
        if login is not None:
            state.user_is_here = login.lower() == "user"
        elif begins and FACTS[self._variant].device_type == "windowsPhone":
            state.user_is_here = True

    async def _take_steps(self, state: State, message: Message, *, begins: bool, results: Sequence[StepResult]) -> None:
        """Report the results, and take the next steps. Steps that cannot be sent get a result at once."""
        while True:
            exchange = Exchange(
                self._caller,
                begins=begins,
                adapter=ADAPTER,
                results=tuple(results),
                limit=STEPS,
                has_news=begins and self._by_user,
            )
            steps = (await converse(self._emulator, self._tenant, exchange=exchange)).steps
            context = await self._context(steps, state, origin=_origin(message))
            reply = Reply(message, header_status=syncml.OK)
            taken = [self._take(state, reply, step=step, context=context) for step in steps]
            results = [result for result in taken if result is not None]
            begins = False
            if not results:
                return

    def _take(self, state: State, reply: Reply, *, step: Step, context: TranslationContext) -> StepResult | None:
        """Queue the step's commands; or return its result if they cannot be sent."""
        commands = translate.commands(step, context)
        if not commands:
            return StepResult(step.id, Result.UNSUPPORTED)
        if translate.needs_user(commands) and not state.user_is_here:
            return StepResult(step.id, Result.LATER)
        if not all(reply.fits_alone(command) for command in commands):
            return too_large(step.id, largest=reply.largest)
        row = None if step.item is None else step.item.row
        is_renewable = row is not None and row.source in (Source.PKCS, Source.SCEP)
        pending = Pending(step.kind, [], item=row.key if row is not None and is_renewable else "")
        if row is not None and is_renewable and step.kind is StepKind.INSTALL:
            by_scep = row.source is Source.SCEP
            pending.name = translate.request_node(row, context) if by_scep else (row.thumbprint or "").upper()
        state.await_step(step.id, pending, commands=commands)
        return None

    async def _context(self, steps: Sequence[Step], state: State, *, origin: str) -> TranslationContext:
        ids = frozenset(claim.profile for step in steps if step.item is not None for claim in step.item.row.claims)
        profiles: Mapping[ProfileId, ProfileRow] = {}
        if ids:
            profiles = await self._emulator.runner.run_check_in(self._tenant, claiming, ids)
        return TranslationContext(
            self._variant,
            self._tenant.edition,
            profiles={key: profile.document for key, profile in profiles.items()},
            given={key: tuple(names) for key, names in state.given.items()},
            user_is_here=state.user_is_here,
            content_url=lambda app: f"{origin}{self._content_address(app)}",
            upload=lambda order: f"{origin}{upload_address(self._emulator.contents, self._tenant.id, order=order)}",
        )

    def _content_address(self, app: AppDelivery) -> str:
        now, contents = self._emulator.runner.now(self._tenant), self._emulator.contents
        return apps.content_address(app, tenant_id=self._tenant.id, contents=contents, now=now)

    def _fill(self, reply: Reply, state: State) -> None:
        """Add commands to the answer while there is room."""
        tree = TREES[self._variant]
        state.unsent += [("", 0, command) for command in translate.forget(tree, state.outdated)]
        state.outdated = []
        while state.unsent:
            step, place, command = state.unsent[0]
            placed = reply.add(command)
            if placed is None:
                return
            state.unsent.pop(0)
            if step:
                state.note_sent(step, placed, place=place)
