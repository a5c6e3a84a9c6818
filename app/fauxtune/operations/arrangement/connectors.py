"""Sentences on connectors."""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.model.connectors import PROGRAMS
from fauxtune.core.model.words.provider_state_words import Reading
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.connectors import keys, registry
from fauxtune.operations.tenants.seed_parts import KEY_NAME, PROVIDER
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.rows.certificates import ConnectorRow

_MOST = 20
_IMPORTS = "imported-pfx"


async def connectors_are_off_line(scene: Scene, reading: Reading) -> None:
    """Take all connectors off line."""
    await _set_states(scene, "offline")


async def connectors_are_on_line(scene: Scene, reading: Reading) -> None:
    """Bring all connectors on line."""
    await bring_on_line(scene)


async def bring_on_line(scene: Scene) -> None:
    """Bring all connectors on line."""
    await _set_states(scene, "online")


async def connectors_lack_the_key(scene: Scene, reading: Reading) -> None:
    """Delete the keys of all connectors."""
    for row in await scene.read(queries.connector_key_rows, scene.tenant.id):
        deletion = keys.delete_key(
            scene.emulator,
            scene.tenant,
            connector_id=row.connector_id,
            provider=row.provider,
            key_name=row.key_name,
        )
        await scene.do(deletion)


async def connector_has_a_key(scene: Scene, reading: Reading) -> None:
    """Give the first connector that serves imports a key, if none has one."""
    if await scene.read(queries.connector_key_rows, scene.tenant.id):
        return
    rows = [row for row in await _rows(scene) if _IMPORTS in row.roles and row.credential_digest is None]
    if not rows:
        rows = [await add_connector(scene, _name(1), role=_IMPORTS)]
    await scene.do(
        keys.create_key(scene.emulator, scene.tenant, connector_id=rows[0].id, provider=PROVIDER, key_name=KEY_NAME)
    )


async def there_is_no_connector(scene: Scene, reading: Reading) -> None:
    """Remove all connectors."""
    await _set_states(scene, "offline")
    for row in await _rows(scene):
        await scene.do(keys.remove_connector(scene.emulator, scene.tenant, connector_id=row.id))


async def there_are_connectors(scene: Scene, reading: Reading) -> None:
    """Add connectors until there are so many."""
    wanted = reading.number("count")
    if wanted > _MOST:
        raise Invalid(f"A state adds {_MOST} connectors at most.", target="state")
    number, count = 0, len(await _rows(scene))
    names = {row.name for row in await _rows(scene)}
    while count < wanted:
        number += 1
        if _name(number) not in names:
            await add_connector(scene, _name(number), role="pkcs")
            count += 1


async def connectors_poll(scene: Scene, reading: Reading) -> None:
    """Let all connectors look for work at intervals only."""
    for row in await _rows(scene):
        if row.mode != "polling":
            await scene.run(registry.change_connector, row.id, mode="polling")


async def _set_states(scene: Scene, state: str) -> None:
    for row in await _rows(scene):
        if row.state != state:
            await scene.run(registry.change_connector, row.id, state=state)


async def add_connector(scene: Scene, name: str, *, role: str, roles: list[str] | None = None) -> ConnectorRow:
    """Add a connector with these roles, or with all of the edition's program that has this `role`."""
    fitting = [facts for facts in PROGRAMS.values() if facts.edition is scene.tenant.edition and role in facts.roles]
    new = await scene.run(registry.add_connector, name, roles=roles or list(fitting[0].roles))
    return new.row


async def _rows(scene: Scene) -> list[ConnectorRow]:
    return await scene.read(queries.connector_rows, scene.tenant.id)


def _name(number: int) -> str:
    return f"Certificate Connector {number}"
