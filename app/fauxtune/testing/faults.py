"""Faults of a tenant in a test: rules by which requests and devices fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fauxtune.testing.calls import Calls


class Fault:
    """One rule. `match`, `when` and `effect` are its parts as the control surface shows them."""

    def __init__(self, calls: Calls, document: Mapping[str, Any]) -> None:
        """Use `Faults.add`."""
        self._calls = calls
        self.document = dict(document)

    @property
    def id(self) -> str:
        """The id of the rule."""
        return str(self.document["id"])

    @property
    def hits(self) -> int:
        """How often the rule was applied until now."""
        self.document = self._calls.control("GET", f"/faults/{quote(self.id, safe='')}")
        return int(self.document["hits"])

    def remove(self) -> None:
        """Delete the rule."""
        self._calls.control("DELETE", f"/faults/{quote(self.id, safe='')}")


class Faults:
    """The rules of a tenant. They end with the tenant."""

    def __init__(self, calls: Calls) -> None:
        """Use `tenant.faults`."""
        self._calls = calls

    def add(
        self,
        *,
        match: Mapping[str, Any] | None = None,
        when: Mapping[str, Any] | None = None,
        effect: Mapping[str, Any],
    ) -> Fault:
        """Add a rule: what it concerns, when it is applied, and what it does.

        `faults.add(match={"method": "GET", "path": "/deviceManagement/managedDevices"}, when={"next": 2},
        effect={"status": 429, "retryAfter": 1})` refuses the next two of these requests. Without `match` it concerns
        every request of the tenant to Graph, without `when` all of them.
        """
        given = {"match": match, "when": when, "effect": effect}
        body = {name: dict(part) for name, part in given.items() if part is not None}
        return Fault(self._calls, self._calls.control("POST", "/faults", json=body))

    def list(self) -> list[Fault]:
        """Return the rules."""
        return [Fault(self._calls, row) for row in self._calls.control("GET", "/faults")["value"]]

    def clear(self) -> None:
        """Delete all rules."""
        self._calls.control("DELETE", "/faults")

    def all_fired(self) -> bool:
        """Whether each rule was applied at least once: a rule that matches nothing tests nothing."""
        return all(rule.document["hits"] > 0 for rule in self.list())
