"""A mutant, and applying it to a copy of the sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of the product: in `file`, `before` becomes `after`.

    `rule` is the rule that this breaks; `tests` are arguments of pytest, and must fail then.
    """

    rule: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def mutated(self, source: str) -> str:
        """The file's text with the change. ValueError unless `before` stands in it exactly once."""
        if source.count(self.before) != 1:
            raise ValueError(f"{self.file}: this stands there {source.count(self.before)} times:\n{self.before}")
        return source.replace(self.before, self.after)

    def apply(self, tree: Path) -> str:
        """Change the file in a copy of the sources; return its text as it was."""
        file = tree / self.file
        source = file.read_text(encoding="utf-8")
        file.write_text(self.mutated(source), encoding="utf-8")
        return source
