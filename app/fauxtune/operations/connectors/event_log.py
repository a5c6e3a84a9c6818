"""The event logs of connectors, as each program writes them on the machine that it runs on.

One entry for a request that is downloaded, one for its result, two for the upload, and one in the admin log for how the
request ended (see core.model.connector_events).
"""

from __future__ import annotations

from fauxtune.core.errors import ConnectorRefused
from fauxtune.core.model import connectors as catalogue
from fauxtune.core.model.connectors import Happening
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.certificates import ConnectorEventRow, ConnectorRow

_UPLOAD = (Happening.UPLOADED, Happening.BATCH_UPLOADED)


class Writer:
    """Writes the entries about one request, under the event ids of the connector's program."""

    def __init__(
        self,
        tx: Transaction,
        connector: ConnectorRow,
        *,
        role: str = "",
        device: EnrollmentId | None = None,
        user: str | None = None,
    ) -> None:
        """`role`: that of the request; `device` and `user`: whom it is for, by enrolment id and userPrincipalName."""
        self._tx = tx
        self._connector = connector
        self._role = role
        self._device = device
        self._user = user
        self._detail: JsonObject = {}
        self._digicert = False

    def about(self, *, digicert: bool | None = None, **detail: str | None) -> None:
        """Add details to the following entries: item, authority, template, thumbprint, serial."""
        # A new document each time: entries that are about the same have the same one, which is then encoded once.
        self._detail = self._detail | {name: value for name, value in detail.items() if value is not None}
        if digicert is not None:
            self._digicert = digicert

    def write(self, happening: Happening, *, refusal: ConnectorRefused | None = None) -> None:
        """Write an entry, if the program has one for this."""
        program = self._connector.program
        event = catalogue.event(program, self._role, happening=happening, digicert=self._digicert)
        if event is None:
            return
        event_id, name = event
        code, detail = catalogue.SUCCESS, self._detail
        if refusal is not None:
            code = refusal.diagnostic
            detail = detail | {"errorCode": refusal.code, "message": refusal.message}
        row = ConnectorEventRow(
            tenant_id=self._tx.tenant.id,
            number=0,  # numbered when the transaction ends
            event_id=event_id,
            name=name,
            time=self._tx.now,
            connector_id=self._connector.id,
            connector=self._connector.name,
            device=self._device,
            user=self._user,
            diagnostic_code=catalogue.diagnostic(program, code),
            detail=detail,
        )
        self._tx.connector_events.append(row)

    def request_succeeded(self) -> None:
        """Write the entries of a request that was answered."""
        for happening in (Happening.DOWNLOADED, Happening.DONE, *_UPLOAD, Happening.SUCCEEDED):
            self.write(happening)

    def request_failed(self, refusal: ConnectorRefused) -> None:
        """Write the entries of a request that was refused."""
        self.write(Happening.DOWNLOADED)
        self.write(Happening.FAILED, refusal=refusal)
        for happening in _UPLOAD:
            self.write(happening)
        self.write(Happening.NOT_SUCCEEDED, refusal=refusal)
