"""An app that is being processed is published by the tenant's clock: by the look of the leader, or when it is moved."""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.apps import APP_RULES, completed, new_app
from fauxtune.operations.apps import apps
from fauxtune.operations.checkin.due import Watch, clock_moves
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from tests.support.statements import statements
from tests.support.tenant import Contoso


async def new(contoso: Contoso, name: str, *, kind: str = "winGetApp") -> str:
    document = completed({**defaults(entity(kind)), **new_app(kind, {"displayName": name, "publisher": "Contoso"})})
    hooks = Hooks(created=apps.note_processing)
    return str((await contoso.do(resources.create, APP_RULES, kind=kind, document=document, hooks=hooks)).id)


async def state(contoso: Contoso, key: str) -> str:
    return str((await contoso.do(resources.get, APP_RULES, key=key)).document["publishingState"])


async def test_the_look_of_the_leader_publishes_what_is_due_and_reads_nothing_else(contoso: Contoso) -> None:
    watch = Watch()
    await watch.look(contoso.emulator)
    await new(contoso, "Link", kind="webApp")
    await watch.look(contoso.emulator)
    assert contoso.emulator.runner.current(contoso.tenant).settings.get("apps.processed") is None
    first = await new(contoso, "First")
    await watch.look(contoso.emulator)
    contoso.clock.forward(seconds=3)
    second = await new(contoso, "Second")
    await watch.look(contoso.emulator)
    assert [await state(contoso, key) for key in (first, second)] == ["processing", "processing"]
    contoso.clock.forward(seconds=2)
    await watch.look(contoso.emulator)
    assert [await state(contoso, key) for key in (first, second)] == ["published", "processing"]
    contoso.clock.forward(seconds=3)
    await watch.look(contoso.emulator)
    assert await state(contoso, second) == "published"
    for _ in range(2):
        await watch.look(contoso.emulator)
    with statements(contoso.emulator) as quiet:
        await watch.look(contoso.emulator)
    assert not quiet


async def test_a_clock_that_is_moved_publishes(contoso: Contoso) -> None:
    app = await new(contoso, "Store")
    async with clock_moves(contoso.emulator, contoso.tenant):
        contoso.clock.forward(seconds=4)
    assert await state(contoso, app) == "processing"
    async with clock_moves(contoso.emulator, contoso.tenant):
        contoso.clock.forward(seconds=1)
    assert await state(contoso, app) == "published"
