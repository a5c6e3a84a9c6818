"""The apps that the management agent has installed on a device, and the outcomes that its owner declares: no installer
is run. Of detection rules a script is evaluated, by the outcome that is declared of it.

An app that nothing is declared of is not there before it is installed, its installer and uninstaller end with exit code
0, and afterwards it is there, or gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from fauxtune_sim.device.script_outcomes import check_declaration


@dataclass(frozen=True, slots=True)
class ProgramOutcome:
    """What becomes of an app: the exit code of its installer and uninstaller, and whether it is detected before and
    after; None: as the code says.
    """

    exit_code: int = 0
    before: bool | None = None
    after: bool | None = None


#: Exit codes with which an installer has done its work.
_DONE = frozenset({0, 1707, 3010, 1641})


@dataclass(slots=True)
class Programs:
    """The installed apps, as the versions by their ids, and the declared outcomes by name or id in small letters."""

    installed: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, ProgramOutcome] = field(default_factory=dict)

    def declare(self, app: str, outcome: ProgramOutcome) -> None:
        """Declare what becomes of an app from now on. Raises NotAllowedHere for a name or code that cannot be."""
        check_declaration(app, kind="app", codes=(outcome.exit_code,), declared=self.outcomes)
        self.outcomes[app.lower()] = outcome

    def of(self, *names: str) -> ProgramOutcome:
        """The outcome of the app with one of these names."""
        declared = (self.outcomes[name.lower()] for name in names if name.lower() in self.outcomes)
        return next(declared, ProgramOutcome())

    def has(self, app: str, outcome: ProgramOutcome) -> bool:
        """Whether an app is detected now."""
        return app in self.installed if outcome.before is None else outcome.before

    def run(self, app: str, outcome: ProgramOutcome, *, version: str | None) -> bool:
        """Run the installer (None as the version: the uninstaller). Returns whether the app is detected then."""
        worked = outcome.exit_code in _DONE
        there = (version is not None) is worked if outcome.after is None else outcome.after
        if there:
            self.installed[app] = version or self.installed.get(app, "")
        else:
            self.installed.pop(app, None)
        return there

    def document(self) -> dict[str, Any]:
        """The apps and outcomes as JSON."""
        return {
            "installed": self.installed,
            "outcomes": {name: asdict(outcome) for name, outcome in self.outcomes.items()},
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Programs:
        """Read the JSON of `document`; None, in state folders of earlier versions, gives none."""
        stored = document or {}
        outcomes = {name: ProgramOutcome(**row) for name, row in stored.get("outcomes", {}).items()}
        return cls(dict(stored.get("installed", {})), outcomes)
