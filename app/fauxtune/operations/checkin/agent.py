"""A check-in of a management agent: what it has done since the last one, and what it is to do now.

The agents (Intune Management Extension on Windows, the Intune agent on macOS) do what MDM has no word for. Each kind of
work is a line of `WORKS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from fauxtune.core.errors import NotAllowed
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.scripts import AGENTS
from fauxtune.operations.checkin import agent_apps
from fauxtune.operations.devices.caller import live, refuse_ended
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.scripts import device_scripts
from fauxtune.operations.visits.agent_work import AgentVisit, Orders
from fauxtune.storage.queries import devices as queries


class Settle(Protocol):
    """Takes in what an agent reports of one kind of work, and returns its orders."""

    def __call__(self, tx: Transaction, visit: AgentVisit, *, reports: Sequence[Any]) -> Orders:
        """Settle."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work. `name`: its member in both messages; `settle`: takes in the reports, and returns the orders."""

    name: str
    settle: Settle


WORKS: tuple[Work, ...] = (Work("scripts", device_scripts.settle), Work("apps", agent_apps.settle))


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """The orders by kind of work, and when the agent is to ask again by itself."""

    orders: Mapping[str, list[JsonObject]]
    ask_again_at: datetime


def serve(
    tx: Transaction, enrollment_id: EnrollmentId, *, reports: Mapping[str, Sequence[Any]], user_is_here: bool
) -> AgentAnswer:
    """Take in an agent's reports by kind of work, and return its orders. A device that is ending gets none.

    Raises EnrollmentEnded, NotAllowed for a device that has no agent, Invalid for a report that cannot be.
    """
    row = queries.enrollment(tx.connection, enrollment_id, tenant_id=tx.tenant.id, lock=True)
    row = refuse_ended(None) if row is None else live(row)
    tx.holds_tenant = True
    every = AGENTS.get(row.variant)
    if every is None:
        raise NotAllowed(f"A device of the kind {row.variant.value} has no management agent; Windows PCs and Macs do.")
    latest = tx.now + every
    if row.state is EnrollmentState.ENDING:
        return AgentAnswer({work.name: [] for work in WORKS}, latest)
    visit = AgentVisit(row, user_is_here=user_is_here)
    settled = {work.name: work.settle(tx, visit, reports=reports.get(work.name, ())) for work in WORKS}
    due = [each.due_at for each in settled.values() if each.due_at is not None]
    return AgentAnswer({name: each.orders for name, each in settled.items()}, min([*due, latest]))
