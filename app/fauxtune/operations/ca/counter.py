"""The counter of the CA: an administrator asks, and gets a certificate at once, with its key if no request is sent."""

from __future__ import annotations

import asyncio

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.ca import register
from fauxtune.operations.ca.register import CounterAnswer, CounterRequest
from fauxtune.operations.runtime.emulator import Emulator


async def issue(emulator: Emulator, tenant: Tenant, *, request: CounterRequest) -> CounterAnswer:
    """Issue a certificate: see `register.issue_at_counter`. A key is made in a thread."""
    template = await emulator.runner.run(tenant, register.template_named, request.template)
    source = emulator.source_of_issued(tenant)
    key = await asyncio.to_thread(register.make_key, request, template=template, source=source)
    return await emulator.runner.run(tenant, register.issue_at_counter, request, key=key, keys=emulator.keys)
