"""Who decides the marks of certificates: the tenant's journal, the same in every process and after every start."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count

import pytest
from cryptography import x509

from fauxtune.core.model.certificates import Marks
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.ca.authorities import roll_over
from fauxtune.operations.runtime import marks as marks_module
from fauxtune.operations.runtime.marks import MarksOfTenants
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants import snapshots
from fauxtune.storage.queries.authorities import authorities_of
from tests.support.tenant import Contoso


def _first(thumbprint: str) -> str:
    marks = Marks()
    marks.decide(thumbprint)
    return marks.of(thumbprint).letters


def _rivals(number: int) -> Iterator[str]:
    """Yield thumbprints that all have one and the same mark if they are alone."""
    wanted = _first(hashlib.sha1(b"0", usedforsecurity=False).hexdigest())
    found = 0
    for each in count():
        thumbprint = hashlib.sha1(str(each).encode(), usedforsecurity=False).hexdigest()
        if _first(thumbprint) == wanted:
            yield thumbprint
            found += 1
            if found == number:
                return


async def _again(contoso: Contoso) -> Marks:
    """Return the marks as another process, or one that has just started, decides them."""
    return await MarksOfTenants(contoso.emulator.runner.database).of(contoso.tenant)


async def test_a_taken_mark_gets_the_next_free_one_in_the_order_of_issuance_and_no_mark_changes(
    contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    rivals = list(_rivals(3))

    def issued(tx: Transaction, thumbprint: str) -> None:
        tx.record("issued", user=contoso.upn("alice"), certificate={"thumbprint": thumbprint, "source": "pkcs"})

    for rival in reversed(rivals[1:]):  # the order of the thumbprints does not count
        await contoso.do(issued, rival)
    late, early = [await contoso.mark(rival) for rival in rivals[1:]]
    assert early == _first(rivals[0])
    assert late != early
    own = await contoso.import_pfx("alice")
    shown = await contoso.mark(own)
    await contoso.do(issued, rivals[0])
    assert len({await contoso.mark(rival) for rival in rivals}) == 3
    assert [await contoso.mark(rival) for rival in rivals[1:]] == [late, early]
    # An import that is deleted has been shown: it keeps its mark, and nobody gets it.
    await contoso.do(imported_pfx.delete_pfx, await contoso.record_id("alice", own))
    assert await contoso.mark(own) == shown
    monkeypatch.setattr(marks_module, "_PAGE", 2)
    again = await _again(contoso)
    assert [again.of(rival).letters for rival in (*rivals, own)] == [
        await contoso.mark(rival) for rival in (*rivals, own)
    ]


async def test_another_state_of_a_tenant_has_the_marks_of_its_own_journal(
    contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks_module, "_PAGE", 2)
    before = await contoso.import_pfx("alice")
    await snapshots.create_snapshot(contoso.emulator, contoso.tenant, name="before")
    shown = await contoso.mark(before)
    gone = await contoso.import_pfx("alice")
    assert (await contoso.mark(gone)).isupper()
    await snapshots.restore_snapshot(contoso.emulator, contoso.tenant, name="before")
    assert await contoso.mark(before) == shown
    assert await contoso.mark(gone) == gone[:8]
    assert (await _again(contoso)).of(before).letters == shown


@pytest.mark.both_databases
async def test_the_authorities_of_a_tenant_have_marks_from_the_beginning_and_a_successor_from_its_roll_over(
    contoso: Contoso,
) -> None:
    rows = await contoso.look(authorities_of, contoso.tenant.id)
    first = [thumbprint(x509.load_der_x509_certificate(row.certificate)) for row in rows]
    shown = [await contoso.mark(each) for each in first]
    assert all(each.isupper() for each in shown)
    key = contoso.emulator.key_source.take()
    successor = await contoso.do(roll_over, "issuing", key=key, key_name="issuing-2", keys=contoso.emulator.keys)
    new = thumbprint(x509.load_der_x509_certificate(successor.certificate))
    assert (await contoso.mark(new)).isupper()
    again = await _again(contoso)
    assert [again.of(each).letters for each in (*first, new)] == [*shown, await contoso.mark(new)]
