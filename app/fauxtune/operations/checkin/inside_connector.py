"""The connector's work inside the server: done in threads, with a limit on how long a check-in waits for it.

What the connector makes itself takes milliseconds, and a check-in waits until it is made. A file that was imported and
never opened before was made by somebody else. What it costs to open is bounded (`core.pki.pbe`), but it may be seconds
for each file. So a check-in waits `patience` seconds for all of them, and as long once more for those that have begun
by then. What has not begun stays asked for, and is begun at the next check-in; what has not ended is refused. The files
of one tenant never keep another tenant waiting.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from functools import partial

from fauxtune.connector.refusals import PfxBroken
from fauxtune.connector.work import Done
from fauxtune.core.model.orders import ImportedCertificateOrder
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin.fulfilment import Fulfilled, Task, fulfil
from fauxtune.operations.runtime.emulator import Emulator


async def fulfilled(emulator: Emulator, tenant: Tenant, *, tasks: list[Task]) -> list[Fulfilled]:
    """The answers. Files that were not begun in time have no answer yet."""
    work = partial(fulfil, source=emulator.key_source, connector_keys=emulator.connector_keys)
    begun: dict[asyncio.Future[Fulfilled], tuple[Future[Fulfilled], Task]] = {}
    for task in tasks:
        hands = emulator.openers if task.opens else emulator.workers
        future = hands.submit(tenant.id, partial(work, task))
        begun[asyncio.wrap_future(future)] = (future, task)
    try:
        await _made(begun)
        late = await _opened(begun, patience=emulator.patience)
        answers = [each.result() for each in begun if each.done() and not each.cancelled()]
        return answers + [_refused(begun[each][1], emulator.patience) for each in late]
    finally:
        for each in begun:
            each.cancel()


async def _made(begun: dict[asyncio.Future[Fulfilled], tuple[Future[Fulfilled], Task]]) -> None:
    if own := [each for each, (_, task) in begun.items() if not task.opens]:
        await asyncio.wait(own)


async def _opened(
    begun: dict[asyncio.Future[Fulfilled], tuple[Future[Fulfilled], Task]], *, patience: float
) -> set[asyncio.Future[Fulfilled]]:
    """Wait for the files that are opened for the first time; those that have begun and not ended."""
    late = {each for each, (_, task) in begun.items() if task.opens and not each.done()}
    if late:
        _, late = await asyncio.wait(late, timeout=patience)
    running = {each for each in late if not begun[each][0].cancel()}
    for each in late - running:
        each.cancel()
    if running:
        _, running = await asyncio.wait(running, timeout=patience)
    return running


def _refused(task: Task, patience: float) -> Fulfilled:
    order = task.request.order
    mark = order.thumbprint if isinstance(order, ImportedCertificateOrder) else task.request.item_key
    why = f"The imported file of {mark} takes longer than {patience:g} seconds to open: it asks for too much work."
    return Fulfilled(task=task, done=Done(refusal=PfxBroken(why)))
