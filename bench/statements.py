"""The statements and transactions that a device's enrolment and check-ins take: exact numbers, on every machine.

FAUXTUNE_BENCH_TEXTS=1 prints the statements of each scene as well, those that are alike once.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from bench.rows import Row
from fauxtune.storage.database import ALONE
from fauxtune.testing import Server, Tenant
from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.agent.by_platform import agent_for
from fauxtune_sim.device.device import Device
from fauxtune_sim.keys.keystore import KeyRing
from fauxtune_sim.platforms import read_kind
from fauxtune_sim.server.transport import Answer, Transport
from tests.support.server_here import serving_here

#: The most statements and transactions of a scene (None: any number).
_GOALS: Mapping[str, tuple[int, int | None]] = {
    "Android: quiet check-in": (1, 1),
    "Android: check-in that plans": (10, 2),
    "Android: check-in that issues": (20, 2),
    "iPhone: until idle": (40, None),
    "Windows: session": (60, None),
}
_DEVICES = (("first Android", "android"), ("Android", "android"), ("iPhone", "ios"), ("Windows", "windows"))
#: The requests of an Android phone that is given a root and then a certificate.
_ANDROID = (
    "check-in that plans",
    "policy with a root",
    "check-in that issues",
    "policy with a certificate",
    "check-in that confirms",
)
#: What the server asks every few seconds, whatever devices do: which tenants wait for a connector to revoke something,
#: and whether PostgreSQL is there.
_OF_THE_CLOCK = ("SELECT DISTINCT certificates.tenant_id", "SELECT 1")
#: What differs between statements that are alike: how many values they list.
_LISTS = re.compile(r"\((?:\?|%\(\w+\)s(?:::\w+)?)(?:, (?:\?|%\(\w+\)s(?:::\w+)?))+\)")


@dataclass(slots=True)
class Sent:
    """What a database was sent: statements in their order, and how many transactions they were in. One that is sent
    alone needs none.
    """

    texts: list[str] = field(default_factory=list)
    transactions: int = 0

    def since(self, before: Sent) -> Sent:
        """Return what was sent after `before`, which `copy` returned."""
        return Sent(self.texts[len(before.texts) :], self.transactions - before.transactions)

    def copy(self) -> Sent:
        """Return what was sent until now."""
        return Sent(list(self.texts), self.transactions)


def rows() -> Iterator[Row]:
    """One row for each scene on SQLite: statements, in how many transactions. On PostgreSQL there are also those that
    lock rows.
    """
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as folder:
        for name, sent in scenes(Path(folder)).items():
            count, (most, most_transactions) = len(sent.texts), _GOALS.get(name, (None, None))
            limit = "" if most is None else f"{most}" + (f" in {most_transactions}" if most_transactions else "")
            ratios = [count / most] if most else []
            ratios += [sent.transactions / most_transactions] if most_transactions else []
            value = f"{count} in {sent.transactions}"
            yield Row(name, value, limit, max(ratios, default=None), 1.0 if ratios else None, at_most=True)
            if os.environ.get("FAUXTUNE_BENCH_TEXTS"):
                _print(sent.texts)


def _print(texts: Sequence[str]) -> None:
    alike = Counter(_LISTS.sub("(...)", " ".join(text.split())) for text in texts)
    for text, count in alike.most_common():
        print(f"  {count:3} {text}", file=sys.stderr)


def scenes(folder: Path, *, database_url: str | None = None) -> dict[str, Sent]:
    """Return what a server in this process sends to its database at each scene."""
    with (
        serving_here(data_dir=folder, database_url=database_url) as served,
        Server.at(served.https, ca_file=served.endpoints["caFile"]) as server,
        server.tenant() as tenant,
        _listening() as sent,
    ):
        devices = _Devices(server, tenant, sent)
        server.background.run(devices.enroll())
        # With elliptic keys: RSA keys are sometimes ready and sometimes not, and then there are two transactions.
        tenant.profiles.pkcs("Signing", platforms="all", template="SmimeP256").assign("All Staff")
        server.background.run(devices.check_in())
        return devices.scenes


@contextmanager
def _listening() -> Iterator[Sent]:
    sent = Sent()
    #: The connections whose transaction was sent nothing yet.
    begun: set[int] = set()

    def begin(connection: Connection) -> None:
        begun.add(id(connection))

    def note(connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith(_OF_THE_CLOCK):
            return
        alone = not connection.get_execution_options().keys().isdisjoint({"isolation_level", ALONE})
        sent.transactions += id(connection) in begun and not alone
        begun.discard(id(connection))
        sent.texts.append(statement)

    event.listen(Engine, "begin", begin)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "begin", begin)
        event.remove(Engine, "before_cursor_execute", note)


class _Observed(Transport):
    """The transport of simulated devices: it notes what the server sends to its database for each request."""

    def __init__(self, sent: Sent, *, ca: bytes) -> None:
        super().__init__(ca=ca)
        self._sent = sent
        self.requests: list[tuple[str, Sent]] = []

    async def send(self, method: str, url: str, **options: Any) -> Answer:
        before = self._sent.copy()
        answer = await super().send(method, url, **options)
        self.requests.append((url, self._sent.since(before)))
        return answer


class _Devices:
    """The devices of one user, whose check-ins nothing but this calls."""

    def __init__(self, server: Server, tenant: Tenant, sent: Sent) -> None:
        self.scenes: dict[str, Sent] = {}
        self._server = server
        self._tenant = tenant
        self._user = tenant.user("alice").name
        self._sent = sent
        tokens = server.client(tenant=tenant.id)
        order = {"userPrincipalName": self._user, "uses": len(_DEVICES)}
        self._token = str(tokens.emulator("POST", f"/tenants/{tenant.id}/enrollmentTokens", json=order)["token"])
        self._keys = KeyRing(4)
        self._agents: dict[str, Agent] = {}

    async def enroll(self) -> None:
        """Enrol the devices, and let each check in."""
        assert self._server.ca_file is not None
        self._transport = _Observed(self._sent, ca=self._server.ca_file.read_bytes())
        for name, kind in _DEVICES:
            known = read_kind(kind)
            agent = agent_for(Device.new(name, platform=known.platform, mode=known.mode), self._transport)
            agent.keys, self._agents[name] = self._keys, agent
            key = await self._keys.take()
            before = self._sent.copy()
            await agent.enroll(
                server=self._server.url, tenant=self._tenant.id, token=self._token, user=self._user, key=key
            )
            self._note(f"{name}: enrolment", before)
            before = self._sent.copy()
            await agent.check_in()
            self._note(f"{name}: first check-in", before)
            before = self._sent.copy()
            await agent.check_in()
            self._note(f"{name}: quiet check-in", before)

    async def check_in(self) -> None:
        """Let the devices check in to which a root and a PKCS profile were assigned."""
        # The first check-in after a change of the profiles reads them; the next ones remember them.
        for device in ("first Android", "Android"):
            self._transport.requests.clear()
            await self._agents[device].check_in()
            named = zip(_ANDROID, self._transport.requests, strict=True)
            self.scenes |= {f"{device}: {name}": sent for name, (_url, sent) in named}
        for device, name in (("iPhone", "iPhone: until idle"), ("Windows", "Windows: session")):
            before = self._sent.copy()
            await self._agents[device].check_in()
            self._note(name, before)
            before = self._sent.copy()
            await self._agents[device].check_in()
            self._note(f"{device}: idle again", before)
        await self._transport.close()

    def _note(self, name: str, before: Sent) -> None:
        self.scenes[name] = self._sent.since(before)
