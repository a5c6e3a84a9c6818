"""What `fauxtune probe` prints, and the addresses of the public cloud."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fauxtune_probe.core.model import Expectation, Outcome
from fauxtune_probe.core.report import summary

#: "Microsoft Graph Command Line Tools", a public client of Microsoft's own that every tenant can consent to: nobody has
#: to register an application in order to look. A tenant that blocks it names one of its own with --client-id.
GRAPH_TOOLS = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
#: Reasons that are printed for what was not tried.
_MOST_REASONS = 10
#: Collections -> what is created there, in words.
_CREATED = {
    "/groups": "security groups, empty but for one another",
    "/users": "users, disabled; deleted ones stay in the recycle bin for 30 days",
    "/deviceManagement/deviceConfigurations": "device configurations, assigned to those groups or to nobody",
    "/deviceManagement/assignmentFilters": "assignment filters",
    "/deviceManagement/roleScopeTags": "role scope tags",
    "/deviceManagement/deviceCategories": "device categories",
}


@dataclass(frozen=True, slots=True)
class Cloud:
    """The addresses of a cloud of Microsoft's: "National cloud deployments" has those of the others."""

    authority: str
    graph: str


CLOUD = Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com")


def outcome_line(outcome: Outcome) -> tuple[str, bool]:
    """Return a line about an outcome, and whether it can pass without one."""
    why = outcome.why or "; ".join(f"expected {each.expected}, observed {each.observed}" for each in outcome.deviations)
    line = f"{outcome.verdict.value:9} {outcome.id} {outcome.version}"
    return f"{line}: {why}" if why else line, outcome.verdict.value != "differs"


def overview(result: dict[str, Any], *, prefix: str, report: Path | None) -> str:
    """Return the result of a run for people."""
    lines = []
    for each in result["results"]:
        for difference in each["differences"]:
            lines += [
                f"differs: {each['id']} ({each['version']}): {each['expectation']}",
                f"  request   {difference['request']}",
                f"  expected  {difference['expected']}",
                f"  observed  {difference['observed']}",
                f"  rests on  {each['source']} ({each['basis']})",
            ]
    reasons = Counter(each["why"] for each in result["results"] if each["why"])
    lines += [f"not tried: {number} because {why}" for why, number in reasons.most_common(_MOST_REASONS)]
    lines += [f"not deleted: {path}: `fauxtune probe clean --prefix {prefix}`" for path in result["notDeleted"]]
    lines.append(summary(result))
    if report is not None:
        lines.append(f"The report is in {report}.")
    return "\n".join(lines)


def listing(expectations: list[Expectation]) -> list[dict[str, Any]]:
    """Return the expectations as JSON."""
    return [
        {
            "id": each.id,
            "expectation": each.says,
            "source": each.source,
            "basis": each.basis.value,
            "versions": list(each.versions),
            "needs": list(each.needs),
            "writes": each.writes,
            "routes": [f"{method} {path}" for method, path in each.routes],
        }
        for each in expectations
    ]


def what_is_written(expectations: list[Expectation], *, prefix: str) -> str:
    """Say what a run will create in a real tenant."""
    created = Counter(
        step.path
        for each in expectations
        for step in each.steps
        for _ in each.versions
        if step.method == "POST" and step.path in _CREATED
    )
    lines = [f"  up to {created[path]} {words}" for path, words in _CREATED.items() if created[path]]
    if not lines:
        return "Nothing will be created: of what was chosen everything reads, or is meant to be refused."
    return "\n".join(
        [
            f"This will be created in the tenant, one after the other, and deleted again. Names begin with {prefix}",
            *lines,
            "Nothing else is changed. `fauxtune probe clean` deletes what an ended run left.",
        ]
    )
