"""The typing of a `$filter`: names are looked up in the schema, constants converted to the type they are compared with.

Rules: OData URL Conventions 4.01, 5.1.1 (comparisons need compatible types); a quoted text is not a date, a GUID or
a number. Enums compare by their member's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import text_value
from fauxtune.core.odata.query.expressions import (
    And,
    AnyElement,
    Compare,
    Condition,
    Element,
    Field,
    Folded,
    Form,
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
    edm_of,
)
from fauxtune.core.odata.query.tokens import Kind, Token, malformed
from fauxtune.core.odata.schema.types import (
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Property,
    StructuredType,
    Version,
    bare_name,
    qualified,
)
from fauxtune.core.odata.schema.values import moment

_CONDITIONS = (Compare, In, TextMatch, IsOf, AnyElement, Not, And, Or)
_EQUALITY = {Operator.EQ, Operator.NE}
_MIRRORED = {
    Operator.GT: Operator.LT,
    Operator.GE: Operator.LE,
    Operator.LT: Operator.GT,
    Operator.LE: Operator.GE,
}
_FORMS = {
    Edm.STRING: {Form.TEXT},
    Edm.INT32: {Form.NUMBER},
    Edm.INT64: {Form.NUMBER},
    Edm.GUID: {Form.GUID},
    Edm.DATE_TIME: {Form.MOMENT},
    Edm.BOOLEAN: {Form.WORD},
}
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Names:
    """The names in one filter: the entity's properties, the known types, and the variable inside a lambda."""

    entity: Entity
    types: tuple[Entity, ...]
    version: Version
    variable: str | None = None
    elements: Field | None = None

    def within(self, variable: str, *, field: Field) -> Names:
        """The names inside a lambda."""
        if self.variable is not None:
            raise malformed("a lambda inside a lambda is not supported.")
        return replace(self, variable=variable, elements=field)

    def operand(self, path: Sequence[str]) -> Operand:
        """The operand at a path: a property with a single value, or the lambda's variable."""
        if self.elements is not None and path[0] == self.variable:
            return self._element(path[1:], field=self.elements)
        kind, rest = self._start(path)
        field = Field(*self._resolve((kind,), rest))
        if field.property.collection:
            raise malformed(f"'{'/'.join(path)}' is a collection: use {path[-1]}/any(x:x eq 'value').")
        _check_comparable(field.property)
        return field

    def collection(self, path: Sequence[str]) -> Field:
        """The collection of a lambda."""
        kind, rest = self._start(path)
        field = Field(*self._resolve((kind,), rest))
        if not field.property.collection:
            raise malformed(f"'{'/'.join(path)}' is not a collection, which 'any' needs.")
        return field

    def is_of(self, name: str) -> Condition:
        """The condition that the document is of the type, or of a derived one. Raises Invalid for an unknown type."""
        known = {kind.name: kind for kind in (self.entity, *self.types)}
        # A mixed list is described by a stand-in of the same name as the base of what is in it.
        base, target = known[self.entity.name], known[self._type(name).name]
        if not any(kind.is_a(base) for kind in known.values() if kind is not base):
            # If all are of one type, documents need not contain it.
            return And(()) if base.is_a(target) else Or(())
        return IsOf(tuple(sorted(kind.name for kind in known.values() if kind.is_a(target) and not kind.abstract)))

    def literal(self, token: Token) -> Literal:
        """The constant of a token."""
        if token.kind is Kind.MOMENT:
            return Literal(moment(token.text), Form.MOMENT)
        if token.kind is Kind.GUID:
            return Literal(token.text.lower(), Form.GUID)
        if token.kind is not Kind.NUMBER:
            return Literal(text_value(token.text), Form(token.kind.value))
        if not token.text.lstrip("+-").isdigit():
            raise malformed(f"{token.text} is not a whole number, and no property here has another kind of number.")
        return Literal(int(token.text), Form.NUMBER)

    def _type(self, name: str) -> Entity:
        for kind in (self.entity, *self.types):
            if kind.name.lower() == name.lower():
                return kind
        raise malformed(f"the type '{qualified(name)}' is not known.")

    def _start(self, path: Sequence[str]) -> tuple[StructuredType, Sequence[str]]:
        if len(path) > 1 and "." in path[0]:
            return self._type(bare_name(path[0])), path[1:]
        return self.entity, path

    def _element(self, path: Sequence[str], *, field: Field) -> Element:
        if not path:
            if isinstance(field.property.type, ComplexType):
                raise malformed(f"an element of '{field.property.name}' is an object: name one of its properties.")
            return Element((), field.property)
        if not isinstance(field.property.type, ComplexType):
            raise malformed(f"an element of '{field.property.name}' has no properties.")
        steps, prop = self._resolve((field.property.type, *field.property.variants), path)
        if prop.collection:
            raise malformed(f"'{prop.name}' is a collection, and a lambda inside a lambda is not supported.")
        _check_comparable(prop)
        return Element(steps, prop)

    def _resolve(self, choices: tuple[StructuredType, ...], path: Sequence[str]) -> tuple[tuple[str, ...], Property]:
        """The steps by their own names, and the property at the end; `choices`: the types that may have the first."""
        steps: list[str] = []
        prop: Property | None = None
        for name in path:
            prop = next((p for c in choices if (p := c.find(name, version=self.version))), None)
            if prop is None:
                raise _unknown(name, choices=choices, version=self.version)
            steps.append(prop.name)
            choices = (prop.type, *prop.variants) if isinstance(prop.type, ComplexType) else ()
        assert prop is not None
        return tuple(steps), prop


