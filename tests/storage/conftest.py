"""A database with its tables, on both kinds, and short ways to fill it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.model.ids import (
    AssignmentId,
    DirectoryDeviceId,
    EnrollmentId,
    GroupId,
    ManagedDeviceId,
    ProfileId,
    TenantId,
    UserId,
)
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.queries import configuration, devices, directory, tenants
from fauxtune.storage.rows.configuration import AssignmentRow, ProfileRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.directory import DirectoryDeviceRow, GroupMemberRow, GroupRow, UserRow
from fauxtune.storage.tables import metadata

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TENANT = TenantId("c0ffee00-0000-4000-8000-000000000001")


@dataclass(slots=True)
class Filler:
    """Rows of one tenant, by names that are their ids too."""

    connection: Connection
    tenant_id: TenantId = TENANT
    now: datetime = NOW

    def tenant(self) -> TenantId:
        name = self.tenant_id[:8]
        tenant = Tenant(self.tenant_id, name, f"{name}.example", NOW, f"ca.{name}.example", "Issuing CA", "http://x")
        tenants.add_tenant(self.connection, tenant)
        return self.tenant_id

    def user(self, name: str, *, licensed: bool = True) -> UserId:
        row = UserRow(
            tenant_id=self.tenant_id,
            id=UserId(name),
            upn_key=f"{name}@contoso.example".casefold(),
            licensed=licensed,
            password_digest=None,
            manager_id=None,
            created_at=self.now,
            document={"id": name, "userPrincipalName": f"{name}@contoso.example"},
        )
        directory.add_users(self.connection, row)
        return row.id

    def group(self, name: str, *members: str) -> GroupId:
        directory.add_groups(self.connection, GroupRow(self.tenant_id, GroupId(name), self.now, {"id": name}))
        for member in members:
            self.member(name, member)
        return GroupId(name)

    def member(self, group: str, member: str) -> None:
        directory_object = directory.directory_object(self.connection, self.tenant_id, object_id=member)
        kind = "group" if directory_object is None else directory_object.kind
        directory.add_members(self.connection, GroupMemberRow(self.tenant_id, GroupId(group), member, kind))

    def device(self, name: str, *, user: str | None = None, **columns: Any) -> EnrollmentId:
        """An enrolment `e-<name>` with its Entra device `d-<name>` and its record `m-<name>`."""
        user_id = None if user is None else UserId(user)
        enrollment_id = EnrollmentId(f"e-{name}" if self.tenant_id == TENANT else f"e-{self.tenant_id}-{name}")
        row = EnrollmentRow(
            id=enrollment_id,
            tenant_id=self.tenant_id,
            platform=Platform.ANDROID,
            mode="work-profile",
            variant=Variant.ANDROID_WORK_PROFILE,
            user_id=user_id,
            hardware_key=f"hardware-{name}",
            directory_device_id=DirectoryDeviceId(f"d-{name}"),
            state=EnrollmentState.ACTIVE,
            cause=None,
            credential_digest=f"digest-{self.tenant_id}-{name}",
            push_token=f"push-{self.tenant_id}-{name}",
            identity_certificate=b"der",
            enrolled_at=self.now,
            last_checkin_at=None,
            generation=1,
            settled_generation=1,
            due_at=NEVER,
            report_digest=None,
            policy_version=1,
            plans=0,
            facts={},
            inventory_at=None,
            wire_state=None,
        )
        devices.add_enrollment(self.connection, replace(row, **columns))
        devices.add_managed_device(
            self.connection,
            self.tenant_id,
            managed_device_id=ManagedDeviceId(f"m-{name}"),
            enrollment_id=enrollment_id,
            user_id=user_id,
            document={"id": f"m-{name}"},
        )
        device = DirectoryDeviceRow(
            tenant_id=self.tenant_id,
            id=DirectoryDeviceId(f"d-{name}"),
            enrollment_id=EnrollmentId(enrollment_id),
            device_key=None,
            created_at=self.now,
            document={"id": f"d-{name}"},
        )
        directory.add_directory_device(self.connection, device)
        return enrollment_id

    def profile(self, name: str, *targets: Assignment, kind: str = "someKind", created_at: datetime = NOW) -> ProfileId:
        profile_id = ProfileId(name)
        profile = ProfileRow(self.tenant_id, profile_id, kind, 1, created_at, {"id": name}, {})
        configuration.add_profile(self.connection, profile)
        rows = [
            AssignmentRow(
                tenant_id=self.tenant_id,
                id=target.id,
                profile_id=profile_id,
                position=0,
                kind=target.kind,
                group_id=target.group,
                intent=None,
                filter_id=None,
                filter_type=None,
                document={"id": target.id},
            )
            for target in targets
        ]
        configuration.replace_assignments(self.connection, self.tenant_id, profile_id=profile_id, new=rows)
        return profile_id


def aim(kind: TargetKind, group: str | None = None, *, profile: str = "p") -> Assignment:
    """One target of a profile."""
    assignment_id = AssignmentId(f"{profile}_{group or kind.value}")
    return Assignment(assignment_id, ProfileId(profile), kind, None if group is None else GroupId(group))


@pytest.fixture
def target() -> Any:
    """Builds assignments: see `aim`."""
    return aim


@pytest.fixture(scope="session")
def databases(postgresql_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Database]]:
    """One database of each kind with all tables, made once: tables take PostgreSQL longer than a test does."""
    name = postgresql_server.create()
    results = {
        "sqlite": Database(sqlite_url(tmp_path_factory.mktemp("storage") / "storage.sqlite")),
        "postgresql": Database(postgresql_server.url(name)),
    }
    for result in results.values():
        metadata.create_all(result.engine)
    yield results
    for each in results.values():
        each.close()
    postgresql_server.drop(name)


def emptied(database: Database) -> Iterator[Database]:
    yield database
    deletions = [f"DELETE FROM {table}" for table in metadata.tables]
    with database.engine.begin() as connection:
        for statement in deletions if database.is_sqlite else ["; ".join(deletions)]:
            connection.exec_driver_sql(statement)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, databases: dict[str, Database]) -> Iterator[Database]:
    """An open database with all tables and no rows; a test that asks for it runs on both kinds."""
    yield from emptied(databases[request.param])


@pytest.fixture
def postgresql(databases: dict[str, Database]) -> Iterator[Database]:
    """The same on PostgreSQL alone, where transactions run at once."""
    yield from emptied(databases["postgresql"])


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A transaction on it."""
    with database.engine.begin() as opened:
        yield opened


@pytest.fixture
def filler() -> type[Filler]:
    """Fills by a connection that the test opens itself."""
    return Filler


@pytest.fixture
def fill(connection: Connection) -> Filler:
    """The tenant of the tests, with its row."""
    result = Filler(connection)
    result.tenant()
    return result
