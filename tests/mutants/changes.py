"""Mutants: reports, delta queries and change notifications."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_WEBHOOKS = "app/fauxtune/server/webhooks.py"
_CHANGES = "app/fauxtune/operations/directory/changes.py"
_NOTIFICATIONS = "app/fauxtune/operations/directory/subscriptions.py"
_SUBSCRIPTIONS = "app/fauxtune/operations/directory/subscriptions.py"
_FILTERS = "app/fauxtune/core/reports/filters.py"
_TEST_WEBHOOKS = "tests/server/test_webhooks.py"
_TEST_DELTA = "tests/surfaces/graph/test_delta.py"
_TEST_SUBSCRIPTIONS = "tests/surfaces/graph/test_subscriptions.py"
_TEST_REPORTS = "tests/surfaces/graph/test_reports.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="A receiver on any host is called",
        file=_WEBHOOKS,
        before='if parts.hostname not in self._hosts and not (is_here and "localhost" in self._hosts):',
        after='if is_here and "localhost" not in self._hosts:',
        tests=(f"{_TEST_WEBHOOKS}::test_nobody_else_is_called",),
    ),
    Mutant(
        rule="A local name is called wherever it leads",
        file=_WEBHOOKS,
        before="[address for address in addresses if ipaddress.ip_address(address).is_loopback]",
        after="list(addresses)",
        tests=(f"{_TEST_WEBHOOKS}::test_a_local_name_that_leads_elsewhere_is_not_called",),
    ),
    Mutant(
        rule="The server calls itself",
        file=_WEBHOOKS,
        before="        if is_here and _port(parts) in self._own_ports():",
        after="        if is_here and _port(parts) in ():",
        tests=(f"{_TEST_WEBHOOKS}::test_nobody_else_is_called",),
    ),
    Mutant(
        rule="A redirect counts as taken",
        file=_WEBHOOKS,
        before="HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES",
        after="HTTPStatus.OK <= reply.status < HTTPStatus.BAD_REQUEST",
        tests=(
            f"{_TEST_SUBSCRIPTIONS}::test_what_a_receiver_does_not_take_is_sent_again_after_longer_and_longer_pauses_in_order",
        ),
    ),
    Mutant(
        rule="A notification that was not taken is deleted",
        file=_NOTIFICATIONS,
        before="                if reason is not None:\n",
        after="                if reason is None and not rows:\n",
        tests=(
            f"{_TEST_SUBSCRIPTIONS}::test_what_a_receiver_does_not_take_is_sent_again_after_longer_and_longer_pauses_in_order",
        ),
    ),
    Mutant(
        rule="Every application sees every subscription",
        file=_SUBSCRIPTIONS,
        before="    if row is None or row.client_id != principal.client_id:",
        after="    if row is None:",
        tests=(
            f"{_TEST_SUBSCRIPTIONS}::test_the_permission_that_reads_a_resource_subscribes_to_it_and_others_see_nothing",
        ),
    ),
    Mutant(
        rule="Who left a group is shown as a member",
        file=_CHANGES,
        before='            gone = row.change.endswith("Removed")',
        after='            gone = row.change.endswith("Gone")',
        tests=(f"{_TEST_DELTA}::test_members_of_groups_come_and_go",),
    ),
    Mutant(
        rule="A token from before the log's beginning is answered",
        file=_CHANGES,
        before="    if token.seq < logs.floor(",
        after="    if token.seq < 0 * logs.floor(",
        tests=(f"{_TEST_DELTA}::test_a_client_begins_again_after_seven_days_after_a_cut_and_after_another_state",),
    ),
    Mutant(
        rule="A report is filtered by any column",
        file=_FILTERS,
        before="            filterable=column.name.lower() in names,",
        after="            filterable=True,",
        tests=(f"{_TEST_REPORTS}::test_what_cannot_be_exported_is_refused_at_once",),
    ),
)
