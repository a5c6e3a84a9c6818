"""Mutants: several processes that share a database."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_ASKING = "app/fauxtune/server/questions.py"
_QUESTIONS = "tests/server/test_questions.py"
_SHARING = "tests/operations/test_sharing.py"
_SIGNALS = "tests/operations/test_signals.py"
_WIRE = "tests/operations/test_wire.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="A device that has hung up counts as connected",
        file="app/fauxtune/operations/runtime/signals.py",
        before="            watch.add_done_callback(lambda _: _end_wait(future))\n",
        after="            pass\n",
        tests=(
            f"{_SIGNALS}::test_a_device_that_hangs_up_waits_no_longer_and_one_that_is_woken_is_not_watched_any_more",
        ),
    ),
    Mutant(
        rule="What is told twice is done twice",
        file=_ASKING,
        before=" and name not in self._known:",
        after=":",
        tests=(f"{_QUESTIONS}::test_the_one_that_leads_answers_once",),
    ),
    Mutant(
        rule="Who waits for a leader that has ended waits on",
        file=_ASKING,
        before="await self._run(process_lock.leader) != leader:",
        after="await self._run(process_lock.leader) == 0:",
        tests=(f"{_QUESTIONS}::test_who_waits_for_a_leader_that_ends_is_told",),
    ),
    Mutant(
        rule="A question stays in the database when it was answered",
        file=_ASKING,
        before="processes.remove(connection, waiting.id, now=now)",
        after='processes.remove(connection, "", now=now)',
        tests=(f"{_QUESTIONS}::test_all_others_answer_and_nothing_stays_in_the_database",),
    ),
    Mutant(
        rule="Two processes number exchanges alike",
        file="app/fauxtune/operations/runtime/wire.py",
        before="PLACES + 1 + self.place,",
        after="PLACES + 1,",
        tests=(
            f"{_WIRE}::test_numbers_of_processes_that_share_a_database_are_times_and_never_those_of_another_process",
        ),
    ),
    Mutant(
        rule="An occasion whose transaction is repeated counts twice",
        file="app/fauxtune/operations/runtime/live_faults.py",
        before="self._numbering(count.rule_id, -1)",
        after="self._numbering(count.rule_id, 0)",
        tests=(f"{_SHARING}::test_a_rule_counts_over_all_processes_and_what_is_rolled_back_does_not_count",),
    ),
    Mutant(
        rule="Who gives up while it takes a turn keeps it",
        file="app/fauxtune/operations/runtime/turns.py",
        before="                if await taking:\n                    await self._release(locks, name)\n",
        after="                await taking\n",
        tests=(f"{_SHARING}::test_turns_across_processes_need_no_connection_of_those_that_transactions_have",),
    ),
    Mutant(
        rule="Whether a device waits at another process is known on the event loop alone",
        file="app/fauxtune/operations/runtime/signals.py",
        before="max(elsewhere.values()) > monotonic()",
        after="max(elsewhere.values()) > asyncio.get_running_loop().time()",
        tests=(
            f"{_SIGNALS}::test_a_device_that_waits_at_another_process_is_known_to_transactions_which_run_in_threads",
        ),
    ),
)
