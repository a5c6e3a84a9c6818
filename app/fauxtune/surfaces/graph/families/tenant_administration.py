"""Terms and conditions, branding, cleanup rules, approvals, partners for threat defence, policy sets.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.policies.rules import Rules
from fauxtune.core.policies.tenant_administration import BRANDING, CLEANUP_RULES, POLICY_SETS, TERMS
from fauxtune.operations.profiles.terms import TERMS_HOOKS
from fauxtune.surfaces.graph import permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import policy_sets

_NOT_ASSIGNED = stored("what is in a set is not assigned by it")

TENANT_ADMINISTRATION: tuple[Family, ...] = (
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
        Rules("operationApprovalPolicies"),
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=("OperationApprovalPolicy", "Role"),
        without=reasons.APPROVALS,
        fidelity=stored("no operation waits for an approval"),
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
