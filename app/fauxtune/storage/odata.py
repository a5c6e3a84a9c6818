"""A `$filter` condition and `$orderby` as SQL, in one form that SQLite and PostgreSQL read alike.

Properties come from columns where they have one, else out of the JSON document. Text compares by code point, `contains`
and its like never use LIKE, and logic is two-valued: what involves null is false, not unknown, so that `not` may stand
before anything (OData URL Conventions 4.01, 5.1.1.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from sqlalchemy import (
    JSON,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    String,
    TableValuedAlias,
    and_,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.functions import FunctionElement

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.query.expressions import (
    And,
    AnyElement,
    Compare,
    Condition,
    Element,
    Field,
    Folded,
    In,
    IsOf,
    Literal,
    Not,
    Operand,
    Operator,
    Or,
    TextMatch,
    TextTest,
    edm_of,
)
from fauxtune.core.odata.query.options import OrderBy
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, qualified

#: The key in `columns` of a column that holds the type's bare name, for `isof`.
TYPE_COLUMN = "@odata.type"


def where(
    expression: Condition, *, columns: Mapping[str, ColumnElement[Any]], document: ColumnElement[Any]
) -> ColumnElement[bool]:
    """The condition as SQL, never null.

    `columns`: by property name, those kept outside the document, of the property's own type; `TYPE_COLUMN` for the one
    that holds the bare type name. `document`: the JSON column.
    """
    return _Translation(columns=columns, document=document).condition(expression)


def order_by(
    entity: Entity,
    keys: Iterable[OrderBy],
    *,
    columns: Mapping[str, ColumnElement[Any]],
    document: ColumnElement[Any],
) -> list[ColumnElement[Any]]:
    """`$orderby` as SQL: by code point, null first (last when descending), then by `id` where that is a column.

    Invalid for a property that does not exist or has no order.
    """
    translation = _Translation(columns=columns, document=document)
    terms: list[ColumnElement[Any]] = []
    for key in keys:
        prop = entity.find(key.property)
        if prop is None:
            raise Invalid(
                f"Could not find a property named '{key.property}' on type '{entity.full_name}'.", target="$orderby"
            )
        if prop.collection or prop.write_only or isinstance(prop.type, ComplexType) or prop.type is Edm.BINARY:
            raise Invalid(f"The property '{prop.name}' cannot be ordered by.", target="$orderby")
        value = translation.field(Field((prop.name,), prop))
        terms.append(value.desc().nulls_last() if key.descending else value.asc().nulls_first())
    if "id" in columns:
        terms.append(_by_code_point(columns["id"]).asc())
    return terms


def in_another_order(
    own: Sequence[ColumnElement[Any]], order: int, *, key: ColumnElement[Any] | None
) -> list[ColumnElement[Any]]:
    """Return another order than the own one: with 0 the other way round, with N or -N up or down by what keys have from
    their N-th character on.
    """
    if not order or key is None:
        return [_other_way(term) for term in own]
    part = _by_code_point(func.substr(key, abs(order)))
    return [part.desc() if order < 0 else part.asc(), *own]


def _other_way(term: ColumnElement[Any]) -> ColumnElement[Any]:
    is_down = isinstance(term, UnaryExpression) and term.modifier is operators.desc_op
    return term.element.asc() if is_down else term.desc()


class _ByCodePoint(FunctionElement[str]):
    """A text that compares by code point: SQLite's does by nature."""

    type = String()
    inherit_cache = True


@compiles(_ByCodePoint, "sqlite")
def _plain(element: _ByCodePoint, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_ByCodePoint, "postgresql")
def _collated(element: _ByCodePoint, compiler: SQLCompiler, **options: Any) -> str:
    return f'(({compiler.process(element.clauses, **options)}) COLLATE "C")'


class _Position(FunctionElement[int]):
    """The position of the second text in the first, from 1; 0 if it is not in it."""

    type = Integer()
    inherit_cache = True


