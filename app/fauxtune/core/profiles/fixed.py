"""Properties of a profile that cannot be changed once it exists, or once it is assigned.

Intune: "Configure and use imported PKCS certificates", 2023-04-27: intended purpose and key storage provider are
read-only after the profile was created; "PKCS certificate profiles", 2024-11-19: the deployment channel of macOS cannot
be changed after deployment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Changed, Edition, Stated
from fauxtune.core.profiles import imported_pfx
from fauxtune.core.profiles.catalog import Kind


@dataclass(frozen=True, slots=True)
class Fixed:
    """The properties that cannot be changed: by family once a profile exists, in all profiles once it is assigned."""

    when_created: Mapping[str, frozenset[str]]
    when_assigned: frozenset[str]


FIXED: Changed[Fixed] = Changed(
    "Properties of a profile that cannot be changed",
    {
        Edition.APRIL_2020: Stated(
            Fixed({}, frozenset()),
            "No page names any.",
            "Configure and use imported PKCS certificates with Intune, 2020-03-04",
        ),
        Edition.CURRENT: Stated(
            Fixed(
                {imported_pfx.FAMILY.name: frozenset({"intendedPurpose", "keyStorageProvider"})},
                frozenset({"deploymentChannel"}),
            ),
            "Of imported PFX profiles `intendedPurpose` and `keyStorageProvider` are read-only after creation; the "
            "`deploymentChannel` of macOS is fixed once the profile is assigned.",
            "Configure and use imported PKCS certificates with Intune, 2023-04-27; PKCS certificate profiles, "
            "2024-11-19",
        ),
    },
)


def check_unchanged(
    kind: Kind, before: Mapping[str, Any], *, after: Mapping[str, Any], assigned: bool, edition: Edition
) -> None:
    """Raise Invalid, naming the property, for a change of a fixed property; the same value may be sent again."""
    rule = FIXED.of(edition)
    for names, when in (
        (rule.when_created.get(kind.family.name, frozenset()), "after the profile was created"),
        (rule.when_assigned if assigned else frozenset(), "while the profile is assigned"),
    ):
        for name in sorted(names):
            if before.get(name) != after.get(name):
                raise Invalid(
                    f"{name} cannot be changed {when}: it stays {before.get(name)}. Create another profile instead.",
                    target=name,
                )
