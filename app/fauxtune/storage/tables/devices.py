"""Enrolments, Graph's records of them, what they hold, and what was asked of them."""

from __future__ import annotations

from sqlalchemy import DDL, Column, Index, Integer, LargeBinary, Table, event, text

from fauxtune.core.model.actions import ActionState, DeviceAction
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.states import Cause, EnrollmentState, ItemState, Source
from fauxtune.core.model.steps import StepKind, StepState
from fauxtune.storage.tables.base import Choice, Document, Moment, Word, metadata

enrollments = Table(
    "enrollments",
    metadata,
    Column("id", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("platform", Choice(Platform), nullable=False),
    Column("mode", Word),
    Column("variant", Choice(Variant), nullable=False),
    Column("user_id", Word),
    Column("hardware_key", Word, nullable=False, comment="what tells that a device enrols again"),
    Column("directory_device_id", Word, nullable=False),
    Column("state", Choice(EnrollmentState), nullable=False),
    Column("cause", Choice(Cause), comment="why it ends"),
    Column("credential_digest", Word, unique=True, comment="SHA-256 of the bearer credential, or of the certificate"),
    Column(
        "push_token", Word, nullable=False, index=True, comment="Apple devices make their own: it may not be unique"
    ),
    Column("identity_certificate", LargeBinary, nullable=False),
    Column("enrolled_at", Moment, nullable=False),
    Column("last_checkin_at", Moment),
    # The quiet path: a check-in is quiet while these agree, the moment is not due, and the report is the last one.
    Column("generation", Integer, nullable=False),
    Column("settled_generation", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("report_digest", Word),
    Column("policy_version", Integer, nullable=False),
    Column("plans", Integer, nullable=False, comment="how often this device was planned"),
    Column("facts", Document, nullable=False, comment="serialNumber, imei, model, osVersion, deviceName ..."),
    # Of devices that are managed step by step.
    Column("inventory_at", Moment, comment="when it is asked what it holds and what it is"),
    Column("wire_state", Document, comment="what its platform's surface has to remember"),
    Index("ix_enrollments_user", "tenant_id", "user_id"),
    Index("ix_enrollments_hardware", "tenant_id", "hardware_key"),
    Index("ix_enrollments_directory_device", "tenant_id", "directory_device_id"),
)

# PostgreSQL writes a changed row beside the old one. Each check-in and each change of what concerns a device changes a
# row here, which is large: with room for it on its page, none of the six indexes is written.
event.listen(
    enrollments,
    "after_create",
    DDL("ALTER TABLE enrollments SET (fillfactor = 50)").execute_if(dialect="postgresql"),  # type: ignore[no-untyped-call]
)

managed_devices = Table(
    "managed_devices",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("enrollment_id", Word, nullable=False, unique=True),
    Column("user_id", Word),
    Column("category_id", Word),
    Column("document", Document, nullable=False),
    # Parts of the document that lists are filtered by: written by `queries.devices` alone, together with it.
    Column("device_name", Word),
    Column("operating_system", Word),
    Column("compliance_state", Word),
    Column("management_agent", Word),
    Column("owner_type", Word),
    Column("user_principal_name", Word),
    Column("serial_number", Word),
    Column("azure_ad_device_id", Word),
    Column("enrolled_at", Moment),
    # The order of lists comes last in each, so that a page of what a filter leaves is read in that order.
    Index("ix_managed_devices_order", "tenant_id", "enrolled_at", "id"),
    Index("ix_managed_devices_user", "tenant_id", "user_id", "enrolled_at", "id"),
    Index("ix_managed_devices_category", "tenant_id", "category_id"),
    # With all that a list by name is filtered by: a record is large.
    Index("ix_managed_devices_name", "tenant_id", "device_name", "enrollment_id", "user_principal_name"),
    Index("ix_managed_devices_operating_system", "tenant_id", "operating_system", "enrolled_at", "id"),
    Index("ix_managed_devices_compliance", "tenant_id", "compliance_state", "enrolled_at", "id"),
    Index("ix_managed_devices_agent", "tenant_id", "management_agent", "enrolled_at", "id"),
    Index("ix_managed_devices_owner", "tenant_id", "owner_type", "enrolled_at", "id"),
    Index("ix_managed_devices_upn", "tenant_id", "user_principal_name", "enrolled_at", "id"),
    Index("ix_managed_devices_serial", "tenant_id", "serial_number"),
    Index("ix_managed_devices_azure_ad", "tenant_id", "azure_ad_device_id"),
)

device_categories = Table(
    "device_categories",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("display_name", Word, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
)

_FAILED = text(f"state = '{ItemState.FAILED.value}'")

ledger = Table(
    "ledger",
    metadata,
    Column("enrollment_id", Word, primary_key=True),
    Column("item_key", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("source", Choice(Source), nullable=False),
    Column("state", Choice(ItemState), nullable=False),
    Column("fingerprint", Word, comment="what the device should hold: see core.engine.ledger"),
    Column("installed_fingerprint", Word),
    Column("user_id", Word, comment="whose item it was when it was last wanted"),
    Column("purpose", Word),
    Column("thumbprint", Word, index=True),
    Column("serial", Word),
    Column("renew_at", Moment),
    Column("not_after", Moment),
    Column("wanted_by", Document, nullable=False, comment="[[profile id, assignment id], ...]"),
    Column("error_code", Integer),
    Column("message", Word, comment="why it waits or failed, in words"),
    Column("payload", LargeBinary, comment="a trusted root's bytes"),
    Column("changed_at", Moment, nullable=False),
    # Of the failed items alone (on SQLite: see `certificates`): a list of devices counts them, and nothing is written
    # here as long as all goes well.
    Index("ix_ledger_tenant", "tenant_id", "enrollment_id"),
    Index("ix_ledger_failed", "tenant_id", "enrollment_id", sqlite_where=_FAILED),
)

device_actions = Table(
    "device_actions",
    metadata,
    Column("id", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("enrollment_id", Word, nullable=False, index=True),
    Column("action", Choice(DeviceAction), nullable=False),
    Column("state", Choice(ActionState), nullable=False, comment="Graph's actionState"),
    Column("details", Document, comment="what the device is told beside the action's name"),
    Column("created_at", Moment, nullable=False),
    Column("completed_at", Moment),
    Index("ix_device_actions_tenant", "tenant_id", "enrollment_id"),
)

steps = Table(
    "steps",
    metadata,
    Column("id", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("enrollment_id", Word, nullable=False, index=True),
    Column("kind", Choice(StepKind), nullable=False, comment="install, remove, action or question"),
    Column("subject", Word, nullable=False, comment="an item's key, an action's id, or what is asked"),
    Column("fingerprint", Word, nullable=False),
    Column("state", Choice(StepState), nullable=False, comment="see core.engine.steps"),
    Column("answer", Document, comment="to a question, until all are answered"),
    Column("told_at", Moment, nullable=False),
    Index("ix_steps_tenant", "tenant_id", "enrollment_id"),
)

device_identities = Table(
    "device_identities",
    metadata,
    Column("digest", Word, primary_key=True, comment="SHA-256 of the certificate"),
    Column("tenant_id", Word, nullable=False),
    Column("user_id", Word, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("hardware_key", Word, comment="the one device that may use it, once that is known"),
    Column("facts", Document, comment="what the device said of itself: platform, and facts as of an enrolment"),
    Index("ix_device_identities_tenant", "tenant_id"),
)

enrollment_tokens = Table(
    "enrollment_tokens",
    metadata,
    Column("digest", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("user_id", Word, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("uses_left", Integer, nullable=False),
    Index("ix_enrollment_tokens_tenant", "tenant_id"),
)
