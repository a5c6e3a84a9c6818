"""The result of a run as a JSON document, as Markdown and as an HTML page, all of the same content.

The document is what `docs/probe-results.json` holds for the last recorded run against a real tenant, which is read here
too; `fauxtune probe --report` writes it.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune_probe.core.model import Expectation, Outcome, Verdict

Json = dict[str, Any]
_MARKS = {Verdict.CONFIRMED: "✓", Verdict.DIFFERS: "≠", Verdict.NOT_TRIED: "–"}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #8888;padding:.3rem .5rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a run was: its target, the service's address and time (its header Date), whether it was allowed to write."""

    target: str
    service: str
    when: str
    write: bool
    version: str
    requests: int
    left: tuple[str, ...] = ()


def document(about: About, outcomes: Sequence[Outcome], *, expectations: Iterable[Expectation]) -> Json:
    """Return the result of a run as JSON."""
    known = {expectation.id: expectation for expectation in expectations}
    counts = Counter(outcome.verdict for outcome in outcomes)
    return {
        **{name: value for name, value in asdict(about).items() if name != "left"},
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "notDeleted": list(about.left),
        "results": [_result(outcome, known[outcome.id]) for outcome in outcomes],
    }


def _result(outcome: Outcome, expectation: Expectation) -> Json:
    return {
        "id": outcome.id,
        "version": outcome.version,
        "result": outcome.verdict.value,
        "expectation": expectation.says,
        "source": expectation.source,
        "basis": expectation.basis.value,
        "routes": [f"{method} {path}" for method, path in expectation.routes],
        "needs": list(expectation.needs),
        "why": outcome.why,
        "differences": [asdict(deviation) for deviation in outcome.deviations],
        "notes": list(outcome.notes),
    }


def summary(result: Json) -> str:
    """Return the counts of a run as a sentence."""
    counts = result["counts"]
    numbers = ", ".join(f"{counts[verdict.value]} {verdict.value}" for verdict in Verdict)
    return f"{numbers}, with {result['requests']} requests to {result['service']}."


def markdown(result: Json) -> str:
    """Return the report of a run as Markdown."""
    lines = [
        "# Probe of Microsoft Graph",
        "",
        *(f"* {name}: {value}" for name, value in _facts(result)),
        "",
        summary(result),
    ]
    for title, head, rows in _sections(result):
        lines += ["", f"## {title}", "", _row(head), _row(["---"] * len(head))]
        lines += [_row([_cell(each) for each in row]) for row in rows]
    return "\n".join(lines) + "\n"


def page(result: Json) -> str:
    """Return the report of a run as an HTML page that needs nothing else."""
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>Probe of Microsoft Graph</title>"]
    parts += [
        "<meta name=viewport content='width=device-width'>",
        f"<style>{_STYLE}</style><h1>Probe of Microsoft Graph</h1>",
    ]
    parts.append(f"<ul>{''.join(f'<li>{_html(name)}: {_html(value)}' for name, value in _facts(result))}</ul>")
    parts.append(f"<p>{_html(summary(result))}</p>")
    for title, head, rows in _sections(result):
        body = "".join(f"<tr>{''.join(f'<td>{_html(each)}' for each in row)}" for row in rows)
        parts.append(
            f"<h2>{_html(title)}</h2><table><tr>{''.join(f'<th>{_html(each)}' for each in head)}{body}</table>"
        )
    return "\n".join([*parts, "</html>"]) + "\n"


def _facts(result: Json) -> list[tuple[str, object]]:
    return [
        ("target", result["target"]),
        ("service", result["service"]),
        ("time of the service", result["when"] or "unknown"),
        ("changes", "allowed" if result["write"] else "not allowed (read-only)"),
        ("Fauxtune", result["version"]),
        *(("could not be deleted", path) for path in result["notDeleted"]),
    ]


def _sections(result: Json) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    """Yield the tables: what differs, what the emulator does not know, what was not tried, what is confirmed."""
    results: list[Json] = result["results"]
    differing = [each for each in results if each["result"] == Verdict.DIFFERS]
    if differing:
        rows = [_differing(each, difference) for each in differing for difference in each["differences"]]
        yield "Differs", ("expectation", "request", "expected", "observed", "rests on"), rows
    noted = [[_name(each), note] for each in results for note in each["notes"]]
    if noted:
        yield "Members that the emulator does not have", ("seen by", "member"), noted
    for verdict in (Verdict.NOT_TRIED, Verdict.CONFIRMED):
        chosen = [each for each in results if each["result"] == verdict]
        if chosen:
            last = "why" if verdict is Verdict.NOT_TRIED else "source"
            yield (
                verdict.value.capitalize(),
                ("", "expectation", "in words", last),
                [[_MARKS[verdict], _name(each), each["expectation"], each[last]] for each in chosen],
            )


def _differing(each: Json, difference: Mapping[str, str]) -> list[str]:
    name = f"{_name(each)}: {each['expectation']}"
    return [
        name,
        difference["request"],
        difference["expected"],
        difference["observed"],
        f"{each['source']} ({each['basis']})",
    ]


def _name(each: Json) -> str:
    return f"{each['id']} {each['version']}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Return a text that neither ends a cell nor is read as markup."""
    plain = " ".join(text.split())
    for sign in "\\|<>*_`[]":
        plain = plain.replace(sign, f"\\{sign}")
    return plain


def _html(text: object) -> str:
    return html.escape(str(text))


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
        verdicts = {
            (str(result["id"]), str(result["version"])): Verdict(result["result"]) for result in document["results"]
        }
        return Recorded(str(document["when"]), verdicts)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(f"This is not a result of `fauxtune probe --report FILE.json`: {error!r} is missing.") from None
