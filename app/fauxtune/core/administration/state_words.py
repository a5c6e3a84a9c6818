"""What restoring a state changes, in words for people: which things are lost, and which come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

#: data

#: The tables that people know things of: one of them, several of them.
_THINGS = {
    "users": ("user", "users"),
    "groups": ("group", "groups"),
    "enrollments": ("device", "devices"),
    "profiles": ("profile", "profiles"),
    "assignments": ("assignment", "assignments"),
    "certificates": ("issued certificate", "issued certificates"),
    "pfx_certificates": ("imported certificate", "imported certificates"),
    "mail_messages": ("mail", "mails"),
    "connectors": ("connector", "connectors"),
    "connector_keys": ("connector key", "connector keys"),
    "templates": ("template", "templates"),
    "applications": ("application", "applications"),
    "fault_rules": ("fault rule", "fault rules"),
}


class RowChanges(Protocol):
    """What becomes of the rows of a table."""

    @property
    def lost(self) -> int:
        """Rows that go."""
        ...

    @property
    def added(self) -> int:
        """Rows that come back."""
        ...

    @property
    def changed(self) -> int:
        """Rows that get other values."""
        ...


def sentences(changes: Mapping[str, RowChanges]) -> list[str]:
    """Return what is lost, what comes back, and what becomes as it was; one sentence that nothing changes."""
    if not changes:
        return ["Nothing that is there now is lost."]
    lost = [_counted(name, changes[name].lost) for name in _THINGS if name in changes and changes[name].lost]
    back = [_counted(name, changes[name].added) for name in _THINGS if name in changes and changes[name].added]
    altered = [_counted(name, changes[name].changed) for name in _THINGS if name in changes and changes[name].changed]
    result = []
    if lost:
        result.append(f"Lost: {', '.join(lost)}.")
    if back:
        result.append(f"Back: {', '.join(back)}.")
    if altered:
        result.append(f"As it was then: {', '.join(altered)}.")
    return result or ["Only details are different."]


def _counted(name: str, count: int) -> str:
    one, several = _THINGS[name]
    return f"{count:,} {one if count == 1 else several}"
