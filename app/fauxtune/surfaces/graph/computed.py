"""Lists that are computed and short: one or two elements of a tenant, or the parts of one object.

They take the same options as those that the database lists; a list that grows with the tenant does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.query.evaluation import matches
from fauxtune.core.odata.schema.types import ComplexType, Entity
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options
from fauxtune.surfaces.graph.lists import collection_answer, condition_of, window_of


def list_documents(
    call: Call,
    documents: Sequence[Json],
    *,
    entity: Entity,
    context: str,
    entity_of: Callable[[Json], Entity] | None = None,
    expandable: tuple[str, ...] = (),
    expand: Callable[[Sequence[Json]], Sequence[Json]] | None = None,
) -> Answer:
    """Answer with a page of the documents, each shown as `entity_of` says, else as the entity. `expand`: what `$expand`
    adds to each of a page. Raises Invalid for options that make no sense.
    """
    check_options(
        call, entity, *(entity_of(each) for each in documents if entity_of is not None), expandable=expandable
    )
    shape_of = entity_of or (lambda _document: entity)
    selected = _wanted(call, documents, entity=entity)
    for key in reversed(call.query.orderby):
        name = _sortable(entity, key.property)
        selected.sort(key=lambda each: (each.get(name) is not None, each.get(name)), reverse=key.descending)
    window = window_of(call)
    page, next_offset = window.page(selected[window.offset :])
    values = [view(shape_of(each), each, version=call.version, select=call.query.select) for each in page]
    if expand is not None:
        values = [{**value, **more} for value, more in zip(values, expand(page), strict=True)]
    total = len(selected) if call.query.count else None
    return collection_answer(call, values, context=context, total=total, next_offset=next_offset)


def count_documents(call: Call, documents: Sequence[Json], *, entity: Entity) -> Answer:
    """Answer `/$count`: the number alone, as text."""
    return Answer(200, text=str(len(_wanted(call, documents, entity=entity))))


def element_document(call: Call, documents: Sequence[Json], *, entity: Entity, key: str) -> Json | None:
    """Return the document with this id, in any case, as the version shows it; None if no document has it."""
    check_options(call, entity)
    for document in documents:
        if str(document["id"]).lower() == key.lower():
            return view(entity, document, version=call.version, select=call.query.select)
    return None


def _wanted(call: Call, documents: Sequence[Json], *, entity: Entity) -> list[Json]:
    if call.query.search is not None:
        raise NotEmulated("$search is not emulated here: use $filter.")
    condition = condition_of(call, entity)
    whole = [{**defaults(entity), **document} for document in documents]
    return [each for each in whole if condition is None or matches(condition, each)]


def _sortable(entity: Entity, name: str) -> str:
    prop = entity.find(name)
    if prop is None or prop.collection or isinstance(prop.type, ComplexType):
        raise Invalid(f"'{name}' is no property of '{entity.full_name}' that has an order.", target="$orderby")
    return prop.name
