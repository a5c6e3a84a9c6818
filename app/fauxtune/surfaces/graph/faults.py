"""Faults of requests to Graph, and of the items of a batch: each is looked at by the tenant's rules, then answered.

Imported where a tenant has rules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote

import orjson

from fauxtune.core.errors import FauxtuneError, Invalid, NotFound
from fauxtune.core.faults.effects import Room
from fauxtune.core.faults.matching import ONLY, Occasion, names, parts_of
from fauxtune.core.faults.rule import Effect, Kind
from fauxtune.core.faults.stale import MISSING, Before, Seen, is_report, shows_before
from fauxtune.core.odata.describe.openapi import operation_id
from fauxtune.core.odata.paths.table import Match
from fauxtune.operations.arrangement.times import put_forward
from fauxtune.operations.runtime import fault_hits
from fauxtune.operations.runtime.dry_run import DryRunRunner, at_once, rolled_back
from fauxtune.operations.runtime.live_faults import LiveRule, Look, TenantFaults
from fauxtune.storage.database import Connection
from fauxtune.storage.past import Past
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.surfaces.graph import faulty_pages as pages
from fauxtune.surfaces.graph.call import Answer, Handler, Message, Sender
from fauxtune.surfaces.graph.errors import refusal
from fauxtune.surfaces.graph.fault_errors import ended_token, error_answer, expired_link, not_found
from fauxtune.surfaces.graph.routes import TABLES

_ROOMS = (Room.REQUEST, Room.GRAPH)
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Proceed(Protocol):
    """What answers a message as if there were no faults."""

    def __call__(self, message: Message, sender: Sender, *, match: Match[Handler]) -> Awaitable[Answer]:
        """Return the answer. Raises the error that stops it."""
        ...


async def answer_with_faults(message: Message, sender: Sender, *, match: Match[Handler], proceed: Proceed) -> Answer:
    """Return the answer, or what the tenant's faults make of it."""
    faults = sender.emulator.faults.of(sender.tenant.id)
    at = sender.emulator.runner.computer_time()
    is_batch = match.route.template == "$batch"
    if faults is None or (is_batch and not faults.has_ended(sender.principal.token_id, at=at)):
        # The items of a batch are looked at, each for itself.
        return await proceed(message, sender, match=match)
    occasion = await _occasion(message, sender, match=match, faults=faults)
    runner = sender.emulator.runner
    now = runner.now(sender.tenant)
    look = await faults.looked(
        occasion,
        now=now,
        at=at,
        who=sender.principal.client_id,
        rooms=() if is_batch else _ROOMS,
        kinds=(Kind.TOKEN_ENDS,) if is_batch else (),
    )
    hiding = [live for live in faults.rules if occasion.method in _WRITES and live.hides_changes(now)]
    turn = _Turn(message, sender, match=match, proceed=proceed, hiding=hiding)
    if hiding:
        read = replace(occasion, method="GET")
        turn.at_address = [live for live in hiding if live.looks_at(read, now)]
    if look.late and look.last is None:
        return await turn.late(look)
    if look.counts:
        await turn.note(look)
    await turn.jump(look)
    if look.hits:
        return await turn.struck(look)
    return await turn.carried_out()


async def _occasion(message: Message, sender: Sender, *, match: Match[Handler], faults: TenantFaults) -> Occasion:
    """Return the request as rules see it. Who is meant by it is looked up only if a rule names somebody."""
    path = unquote(message.path)
    devices, users = frozenset[str](), names(sender.principal.user_id)
    read, tenant_id = sender.emulator.runner.read, sender.tenant.id
    template = match.route.template.lower()
    key = next(iter(match.keys.values()), None)
    if faults.names_devices and key is not None and "manageddevices/{" in template:
        devices = await read(fault_hits.device_names, tenant_id, key=key)
    if faults.names_users:
        users |= await read(fault_hits.user_names, tenant_id, key=sender.principal.user_id)
        if key is not None and template.startswith("users/{"):
            users |= await read(fault_hits.user_names, tenant_id, key=key)
    return Occasion(
        surface="graph/batch" if sender.is_batched else "graph",
        method=message.method.upper(),
        path=path,
        devices=devices,
        users=users,
        application=sender.principal.client_id,
        operation=lambda: operation_id(match.route, version=message.version),
        traits=pages.traits_of(message, match.route),
        token=sender.principal.token_id,
    )


