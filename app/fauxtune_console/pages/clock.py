"""The tenant's clock, and its states: kept under names, restored, deleted; the reset to its beginning; the export."""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.administration import state as tasks
from fauxtune.core.administration.state import sentences
from fauxtune.core.clock import ClockMode, parse_duration
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.operations.checkin.due import clock_moves
from fauxtune.operations.connectors import revocation
from fauxtune.operations.tenants import snapshots as operations
from fauxtune.operations.tenants import tenants
from fauxtune.operations.tenants.state_document import export_tenant
from fauxtune.storage.migrate import newest_revision
from fauxtune_console.call import TenantCall
from fauxtune_console.tasks import Question, task_page
from fauxtune_console.templating import moment

#: data. The buttons: a duration (ISO 8601), and its words.
STEPS = (("P1D", "+1 day"), ("P30D", "+30 days"), ("P1Y", "+1 year"))


async def move(call: TenantCall) -> Response:
    """Carry out a button of the clock."""
    form = await call.form()
    wish = str(form.get("to", ""))
    system_now = call.emulator.runner.clock.now()
    async with clock_moves(call.emulator, call.tenant):
        if wish == "freeze":
            changed = await call.run(tenants.set_clock, ClockMode.FROZEN, now=call.now, system_now=system_now)
        elif wish == "run":
            changed = await call.run(tenants.set_clock, ClockMode.OFFSET, now=call.now, system_now=system_now)
        elif wish == "system":
            changed = await call.run(tenants.set_clock, ClockMode.SYSTEM, now=None, system_now=system_now)
        elif wish in dict(STEPS):
            changed = await call.run(tenants.advance_clock, parse_duration(wish), system_now=system_now)
        else:
            raise Invalid("The clock can be frozen, run, or be put forward by one of the buttons.")
        await call.run(revocation.carry_out)  # a polling connector's turn may have come
    now = moment(call.emulator.runner.now(changed))
    return call.back(form=form, done=f"The clock of {changed.name} now shows {now} (UTC).")


#: data. What stays when a state is put back.
_STAYS = (
    "Other tenants notice nothing. Id, name, domain and secret of this one stay, and so do its snapshots.",
    "The clock has its setting of then: a frozen one shows its time again, a running one runs on.",
    "Simulated devices of this server go along. Others learn at their next check-in what is different.",
)


async def snapshots(call: TenantCall) -> Response:
    """Show the snapshots, and the form that creates one."""
    return await _page(call)


async def create(call: TenantCall) -> Response:
    """Keep the present state under a name."""
    name = str((await call.form()).get("name", "")).strip()
    try:
        await operations.create_snapshot(call.emulator, call.tenant, name=name)
    except (Invalid, Conflict) as error:
        return await _page(call, error=error.message, name=name)
    return call.back("snapshots", done=f"The snapshot “{name}” has the state of this moment.")


async def ask_restore(call: TenantCall) -> Response:
    """Say what restoring a snapshot would change."""
    name = _name(call)
    preview = await operations.what_restoring_changes(call.emulator, call.tenant, name=name)
    return task_page(
        call,
        [tasks.restore_snapshot(name)],
        title=f"Restore “{name}”",
        sentence=" ".join(sentences(preview.changes)),
        points=_STAYS,
        button="Restore",
        back=call.url("snapshots"),
        danger=True,
    )


async def restore(call: TenantCall) -> Response:
    """Give the tenant the state of a snapshot."""
    await call.form()
    name = _name(call)
    restored = await operations.restore_snapshot(call.emulator, call.tenant, name=name)
    return call.back("snapshots", done=f"The state of “{name}” is back. {' '.join(sentences(restored.changes))}")


async def delete(call: TenantCall) -> Question:
    """Delete a snapshot."""
    name = _name(call)
    await operations.find_snapshot(call.emulator, call.tenant, name=name)
    return Question(
        request=tasks.delete_snapshot(name),
        title=f"Delete the snapshot “{name}”",
        points=("The tenant stays as it is.", "It cannot return to this state any more."),
        button="Delete",
        back=call.url("snapshots"),
        done=f"The snapshot “{name}” is deleted.",
        leads_to=("snapshots",),
        work=lambda: operations.delete_snapshot(call.emulator, call.tenant, name=name),
    )


async def ask_reset(call: TenantCall) -> Response:
    """Say what a reset would change."""
    preview = await operations.what_restoring_changes(call.emulator, call.tenant, name=None)
    return task_page(
        call,
        [tasks.reset_tenant()],
        title=f"Reset {call.tenant.name}",
        sentence="The tenant returns to the state in which it was created. " + " ".join(sentences(preview.changes)),
        points=(*_STAYS, "The recorded exchanges of the wire are dropped."),
        button="Reset",
        back=call.url("snapshots"),
        danger=True,
    )


async def reset(call: TenantCall) -> Response:
    """Give the tenant the state in which it was created."""
    await call.form()
    await operations.reset(call.emulator, call.tenant)
    return call.back("snapshots", done=f"{call.tenant.name} is in the state in which it was created.")


async def export(call: TenantCall) -> Response:
    """Return the tenant's document as a file."""
    content = await export_tenant(call.emulator, call.tenant)
    disposition = f'attachment; filename="{call.tenant.name}.json"'
    return Response(content, media_type="application/json", headers={"content-disposition": disposition})


def _name(call: TenantCall) -> str:
    return str(call.request.path_params["snapshot"])


async def _page(call: TenantCall, *, error: str = "", name: str = "") -> Response:
    return call.page(
        "snapshots.html",
        status=400 if error else 200,
        rows=await operations.list_snapshots(call.emulator, call.tenant),
        revision=newest_revision(),
        error=error,
        name=name,
    )
