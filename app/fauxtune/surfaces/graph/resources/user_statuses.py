"""The status of a profile for each user. Graph: deviceConfigurationUserStatus, deviceConfigurationUserOverview.

A user's status is the worst of the user's devices; devices without a user are not counted. Unverified: the form of the
id, which is `<user>_<profile>` here.
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.view import view
from fauxtune.storage.collections.statuses import USER_STATUSES
from fauxtune.surfaces.graph.call import Answer, Call, check_options, entity_answer
from fauxtune.surfaces.graph.lists import Listed, computed
from fauxtune.surfaces.graph.resources.below import Below, placed
from fauxtune.surfaces.graph.resources.device_configurations import below, profile_row
from fauxtune.surfaces.graph.resources.profile_expansion import CONTEXT
from fauxtune.surfaces.graph.resources.profile_parts import user_overview

USER_OVERVIEW = entity("deviceConfigurationUserOverview")
USER_STATUS = entity("deviceConfigurationUserStatus")

#: One row per user with a device that the profile reaches, also before it has planned with it. Unverified: that the
#: real service lists such users.
STATUSES = Below(
    profile_row,
    placed(
        Listed(collection=USER_STATUSES, entity=USER_STATUS, context=CONTEXT, document=computed),
        lambda profile: below(profile, "userStatuses"),
    ),
    key="status",
)


async def user_status_overview(call: Call) -> Answer:
    """GET .../{profile}/userStatusOverview."""
    profile = await profile_row(call)
    check_options(call, USER_OVERVIEW)
    document = await call.read(lambda connection: user_overview(call, connection, profile))
    document = view(USER_OVERVIEW, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=below(profile, "userStatusOverview"))
