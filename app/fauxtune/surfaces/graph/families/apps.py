"""Apps and their categories.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import derived_from, entity
from fauxtune.core.odata.schema.fidelity import approximated
from fauxtune.core.policies.apps import APP_RULES, CATEGORY_RULES, filter_platforms
from fauxtune.operations.apps import apps as operations
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import mobile_apps

_AUDIT = ("MobileApp", "Application")
_PLATFORMS = {
    kind.name: platforms for kind in derived_from(entity("mobileApp")) if (platforms := filter_platforms(kind.name))
}

HEADING = "Apps"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceAppManagement/mobileApps",
        "mobileApp",
        "an app",
        APP_RULES,
        read=needs.READ_APPS,
        write=needs.WRITE_APPS,
        audit=_AUDIT,
        without=reasons.APPS,
        assigned=Assigned(
            "mobileAppAssignment",
            key="mobileAppAssignments",
            verbs="list get create update delete",
            platforms=_PLATFORMS,
        ),
        hidden_in_lists="largeIcon",
        parts=mobile_apps.PARTS,
        handlers=mobile_apps.Apps,
        hooks=Hooks(
            created=operations.note_processing,
            changed=operations.note_processing,
            deleting=operations.forget_relations,
            assigned=operations.check_assignments,
        ),
        actions=(
            Action(
                "updateRelationships",
                mobile_apps.update_relationships,
                "Replace the relationships of an app",
                required="relationships",
                fidelity=approximated("counts are those of direct relationships"),
            ),
        ),
        fidelity=approximated(
            "two apps are built in, Outlook for iOS and for Android; an assignment's id is that of app and group"
        ),
    ),
    Family(
        "deviceAppManagement/mobileAppCategories",
        "mobileAppCategory",
        "an app category",
        CATEGORY_RULES,
        read=needs.READ_APPS,
        write=needs.WRITE_APPS,
        audit=_AUDIT,
        without=reasons.APPS,
        hooks=Hooks(deleting=operations.forget_category),
    ),
)
