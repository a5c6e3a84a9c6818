"""The directory queries that the real service answers only as *advanced* ones, and those that it never answers.

Graph: "Advanced query capabilities on Microsoft Entra ID objects": `ne`, `not` and `endsWith` need the header
`ConsistencyLevel: eventual` and `$count=true`; so do `$filter` together with `$orderby`, and comparisons with null.
`contains`, `tolower`, `toupper` and `isof` are not supported at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.odata.query.expressions import (
    And,
    AnyElement,
    Compare,
    Condition,
    IsOf,
    Literal,
    Not,
    Operator,
    Or,
    TextMatch,
    TextTest,
)


def is_advanced(condition: Condition) -> bool:
    """Whether the condition contains a part that only an advanced query may have."""
    return any(_is_advanced(node) for node in _nodes(condition))


def is_unsupported(condition: Condition) -> bool:
    """Whether the condition contains a part that the directory never supports.

    Differs from Intune: `tolower` passes, because it cannot be distinguished from the directory's own folding of case.
    """
    return any(isinstance(node, IsOf) or _is_contains(node) for node in _nodes(condition))


def _is_contains(node: Condition) -> bool:
    return isinstance(node, TextMatch) and node.test is TextTest.CONTAINS


def _is_advanced(node: Condition) -> bool:
    match node:
        case Not() | TextMatch(test=TextTest.ENDS_WITH) | Compare(operator=Operator.NE):
            return True
        case Compare(right=Literal(value=None)):
            return True
        case AnyElement(condition=None):
            return True
        case _:
            return False


def _nodes(condition: Condition) -> Iterator[Condition]:
    yield condition
    match condition:
        case And(conditions) | Or(conditions):
            for inner in conditions:
                yield from _nodes(inner)
        case Not(inner):
            yield from _nodes(inner)
        case AnyElement(condition=inner) if inner is not None:
            yield from _nodes(inner)
        case _:
            return
