"""The typed and normalised tree of a `$filter`, which is then translated to SQL, or evaluated on documents in memory.

Every node that can stand as a condition is a `Condition`; what is compared is an `Operand`. Literals are already in the
form of stored documents (enums in the schema's casing, moments as `core.clock.iso` writes them), so that walking the
tree does not need the schema. Logic is two-valued, as OData has it: null equals null, differs from everything
else, and is neither greater nor less than anything.

A condition is evaluated in memory for lists that are computed and not selected from a table: by the same two-valued
logic as the translation to SQL, value by value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias, assert_never

from fauxtune.core.odata.schema.types import Edm, Property, bare_name

Scalar: TypeAlias = "bool | int | str | None"


class Operator(StrEnum):
    """The comparisons (OData URL Conventions 5.1.1.1)."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


class TextTest(StrEnum):
    """The functions that test two texts."""

    CONTAINS = "contains"
    STARTS_WITH = "startswith"
    ENDS_WITH = "endswith"


class Form(StrEnum):
    """The notation of a constant: a text is not a GUID, and a quoted moment is a text."""

    TEXT = "text"
    ENUM = "enum"
    MOMENT = "moment"
    GUID = "guid"
    NUMBER = "number"
    WORD = "word"  # true, false, null


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant with its notation."""

    value: Scalar
    form: Form = Form.TEXT


@dataclass(frozen=True, slots=True)
class Field:
    """A property of the document; `path` leads through complex properties, its last step is `property`'s name."""

    path: tuple[str, ...]
    property: Property = field(repr=False)


@dataclass(frozen=True, slots=True)
class Element:
    """The variable of a lambda: the element itself, or with a `path` a property of it.

    `property` is the collection in the first case, the element's property in the second.
    """

    path: tuple[str, ...]
    property: Property = field(repr=False)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in lower (or upper) case: ASCII letters only, as both databases do it."""

    operand: Field | Element
    upper: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison: `left operator right`."""

    operator: Operator
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class In:
    """The operand is one of the values."""

    operand: Operand
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class TextMatch:
    """`contains(left, right)` and similar functions; false if either is null."""

    test: TextTest
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class IsOf:
    """The document is of one of these types: names without namespace, derived types included."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyElement:
    """Some element of the collection fulfils the condition (None: there is an element at all)."""

    field: Field
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class And:
    """Every condition holds (`and`)."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one condition holds (`or`)."""

    conditions: tuple[Condition, ...]


def ascii_case(text: str, *, upper: bool = False) -> str:
    """The text with its ASCII letters, and no others, in lower or upper case: what both databases do."""
    return text.translate(_UPPER if upper else _LOWER)


def edm_of(operand: Field | Element | Folded) -> Edm:
    """The primitive type by which the operand is compared: an enum is compared as text."""
    if isinstance(operand, Folded):
        return Edm.STRING
    return operand.property.type if isinstance(operand.property.type, Edm) else Edm.STRING


_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code + 32: code for code in _LOWER}

Operand: TypeAlias = "Literal | Field | Element | Folded"
Condition: TypeAlias = "Compare | In | TextMatch | IsOf | AnyElement | Not | And | Or"


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
