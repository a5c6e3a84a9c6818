"""Mutants: the state of a tenant, which is exported, imported and restored."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_STATE = "app/fauxtune/storage/tenant_state.py"
_REPLACING = "app/fauxtune/operations/tenants/replacing.py"
_SNAPSHOTS = "tests/operations/test_snapshots.py"
_IMPORTING = "tests/operations/test_importing.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="Rows that came after a snapshot stay when it is restored",
        file=_STATE,
        before="    gone = [each for each in before if each not in after]\n",
        after="    gone: list[Row] = []\n",
        tests=(f"{_SNAPSHOTS}::test_a_restored_tenant_is_what_it_was_and_other_tenants_stay_as_they_are[sqlite]",),
    ),
    Mutant(
        rule="The numbers of the journal fall when a state is restored",
        file=_STATE,
        before="case((own.c[name] < row[name], row[name]), else_=own.c[name])",
        after="case((own.c[name] != row[name], row[name]), else_=own.c[name])",
        tests=(f"{_SNAPSHOTS}::test_the_journal_is_that_of_the_snapshot_and_readers_go_on_with_its_numbers[sqlite]",),
    ),
    Mutant(
        rule="Two tenants share the id of an enrolment after an import",
        file=_REPLACING,
        before="    if taken:\n",
        after="    if len(taken) > 1000:\n",
        tests=(f"{_IMPORTING}::test_an_id_that_another_tenant_has_is_refused[sqlite]",),
    ),
    Mutant(
        rule="A document of an older version is imported without the certificates that authorities reported",
        file="app/fauxtune/operations/tenants/state_document.py",
        before='    if written < "0047":\n',
        after='    if written < "0023":\n',
        tests=("tests/operations/test_older_documents.py::test_a_document_that_an_older_version_exported_is_imported",),
    ),
    Mutant(
        rule="A database from before the first migration gets another schema, or an error without a way out",
        file="app/fauxtune/storage/migrate.py",
        before="result < revisions[0]:",
        after='result < "0":',
        tests=("tests/storage/test_migrations.py::test_a_database_from_before_the_first_revision_is_refused[sqlite]",),
    ),
    Mutant(
        rule="A device that goes on with a restored tenant takes a new policy for the one that it has",
        file=_REPLACING,
        before="newest[row[key]] + 1",
        after="newest[row[key]]",
        tests=(f"{_SNAPSHOTS}::test_a_policy_that_changed_since_has_a_new_version[sqlite]",),
    ),
    Mutant(
        rule="The key that a snapshot names is deleted with its row",
        file="app/fauxtune/operations/connectors/keys.py",
        before="        if file not in named:\n",
        after="        if file:\n",
        tests=(f"{_SNAPSHOTS}::test_keys_of_a_snapshot_come_back_and_later_ones_go[sqlite]",),
    ),
    Mutant(
        rule="A document is imported although its key belongs to another certificate",
        file="app/fauxtune/operations/tenants/imported_keys.py",
        before="        elif _public(key) != named.public:\n",
        after="        elif not _public(key):\n",
        tests=(f"{_IMPORTING}::test_a_key_that_does_not_belong_to_its_certificate_or_is_none_is_refused[sqlite]",),
    ),
)
