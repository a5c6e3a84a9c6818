"""What connectors write into their logs: the event log of the machine that each runs on.

One entry for a request that comes in, one for how it went, two for the answer that goes out, and one in the admin log
for how it ended (see core.model.connector_events).
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import ConnectorRefused
from fauxtune.core.model import connector_events as catalogue
from fauxtune.core.model.connector_events import Happening
from fauxtune.core.model.connectors import Program
from fauxtune.operations.runtime.transaction import Transaction

Row = dict[str, Any]

_UPLOAD = (Happening.UPLOADED, Happening.BATCH_UPLOADED)


class Writer:
    """Writes about one request, in the words of the connector's program."""

    def __init__(
        self, tx: Transaction, connector: Row, *, role: str = "", device: str | None = None, user: str | None = None
    ) -> None:
        self._tx = tx
        self._connector = connector
        self._program = Program(connector["program"])
        self._role = role
        self._device = device
        self._user = user
        self._detail: Row = {}
        self._digicert = False

    def about(self, *, digicert: bool | None = None, **detail: str | None) -> None:
        """What the entries from now on say: item, authority, template, thumbprint, serial."""
        self._detail |= {name: value for name, value in detail.items() if value is not None}
        if digicert is not None:
            self._digicert = digicert

    def write(self, happening: Happening, *, refusal: ConnectorRefused | None = None) -> None:
        """An entry, if the program has one for this."""
        found = catalogue.event(self._program, self._role, happening=happening, digicert=self._digicert)
        if found is None:
            return
        number, name = found
        code, detail = catalogue.SUCCESS, dict(self._detail)
        if refusal is not None:
            code = refusal.diagnostic
            detail |= {"errorCode": refusal.code, "message": refusal.message}
        self._tx.connector_events.append(
            {
                "event_id": number,
                "name": name,
                "time": self._tx.now,
                "connector_id": self._connector["id"],
                "connector": self._connector["name"],
                "device": self._device,
                "user": self._user,
                "diagnostic_code": catalogue.diagnostic(self._program, code),
                "detail": detail,
            }
        )

    def all_went_well(self) -> None:
        """The entries of a request that was answered."""
        for happening in (Happening.DOWNLOADED, Happening.DONE, *_UPLOAD, Happening.SUCCEEDED):
            self.write(happening)

    def went_wrong(self, refusal: ConnectorRefused) -> None:
        """The entries of a request that was refused."""
        self.write(Happening.DOWNLOADED)
        self.write(Happening.FAILED, refusal=refusal)
        for happening in _UPLOAD:
            self.write(happening)
        self.write(Happening.NOT_SUCCEEDED, refusal=refusal)
