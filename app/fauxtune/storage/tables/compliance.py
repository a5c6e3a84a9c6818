"""Compliance as it was last judged: of each device, and of each policy on it."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from fauxtune.core.engine.compliance.states import DeviceState, Status
from fauxtune.storage.tables.base import Choice, Document, Moment, Word, metadata

compliance_states = Table(
    "compliance_states",
    metadata,
    Column("enrollment_id", Word, primary_key=True),
    Column("policy_id", Word, primary_key=True, comment="a resource, or the built-in policy"),
    Column("tenant_id", Word, nullable=False),
    Column("status", Choice(Status), nullable=False, comment="Graph's complianceStatus"),
    Column("version", Integer, nullable=False, comment="that of the policy"),
    Column("user_id", Word, comment="by whom the policy reaches the device; else it is the system account"),
    Column("failed_at", Moment, comment="when the present failure began"),
    Column("error_at", Moment, comment="when the present error began"),
    Column("grace_ends_at", Moment, nullable=False),
    Column("reported_at", Moment, nullable=False),
    Column("done", Document, nullable=False, comment="the ids of scheduled actions done for the present failure"),
    Column("settings", Document, nullable=False, comment="[{setting, status, value, error}, ...]"),
    Index("ix_compliance_states_policy", "tenant_id", "policy_id", "enrollment_id"),
)

device_compliance = Table(
    "device_compliance",
    metadata,
    Column("enrollment_id", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("state", Choice(DeviceState), nullable=False, comment="Graph's complianceState"),
    Column("held", Choice(DeviceState), comment="the state that an error leaves in force"),
    Column("judged_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False, comment="when time alone may change it, or an action is due"),
    Column(
        "retire_policy_id", Word, comment="of a device on the list of those to retire: the policy that put it there"
    ),
    Column("retire_listed_at", Moment),
    Index("ix_device_compliance_due", "tenant_id", "due_at"),
)
