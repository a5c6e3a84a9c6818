"""The outcomes of scripts and of apps that the management agent installs, as the device's owner declares them: the text
of a script is never run, and neither is an installer.

A script that nothing is declared of succeeds with exit code 0 and writes nothing. An app that nothing is declared of is
not there before it is installed, its installer and uninstaller end with exit code 0, and afterwards it is there, or
gone. Of detection rules a script is evaluated, by the outcome that is declared of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fauxtune_sim.errors import NotAllowedHere

#: Characters of an output that an agent reports; of that of a custom attribute.
LONGEST_OUTPUT, LONGEST_ATTRIBUTE = 2048, 20 * 1024
_CODES = range(-(2**31), 2**31)
#: Declared outcomes of one device.
_MOST = 200
#: Exit codes with which an installer has done its work.
_DONE = frozenset({0, 1707, 3010, 1641})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a run: exit code, and what the script writes to its two outputs. Of a remediation these are the
    detection's; `remediation` is the exit code of what follows an issue, and `fixes` says whether the issue is gone
    then.
    """

    exit_code: int = 0
    output: str = ""
    error: str = ""
    remediation: int = 0
    fixes: bool = True


def check_declaration(name: str, *, kind: str, codes: Iterable[int], declared: Collection[str]) -> None:
    """Raise NotAllowedHere for a name or an exit code that cannot be, and for one outcome more than a device keeps."""
    if not name.strip():
        raise NotAllowedHere(f"name the {kind} by its name or its id")
    for code in codes:
        if code not in _CODES:
            raise NotAllowedHere(f"an exit code has 32 bits; {code} has more")
    if name.lower() not in declared and len(declared) >= _MOST:
        raise NotAllowedHere(f"outcomes of {_MOST} {kind}s are declared already, which is the most")


class ScriptOutcomes(dict[str, Outcome]):
    """The declared outcomes, by the script's name or id in small letters."""

    def declare(self, script: str, outcome: Outcome) -> None:
        """Declare the outcome of a script from now on. Raises NotAllowedHere for a name or code that cannot be."""
        check_declaration(script, kind="script", codes=(outcome.exit_code, outcome.remediation), declared=self)
        self[script.lower()] = replace(
            outcome, output=outcome.output[:LONGEST_ATTRIBUTE], error=outcome.error[:LONGEST_ATTRIBUTE]
        )

    def of(self, *names: str) -> Outcome:
        """The outcome of the script with one of these names."""
        return self.declared(*names) or Outcome()

    def declared(self, *names: str) -> Outcome | None:
        """The outcome that was declared of the script with one of these names; None without one."""
        return next((self[name.lower()] for name in names if name.lower() in self), None)

    def fixed(self, *names: str) -> None:
        """Forget the issue that the script with one of these names found: it is remediated."""
        for name in names:
            self.pop(name.lower(), None)

    def document(self) -> dict[str, Any]:
        """The outcomes as JSON."""
        return {name: asdict(outcome) for name, outcome in self.items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> ScriptOutcomes:
        """Read the JSON of `document`; None, in state folders of earlier versions, gives none."""
        return cls({name: Outcome(**row) for name, row in (document or {}).items()})


@dataclass(frozen=True, slots=True)
class ProgramOutcome:
    """What becomes of an app: the exit code of its installer and uninstaller, and whether it is detected before and
    after; None: as the code says.
    """

    exit_code: int = 0
    before: bool | None = None
    after: bool | None = None


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
