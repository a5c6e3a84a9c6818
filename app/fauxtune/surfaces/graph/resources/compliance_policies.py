"""What compliance policies can do beside what every resource can. Graph: deviceCompliancePolicy:
scheduleActionsForRules.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.policies.compliance import COMPLIANCE_POLICIES, SCHEDULED_ACTIONS
from fauxtune.operations.profiles import resources
from fauxtune.surfaces.graph.call import Answer, Call
from fauxtune.surfaces.graph.resources.document_members import accepted_member

_PARAMETER = "deviceComplianceScheduledActionForRules"


async def schedule_actions(call: Call) -> Answer:
    """POST .../{policy}/scheduleActionsForRules: the whole new set of scheduled actions."""
    sent = call.body().get(_PARAMETER)
    if not isinstance(sent, list):
        raise Invalid(f'The body must be {{"{_PARAMETER}": [...]}}.', target=_PARAMETER)
    actions = accepted_member(entity("deviceCompliancePolicy"), sent, member=SCHEDULED_ACTIONS, version=call.version)
    changes = {SCHEDULED_ACTIONS.name: actions}
    await call.run(resources.update, COMPLIANCE_POLICIES, key=call.keys["resource"], changes=changes)
    return Answer(200)
