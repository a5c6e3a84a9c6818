"""Terms and conditions, branding, cleanup rules, approvals, partners for threat defence, policy sets.

#: data
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.policies import approvals
from fauxtune.core.policies.approvals import Status
from fauxtune.core.policies.rules import Rules
from fauxtune.core.policies.tenant_administration import BRANDING, CLEANUP_RULES, POLICY_SETS, TERMS
from fauxtune.operations.profiles.approval_requests import POLICY_HOOKS
from fauxtune.operations.profiles.terms import TERMS_HOOKS
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import operation_approvals as approval_handlers
from fauxtune.surfaces.graph.resources import policy_sets

_NOT_ASSIGNED = stored("what is in a set is not assigned by it")
_POLICY = approximated("in force at once, without an approval of its own; no application is excluded")
_REQUEST = approximated("who approves what follows from the groups of policies alone; kept for 30 days, 1,000 at most")
_READ_APPROVALS = (*needs.READ_CONFIGURATION, *needs.READ_ROLES)
_WRITE_APPROVALS = (*needs.WRITE_CONFIGURATION, *needs.WRITE_ROLES)


def _function(name: str, handler: Handler, *, about: str, returns: str = "operationApprovalPolicySet") -> Action:
    """A function whose answer depends on who asks: it is not kept."""
    return Action(
        name,
        handler,
        about,
        method="GET",
        on_all=True,
        reads=True,
        status=200,
        returns=returns,
        many=True,
        fidelity=_REQUEST,
        dated=True,
    )


def _decision(name: str, status: Status, *, about: str) -> Action:
    return Action(name, approval_handlers.decide(status), about, status=200, fidelity=_REQUEST)


HEADING = "Administration of the tenant"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/termsAndConditions",
        "termsAndConditions",
        "terms and conditions",
        TERMS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=("TermsAndConditions", "TermsAndConditions"),
        without=reasons.TELLING,
        fidelity=stored("nobody is asked to accept them"),
        hooks=TERMS_HOOKS,
        assigned=Assigned(
            "termsAndConditionsAssignment", verbs="list get create update delete", expandable="", action=False
        ),
    ),
    Family(
        "deviceManagement/intuneBrandingProfiles",
        "intuneBrandingProfile",
        "a branding profile",
        BRANDING,
        read=needs.READ_APPS,
        write=needs.WRITE_APPS,
        audit=("IntuneBrandingProfile", "Other"),
        without=reasons.TELLING,
        fidelity=stored("no page and no mail shows it"),
        assigned=Assigned("intuneBrandingProfileAssignment"),
        hidden_in_lists="themeColorLogo lightBackgroundLogo landingPageCustomizedImage",
        shown_properties="themeColorLogo lightBackgroundLogo landingPageCustomizedImage",
    ),
    Family(
        "deviceManagement/managedDeviceCleanupRules",
        "managedDeviceCleanupRule",
        "a cleanup rule",
        CLEANUP_RULES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=("ManagedDeviceCleanupRule", "Device"),
        without=reasons.CLEANUP,
        fidelity=stored("no device is retired by it"),
    ),
    Family(
        "deviceManagement/operationApprovalPolicies",
        "operationApprovalPolicy",
        "an approval policy",
        approvals.POLICIES,
        read=_READ_APPROVALS,
        write=_WRITE_APPROVALS,
        audit=("OperationApprovalPolicy", "Role"),
        without=reasons.APPROVALS,
        fidelity=_POLICY,
        hooks=POLICY_HOOKS,
        actions=(
            _function(
                "retrieveOperationsRequiringApproval", approval_handlers.list_guarded, about="What needs an approval"
            ),
            _function(
                "retrieveApprovableOperations", approval_handlers.list_approvable, about="What the caller can approve"
            ),
        ),
    ),
    Family(
        "deviceManagement/operationApprovalRequests",
        "operationApprovalRequest",
        "a request for approval",
        approvals.REQUESTS,
        read=_READ_APPROVALS,
        write=_READ_APPROVALS,
        audit=("OperationApprovalRequest", "Role"),
        without=reasons.APPROVALS,
        verbs="list get",
        fidelity=_REQUEST,
        actions=(
            _decision("approve", Status.APPROVED, about="Approve a request"),
            _decision("reject", Status.REJECTED, about="Reject a request"),
            _decision("cancelApproval", Status.CANCELLED, about="Take an approval back"),
            Action(
                "cancelMyRequest",
                approval_handlers.cancel_mine,
                "Withdraw a request of one's own",
                on_all=True,
                required="id",
                fidelity=_REQUEST,
                may_be_absent=True,
            ),
            Action(
                "retrieveRequestStatus",
                approval_handlers.request_status,
                "The newest request about a thing",
                on_all=True,
                status=200,
                returns="operationApprovalRequestEntityStatus",
                required="entityId",
                fidelity=_REQUEST,
                may_be_absent=True,
            ),
            _function(
                "retrieveMyRequests",
                approval_handlers.list_mine,
                about="What the caller has requested",
                returns="operationApprovalRequest",
            ),
            replace(
                _function(
                    "retrieveMyRequestById/{id}",
                    approval_handlers.get_mine,
                    about="One of these requests",
                    returns="operationApprovalRequest",
                ),
                many=False,
            ),
        ),
    ),
    Family(
        "deviceManagement/mobileThreatDefenseConnectors",
        "mobileThreatDefenseConnector",
        "a connector for threat defence",
        Rules("mobileThreatDefenseConnectors"),
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=("MobileThreatDefenseConnector", "Other"),
        without=reasons.PARTNERS,
        fidelity=stored("no partner is connected"),
    ),
    Family(
        "deviceAppManagement/policySets",
        "policySet",
        "a policy set",
        POLICY_SETS,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=("PolicySet", "DeviceConfiguration"),
        without=reasons.SETS,
        fidelity=_NOT_ASSIGNED,
        assigned=Assigned("policySetAssignment", expandable="item", action=False, on_create=True),
        shown_members="items",
        only_on_items="items",
        actions=(
            Action("update", policy_sets.update, "Change the items of a policy set", fidelity=_NOT_ASSIGNED),
            Action(
                "getPolicySets",
                policy_sets.get_policy_sets,
                "The policy sets with these ids",
                on_all=True,
                reads=True,
                status=200,
                returns="policySet",
                many=True,
                fidelity=_NOT_ASSIGNED,
            ),
        ),
    ),
)
