"""The assignments of profiles in words, and as options of the commands that create and assign profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fauxtune.core.administration.snippets import quoted
from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.model.ids import ProfileId
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import filters_and_tags as filter_queries
from fauxtune.storage.queries.insight import diagnosis as queries

Targets = Mapping[ProfileId, Sequence[Assignment]]


@dataclass(frozen=True, slots=True)
class TargetWords:
    """The names of the groups and of the assignment filters that assignments name, by their ids."""

    groups: Mapping[str, str]
    filters: Mapping[str, str]

    @classmethod
    def of(cls, tx: Transaction, targets: Targets) -> TargetWords:
        """Return the names that these assignments need."""
        every = [assignment for listed in targets.values() for assignment in listed]
        groups = queries.group_names(
            tx.connection, tx.tenant.id, ids={assignment.group for assignment in every if assignment.group}
        )
        rows = filter_queries.filters_by_id(
            tx.connection, tx.tenant.id, ids={assignment.filter for assignment in every if assignment.filter}
        )
        return cls(groups, {key: str(row.document.get("displayName") or key) for key, row in rows.items()})

    def in_words(self, targets: Targets) -> dict[ProfileId, tuple[str, ...]]:
        """Return the assignments of each profile in words."""
        return {profile: tuple(map(self._words, listed)) for profile, listed in targets.items()}

    def as_options(self, targets: Targets) -> dict[ProfileId, str]:
        """Return the assignments of each profile as options of a command; empty without one that brings it somewhere.
        A filter is an option if all that bring the profile have the same: a command has one for all of its targets.
        """
        return {profile: self._options(listed) for profile, listed in targets.items()}

    def _words(self, assignment: Assignment) -> str:
        named = f"the group '{self._group(assignment)}'"
        words = {
            TargetKind.GROUP: named,
            TargetKind.EXCLUSION: f"not {named}",
            TargetKind.ALL_DEVICES: "all devices",
            TargetKind.ALL_USERS: "all users",
            TargetKind.COLLECTION: "a collection of Configuration Manager",
        }
        text = f"{'taken from ' if assignment.removes else ''}{words[assignment.kind]}"
        if assignment.filter is None:
            return text
        which = "without" if assignment.filter_excludes else "only"
        return f"{text} ({which} those of the filter '{self._filter(assignment)}')"

    def _options(self, listed: Sequence[Assignment]) -> str:
        known = {
            TargetKind.GROUP: "--group {}",
            TargetKind.ALL_USERS: "--all-users",
            TargetKind.ALL_DEVICES: "--all-devices",
        }
        bringing = [assignment for assignment in listed if assignment.kind in known and not assignment.removes]
        if not bringing:
            return ""
        excluded = [assignment for assignment in listed if assignment.kind is TargetKind.EXCLUSION]
        options = [known[assignment.kind].format(quoted(self._group(assignment))) for assignment in bringing]
        options += [f"--exclude-group {quoted(self._group(assignment))}" for assignment in excluded]
        first = bringing[0]
        if first.filter and len({(assignment.filter, assignment.filter_excludes) for assignment in bringing}) == 1:
            options.append(f"--{'exclude-' if first.filter_excludes else ''}filter {quoted(self._filter(first))}")
        return " ".join(options)

    def _group(self, assignment: Assignment) -> str:
        return self.groups.get(assignment.group or "", assignment.group or "")

    def _filter(self, assignment: Assignment) -> str:
        return self.filters.get(assignment.filter or "", assignment.filter or "")
