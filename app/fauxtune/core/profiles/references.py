"""Which profiles a profile can refer to: a root, an identity, certificates for S/MIME.

Graph: the types of `rootCertificate`, `identityCertificate`, `smimeSigningCertificate` and `smimeEncryptionCertificate`
in the metadata. Unverified: what the real service checks beyond the type.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.graph.index import ENTITIES, derived_from, entity
from fauxtune.core.model.platforms import Variant
from fauxtune.core.odata.schema.types import Entity, Navigation
from fauxtune.core.profiles.catalog import kind as known_kind

DEVICE_CONFIGURATION = entity("deviceConfiguration")


def references_of(shape: Entity) -> tuple[Navigation, ...]:
    """The navigations of a type to things that are not parts of it."""
    return tuple(navigation for navigation in shape.every_navigation() if not navigation.contained)


#: The names of all references that profiles have.
NAMES: tuple[str, ...] = tuple(
    dict.fromkeys(
        reference.name for shape in ENTITIES if shape.is_a(DEVICE_CONFIGURATION) for reference in references_of(shape)
    )
)


def check_bindable(kind: str, navigation: str) -> Entity:
    """The type that the navigation refers to. Raises NotEmulated if that type is not emulated."""
    declared = entity(kind).navigation(navigation)
    assert declared is not None, "references are read by the schema"
    referred = entity(declared.target)
    if not referred.is_a(DEVICE_CONFIGURATION):
        raise NotEmulated(f"{navigation} refers to a {referred.name}, which is not emulated.")
    return referred


def check_reference(kind: str, navigation: str, *, target: str) -> None:
    """Raise Invalid if a profile of `kind` cannot refer to one of the kind `target` by this navigation."""
    referred = check_bindable(kind, navigation)
    known = derived_from(referred)
    if not entity(target).is_a(referred):
        names = ", ".join(each.name for each in known)
        raise Invalid(f"{navigation} of a {kind} refers to one of {names}, not to a {target}.", target=navigation)
    # The type does not distinguish Android's management modes. If no kind of the type fits, only the type decides.
    mine, theirs = _variants(kind), _variants(target)
    if not mine & theirs and any(mine & _variants(each.name) for each in known):
        raise Invalid(
            f"{navigation} of a {kind}, which is for {_words(mine)}, cannot refer to a {target}, which is for "
            f"{_words(theirs)}: no device could have both.",
            target=navigation,
        )


def _variants(name: str) -> frozenset[Variant]:
    kind = known_kind(name)
    return frozenset() if kind is None else kind.variants


def _words(variants: frozenset[Variant]) -> str:
    return ", ".join(sorted(variants))
