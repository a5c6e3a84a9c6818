"""Which profile may stand in a reference of another: a root, an identity, certificates for S/MIME.

Graph: the types of `rootCertificate`, `identityCertificate`, `smimeSigningCertificate` and `smimeEncryptionCertificate`
in the metadata. Unverified: what the real service checks beyond the type.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.graph.configuration import DEVICE_CONFIGURATION
from fauxtune.core.graph.index import ENTITIES, derived_from, entity
from fauxtune.core.model.platforms import Variant
from fauxtune.core.odata.schema.types import Entity, Navigation
from fauxtune.core.profiles.catalog import kind as known_kind


def references_of(shape: Entity) -> tuple[Navigation, ...]:
    """The navigations of a type that lead to things which exist by themselves."""
    return tuple(each for each in shape.every_navigation() if not each.contained)


#: The names of all references that profiles have.
NAMES: tuple[str, ...] = tuple(
    dict.fromkeys(each.name for shape in ENTITIES if shape.is_a(DEVICE_CONFIGURATION) for each in references_of(shape))
)


def check_bindable(kind: str, navigation: str) -> Entity:
    """The type of what the navigation leads to. NotEmulated where nothing of that type can exist here."""
    found = entity(kind).navigation(navigation)
    assert found is not None, "references are read by the schema"
    wanted = entity(found.target)
    if not wanted.is_a(DEVICE_CONFIGURATION):
        raise NotEmulated(f"{navigation} refers to a {wanted.name}, of which there are none here.")
    return wanted


def check_reference(kind: str, navigation: str, *, target: str) -> None:
    """Invalid where a profile of `kind` cannot refer to one of the kind `target` by this navigation."""
    wanted = check_bindable(kind, navigation)
    known = derived_from(wanted)
    if not entity(target).is_a(wanted):
        names = ", ".join(each.name for each in known)
        raise Invalid(f"{navigation} of a {kind} refers to one of {names}, not to a {target}.", target=navigation)
    # The type alone does not keep Android's ways of management apart; where it leaves no choice, it decides alone.
    mine, theirs = _variants(kind), _variants(target)
    if not mine & theirs and any(mine & _variants(each.name) for each in known):
        raise Invalid(
            f"{navigation} of a {kind}, which is for {_words(mine)}, cannot refer to a {target}, which is for "
            f"{_words(theirs)}: no device could have both.",
            target=navigation,
        )


def _variants(name: str) -> frozenset[Variant]:
    found = known_kind(name)
    return frozenset() if found is None else found.variants


def _words(variants: frozenset[Variant]) -> str:
    return ", ".join(sorted(variants))