class _Turn:
    """One message whose answer is not the plain one."""

    def __init__(
        self,
        message: Message,
        sender: Sender,
        *,
        match: Match[Handler],
        proceed: Proceed,
        hiding: list[LiveRule],
    ) -> None:
        """`hiding`: the rules that may hide the change that the message makes."""
        #: Those of them that look at reads of the same address.
        self.at_address: list[LiveRule] = []
        self._hiding = hiding
        self._message = message
        self._sender = sender
        self._match = match
        self._proceed = proceed

    async def note(self, look: Look) -> None:
        """Write down what the rules did, before the client can know it."""
        message, sender = self._message, self._sender
        user = sender.principal.user_id
        where = {"method": message.method, "path": unquote(message.path), "application": sender.principal.client_id}
        await sender.emulator.runner.run(sender.tenant, fault_hits.note, look, where=where, user=user)

    async def jump(self, look: Look) -> None:
        """Put the tenant's clock forward, if a rule says so and there is time left."""
        if look.jump:
            sender = self._sender
            with suppress(Invalid):
                tenant = await put_forward(sender.emulator, sender.tenant, by=look.jump)
                self._sender = replace(sender, tenant=tenant)

    async def struck(self, look: Look) -> Answer:
        """Return the answer of a request that was struck."""
        await asyncio.sleep(look.seconds)
        last = look.last
        if last is None:
            return _marked(await self._plain(), look)
        effect, caller = last.effect, self._sender.caller
        caller.refusal = f"The fault {last.rule_id}: {fault_hits.in_words(last)}."
        match effect.kind:
            case Kind.CONNECTION_RESET:
                caller.cut = "connectionReset"
                return await self._plain() if effect.carried_out else Answer()
            case Kind.EMPTY_ANSWER:
                caller.cut = "emptyAnswer"
                return _marked(await self._plain(), look)
            case Kind.HALF_BODY:
                caller.cut = "halfBody"
                return _marked(await self._plain(), look)
            case Kind.ACCEPTED_BUT_IGNORED:
                caller.refusal = None
                return _marked(await self._ignored(), look)
        if effect.carried_out:
            await self._plain()
        return _marked(self._failed(effect, retry_after=last.retry_header), look)

    def _failed(self, effect: Effect, *, retry_after: str | None) -> Answer:
        sender = self._sender
        match effect.kind:
            case Kind.TOKEN_ENDS:
                return ended_token(self._message, sender)
            case Kind.EXPIRED_NEXT_LINK:
                return expired_link(self._message, sender, route=self._match.route)
        status = 429 if effect.kind is Kind.THROTTLING else effect.status
        assert status is not None
        return error_answer(
            status,
            message=self._message,
            sender=sender,
            retry_after=retry_after,
            approval=sender.emulator.runner.ids.uuid,
        )

    async def _plain(self, message: Message | None = None) -> Answer:
        """Return the answer without faults, also if it is a refusal. `message`: in place of the one that came."""
        try:
            return await self.carried_out(message)
        except FauxtuneError as error:
            self._sender.caller.refusal = error.message
            return refusal(error, message=self._message, sender=self._sender)

    async def _ignored(self) -> Answer:
        """Return the answer of a write that is rolled back."""
        sender = self._sender
        emulator = sender.emulator

        def tried(connection: Connection) -> Answer:
            runner = DryRunRunner(emulator.runner, connection, tenant=sender.tenant)
            # Its own permissions were checked; a dry run would not.
            dry = replace(emulator.dry_run(runner), permissions=emulator.permissions)
            trial = replace(sender, emulator=dry, is_on_the_wire=False)
            try:
                return at_once(_awaited(self._proceed(self._message, trial, match=self._match)))
            except FauxtuneError as error:
                return refusal(error, message=self._message, sender=sender)

        return await rolled_back(emulator.runner.database, tried)

    async def late(self, look: Look) -> Answer:
        """Return the answer to a read, as it was before the latest changes."""
        await asyncio.sleep(look.seconds)
        await self.jump(look)
        fresh = await self._reshaped(await self._plain(), look)
        seen = _seen(fresh)
        hidden = None
        for live in look.late:
            effect = live.rule.effect
            if seen is None:
                break
            if effect.kind in ONLY or (effect.kind is Kind.REPORT_LAG and not is_report(self._match.route.template)):
                continue
            runner = self._sender.emulator.runner
            at, now = runner.computer_time(), runner.now(self._sender.tenant)
            earlier = await self._before(live, seen, at=at)
            if earlier is None and not self._has_past(live):
                earlier = live.memory.answer(self._questions(), seen, effect=effect, at=at, now=now)
            if earlier not in {None, seen} and hidden is None:
                hidden = earlier
                look.strike(live)
        answer = fresh if hidden is None else self._older(hidden)
        for live in look.late:
            if live.rule.effect.kind is Kind.REPEATED_CHANGES and (more := pages.repeated(answer)) is not None:
                answer = more
                look.strike(live)
        await self.note(look)
        return _marked(answer, look)

    async def _reshaped(self, plain: Answer, look: Look) -> Answer:
        """Return the page as rules want it: shorter, or in another order. It is what the read asks for from then on."""
        answer = plain
        for live in look.late:
            other = pages.reshaped(self._message, live.rule.effect)
            if other is None or _seen(answer) in {None, MISSING}:
                continue
            page = await self._plain(other)
            if _seen(page) not in {None, MISSING, _seen(answer)}:
                self._message, answer = other, page
                look.strike(live)
        return answer

    async def carried_out(self, message: Message | None = None) -> Answer:
        """Return the answer without faults. `message`: in place of the one that came. Raises what stops it."""
        if self._hiding:
            return await self._watched()
        return await self._proceed(message or self._message, self._sender, match=self._match)

    async def _watched(self) -> Answer:
        """Carry out a write. Before it, what a read of the same address shows is remembered for the rules that look at
        the address, if no read has asked for it yet, and the database as it is for all other questions; what is created
        is not there at first.
        """
        question = self._questions(query="")[1]
        remembering = [live for live in self.at_address if not self._has_past(live)]
        if any(not live.memory.knows(question) for live in remembering):
            await self._remember(remembering, question)
        await self._keep_past(self._hiding)
        response = await self._proceed(self._message, self._sender, match=self._match)
        created = None if response.document is None else response.document.get("id")
        if response.status == HTTPStatus.CREATED and isinstance(created, str):
            for live in remembering:
                live.memory.put(_address(f"{self._message.path}/{created}"), MISSING)
        return response

    async def _keep_past(self, hiding: list[LiveRule]) -> None:
        """Keep the database as it is before a change. As long as nobody has seen one, a former moment will do."""
        runner = self._sender.emulator.runner
        at = runner.computer_time()
        past = None
        for live in hiding:
            live.befores = [before for before in live.befores if not before[1].is_over]
            last = live.befores[-1][0] if live.befores else None
            if last is not None and last.covers_change(effect=live.rule.effect, at=at):
                last.changed = at
            elif (past := past or await runner.database.keep_past(self._sender.tenant.id)) is not None:
                live.befores.append((Before(at, at), past))

    def _has_past(self, live: LiveRule) -> bool:
        """Whether only the database as it was says what the rule shows: replicas count the reads of an address."""
        return bool(live.rule.effect.lags) and self._sender.emulator.runner.database.keeps_past

    async def _before(self, live: LiveRule, seen: Seen, *, at: float) -> Seen | None:
        """Return what there was before a change, for a question that no read had asked until then; None for others. Of
        replicas: what the one whose turn it is shows of any question, None where they agree.
        """
        address, question = self._questions()
        if not self._has_past(live) and (live.memory.knows(address) or live.memory.knows(question)):
            return None
        state, effect = None, live.rule.effect
        for before, past in live.befores:
            if not before.is_shown(address, effect=effect, at=at):
                continue
            if state not in {None, seen}:
                # A read is one since each change: with all of them replicas agree in time.
                before.reads[address] += 1
                continue
            earlier = await self._read_past(past)
            if earlier is None or earlier == seen:
                continue
            before.reads[address] += 1
            # A replica that has this change may lack a later one.
            state = earlier if shows_before(effect, before.reads[address] - 1) else seen
            if not effect.lags:
                break
        return state

    async def _read_past(self, past: Past) -> Seen | None:
        """Return what this read would have shown at a moment; None if nobody can say any more."""
        sender = self._sender
        emulator = sender.emulator

        def read(connection: Connection) -> Seen | None:
            tenant = tenant_queries.tenant_by_key(connection, sender.tenant.id)
            if tenant is None:
                return None
            dry = emulator.dry_run(DryRunRunner(emulator.runner, connection, tenant=tenant))
            then = replace(sender, emulator=dry, tenant=tenant, is_on_the_wire=False)
            try:
                return _seen(at_once(_awaited(self._proceed(self._message, then, match=self._match))))
            except NotFound:
                return MISSING
            except FauxtuneError:
                return None

        return past.read(read) if emulator.runner.database.is_sqlite else await asyncio.to_thread(past.read, read)

    async def _remember(self, stale: list[LiveRule], question: str) -> None:
        message = replace(self._message, method="GET", raw_query="", content=b"", headers={})
        with suppress(FauxtuneError):
            match = TABLES[message.version].match("GET", message.path)
            seen = _seen(await self._proceed(message, self._sender, match=match))
            for live in stale:
                if seen is not None and not live.memory.knows(question):
                    live.memory.put(question, seen)

    def _questions(self, query: str | None = None) -> tuple[str, str]:
        """Return the address, and the whole question of this caller."""
        message = self._message
        # A page of another size is another answer.
        rest = f"{message.raw_query} {message.headers.get('prefer', '')}" if query is None else f"{query} "
        user = self._sender.principal.user_id or ""
        return _address(message.path), f"{user} {message.version.value} {_address(message.path)}?{rest}"

    def _older(self, seen: Seen) -> Answer:
        """Return what was shown before."""
        if seen != MISSING:
            return Answer(HTTPStatus.OK, written=seen)
        return not_found(self._message, self._sender)


async def _awaited(answer: Awaitable[Answer]) -> Answer:
    return await answer


def _marked(response: Answer, look: Look) -> Answer:
    """Return the answer with the header that names the rules that struck."""
    return replace(response, headers={**response.headers, HEADER: look.ids}) if look.hits else response


def _seen(response: Answer) -> Seen | None:
    """Return what an answer shows; None for what is not remembered."""
    if response.status == HTTPStatus.NOT_FOUND:
        return MISSING
    if response.status != HTTPStatus.OK:
        return None
    return orjson.dumps(response.document) if response.document is not None else response.written


def _address(path: str) -> str:
    """Return a path in the form in which addresses are compared."""
    return "/".join(parts_of(unquote(path)))


#: The header that marks an answer which a fault has touched: the ids of the rules.
HEADER = "x-fauxtune-fault"
