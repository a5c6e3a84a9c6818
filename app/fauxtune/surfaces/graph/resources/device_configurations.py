"""Profiles, and the references from one to another. Graph: deviceConfiguration.

A reference is answered as the profile behind a navigation, and as its `$ref`. Graph: "Set up references" (OData
`$ref`): PUT sets, DELETE clears, GET reads. Each answers to the path with the type's cast
(`.../microsoft.graph.T/rootCertificate/$ref`) and to that without. Unverified: that a change of a reference raises the
profile's version, and that clearing what is not set is 404.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Any

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import derived_from, entity
from fauxtune.core.graph.references import binds
from fauxtune.core.odata.documents.validation import accept, defaults, type_name
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.paths.table import UnknownSegment
from fauxtune.core.odata.schema.types import EXACT, Entity, approximated, bare_name
from fauxtune.core.profiles.catalog import Kind, kind
from fauxtune.core.profiles.references import NAMES
from fauxtune.operations.insight.audit_rules import PROFILE, changes
from fauxtune.operations.profiles import profiles
from fauxtune.operations.profiles.references import referenced
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.resources import PROFILES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import Listed, count_rows, list_rows, of_cast
from fauxtune.surfaces.graph.resources.own_family import RowFamily
from fauxtune.surfaces.graph.resources.profile_expansion import (
    CONTEXT,
    EXPANDABLE,
    check_expansion,
    expansions,
    profile_view,
    reference_context,
)


@dataclass(frozen=True)
class ProfileFamily(RowFamily[ProfileRow]):
    """A collection of profiles of several types. `known_as`: what one is called in refusals of another type."""

    _: KW_ONLY
    created_by: Callable[..., Any] = profiles.create_profile
    changed_by: Callable[..., Any] = profiles.update_profile
    deleted_by: Callable[[Transaction, Any], object] = profiles.delete_profile
    known_as: str

    @cached_property
    def listed(self) -> Listed[ProfileRow]:
        """How the collection is listed."""
        return replace(super().listed, entity_of=lambda row: entity(row.kind), always_count=True)

    async def get(self, call: Call) -> Answer:
        """GET a profile."""
        row = await self.row(call)
        shape = entity(row.kind)
        self.check_expansion(call, shape)
        check_options(call, shape, *derived_from(self.base), expandable=self.expandable)
        document = view(shape, row.document, version=call.version, select=call.query.select)
        more: Json = {}
        if call.query.expand:
            (more,) = await call.read(lambda connection: self.expanded_by(call, connection, [row]))
        return entity_answer(call, {**document, **more}, context=self.path)

    async def create(self, call: Call) -> Answer:
        """POST: the body says what kind of profile it is with @odata.type."""
        body = call.body()
        shape = self.shape_of(type_name(body))
        known = kind_of(shape.name)
        document = {**defaults(shape), **accept(shape, body, partial=False, version=call.version)}
        document = await call.run(self.created_by, known, document=document, navigations=self.navigations(shape, body))
        return created(call, view(shape, document, version=call.version), collection=self.path)

    async def update(self, call: Call) -> Answer:
        """PATCH: 200 with the entity. The type of a profile cannot be changed."""
        row, body = await self.row(call), call.body()
        name = type_name(body)
        if name is not None and bare_name(name).lower() not in (row.kind.lower(), self.base.name.lower()):
            message = f"The {self.known_as} is a {row.kind}; its @odata.type cannot be changed."
            raise Invalid(message, target="@odata.type")
        shape = entity(row.kind)
        changes = accept(shape, {**body, "@odata.type": shape.odata_type}, partial=True, version=call.version)
        navigations = self.navigations(shape, body)
        document = await call.run(
            self.changed_by, row.id, kind=kind_of(row.kind), changes=changes, navigations=navigations
        )
        return entity_answer(call, view(shape, document, version=call.version), context=self.path)

    async def id_of(self, call: Call) -> str:
        """The id of the profile. Raises NotFound for one of another collection."""
        return (await self.row(call)).id

    async def row(self, call: Call) -> ProfileRow:
        """Return the profile that the path names. Raises NotFound if it does not exist."""
        return await call.read(self.read_row, call)

    def read_row(self, connection: Connection, call: Call) -> ProfileRow:
        """Do what `row` does, in a transaction that is under way."""
        key = self.key_of(call)
        row = queries.profile(connection, call.tenant.id, profile_id=key)
        if row is None or not entity(row.kind).is_a(self.base):
            # By the last word of the path, without its s.
            raise NotFound(f"There is no {self.path.rpartition('/')[2][:-1]} '{key}'.")
        return row

    @abstractmethod
    def shape_of(self, name: str | None) -> Entity:
        """The type of a new profile, whose body has this name. Raises Invalid for one that does not belong here."""

    def check_expansion(self, call: Call, *entities: Entity) -> None:
        """Raise Invalid for an `$expand` of a navigation that these types lack."""

    def navigations(self, _shape: Entity, _body: Json) -> Mapping[str, Sequence[str]]:
        """The references to other profiles that the body sets."""
        return {}


@dataclass(frozen=True)
class _Configurations(ProfileFamily):
    """Profiles of settings, which refer to one another, and which casts in paths tell apart."""

    async def every(self, call: Call) -> Answer:
        """GET the collection, as far as the path's cast leaves it."""
        self.check_expansion(call, self.base, *derived_from(self.base))
        return _dated(call, await list_rows(call, self._cast(call)))

    async def count(self, call: Call) -> Answer:
        """GET .../$count."""
        return await count_rows(call, self._cast(call))

    async def get(self, call: Call) -> Answer:
        """GET a profile."""
        return _dated(call, await super().get(call))

    def read_row(self, connection: Connection, call: Call) -> ProfileRow:
        """Return the profile that the path names. A cast to another type finds nothing."""
        row = super().read_row(connection, call)
        if call.cast is not None and not entity(row.kind).is_a(entity(call.cast)):
            raise NotFound(f"The deviceConfiguration '{row.id}' is a {row.kind}, not a {bare_name(call.cast)}.")
        return row

    def shape_of(self, name: str | None) -> Entity:
        """The type of a new profile, which its body must name."""
        if name is None:
            raise Invalid(
                "@odata.type is required: deviceConfiguration is abstract. Send, for example, "
                "'#microsoft.graph.androidWorkProfilePkcsCertificateProfile'.",
                target="@odata.type",
            )
        shape = entity(name)
        kind_of(name)
        if not shape.is_a(self.base):
            raise Invalid(f"A {shape.name} is no deviceConfiguration.", target="@odata.type")
        return shape

    def check_expansion(self, call: Call, *entities: Entity) -> None:
        """Raise Invalid for an `$expand` of a navigation that the type of the cast, or else each of these, lacks."""
        check_expansion(call, *entities)

    def navigations(self, shape: Entity, body: Json) -> Mapping[str, Sequence[str]]:
        """The references that the body sets with `@odata.bind`."""
        return binds(shape, body)

    def _cast(self, call: Call) -> Listed[ProfileRow]:
        """The list of the kinds that the path's cast leaves."""
        if call.cast is None:
            return self.listed
        return replace(self.listed, narrowed=of_cast(call.cast, base=self.base, kinds=derived_from(self.base)))


