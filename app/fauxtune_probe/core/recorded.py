"""The last recorded run against a real tenant: `docs/probe-results.json`, which `fauxtune probe --report` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune_probe.core.model import Verdict


@dataclass(frozen=True, slots=True)
class Recorded:
    """The verdicts of a run by id and version, and when it was. Without a run everything is *not tried*."""

    when: str = ""
    verdicts: Mapping[tuple[str, str], Verdict] = field(default_factory=dict)

    def of(self, id_: str, version: str) -> Verdict:
        """Return the verdict on an expectation in a version."""
        return self.verdicts.get((id_, version), Verdict.NOT_TRIED)


NOT_RUN = Recorded()


def recorded(document: Any) -> Recorded:
    """Read a result of the probe. Raises Invalid for another document, and for a run against the emulator itself."""
    try:
        if document["target"] != "real":
            raise Invalid("The recorded run was not against a real tenant: only --target real counts.")
        verdicts = {(str(each["id"]), str(each["version"])): Verdict(each["result"]) for each in document["results"]}
        return Recorded(str(document["when"]), verdicts)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(f"This is not a result of `fauxtune probe --report FILE.json`: {error!r} is missing.") from None