@compiles(_Position, "sqlite")
def _instr(element: _Position, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(_Position, "postgresql")
def _strpos(element: _Position, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


class _Elements(FunctionElement[str]):
    """The elements of a JSON array, as rows with one text `value`; none for what is no array."""

    type = String()
    inherit_cache = True


@compiles(_Elements, "sqlite")
def _json_each(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    array = compiler.process(element.clauses, **options)
    return f"json_each(CASE json_type({array}) WHEN 'array' THEN {array} ELSE '[]' END)"


@compiles(_Elements, "postgresql")
def _array_elements(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    array = compiler.process(element.clauses, **options)
    return f"json_array_elements_text(CASE json_typeof({array}) WHEN 'array' THEN {array} ELSE '[]' END)"


class _Member(FunctionElement[str]):
    """A member, as text, of an object that is itself a text of JSON."""

    type = String()
    inherit_cache = True


@compiles(_Member, "sqlite")
def _json_extract(element: _Member, compiler: SQLCompiler, **options: Any) -> str:
    value, name = element.clauses
    return f"json_extract({compiler.process(value, **options)}, '$.' || {compiler.process(name, **options)})"


@compiles(_Member, "postgresql")
def _json_member(element: _Member, compiler: SQLCompiler, **options: Any) -> str:
    value, name = element.clauses
    return f"(CAST({compiler.process(value, **options)} AS JSON) ->> {compiler.process(name, **options)})"


class AsJson(FunctionElement[Any]):
    """A text of JSON, as a JSON value. SQLite keeps one as text."""

    type = JSON()
    inherit_cache = True


@compiles(AsJson, "sqlite")
def _json_text(element: AsJson, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(AsJson, "postgresql")
def _text_to_json(element: AsJson, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS JSON)"


class Without(FunctionElement[Any]):
    """A JSON object without the members that have these names. What nobody reads is not made into values."""

    type = JSON()
    inherit_cache = True


@compiles(Without, "sqlite")
def _json_remove(element: Without, compiler: SQLCompiler, **options: Any) -> str:
    value, *names = (compiler.process(clause, **options) for clause in element.clauses)
    paths = (f"'$.' || {name}" for name in names)
    return f"json_remove({', '.join((value, *paths))})"


@compiles(Without, "postgresql")
def _without_keys(element: Without, compiler: SQLCompiler, **options: Any) -> str:
    value, *names = (compiler.process(clause, **options) for clause in element.clauses)
    keys = (f"CAST({name} AS TEXT)" for name in names)
    return f"CAST({' - '.join((f'CAST({value} AS JSONB)', *keys))} AS JSON)"


def as_rows(
    objects: Sequence[Mapping[str, Any]] | BindParameter[Any], *names: str
) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """Objects, however many, as rows that are one value of the statement, or one parameter of the type JSON; and these
    members of theirs as columns.
    """
    value = objects if isinstance(objects, BindParameter) else literal(objects, JSON())
    rows = _Elements(value).table_valued("value")
    return rows, [_Member(rows.c.value, literal(name)).label(name) for name in names]


class _Pairs(FunctionElement[str]):
    """The members of a JSON object, as rows with two texts, `key` and `value`."""

    type = String()
    inherit_cache = True


@compiles(_Pairs, "sqlite")
def _json_pairs(element: _Pairs, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Pairs, "postgresql")
def _json_pairs_text(element: _Pairs, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each_text({compiler.process(element.clauses, **options)})"


def as_pairs(values: Mapping[str, str]) -> TableValuedAlias:
    """A mapping, however large, as rows that are one value of the statement, with the columns `key` and `value`."""
    return _Pairs(literal(values, JSON())).table_valued(column("key", String()), column("value", String()))


def contains(text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the one text has the other in it."""
    return _Position(text, part) > 0


def _by_code_point(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return _ByCodePoint(value)


@dataclass(frozen=True, slots=True)
class _Translation:
    """One statement's columns, and inside a lambda the element it is about."""

    columns: Mapping[str, ColumnElement[Any]]
    document: ColumnElement[Any]
    element: ColumnElement[Any] | None = None

    def condition(self, node: Condition) -> ColumnElement[bool]:
        """Any condition."""
        match node:
            case And(conditions):
                return and_(true(), *map(self.condition, conditions))
            case Or(conditions):
                return or_(false(), *map(self.condition, conditions))
            case Not(inner):
                return not_(self.condition(inner))
            case AnyElement():
                return self._any(node)
            case IsOf(names):
                return self._is_of(names)
            case Compare():
                return self._compare(node)
            case In():
                return self._in(node)
            case TextMatch():
                return self._text_match(node)
            case _:
                assert_never(node)

    def operand(self, node: Operand) -> ColumnElement[Any]:
        """Any value."""
        match node:
            case Literal(value):
                return literal(value)
            case Field():
                return self.field(node)
            case Element():
                return self._of_element(node)
            case Folded(inner, upper):
                text = self.operand(inner)
                # Under the collation "C" PostgreSQL folds ASCII only, as SQLite does always.
                return func.upper(text, type_=String()) if upper else func.lower(text, type_=String())
            case _:
                assert_never(node)

    def field(self, node: Field) -> ColumnElement[Any]:
        """A property, out of its column or the document."""
        column = self.columns.get(node.path[0]) if len(node.path) == 1 else None
        edm = edm_of(node)
        if edm is Edm.BOOLEAN:
            return self._in_document(node.path).as_boolean() if column is None else column
        if edm is Edm.INT32 or edm is Edm.INT64:
            return cast(self._in_document(node.path).as_string(), BigInteger) if column is None else column
        return _by_code_point(self._in_document(node.path).as_string() if column is None else column)

    def _in_document(self, path: tuple[str, ...]) -> Any:
        return self.document[path[0]] if len(path) == 1 else self.document[path]

    def _of_element(self, node: Element) -> ColumnElement[Any]:
        assert self.element is not None
        value: ColumnElement[Any] = self.element
        for step in node.path:
            value = _Member(value, literal(step))
        edm = edm_of(node)
        if edm is Edm.BOOLEAN:
            return cast(value, Boolean)
        if edm is Edm.INT32 or edm is Edm.INT64:
            return cast(value, BigInteger)
        return _by_code_point(value)

    def _compare(self, node: Compare) -> ColumnElement[bool]:
        left = self.operand(node.left)
        if isinstance(node.right, Literal):
            return _with_literal(node.operator, left, value=node.right.value)
        right = self.operand(node.right)
        if node.operator is Operator.EQ:
            return left.is_not_distinct_from(right)
        if node.operator is Operator.NE:
            return left.is_distinct_from(right)
        return and_(left.is_not(None), right.is_not(None), _ORDERED[node.operator](left, right))

    def _in(self, node: In) -> ColumnElement[bool]:
        operand = self.operand(node.operand)
        values = [value for value in node.values if value is not None]
        is_in: ColumnElement[bool] = and_(operand.is_not(None), operand.in_(values))
        return or_(operand.is_(None), is_in) if None in node.values else is_in

    def _text_match(self, node: TextMatch) -> ColumnElement[bool]:
        left, right = self.operand(node.left), self.operand(node.right)
        return and_(left.is_not(None), right.is_not(None), _TESTS[node.test](left, right))

    def _is_of(self, names: tuple[str, ...]) -> ColumnElement[bool]:
        column = self.columns.get(TYPE_COLUMN)
        if column is not None:
            return and_(column.is_not(None), column.in_(names))
        type_name = self.document[TYPE_COLUMN].as_string()
        return and_(type_name.is_not(None), type_name.in_([f"#{qualified(name)}" for name in names]))

    def _any(self, node: AnyElement) -> ColumnElement[bool]:
        path = node.field.path
        array = self.columns.get(path[0]) if len(path) == 1 else None
        source = _as_json(self._in_document(path) if array is None else array)
        rows = _Elements(source).table_valued("value")
        inside = _Translation(columns=self.columns, document=self.document, element=rows.c.value)
        condition = true() if node.condition is None else inside.condition(node.condition)
        return exists().where(condition).select_from(rows)


def _as_json(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value as JSON."""
    return value if isinstance(value.type, JSON) else cast(value, JSON)


def _with_literal(
    operator: Operator, left: ColumnElement[Any], *, value: bool | int | str | None
) -> ColumnElement[bool]:
    if operator is Operator.EQ:
        return left.is_(None) if value is None else and_(left.is_not(None), left == value)
    if operator is Operator.NE:
        return left.is_not(None) if value is None else or_(left.is_(None), left != value)
    return false() if value is None else and_(left.is_not(None), _ORDERED[operator](left, literal(value)))


_ORDERED: dict[Operator, Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[bool]]] = {
    Operator.GT: lambda left, right: left > right,
    Operator.GE: lambda left, right: left >= right,
    Operator.LT: lambda left, right: left < right,
    Operator.LE: lambda left, right: left <= right,
}


def _starts_with(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.substr(left, 1, func.length(right)) == right


def _ends_with(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[bool]:
    # The guard keeps the start positive: the two databases differ on what comes before a text.
    surplus = func.length(left) - func.length(right)
    return and_(surplus >= 0, func.substr(left, surplus + 1) == right)


_TESTS: dict[TextTest, Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[bool]]] = {
    TextTest.CONTAINS: lambda left, right: _Position(left, right) > 0,
    TextTest.STARTS_WITH: _starts_with,
    TextTest.ENDS_WITH: _ends_with,
}