_SHOWN = approximated("v1.0 shows of kinds that only beta knows what all have: what the real service does is not known")
_CHECKED = approximated(
    "settings that can never work are 400, with the reason: the real service's checks are not published"
)
CONFIGURATIONS = _Configurations(
    CONTEXT,
    "deviceConfiguration",
    "a profile",
    PROFILES,
    key="profile",
    read=needs.READ_CONFIGURATION,
    write=needs.WRITE_CONFIGURATION,
    subject=PROFILE,
    known_as="profile",
    expandable=EXPANDABLE,
    expanded_by=expansions,
    fidelities={
        "list": _SHOWN,
        "create": _CHECKED,
        "get": _SHOWN,
        "update": _CHECKED,
        "delete": approximated(
            "400 while other profiles refer to it: what the real service does then is not documented"
        ),
    },
)


async def profile_with(call: Call, navigation: str) -> ProfileRow:
    """Return the profile that the path names, whose type must have the navigation. Raises NotFound if the path's cast
    is to another type, UnknownSegment if the type has no such navigation.
    """
    row = await CONFIGURATIONS.row(call)
    if entity(row.kind).navigation(navigation) is None:
        raise UnknownSegment(navigation)
    return row


def _dated(call: Call, answer: Answer) -> Answer:
    """Mark an answer with an overview as dated: it has the moment in it."""
    dated = any(expansion.navigation.lower().endswith("overview") for expansion in call.query.expand)
    return replace(answer, dated=dated)


