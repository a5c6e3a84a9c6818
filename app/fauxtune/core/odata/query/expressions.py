"""The typed and normalised tree of a `$filter`, which is then translated to SQL or evaluated.

Every node that can stand as a condition is a `Condition`; what is compared is an `Operand`. Literals are already in the
form of stored documents (enums in the schema's casing, moments as `core.clock.iso` writes them), so that walking the
tree does not need the schema. Logic is two-valued, as OData has it: null equals null, differs from everything
else, and is neither greater nor less than anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from fauxtune.core.odata.schema.types import Edm, Property

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