def as_condition(node: Condition | Operand) -> Condition:
    """Convert a condition, a Boolean property, `true` or `false` to a condition. Raises Invalid for other operands."""
    if isinstance(node, _CONDITIONS):
        return node
    if isinstance(node, Literal) and isinstance(node.value, bool):
        return And(()) if node.value else Or(())
    if isinstance(node, (Field, Element)) and node.property.type is Edm.BOOLEAN:
        return Compare(Operator.EQ, node, Literal(value=True, form=Form.WORD))
    raise malformed(f"{_named(node)} is neither true nor false: compare it with something.")


def as_text(node: Condition | Operand, *, function: str) -> Operand:
    """An argument of a text function. Raises Invalid unless it is a text."""
    if isinstance(node, Literal):
        if node.form is Form.TEXT:
            return node
    elif isinstance(node, Folded) or (isinstance(node, (Field, Element)) and node.property.type is Edm.STRING):
        return node
    raise malformed(f"'{function}' works on texts.")


def folded(operand: Operand, *, upper: bool = False) -> Operand:
    """`tolower` and `toupper` of a text; done at once for a constant."""
    if isinstance(operand, Literal):
        done = ascii_case(operand.value, upper=upper) if isinstance(operand.value, str) else operand.value
        return Literal(done, operand.form)
    return Folded(operand.operand if isinstance(operand, Folded) else operand, upper=upper)


def text_test(test: TextTest, *, left: Operand, right: Operand) -> TextMatch:
    """`contains` and similar functions, folded if the property ignores case."""
    if _ignores_case(left) or _ignores_case(right):
        return TextMatch(test, folded(left), folded(right))
    return TextMatch(test, left, right)


def compared(operator: Operator, *, left: Condition | Operand, right: Condition | Operand) -> Condition:
    """A comparison: the property first, the constant converted to its type. Raises Invalid for incompatible types."""
    if isinstance(left, _CONDITIONS) or isinstance(right, _CONDITIONS):
        return _condition_compared(operator, left=left, right=right)
    if isinstance(left, Literal):
        if isinstance(right, Literal):
            raise malformed("one side of a comparison must be a property.")
        left, right, operator = right, left, _MIRRORED.get(operator, operator)
    _check_ordered(left, operator=operator)
    if isinstance(right, Literal):
        right = _fitted(right, operand=left)
    elif edm_of(left) is not edm_of(right):
        raise _incompatible(_named(left), _named(right))
    if _ignores_case(left) or _ignores_case(right):
        left, right = folded(left), folded(right)
    return Compare(operator, left, right)


def one_of(left: Condition | Operand, values: Iterable[Literal]) -> In:
    """`left in (...)`."""
    if isinstance(left, (Literal, *_CONDITIONS)):
        raise malformed("what is before 'in' must be a property.")
    fitted: list[Operand] = [_fitted(value, operand=left) for value in values]
    if _ignores_case(left):
        fitted = [folded(value) for value in fitted]
        left = folded(left)
    return In(left, tuple(value.value for value in fitted if isinstance(value, Literal)))