def below(profile: ProfileRow, name: str) -> str:
    """Return the context of a part of a profile."""
    return f"{CONTEXT}('{profile.id}')/{name}"


def kind_of(name: str) -> Kind:
    """Return the kind with this name. Raises Invalid for one that is abstract or does not exist here."""
    known = kind(name)
    if known is None:
        raise Invalid(
            f"The type 'microsoft.graph.{bare_name(name)}' is abstract or not emulated yet.", target="@odata.type"
        )
    return known


DEVICE_CONFIGURATION = entity("deviceConfiguration")


def _read_target(navigation: str) -> Handler:
    """GET .../{profile}/rootCertificate: the profile itself."""

    async def handler(call: Call) -> Answer:
        row = await profile_with(call, navigation)
        check_options(call, *derived_from(DEVICE_CONFIGURATION))
        target_id = referenced(row, navigation)
        target = await call.read(queries.profile, call.tenant.id, profile_id=target_id)
        if target is None:
            raise NotFound(f"There is no deviceConfiguration '{target_id}'.")
        document = profile_view(call, target, select=call.query.select)
        return entity_answer(call, document, context=reference_context(row, navigation))

    return handler


def _read_reference(navigation: str) -> Handler:
    """GET .../{profile}/rootCertificate/$ref: where that profile is found."""

    async def handler(call: Call) -> Answer:
        row = await profile_with(call, navigation)
        url = call.location(CONTEXT, referenced(row, navigation))
        return Answer(200, {"@odata.context": call.context("$ref"), "@odata.id": url})

    return handler


def _set_reference(navigation: str) -> Handler:
    """PUT .../{profile}/rootCertificate/$ref."""

    async def handler(call: Call) -> Answer:
        target_id = call.reference(to="deviceConfiguration")
        row = await profile_with(call, navigation)
        await call.run(
            profiles.update_profile,
            row.id,
            kind=kind_of(row.kind),
            changes={},
            navigations={navigation: [target_id]},
        )
        return NO_CONTENT

    return handler


def _clear_reference(navigation: str) -> Handler:
    """DELETE .../{profile}/rootCertificate/$ref."""

    async def handler(call: Call) -> Answer:
        row = await profile_with(call, navigation)
        await call.run(
            profiles.clear_reference,
            row.id,
            kind=kind_of(row.kind),
            navigation=navigation,
        )
        return NO_CONTENT

    return handler


REFERENCES = Routes(
    f"{CONTEXT}/{{profile}}",
    read=needs.READ_CONFIGURATION,
    write=needs.WRITE_CONFIGURATION,
    beta_only=True,
    audit=changes(PROFILE),
)
_SET = approximated("the type is checked, and the version raised: what the service does beyond is not documented")
_CLEARED = approximated("404 where nothing is set, else the version is raised: neither is documented")
_DERIVED = approximated("derived credentials do not exist here: nothing can be bound")
# A few lines for each navigation that any type of profile declares.
for _name in NAMES:
    _exact, _set, _cleared = (_DERIVED,) * 3 if _name == "derivedCredentialSettings" else (EXACT, _SET, _CLEARED)
    _source = f"Graph: deviceConfiguration (beta): {_name}"
    REFERENCES.get(
        f"/{_name}",
        summary=f"Get the {_name} that a profile refers to",
        returns=DEVICE_CONFIGURATION,
        source=_source,
        fidelity=_exact,
    )(_read_target(_name))
    REFERENCES.get(f"/{_name}/$ref", summary=f"Get the reference {_name}", source=_source, fidelity=_exact)(
        _read_reference(_name)
    )
    REFERENCES.put(f"/{_name}/$ref", summary=f"Set the reference {_name}", source=_source, fidelity=_set)(
        _set_reference(_name)
    )
    REFERENCES.delete(f"/{_name}/$ref", summary=f"Clear the reference {_name}", source=_source, fidelity=_cleared)(
        _clear_reference(_name)
    )
