"""The outcomes of scripts on a device, as its owner declares them: the text of a script is never run.

A script that nothing is declared of succeeds with exit code 0 and writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from fauxtune_sim.errors import NotAllowedHere

#: Characters of an output that an agent reports; of that of a custom attribute.
LONGEST_OUTPUT, LONGEST_ATTRIBUTE = 2048, 20 * 1024
_CODES = range(-(2**31), 2**31)
#: Declared outcomes of one device.
_MOST = 200


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