def flags(left: Condition | Operand, right: Condition | Operand) -> tuple[str, ...]:
    """The members that the constant after `has` names, without one that has no bit. Raises Invalid for a property that
    is no enumeration of flags.
    """
    kind = left.property.type if isinstance(left, (Field, Element)) else None
    if not isinstance(kind, EnumType) or not kind.flags or not isinstance(left, (Field, Element)):
        raise malformed(f"{_named(left)} has no flags: what is before 'has' must be an enumeration of flags.")
    if not isinstance(right, Literal):
        raise malformed("what is after 'has' must be a constant.")
    value = str(_fitted(right, operand=left).value or "")
    return tuple(member for member in value.split(",") if member and kind.number(member))


def has_flags(left: Condition | Operand, members: Iterable[str]) -> Condition:
    """`left has 'members'`: a document has the names of its flags in one text, with commas between them."""
    assert isinstance(left, (Field, Element))
    tests = ((TextTest.STARTS_WITH, "{},"), (TextTest.ENDS_WITH, ",{}"), (TextTest.CONTAINS, ",{},"))
    return And(
        tuple(
            Or(
                (
                    Compare(Operator.EQ, left, Literal(member)),
                    *(TextMatch(test, left, Literal(form.format(member))) for test, form in tests),
                )
            )
            for member in members
        )
    )


def _condition_compared(operator: Operator, *, left: Condition | Operand, right: Condition | Operand) -> Condition:
    """`contains(...) eq true`, in either order."""
    condition, word = (left, right) if isinstance(left, _CONDITIONS) else (right, left)
    if operator not in _EQUALITY or not isinstance(word, Literal) or not isinstance(word.value, bool):
        raise malformed("a condition can only be compared with true or false.")
    same = word.value is (operator is Operator.EQ)
    return as_condition(condition) if same else Not(as_condition(condition))


def _fitted(literal: Literal, *, operand: Field | Element | Folded) -> Literal:
    """Convert the constant to the property's form. Null fits every property."""
    if literal.value is None:
        return literal
    kind = Edm.STRING if isinstance(operand, Folded) else operand.property.type
    if isinstance(kind, EnumType):
        if literal.form not in {Form.TEXT, Form.ENUM} or not isinstance(literal.value, str):
            raise _incompatible(_named(operand), _named(literal))
        try:
            return Literal(kind.canonical(literal.value))
        except Invalid as error:
            raise malformed(error.message) from error
    assert isinstance(kind, Edm)
    if literal.form not in _FORMS[kind]:
        hint = " Write dates without quotes." if kind is Edm.DATE_TIME else ""
        raise _incompatible(_named(operand), _named(literal), hint=hint)
    if isinstance(literal.value, int) and not -_INT64 <= literal.value < _INT64:
        raise malformed(f"{literal.value} does not fit into 64 bits.")
    return literal


def _ignores_case(operand: Operand) -> bool:
    return isinstance(operand, (Field, Element)) and operand.property.ignores_case


def _check_comparable(prop: Property) -> None:
    if isinstance(prop.type, ComplexType):
        raise malformed(f"'{prop.name}' is an object: compare one of its properties.")
    if prop.write_only or not prop.filterable or (isinstance(prop.type, Edm) and prop.type not in _FORMS):
        raise malformed(f"the property '{prop.name}' cannot be used in filters.")


def _check_ordered(operand: Operand, *, operator: Operator) -> None:
    if operator in _EQUALITY or not isinstance(operand, (Field, Element)):
        return
    if isinstance(operand.property.type, EnumType) or operand.property.type is Edm.BOOLEAN:
        raise malformed(f"'{operand.property.name}' has no order: compare it with eq or ne.")


def _named(node: Condition | Operand) -> str:
    if isinstance(node, Literal):
        return f"'{node.value}'" if isinstance(node.value, str) else f"{node.value}"
    if isinstance(node, Folded):
        return _named(node.operand)
    return f"'{node.property.name}'" if isinstance(node, (Field, Element)) else "a condition"


def _incompatible(left: str, right: str, *, hint: str = "") -> Invalid:
    return malformed(f"{left} and {right} have types that cannot be compared.{hint}")


def _unknown(name: str, *, choices: Sequence[StructuredType], version: Version) -> Invalid:
    if not choices:
        return malformed(f"'/{name}' follows a property that has no properties of its own.")
    known = sorted({p for choice in choices for p in choice.properties_in(version)})
    return malformed(
        f"Could not find a property named '{name}' on type '{choices[0].full_name}'. It has: {', '.join(known)}."
    )
