"""The row types have a field for each column of their tables, of the column's type."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from sqlalchemy import Boolean, Column, Integer, LargeBinary, Table

from fauxtune.storage import tables
from fauxtune.storage.rows import (
    certificates,
    classrooms,
    configuration,
    devices,
    directory,
    escrow,
    keys,
    labs,
    mail,
    reports,
    sharing,
    snapshots,
    subscriptions,
)
from fauxtune.storage.rows import changes as change_rows
from fauxtune.storage.rows import tenants as tenant_rows
from fauxtune.storage.tables.base import Choice, Document, Moment
from fauxtune.storage.tables.orders import OrderDocument

#: The row types of each table. Those of a table with several have all its columns together.
ROWS: dict[Table, tuple[type[Any], ...]] = {
    tables.authorities: (certificates.AuthorityRow,),
    tables.templates: (certificates.TemplateRow,),
    tables.certificates: (certificates.CertificateRow,),
    tables.pfx_certificates: (certificates.PfxRow,),
    tables.connectors: (certificates.ConnectorRow,),
    tables.connector_keys: (certificates.ConnectorKeyRow,),
    tables.connector_requests: (certificates.RequestRow, certificates.AnswerRow),
    tables.connector_events: (certificates.ConnectorEventRow,),
    tables.profiles: (configuration.ProfileRow,),
    tables.assignments: (configuration.AssignmentRow,),
    tables.assignment_filters: (configuration.FilterRow,),
    tables.profile_states: (configuration.ProfileStateRow,),
    tables.enrollments: (devices.EnrollmentRow,),
    tables.managed_devices: (devices.ManagedDeviceRow,),
    tables.fault_rules: (tenant_rows.FaultRuleRow,),
    tables.lab_runs: (labs.LabRunRow,),
    tables.seats: (classrooms.SeatRow,),
    tables.seat_events: (classrooms.SeatEventRow,),
    tables.process_messages: (sharing.ProcessMessageRow,),
    tables.device_categories: (devices.DeviceCategoryRow,),
    tables.device_actions: (devices.DeviceActionRow,),
    tables.steps: (devices.StepRow,),
    tables.device_identities: (devices.DeviceIdentityRow,),
    tables.enrollment_tokens: (devices.EnrollmentTokenRow,),
    tables.key_holdings: (keys.KeyHoldingRow,),
    tables.escrowed_secrets: (escrow.EscrowedSecretRow,),
    tables.mail_recipients: (keys.MailRecipientRow,),
    tables.users: (directory.UserRow,),
    tables.groups: (directory.GroupRow,),
    tables.group_members: (directory.GroupMemberRow,),
    tables.group_owners: (directory.GroupOwnerRow,),
    tables.directory_devices: (directory.DirectoryDeviceRow,),
    tables.applications: (tenant_rows.ApplicationRow,),
    tables.snapshots: (snapshots.SnapshotRow, snapshots.SnapshotContent),
    tables.directory_changes: (change_rows.DirectoryChangeRow,),
    tables.directory_tracking: (change_rows.DirectoryTrackingRow,),
    tables.notifications: (subscriptions.NotificationRow,),
    tables.subscriptions: (subscriptions.SubscriptionRow,),
    tables.report_jobs: (reports.ReportJobRow,),
    tables.sign_ins: (tenant_rows.SignInRow,),
    tables.journal: (tenant_rows.JournalRow,),
    tables.mail_messages: (mail.MailMessageRow,),
    tables.mailbox_entries: (mail.MailboxEntryRow,),
    tables.published_certificates: (mail.PublishedCertificateRow,),
    tables.audit_events: (tenant_rows.AuditEventRow,),
    tables.role_scope_tags: (tenant_rows.RoleScopeTagRow,),
    tables.role_scope_tag_assignments: (tenant_rows.RoleScopeTagAssignmentRow,),
}


@pytest.mark.parametrize("table", ROWS, ids=lambda table: table.name)
def test_the_fields_of_rows_are_the_columns_of_tables_in_their_order(table: Table) -> None:
    """A row type that is the only one of its table is made from a whole row of it, by position."""
    names = [column.name for column in table.columns]
    first, *others = ROWS[table]
    result = [field.name for field in fields(first)] if is_dataclass(first) else list(first._fields)
    if others:
        assert [name for name in names if name in result] == result
        result = [name for name in names if any(name in get_type_hints(row) for row in ROWS[table])]
    assert result == names


@pytest.mark.parametrize("table", ROWS, ids=lambda table: table.name)
def test_the_fields_of_rows_have_the_types_of_their_columns(table: Table) -> None:
    """Ids and enumerations are text in the database; JSON is whatever its readers make of it."""
    for row in ROWS[table]:
        hints = get_type_hints(row, include_extras=True)
        for name, hint in hints.items():
            column = table.c[name]
            members = _members(hint)
            assert (NoneType in members) == bool(column.nullable), f"{row.__name__}.{name}"
            if isinstance(column.type, Choice):
                assert members - {NoneType} == {column.type.enumeration}, f"{row.__name__}.{name}"
            elif column.type is not Document and not isinstance(column.type, OrderDocument):
                assert {_plain(member) for member in members - {NoneType}} == {_type_of(column)}, (
                    f"{row.__name__}.{name}"
                )


@pytest.mark.parametrize(
    "module",
    [certificates, configuration, devices, directory, reports, subscriptions, tenant_rows],
    ids=lambda module: module.__name__,
)
def test_changes_are_fields_of_the_row(module: ModuleType) -> None:
    for name, changes in vars(module).items():
        if is_typeddict(changes):
            row = getattr(module, name.removesuffix("Changes") + "Row")
            rows = next(types for types in ROWS.values() if row in types)
            fields_of_row = {field: hint for row in rows for field, hint in get_type_hints(row).items()}
            assert get_type_hints(changes).items() <= fields_of_row.items(), name


def _members(hint: Any) -> set[Any]:
    return set(get_args(hint)) if get_origin(hint) in (Union, UnionType) else {hint}


def _type_of(column: Column[Any]) -> type[Any]:
    for sql, python in ((Boolean, bool), (Integer, int), (LargeBinary, bytes), (Moment, datetime)):
        if isinstance(column.type, sql):
            return python
    return str


def _plain(hint: Any) -> type[Any]:
    """The type that a field's values have in the database, where ids and enumerations are text."""
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    if get_origin(hint) is Literal:
        (plain,) = {type(value) for value in get_args(hint)}
        return plain
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    for base in (str, int):
        if isinstance(hint, type) and issubclass(hint, base) and hint is not bool:
            return base
    assert isinstance(hint, type)
    return hint
