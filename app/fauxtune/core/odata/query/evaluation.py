"""The evaluation of a condition on a document in memory, for lists that are computed and not selected from a table.

The same two-valued logic as the translation to SQL, value by value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

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
    ascii_case,
)
from fauxtune.core.odata.schema.namespace import bare_name


def matches(condition: Condition, document: Mapping[str, Any]) -> bool:
    """Whether the document, in the form in which documents are stored, fulfils the condition.

    `isof` reads the document's `@odata.type`.
    """
    return _holds(condition, document, element=None)


def _holds(condition: Condition, document: Mapping[str, Any], *, element: Any) -> bool:
    match condition:
        case And(conditions):
            return all(_holds(c, document, element=element) for c in conditions)
        case Or(conditions):
            return any(_holds(c, document, element=element) for c in conditions)
        case Not(inner):
            return not _holds(inner, document, element=element)
        case AnyElement(field, inner):
            elements = _at(document, field.path) or []
            return any(inner is None or _holds(inner, document, element=element) for element in elements)
        case IsOf(names):
            return bare_name(str(document.get("@odata.type", ""))) in names
        case Compare() | In() | TextMatch():
            return _tested(condition, document, element=element)
        case _:
            assert_never(condition)


def _tested(condition: Compare | In | TextMatch, document: Mapping[str, Any], *, element: Any) -> bool:
    if isinstance(condition, In):
        return _value(condition.operand, document, element=element) in condition.values
    left = _value(condition.left, document, element=element)
    right = _value(condition.right, document, element=element)
    if isinstance(condition, Compare):
        return _compared(condition.operator, left=left, right=right)
    return left is not None and right is not None and _text_tested(condition.test, left=left, right=right)


def _compared(operator: Operator, *, left: Any, right: Any) -> bool:
    if operator is Operator.EQ or operator is Operator.NE:
        return bool((left == right) is (operator is Operator.EQ))
    if left is None or right is None:
        return False
    if operator is Operator.GT or operator is Operator.LE:
        return bool((left > right) is (operator is Operator.GT))
    return bool((left < right) is (operator is Operator.LT))


def _text_tested(test: TextTest, *, left: str, right: str) -> bool:
    if test is TextTest.CONTAINS:
        return right in left
    return left.startswith(right) if test is TextTest.STARTS_WITH else left.endswith(right)


def _value(operand: Operand, document: Mapping[str, Any], *, element: Any) -> Any:
    match operand:
        case Literal(value):
            return value
        case Field(path):
            return _at(document, path)
        case Element(path):
            return _at(element, path)
        case Folded(inner, upper):
            value = _value(inner, document, element=element)
            return None if value is None else ascii_case(value, upper=upper)
        case _:
            assert_never(operand)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
