"""`$filter`: text to a typed tree, by recursive descent.

Rules: OData URL Conventions 4.01, 5.1.1, of which these are supported: eq ne gt ge lt le has in and or not, contains
startswith endswith tolower toupper isof, and the lambda `any`. What is not supported is refused with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.query.expressions import (
    And,
    AnyElement,
    Condition,
    Form,
    Literal,
    Not,
    Operand,
    Operator,
    Or,
    TextTest,
)
from fauxtune.core.odata.query.filter_typing import (
    Names,
    as_condition,
    as_text,
    compared,
    flags,
    folded,
    has_flags,
    one_of,
    text_test,
)
from fauxtune.core.odata.query.tokens import PREFIX, Kind, Reader, malformed
from fauxtune.core.odata.schema.types import Entity, Version, bare_name

#: SQLite evaluates expressions no deeper than 1,000 levels; filters in use are far below these limits.
_MAX_DEPTH = 50
_MAX_TERMS = 300
_OPERATORS = {operator.value: operator for operator in Operator}
_CASES = {"tolower": False, "toupper": True}
_WORDS = {"true": True, "false": False, "null": None}


def parse_filter(
    text: str, entity: Entity, *, types: Iterable[Entity] = (), version: Version = Version.BETA
) -> Condition:
    """Parse a filter to a condition on documents of the entity.

    `types`: the known entities, among which `isof` and casts find derived ones. Raises Invalid, always with `$filter`
    as target: malformed text, a property that does not exist (the message lists those that do), types that cannot be
    compared.
    """
    reader = Reader(text)
    names = Names(entity, types=tuple(types), version=version)
    try:
        condition = as_condition(_either(reader, names))
        if reader.peek().kind is not Kind.END:
            raise reader.error("expected the end")
    except Invalid as error:
        # The messages of values do not mention the filter.
        raise malformed(error.message.removeprefix(PREFIX)) from error
    return condition


def _either(reader: Reader, names: Names) -> Condition | Operand:
    first = _both(reader, names)
    if not _next_is(reader, "or"):
        return first
    conditions = [as_condition(first)]
    while reader.skip("or"):
        conditions.append(as_condition(_both(reader, names)))
    return Or(tuple(conditions))


def _both(reader: Reader, names: Names) -> Condition | Operand:
    first = _term(reader, names)
    if not _next_is(reader, "and"):
        return first
    conditions = [as_condition(first)]
    while reader.skip("and"):
        conditions.append(as_condition(_term(reader, names)))
    return And(tuple(conditions))


def _next_is(reader: Reader, word: str) -> bool:
    token = reader.peek()
    return token.kind is Kind.NAME and token.text.lower() == word


def _count(reader: Reader) -> None:
    """Count a term: a comparison, or a constant in the list of `in`."""
    reader.terms += 1
    if reader.terms > _MAX_TERMS:
        raise malformed(f"it is too complex: at most {_MAX_TERMS} terms, of which each constant after 'in' is one.")


def _term(reader: Reader, names: Names) -> Condition | Operand:
    _count(reader)
    reader.depth += 1
    if reader.depth > _MAX_DEPTH:
        raise malformed(f"it is too complex: nested {_MAX_DEPTH} deep at most.")
    try:
        if _next_is(reader, "not"):
            reader.take()
            return Not(as_condition(_term(reader, names)))
        return _comparison(reader, names)
    finally:
        reader.depth -= 1


def _comparison(reader: Reader, names: Names) -> Condition | Operand:
    left = _primary(reader, names)
    token = reader.peek()
    word = token.text.lower() if token.kind is Kind.NAME else ""
    if word == "in":
        reader.take()
        return one_of(left, _list(reader, names))
    if word == "has":
        reader.take()
        members = flags(left, _primary(reader, names))
        for _member in members:
            _count(reader)
        return has_flags(left, members)
    if word in _OPERATORS:
        reader.take()
        return compared(_OPERATORS[word], left=left, right=_primary(reader, names))
    return left


def _list(reader: Reader, names: Names) -> list[Literal]:
    reader.expect("(")
    literals: list[Literal] = []
    while not literals or reader.skip(","):
        operand = _primary(reader, names)
        if not isinstance(operand, Literal):
            raise malformed("the list of 'in' holds constants only.")
        _count(reader)
        literals.append(operand)
    reader.expect(")")
    return literals


def _primary(reader: Reader, names: Names) -> Condition | Operand:
    token = reader.peek()
    if token.kind is Kind.MARK and token.text == "(":
        reader.take()
        inner = _either(reader, names)
        reader.expect(")")
        return inner
    if token.kind is Kind.NAME:
        return _named(reader, names)
    if token.kind in {Kind.MARK, Kind.END}:
        raise reader.error("expected a property, a function or a constant")
    reader.take()
    return names.literal(token)


def _named(reader: Reader, names: Names) -> Condition | Operand:
    word = reader.take().text
    if reader.skip("("):
        return _function(reader, names, name=word.lower())
    if word.lower() in _WORDS:
        return Literal(_WORDS[word.lower()], Form.WORD)
    path = [word]
    while reader.skip("/"):
        if reader.peek().kind is not Kind.NAME:
            raise reader.error("expected a name after '/'")
        path.append(reader.take().text)
    if len(path) > 1 and path[-1].lower() in {"any", "all"} and reader.skip("("):
        return _lambda(reader, names, path=path)
    return names.operand(path)


def _function(reader: Reader, names: Names, *, name: str) -> Condition | Operand:
    if name == "isof":
        return _isof(reader, names)
    if name not in _CASES and name not in set(TextTest):
        known = ", ".join((*(test.value for test in TextTest), *_CASES, "isof"))
        raise malformed(f"there is no function '{name}' here: use one of {known}.")
    arguments = [_argument(reader, names, function=name)]
    while reader.skip(","):
        arguments.append(_argument(reader, names, function=name))
    reader.expect(")")
    count = 1 if name in _CASES else 2
    if len(arguments) != count:
        raise malformed(f"'{name}' takes {count} argument{'s' if count > 1 else ''}, not {len(arguments)}.")
    if name in _CASES:
        return folded(arguments[0], upper=_CASES[name])
    return text_test(TextTest(name), left=arguments[0], right=arguments[1])


def _argument(reader: Reader, names: Names, *, function: str) -> Operand:
    reader.depth += 1
    if reader.depth > _MAX_DEPTH:
        raise malformed("it is nested too deep.")
    operand = as_text(_primary(reader, names), function=function)
    reader.depth -= 1
    return operand


def _isof(reader: Reader, names: Names) -> Condition:
    token = reader.take()
    if token.kind not in {Kind.TEXT, Kind.NAME}:
        raise malformed(f"'isof' takes the name of a type, like isof('{names.entity.full_name}').")
    reader.expect(")")
    return names.is_of(bare_name(token.text))


def _lambda(reader: Reader, names: Names, *, path: list[str]) -> Condition:
    if path[-1].lower() == "all":
        raise malformed("the lambda 'all' is not supported: use any.")
    field = names.collection(path[:-1])
    if reader.skip(")"):
        return AnyElement(field, None)
    variable = reader.take()
    reader.expect(":")
    if variable.kind is not Kind.NAME:
        raise malformed("a lambda names its variable: proxyAddresses/any(p:p eq 'smtp:x').")
    inner = as_condition(_either(reader, names.within(variable.text, field=field)))
    reader.expect(")")
    return AnyElement(field, inner)
