"""The connector's work inside the server: done in threads, with a limit on how long a check-in waits for it.

The connector's own files take milliseconds, and a check-in waits for them. An imported file that was never opened
before may cost seconds to open, within bounds (`core.pki.pbe`). So a check-in waits `patience` seconds for all of them,
and as long once more for those that have begun by then. Files that have not begun stay requested, and are begun at the
next check-in; files that have not ended are refused. The files of one tenant never keep another tenant waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from fauxtune.connector.refusals import PfxBroken
from fauxtune.connector.work import Done
from fauxtune.core.model.items import ImportedCertificateOrder
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin.fulfilment import Fulfilled, Task, fulfil
from fauxtune.operations.runtime.emulator import Emulator


async def fulfilled(emulator: Emulator, tenant: Tenant, *, tasks: list[Task]) -> list[Fulfilled]:
    """Return the answers, without those for files that were not begun in time."""
    work = partial(
        fulfil,
        source=emulator.source_of_issued(tenant),
        connector_keys=emulator.connector_keys,
        passwords=emulator.passwords,
    )
    own = [emulator.workers.submit(tenant.id, partial(_all, work, some)) for some in _apart(tasks)]
    opened = [task for task in tasks if task.opens]
    begun: dict[asyncio.Future[Fulfilled], tuple[Future[Fulfilled], Task]] = {}
    for task in opened:
        future = emulator.openers.submit(tenant.id, partial(work, task))
        begun[asyncio.wrap_future(future)] = (future, task)
    try:
        answers = [answer for some in own for answer in await asyncio.wrap_future(some)]
        late = await _wait_for_imported(begun, patience=emulator.patience)
        answers += [future.result() for future in begun if future.done() and not future.cancelled()]
        return answers + [_refused(begun[future][1], emulator.patience) for future in late]
    finally:
        for some in own:
            some.cancel()
        for waiting in begun:
            waiting.cancel()


def _apart(tasks: list[Task]) -> list[list[Task]]:
    """Return the tasks that open no file for the first time, in the parts that threads do: each new certificate by
    itself, since its key may have to be made; together all that is only sealed, which takes no longer than handing it
    over.
    """
    own = [task for task in tasks if not task.opens]
    sealed = [task for task in own if task.application is None]
    return [*([task] for task in own if task.application is not None), *([sealed] if sealed else [])]


def _all(work: Callable[[Task], Fulfilled], tasks: list[Task]) -> list[Fulfilled]:
    return [work(task) for task in tasks]


async def _wait_for_imported(
    begun: dict[asyncio.Future[Fulfilled], tuple[Future[Fulfilled], Task]], *, patience: float
) -> set[asyncio.Future[Fulfilled]]:
    """Wait for the files that are opened for the first time; return those that have begun and not ended."""
    late = {future for future, (_, task) in begun.items() if task.opens and not future.done()}
    if late:
        _, late = await asyncio.wait(late, timeout=patience)
    running = {future for future in late if not begun[future][0].cancel()}
    for future in late - running:
        future.cancel()
    if running:
        _, running = await asyncio.wait(running, timeout=patience)
    return running


def _refused(task: Task, patience: float) -> Fulfilled:
    order = task.request.order
    mark = order.thumbprint if isinstance(order, ImportedCertificateOrder) else task.request.item_key
    why = f"The imported file of {mark} takes longer than {patience:g} seconds to open: it asks for too much work."
    return Fulfilled(task=task, done=Done(refusal=PfxBroken(why)))
