"""What a family is: one collection of Graph that the mechanism keeps, as data.

The type comes from the schema and its overlay, the rules from `core/policies`; here stands how the collection is
reached, who may do it, and in which form it answers. What is said of every collection is an `AnyFamily`; one that is
not stored with the resources is an `OwnFamily` (`resources/own_family.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cache, cached_property
from typing import Any, ClassVar

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import MODEL, derived_from, entity
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import EXACT, Entity, Fidelity
from fauxtune.core.policies.rules import Rules, as_it_is
from fauxtune.operations.insight.audit_families import FamilySubject
from fauxtune.operations.profiles.resources import NO_HOOKS, Hooks
from fauxtune.storage.rows.resources import ListedResourceRow
from fauxtune.surfaces.graph.call import Handler, Json
from fauxtune.surfaces.graph.resources.parts import Part

#: The names of the keys in the paths of a family and of what is below it, by depth.
KEYS = ("resource", "part", "piece", "grain")


@dataclass(frozen=True, slots=True)
class Assigned:
    """How a family is assigned. `entity`: the type of its assignments; `key`: the member of the body of `assign`.

    `old_key`: the member with assignments in their old form, which names only groups, of the type `old_entity`.
    `returns`: `assign` answers 200 with the new set, else `done` with nothing: 204, or 200 where a program that
    restores real tenants (IntuneCD 2.6) waits for that (Unverified: the reference says 204 for all of these). `verbs`:
    what the assignments, as a collection, can do: list, get, create, update, delete. `expandable`: whether
    `$expand=assignments` is answered for the `list`, for an `item`. `platforms`: by the name of the type, the platforms
    whose filters it takes; a type that is not there takes filters of every platform. `for_apps`: filters are those for
    managed apps. `action`: whether there is `assign`; `on_create`: whether a POST of an item takes assignments.
    """

    entity: str
    key: str = "assignments"
    old_key: str = ""
    returns: bool = False
    done: int = 204
    verbs: str = "list get"
    expandable: str = "list item"
    platforms: dict[str, str] = field(default_factory=dict)
    for_apps: bool = False
    action: bool = True
    on_create: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """A bound operation of a family with a handler of its own. `on_all`: it is bound to the collection; `reads`: a read
    permission is enough; `parameters`: the names of its parameters that must be there; `creates`: it is recorded as the
    creation of the resources that its operation returns; `deletes`: as a deletion; `dated` and
    `may_be_absent` as at a Route. Without a `name` it is a POST to the collection.
    """

    name: str
    handler: Handler
    summary: str
    method: str = "POST"
    on_all: bool = False
    reads: bool = False
    status: int = 204
    returns: str = ""
    many: bool = False
    fidelity: Fidelity = EXACT
    required: str = ""
    audited: bool = True
    creates: bool = False
    deletes: bool = False
    dated: bool = False
    may_be_absent: bool = False


@dataclass(frozen=True)
class AnyFamily:
    """One collection, wherever its items are stored: what its routes are made from.

    `path` is below the service for a collection, below an item of the family above for a part. `noun`: what one of
    it is called in summaries, with its article. `verbs`: list, get, create, update, replace (PUT), delete.
    `former_read`, `former_write`: permissions that are enough in the edition of 2020. `create_status`: 201, or 200
    where programs that restore real tenants expect it (Unverified: the reference says 201). `update_status`: 200
    with the entity, or 204. `beta_only`: None as the schema says. `fidelities`, `sources`, `summaries`: those of
    single verbs, `count` among them, that differ from the others.
    """

    #: The verb in the source of `$count`.
    COUNTED_AS: ClassVar[str] = "list"

    path: str
    entity: str
    noun: str
    _: KW_ONLY
    read: tuple[str, ...]
    write: tuple[str, ...]
    former_read: tuple[str, ...] = ()
    former_write: tuple[str, ...] = ()
    verbs: str = "list get create update delete"
    create_status: int = 201
    update_status: int = 200
    fidelity: Fidelity = EXACT
    fidelities: Mapping[str, Fidelity] = field(default_factory=dict)
    source: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    summaries: Mapping[str, str] = field(default_factory=dict)
    beta_only: bool | None = None

    @cached_property
    def base(self) -> Entity:
        """The type of the collection. Raises LookupError for one that is not served."""
        try:
            return entity(self.entity)
        except Invalid as unknown:
            raise LookupError(f"{self.path}: no entity '{self.entity}' of core/graph/types.txt is served") from unknown

    def is_beta_only(self, above: Sequence[AnyFamily] = ()) -> bool:
        """Whether v1.0 does not have it."""
        if self.beta_only is not None:
            return self.beta_only
        if self.base.beta_only or (above and above[-1].is_beta_only(above[:-1])):
            return True
        owner, name = (above[-1].entity, self.path) if above else self.path.rpartition("/")[::2]
        return _is_beta_navigation(owner, name)

    def source_of(self, verb: str) -> str:
        """The document that describes a verb."""
        described = self.COUNTED_AS if verb == "count" else verb
        return self.sources.get(described) or self.source or f"Graph: {self.entity}: {described}"

    @property
    def plural(self) -> str:
        """What several of it are called: the plural of the noun."""
        word = self.noun.partition(" ")[2]
        return f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeiou" else f"{word}s"


@dataclass(frozen=True)
class Family(AnyFamily):
    """One collection of resources.

    `large`: its bodies may have more elements than others. `prepared` changes a body before it is read. `made_as`:
    the type of what is created without one, or by the name of the base. `shown_members`: the members of the rules
    that have an address of their own, which answers GET; `shown_properties`: such properties. `member_parts`: by
    the name of a member, what `$expand` takes of its parts. `expanded_below`: the families below it that `$expand`
    takes. `hidden_in_lists`: properties that a list shows as their initial values. `parts`: navigations that
    `$expand` takes beside assignments and members; those in `only_on_items` are refused for lists; `inner_parts`:
    navigations of a part in a nested `$expand`. `unrouted`: navigations that the real service's schema has and that
    it answers 400 for. `without`: why the other navigations and operations of the type are not emulated. `audit`:
    the component and the category of its events in the audit log. `never_made`: kinds that no client creates.
    `handlers`: a class in place of `Items`, for a family whose items need more than hooks. `among`: its items are
    stored with those of other families, and are those of its own types. `searched`: the properties that `$search`
    looks through for a text.
    """

    COUNTED_AS: ClassVar[str] = "get"

    rules: Rules
    _: KW_ONLY
    audit: tuple[str, str]
    without: str
    assigned: Assigned | None = None
    below: tuple[Family, ...] = ()
    made_as: str = ""
    shown_members: str = ""
    member_parts: Mapping[str, tuple[Part[Json], ...]] = field(default_factory=dict)
    large: bool = False
    shown_properties: str = ""
    expanded_below: str = ""
    prepared: Callable[[Json], Json] = as_it_is
    hidden_in_lists: str = ""
    parts: tuple[Part[ListedResourceRow], ...] = ()
    inner_parts: tuple[Part[JsonObject], ...] = ()
    only_on_items: str = ""
    actions: tuple[Action, ...] = ()
    unrouted: str = ""
    hooks: Hooks = NO_HOOKS
    always_count: bool = False
    never_made: str = ""
    handlers: Callable[[Any], Any] | None = None
    among: bool = False
    searched: str = ""

    @cached_property
    def kinds(self) -> tuple[Entity, ...]:
        """The types that can be in the collection."""
        return derived_from(self.base)

    def subject(self, above: Sequence[Family] = ()) -> FamilySubject:
        """Its events in the audit log."""
        chain = tuple(family.rules for family in (*above, self))
        return FamilySubject(self.entity, *self.audit, chain=chain, keys=KEYS[: len(chain)])


def _is_beta_navigation(owner: str, name: str) -> bool:
    return name in _beta_navigations(owner)


@cache
def _beta_navigations(owner: str) -> frozenset[str]:
    """The navigations of a type that v1.0 lacks. Half of the families ask the same two types."""
    try:
        rows = MODEL.table.navigations(owner)
    except KeyError:
        return frozenset()
    return frozenset(row.name for row in rows if "beta" in row.marks)
