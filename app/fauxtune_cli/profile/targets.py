"""The options that say whom profiles are assigned to, and assignments in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from fauxtune.core.administration.assignments import Target, excluding, to_all_devices, to_all_users, to_group
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.options import fail, one_line
from fauxtune_cli.service import from_option


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigning(Administration):
    """A tenant, whom profiles are assigned to there, and on which devices."""

    group: tuple[str, ...] = from_option(
        click.option(
            "--group",
            multiple=True,
            metavar="NAME",
            shell_complete=completion.group,
            help="to the members of this group; repeatable",
        )
    )
    all_users: bool = from_option(click.option("--all-users", is_flag=True, help="to all users with a licence"))
    all_devices: bool = from_option(click.option("--all-devices", is_flag=True, help="to all devices"))
    exclude_group: tuple[str, ...] = from_option(
        click.option(
            "--exclude-group",
            multiple=True,
            metavar="NAME",
            shell_complete=completion.group,
            help="not to the members of this group; repeatable",
        )
    )
    filter: str | None = from_option(
        click.option("--filter", metavar="NAME", help="only on devices that this assignment filter fits")
    )
    exclude_filter: str | None = from_option(
        click.option(
            "--exclude-filter", metavar="NAME", help="only on devices that this assignment filter does not fit"
        )
    )

    def targets(self, session: Session) -> list[NamedTarget]:
        """Return the targets that the options name. Excluded groups have no filter."""
        groups = names.groups(session.client) if self.group or self.exclude_group else []
        included = [NamedTarget(to_group(one.id), f"the group {one.name}") for one in _named(groups, self.group)]
        if self.all_users:
            included.append(NamedTarget(to_all_users(), "all users"))
        if self.all_devices:
            included.append(NamedTarget(to_all_devices(), "all devices"))
        excluded = [
            NamedTarget(excluding(one.id), f"not the group {one.name}") for one in _named(groups, self.exclude_group)
        ]
        return [*self._filtered(session, included), *excluded]

    def _filtered(self, session: Session, targets: list[NamedTarget]) -> list[NamedTarget]:
        if self.filter is not None and self.exclude_filter is not None:
            fail("Give one of --filter and --exclude-filter: an assignment has one filter.")
        wanted = self.filter or self.exclude_filter
        if wanted is None:
            return targets
        chosen = names.choose(wanted, _filters(session), kind="assignment filter")
        exclude = self.exclude_filter is not None
        where = f"where the filter {chosen.name} {'does not fit' if exclude else 'fits'}"
        return [
            NamedTarget(target.target.filtered(chosen.id, exclude=exclude), f"{target.words} {where}")
            for target in targets
        ]


@dataclass(frozen=True, slots=True)
class NamedTarget:
    """A target in words."""

    target: Target
    words: str


def words_of(targets: Iterable[NamedTarget]) -> str:
    """Return the targets as the end of a sentence: `the group Sales and all devices`."""
    words = [one_line(target.words) for target in targets]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def assigned_words(assignments: Iterable[Mapping[str, Any]], groups: Mapping[str, str]) -> list[str]:
    """Return the assignments of a profile in words. `groups`: id -> name."""
    return [_assigned(assignment, groups) for assignment in assignments]


def _assigned(assignment: Mapping[str, Any], groups: Mapping[str, str]) -> str:
    target = assignment["target"]
    kind, group = target["@odata.type"].rpartition(".")[2], target.get("groupId")
    words = {
        "allLicensedUsersAssignmentTarget": "all users",
        "allDevicesAssignmentTarget": "all devices",
        "groupAssignmentTarget": groups.get(group, group),
        "exclusionGroupAssignmentTarget": f"not {groups.get(group, group)}",
    }.get(kind, kind)
    has_filter = target.get("deviceAndAppManagementAssignmentFilterId") is not None
    return f"{words} (filtered)" if has_filter else str(words)


def _named(groups: list[names.Named], wanted: Sequence[str]) -> list[names.Named]:
    return [names.choose(each, groups, kind="group") for each in wanted]


def _filters(session: Session) -> list[names.Named]:
    rows = session.client.graph_list("/deviceManagement/assignmentFilters")
    return [names.Named(row["id"], row["displayName"], about=row["rule"], document=row) for row in rows]
