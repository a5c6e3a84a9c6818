"""THE list of rules, in the order in which they are checked: what each looks for, with its texts of `rules.txt`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from fauxtune.core.engine.diagnosis import (
    absence_rules,
    app_rules,
    certificate_rules,
    delivery_rules,
    order_rules,
    reach_rules,
    scep_rules,
    setting_rules,
)
from fauxtune.core.engine.diagnosis.facts import AppStanding, Facts
from fauxtune.core.engine.diagnosis.findings import Check, Finding, Rule, Severity, finding, is_consequence
from fauxtune.core.tables import Line, table

#: What each rule looks for.
_CHECKS: Mapping[str, Check] = {
    "enrollment-over": delivery_rules.enrollment_over,
    "user-deleted": delivery_rules.user_deleted,
    "not-licensed": delivery_rules.not_licensed,
    "enrollment-refused": absence_rules.enrollment_refused,
    "no-device": absence_rules.no_device,
    "kept-only": reach_rules.kept_only,
    "assigned-to-nobody": reach_rules.assigned_to_nobody,
    "assigned-elsewhere": reach_rules.assigned_elsewhere,
    "excluded": reach_rules.excluded,
    "filtered-out": reach_rules.filtered_out,
    "other-platform": reach_rules.other_platform,
    "nothing-assigned": absence_rules.nothing_assigned,
    "not-in-edition": reach_rules.not_in_edition,
    "purpose-unsupported": reach_rules.purpose_unsupported,
    "nothing-imported": delivery_rules.nothing_imported,
    "purpose-without-profile": delivery_rules.purpose_without_profile,
    "key-missing": delivery_rules.key_missing,
    "key-unnamed": delivery_rules.key_unnamed,
    "purpose-key-usage": certificate_rules.purpose_key_usage,
    "purpose-extended-usage": certificate_rules.purpose_extended_usage,
    "address-mismatch": certificate_rules.address_mismatch,
    "expired-without-successor": certificate_rules.expired_without_successor,
    "expires-soon": certificate_rules.expires_soon,
    "gap-in-time": certificate_rules.gap_in_time,
    "revoked-in-use": certificate_rules.revoked_in_use,
    "encryption-per-device": certificate_rules.encryption_per_device,
    "validity-period": order_rules.validity_period,
    "proof-of-origin": order_rules.proof_of_origin,
    "root-elsewhere": delivery_rules.root_elsewhere,
    "root-missing": delivery_rules.root_missing,
    "intermediate-missing": delivery_rules.intermediate_missing,
    "reference-out-of-reach": delivery_rules.reference_out_of_reach,
    "role-without-connector": delivery_rules.role_without_connector,
    "connector-offline": delivery_rules.connector_offline,
    "scep-ra-expired": scep_rules.ra_expired,
    "scep-server-unreachable": scep_rules.server_unreachable,
    "scep-challenge-expired": scep_rules.challenge_expired,
    "scep-clock": scep_rules.clock_behind,
    "scep-request-differs": scep_rules.request_differs,
    "scep-subject-escaped": scep_rules.subject_escaped,
    "scep-address-http": scep_rules.address_without_https,
    "scep-challenge-refused": scep_rules.challenge_refused,
    "scep-authority-refused": scep_rules.authority_refused,
    "scep-approval-pending": scep_rules.approval_pending,
    "network-blocked": delivery_rules.network_blocked,
    "device-silent": delivery_rules.device_silent,
    "device-not-compliant": setting_rules.not_compliant,
    "script-waits": app_rules.script_waits,
    "script-failed": app_rules.script_failed,
    "app-kept-only": app_rules.stands(AppStanding.KEPT_ONLY),
    "app-not-published": app_rules.stands(AppStanding.NOT_PUBLISHED),
    "app-nameless": app_rules.stands(AppStanding.NAMELESS),
    "app-other-platform": app_rules.stands(AppStanding.OTHER_PLATFORM),
    "app-unfit": app_rules.stands(AppStanding.UNFIT),
    "app-dependency": app_rules.stands(AppStanding.DEPENDENCY),
    "app-superseded": app_rules.stands(AppStanding.SUPERSEDED),
    "app-failed": app_rules.stands(AppStanding.FAILED),
    "app-waits": app_rules.stands(AppStanding.WAITS),
    "settings-in-conflict": setting_rules.in_conflict,
    "compliance-goes-before": setting_rules.gives_way,
    "connector-refused": delivery_rules.connector_refused,
    "device-refused": delivery_rules.device_refused,
    "profile-impossible": delivery_rules.profile_impossible,
}
CODES = frozenset(_CHECKS)


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules. Read when somebody asks for a diagnosis."""
    return tuple(read_rules(table(__package__ or "", "rules.txt")))


def read_rules(lines: Iterable[Line]) -> Iterator[Rule]:
    """Yield the rules of a table. Raises Mistake."""
    documents: dict[str, str] = {}
    for line in lines:
        kind = line.known(line.first, ("page", "document", *Severity), what="kind of line")
        if kind in list(Severity):
            yield _rule(line, Severity(kind), documents=documents)
            continue
        line.only()
        name, title = line.after_first("NAME TITLE")
        documents[name] = f'Intune: "{title}"' if kind == "page" else title


def _rule(line: Line, severity: Severity, *, documents: Mapping[str, str]) -> Rule:
    line.only("by", below=True)
    code, meaning, *flags = line.after_first("CODE MEANING [explains|last]")
    flag = line.known(flags[0], ("explains", "last"), what="kind of rule") if flags else ""
    return Rule(
        code=line.known(code, CODES, what="function of the rule"),
        severity=severity,
        check=_CHECKS[code],
        meaning=meaning,
        fix=line.texts("fix")["fix"],
        source=line.of_documents(documents),
        explains=flag == "explains",
        last=flag == "last",
    )


def find(facts: Facts) -> list[Finding]:
    """Every finding, in the order of the rules. Failures that follow from another finding are left out."""
    findings: list[Finding] = []
    for rule in rules():
        new = [one for one in rule.check(facts) if not (rule.last and is_consequence(one, findings))]
        findings.extend(finding(rule, observation) for observation in new)
    return findings
