"""The outcomes of a run as JSON, as JUnit XML, and as one HTML page without scripts, all of the same content."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from fauxtune.core.scep.verification.cases import Outcome, Result

Json = dict[str, Any]
MARKS = {Result.RIGHT: "✓", Result.WRONG: "✗", Result.NOTE: "!", Result.NOT_TRIED: "–"}
_STYLE = """
:root{color-scheme:light dark;--line:#8886;--right:#1a7f37;--wrong:#c0202a;--note:#8a5a00;--dim:#666}
@media(prefers-color-scheme:dark){:root{--right:#57c278;--wrong:#ff7b7b;--note:#e0b050;--dim:#aaa}}
body{font:15px/1.4 system-ui,sans-serif;max-width:76rem;margin:1.5rem auto;padding:0 1rem}
h2{margin:1.5rem 0 .3rem;font-size:1.2rem}
table{border-collapse:collapse;width:100%;table-layout:fixed}
th,td{border-top:1px solid var(--line);padding:.3rem .5rem .3rem 0;text-align:left;vertical-align:top;
overflow-wrap:anywhere}
th{color:var(--dim);font-weight:400}th:first-child{width:6rem}
tr{break-inside:avoid}
small{color:var(--dim);display:block}
.result{font-weight:600}
.right{color:var(--right)}.wrong{color:var(--wrong)}.note{color:var(--note)}.not-tried{color:var(--dim)}
dl{display:grid;grid-template-columns:7rem 1fr;gap:.1rem .5rem}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
@media(max-width:45rem){thead{display:none}tr,td{display:block}td{border:0;padding:.1rem 0}tr{padding:.4rem 0;
border-top:1px solid var(--line)}td[data-name]:before{content:attr(data-name)": ";color:var(--dim)}}
@media print{:root{color-scheme:light;--right:#000;--wrong:#000;--note:#000;--dim:#333}body{font-size:9pt;margin:0}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a run was: the authority's address, the server and tenant in whose name, when, and how many seconds."""

    authority: str
    server: str
    tenant: str
    when: str
    version: str
    seconds: float
    left: tuple[str, ...] = ()


def document(about: About, outcomes: Sequence[Outcome]) -> Json:
    """Return a run as JSON."""
    counts = Counter(outcome.result for outcome in outcomes)
    return {
        "authority": about.authority,
        "server": about.server,
        "tenant": about.tenant,
        "when": about.when,
        "version": about.version,
        "seconds": round(about.seconds, 1),
        "counts": {result.value: counts[result] for result in Result},
        "notDeleted": list(about.left),
        "cases": [_case(outcome) for outcome in outcomes],
    }


def _case(outcome: Outcome) -> Json:
    case = outcome.case
    return {
        "id": case.id,
        "group": case.group,
        "title": case.title,
        "result": outcome.result.value,
        "lookedAt": case.looks_at,
        "saw": outcome.saw,
        "expected": case.expected,
        "source": case.source,
        "seconds": round(outcome.seconds, 2),
    }


def summary(result: Json) -> str:
    """Return the counts of a run as a sentence."""
    numbers: dict[str, int] = result["counts"]
    notes = "1 note" if numbers["note"] == 1 else f"{numbers['note']} notes"
    others = f"{numbers['not tried']} not tried"
    return f"{numbers['right']} right, {numbers['wrong']} wrong, {notes}, {others}"


def junit(result: Json) -> str:
    """Return a run as JUnit XML: what is wrong is a failure, what was not tried is skipped, a note is output."""
    counts, name = result["counts"], quoteattr("fauxtune scep verify")
    head = (
        f'tests="{len(result["cases"])}" failures="{counts[Result.WRONG.value]}" errors="0" '
        f'skipped="{counts[Result.NOT_TRIED.value]}" time="{result["seconds"]}"'
    )
    facts = "".join(f"<property name={_attribute(key)} value={_attribute(value)}/>" for key, value in _facts(result))
    cases = "\n".join(_test_case(each) for each in result["cases"])
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites name={name} {head}>\n'
        f'<testsuite name={name} timestamp={_attribute(result["when"][:19])} hostname="" {head}>\n'
        f"<properties>{facts}</properties>\n{cases}\n</testsuite>\n</testsuites>\n"
    )


def _test_case(case: Json) -> str:
    head = (
        f"<testcase classname={_attribute('scep.' + case['group'])} "
        f'name={_attribute(case["id"] + ": " + case["title"])} time="{case["seconds"]}"'
    )
    text = _reason(case)
    match case["result"]:
        case Result.WRONG.value:
            return f"{head}><failure message={_attribute(case['saw'])}>{_text(text)}</failure></testcase>"
        case Result.NOT_TRIED.value:
            return f"{head}><skipped message={_attribute(case['saw'])}/></testcase>"
        case _:
            return f"{head}><system-out>{_text(text)}</system-out></testcase>"


def _reason(case: Json) -> str:
    lines = (("looked at", "lookedAt"), ("saw", "saw"), ("expected", "expected"), ("source", "source"))
    return "\n".join(f"{words}: {case[name]}" for words, name in lines)


def page(result: Json) -> str:
    """Return a run as an HTML page that needs nothing else."""
    groups = dict.fromkeys(case["group"] for case in result["cases"])
    facts = "".join(f"<dt>{_html(name)}<dd>{_html(value)}" for name, value in _facts(result))
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Test of a SCEP authority</title>",
        "<meta name=viewport content='width=device-width'>",
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{_STYLE}</style><h1>Test of a SCEP authority</h1>",
        f"<p><strong>{_html(summary(result))}</strong></p><dl>{facts}</dl>",
    ]
    wrong = [case for case in result["cases"] if case["result"] == Result.WRONG.value]
    if wrong:
        parts.append(_table("What is wrong", wrong))
    parts += [_table(group, [case for case in result["cases"] if case["group"] == group]) for group in groups]
    return "\n".join([*parts, "</html>"]) + "\n"


def _table(title: str, cases: Iterable[Json]) -> str:
    head = "<thead><tr><th>result<th>case<th>saw<th>expected</thead>"
    return f"<h2>{_html(title)}</h2><table>{head}<tbody>{''.join(map(_row, cases))}</table>"


def _row(case: Json) -> str:
    result = Result(case["result"])
    return (
        f"<tr><td class='result {result.value.replace(' ', '-')}'>{MARKS[result]} {result.value}"
        f"<td><strong>{_html(case['id'])}</strong>: {_html(case['title'])}<small>{_html(case['lookedAt'])}</small>"
        f"<td data-name=saw>{_html(case['saw'])}"
        f"<td data-name=expected>{_html(case['expected'])}<small>{_html(case['source'])}</small>"
    )


def _facts(result: Json) -> Iterable[tuple[str, str]]:
    yield "authority", result["authority"]
    yield "Intune's part", f"{result['server']}, tenant {result['tenant']}"
    yield "time", result["when"]
    yield "duration", f"{result['seconds']} seconds"
    yield "Fauxtune", result["version"]
    for name in result["notDeleted"]:
        yield "could not be deleted", name


def _printable(text: object) -> str:
    """Return a text without the characters that XML 1.0 does not have."""
    return "".join(each if each.isprintable() or each in "\n\t" else "�" for each in str(text))


def _attribute(text: object) -> str:
    return quoteattr(_printable(text))


def _text(text: object) -> str:
    return escape(_printable(text))


def _html(text: object) -> str:
    return html.escape(_printable(text))
