"""Facts of a device that another service reports: a partner's threat level, attested health, Play Integrity, and what a
script of a compliance policy printed. The device is judged again at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.device_facts import accepted
from fauxtune.core.model.partner_facts import PARTNER_FACTS
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.inventory_facts import note_facts
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import EnrollmentRow


def report(tx: Transaction, key: str, *, facts: Mapping[str, object]) -> None:
    """Note these facts of a device, by the id of its enrolment or of its managedDevice. Raises NotFound for a device
    that is not enrolled, Invalid for a fact that the device reports itself, or a value of the wrong type.
    """
    row = queries.enrollment_named(tx.connection, tx.tenant.id, key=key)
    if row is None or row.state is EnrollmentState.ENDED:
        raise NotFound(f"There is no enrolled device '{key}'; use the id of an enrolment or of a managedDevice.")
    for name in facts:
        if name not in PARTNER_FACTS:
            known = ", ".join(sorted(PARTNER_FACTS))
            raise Invalid(f"'{name}' is not a fact that others report of a device. These are: {known}.", target=name)
    usable = accepted(facts)
    for name in facts:
        if name not in usable:
            raise Invalid(f"The value of '{name}' is not one that it can have.", target=name)
    note(tx, row, facts=usable)


def note(tx: Transaction, row: EnrollmentRow, *, facts: JsonObject) -> None:
    """Note facts that a device can have, and judge it."""
    if note_facts(tx, row, facts=facts) and tx.tenant.judges_devices:
        from fauxtune.operations.compliance.judging import judge_known  # at first use: see compliance_occasions

        judge_known(tx, [row.id])
