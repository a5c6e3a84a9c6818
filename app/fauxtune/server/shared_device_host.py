"""The host of simulated devices among processes that share a database: the one that leads has it, the others have it do
what they are asked for.

Devices lie in the folder that all processes have in common, with their keys: when the process that leads dies, its host
ends with it, and that of the next leader goes on with the same devices.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from fauxtune.core.errors import Conflict, FauxtuneError, Invalid, NotEmulated, NotFound, Unavailable
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.device_host import MOST_LINE, PATIENCE, ChildDeviceHost

#: The topic of questions to the process that leads.
TOPIC = "device host"
#: Seconds for the way there and back, beside those that the host has.
_WAY = 5.0
_ERRORS = {each.__name__: each for each in (Conflict, Invalid, NotEmulated, NotFound, Unavailable)}

log = logging.getLogger(__name__)


class SharedDeviceHost(ChildDeviceHost):
    """The host of this process while it leads, and otherwise that of the process which does."""

    def __init__(self, emulator: Emulator, *, folder: Path) -> None:
        super().__init__(server=emulator.addresses.https, ca_file=emulator.ca_file, folder=folder)
        self._emulator = emulator

    async def resume(self) -> None:
        """Connect the devices of an earlier start, or of an earlier leader, if this process leads."""
        if self._emulator.leads:
            await super().resume()

    async def change_leader(self) -> None:
        """Begin or end what belongs to the process that leads, which is another one from now on."""
        try:
            await (self.resume() if self._emulator.leads else self.close())
        except FauxtuneError as error:
            log.warning("Simulated devices are not connected: %s", error.message)

    async def carry_out(self, content: bytes) -> bytes:
        """Carry out the order of another process; return the result or the error."""
        order = json.loads(content)
        try:
            answer = {"result": await super()._order(order["do"], order["tenant"], **order["members"])}
        except FauxtuneError as error:
            answer = {"error": type(error).__name__, "message": error.message}
        return json.dumps(answer).encode()

    async def _order(self, do: str, tenant: TenantId, **members: Any) -> Any:
        others = self._emulator.others
        if self._emulator.leads or others is None:
            return await super()._order(do, tenant, **members)
        order = json.dumps({"do": do, "tenant": tenant, "members": members}).encode()
        if len(order) > MOST_LINE:
            raise Invalid(f"The order '{do}' for simulated devices has {len(order)} bytes; {MOST_LINE} are the most.")
        answer = json.loads(await others.ask_leader(TOPIC, order, seconds=PATIENCE + _WAY))
        if "error" in answer:
            raise _ERRORS.get(answer["error"], Unavailable)(answer["message"])
        return answer["result"]
