"""Faults of a tenant in a test: rules by which requests and devices fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fauxtune.core.faults.writing import nearest_in_words
from fauxtune.testing.parts import Calls


class Fault:
    """One rule. `document` is what the control surface last showed of it: match, when, effect, hits."""

    def __init__(self, calls: Calls, document: Mapping[str, Any]) -> None:
        """Use `Faults.add`."""
        self._calls = calls
        self.id = str(document["id"])
        self.document = dict(document)

    def __repr__(self) -> str:
        return f"<fault {self.document['match']} {self.document['effect']}, {self.document['hits']} hits>"

    @property
    def hits(self) -> int:
        """How often it struck until now."""
        self.document = dict(self._calls.control("GET", self._path))
        return int(self.document["hits"])

    @property
    def fired(self) -> bool:
        """Whether it ever struck."""
        return self.hits > 0

    @property
    def warnings(self) -> list[str]:
        """Why it can never strike, if that is known."""
        return [str(warning) for warning in self.document.get("warnings", ())]

    @property
    def nearest(self) -> str:
        """The request that came nearest to a rule that has looked at none, and what differs; empty without one."""
        return nearest_in_words(self.document.get("nearest"))

    def remove(self) -> None:
        """Delete the rule."""
        self._calls.control("DELETE", self._path)

    @property
    def _path(self) -> str:
        return f"/faults/{quote(self.id, safe='')}"


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
        every request to Graph, without `when` each of them. Graph serves the preparations of a test too: add faults
        after them. Raises Refused, which names every mistake of a rule.
        """
        given = {"match": match, "when": when, "effect": effect}
        body = {name: dict(part) for name, part in given.items() if part is not None}
        return Fault(self._calls, self._calls.control("POST", "/faults", json=body))

    def list(self) -> list[Fault]:
        """Return the rules, in the order in which they are tried."""
        return [Fault(self._calls, row) for row in self._calls.control("GET", "/faults")["value"]]

    def clear(self) -> None:
        """Delete all rules."""
        self._calls.control("DELETE", "/faults")

    def all_fired(self) -> bool:
        """Whether each rule struck at least once: a rule that matches nothing tests nothing."""
        return all(rule.document["hits"] > 0 for rule in self.list())

    def realistic(self, seed: int = 0) -> None:
        """Add the rules of the real service on a normal day: its limits, latency, lag and rare failures."""
        self._add_set("realistic", seed)

    def chaos(self, seed: int = 0) -> None:
        """Add rules by which everything can fail, in the same way for the same seed."""
        self._add_set("chaos", seed)

    def _add_set(self, name: str, seed: int) -> None:
        self._calls.control("POST", "/faults/sets", json={"set": name, "seed": seed})
