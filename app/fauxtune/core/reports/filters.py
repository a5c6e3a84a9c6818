"""The filter of a report: text like that of `$filter`, `(OwnerType eq '1')`.

The columns of the report are the properties. Constants may be quoted or not, whatever the column is: clients write
numbers and times in quotes, as the documents do ("Export Intune reports using Graph APIs").
"""

from __future__ import annotations

import re
from contextlib import suppress

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.query.expressions import And, Compare, Condition, Field, Folded, Literal, Operator
from fauxtune.core.odata.query.filter import parse_filter
from fauxtune.core.odata.query.tokens import Kind as Token
from fauxtune.core.odata.query.tokens import tokenise
from fauxtune.core.odata.schema.types import Edm, Entity, Property
from fauxtune.core.odata.schema.values import moment
from fauxtune.core.reports.report import Kind, Report, Row

_TYPES = {Kind.INTEGER: Edm.INT64, Kind.LONG: Edm.INT64, Kind.MOMENT: Edm.DATE_TIME, Kind.FLAG: Edm.BOOLEAN}
_CONSTANTS = {Token.TEXT, Token.NUMBER, Token.MOMENT, Token.GUID}
_WORDS = {"true", "false"}
_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def parse(text: str | None, report: Report) -> Condition | None:
    """Return the condition of a report's filter; None without a filter. Raises Invalid for a filter that cannot be
    read, that names a column by which the report is not filtered, or that lacks the column that the report requires.
    """
    condition = None if text is None or not text.strip() else _parsed(text, report)
    check_required(report.name, report.required, condition=text)
    return condition


def check_required(name: str, column: str | None, *, condition: str | None) -> None:
    """Raise Invalid for a filter that does not name the column which this report requires; None: it requires none."""
    if column is None:
        return
    words = () if condition is None else tokenise(condition)
    if not any(word.kind is Token.NAME and word.text.lower() == column.lower() for word in words):
        example = f"({column} eq '00000000-0000-0000-0000-000000000000')"
        raise Invalid(f"The report {name} needs a filter for its column {column}, such as {example}.", target="filter")


def demanded(condition: Condition | None, column: str | None) -> str | None:
    """Return the text, in lower case, that this column must equal wherever the condition holds; None if the condition
    demands none."""
    match condition:
        case Compare(Operator.EQ, Folded(Field() as field), Literal(str() as text)) if field.property.name == column:
            return text.lower()
        case And(conditions):
            texts = (demanded(each, column) for each in conditions)
            return next((text for text in texts if text is not None), None)
    return None


def document(report: Report, row: Row) -> dict[str, object]:
    """Return what a condition compares of a row."""
    names = {name.lower() for name in report.filterable}
    return {
        column.name: _comparable(column.value(row), kind=column.kind)
        for column in report.columns
        if column.name.lower() in names
    }


def _parsed(text: str, report: Report) -> Condition:
    try:
        return parse_filter(_with_types(text, report), _entity(report))
    except Invalid as error:
        raise Invalid(error.message, target="filter") from None


def _entity(report: Report) -> Entity:
    names = {name.lower() for name in report.filterable}
    properties = tuple(
        Property(
            column.name,
            _TYPES.get(column.kind, Edm.STRING),
            filterable=column.name.lower() in names,
            ignores_case=column.kind is Kind.TEXT,
        )
        for column in report.columns
    )
    return Entity(report.name, properties)


def _with_types(text: str, report: Report) -> str:
    """Return the filter with each constant written as the type of the column before it demands."""
    kinds = {column.name.lower(): column.kind for column in report.columns}
    kind = Kind.TEXT
    words = []
    for token in tokenise(text):
        if token.kind in _CONSTANTS or token.text.lower() in _WORDS:
            words.append(_constant(token.text, kind=kind))
        elif token.kind is Token.ENUM:
            words.append(_quoted(token.text))
        else:
            kind = kinds.get(token.text.lower(), kind)
            words.append(token.text)
    return " ".join(words)


def _constant(text: str, *, kind: Kind) -> str:
    if kind in (Kind.INTEGER, Kind.LONG) and _NUMBER.fullmatch(text):
        return text
    if kind is Kind.FLAG and text.lower() in _WORDS:
        return text.lower()
    if kind is Kind.MOMENT:
        with suppress(Invalid):
            return moment(text)
    return _quoted(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _comparable(value: object, *, kind: Kind) -> object:
    return str(value) if kind is Kind.TEXT and value is not None else value
