"""Mutants: faults, which strike what they say and nothing else."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_TIMING = "app/fauxtune/core/faults/timing.py"
_LIVE = "app/fauxtune/operations/runtime/live_faults.py"
_HOLDER = "app/fauxtune/operations/runtime/faults.py"
_GRAPH = "app/fauxtune/surfaces/graph/faults.py"
_STALE = "app/fauxtune/core/faults/stale.py"
_STRIKING = "tests/core/faults/test_rules.py"
_GRAPH_TESTS = "tests/surfaces/graph/test_faults.py"
_UNFRIENDLY = "tests/surfaces/graph/test_unfriendly_effects.py"
_CONTROL_TESTS = "tests/surfaces/control/test_faults.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="The end of a window belongs to it",
        file=_TIMING,
        before="now < when.end)",
        after="now <= when.end)",
        tests=(f"{_STRIKING}::test_a_window_has_its_beginning_and_not_its_end",),
    ),
    Mutant(
        rule="The first occasion has the number 0",
        file=_TIMING,
        before="return number <= when.next",
        after="return number < when.next",
        tests=(f"{_STRIKING}::test_nth_next_and_every_strike_those_that_they_name",),
    ),
    Mutant(
        rule="A client that comes too early does not begin its wait again",
        file=_LIVE,
        before="if effect.punish_early and retry_after:",
        after="if effect.punish_early and retry_after and not is_early:",
        tests=(f"{_GRAPH_TESTS}::test_a_client_that_comes_back_too_early_is_failed_again[sqlite]",),
    ),
    Mutant(
        rule="A rule that never saw a request counts it",
        file=_LIVE,
        before="                if kind not in PASSING:\n                    break",
        after="                if kind in PASSING:\n                    break",
        tests=(f"{_GRAPH_TESTS}::test_rules_are_tried_in_order_and_the_first_that_ends_a_request_decides[sqlite]",),
    ),
    Mutant(
        rule="A write that is to be ignored is carried out",
        file=_GRAPH,
        before="return await rolled_back(emulator.runner.database, tried)",
        after="return await emulator.runner.database.run(tried)",
        tests=(f"{_GRAPH_TESTS}::test_a_write_that_is_accepted_is_ignored[sqlite]",),
    ),
    Mutant(
        rule="A request that fails is carried out",
        file=_GRAPH,
        before="        if effect.carried_out:\n            await self._plain()\n        return",
        after="        await self._plain()\n        return",
        tests=(f"{_GRAPH_TESTS}::test_a_failed_request_is_not_carried_out_unless_the_fault_says_so[sqlite]",),
    ),
    Mutant(
        rule="A replica that is late shows a change at once",
        file=_STALE,
        before="number < effect.lags[number % len(effect.lags)]",
        after="number + 1 < effect.lags[number % len(effect.lags)]",
        tests=(f"{_STRIKING}::test_each_replica_shows_a_change_after_its_own_lag_and_all_of_them_agree_in_the_end",),
    ),
    Mutant(
        rule="A change is hidden only if nothing happens to its answer",
        file=_GRAPH,
        before="return await self.carried_out(message)",
        after="return await self._proceed(message or self._message, self._sender, match=self._match)",
        tests=(f"{_UNFRIENDLY}::test_a_change_whose_answer_is_struck_is_hidden_too[sqlite-effect0]",),
    ),
    Mutant(
        rule="Another order ends with its first page, so that elements are lost",
        file="app/fauxtune/surfaces/graph/lists.py",
        before='f"{offset}~{order}"',
        after='f"{offset}"',
        tests=(
            f"{_UNFRIENDLY}::test_a_collection_comes_in_another_order_which_repeats_and_lasts_over_its_pages[sqlite]",
        ),
    ),
    Mutant(
        rule="A token that has ended is good for other requests",
        file=_LIVE,
        before=" and not live.has_ended(occasion.token, at=at)",
        after="",
        tests=(f"{_UNFRIENDLY}::test_a_token_ends_early_for_all_requests_and_a_new_one_is_good[sqlite]",),
    ),
    Mutant(
        rule="A date of Retry-After comes too early",
        file=_TIMING,
        before="math.ceil(at + seconds)",
        after="int(at + seconds)",
        tests=(f"{_STRIKING}::test_a_date_of_retry_after_is_never_too_early_and_at_most_a_second_late",),
    ),
    Mutant(
        rule="The faults of one tenant strike another",
        file=_HOLDER,
        before="return self._tenants.get(tenant_id)",
        after="return next(iter(self._tenants.values()), None)",
        tests=(f"{_CONTROL_TESTS}::test_a_fault_of_one_tenant_never_touches_another[sqlite]",),
    ),
    Mutant(
        rule="The faults of a deleted tenant stay",
        file=_HOLDER,
        before="        self._newest.pop(tenant_id, None)\n        self._tenants.pop(tenant_id, None)",
        after="        self._newest.pop(tenant_id, None)",
        tests=(f"{_CONTROL_TESTS}::test_the_faults_of_a_deleted_tenant_are_gone[sqlite]",),
    ),
)
