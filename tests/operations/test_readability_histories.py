"""Who can read what, against openssl: each cell of random histories is decided again with the keys of the device."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune.core.mail.readability import Reading
from fauxtune.core.model.certificates import Marks
from fauxtune.core.model.states import Cause, Incident
from fauxtune.core.model.words.journal_words import cause_words
from fauxtune.operations.insight.readability import Matrix, Moment, readability
from tests.support.mail_histories import PEOPLE, History, Snapshot
from tests.support.tenant import Contoso

pytestmark = pytest.mark.program("openssl")

STEPS = 30
#: More of them: FAUXTUNE_HISTORIES=20.
SEEDS = range(1, 1 + int(os.environ.get("FAUXTUNE_HISTORIES", "1")))
_WIPES = (Cause.WIPE, Incident.WIPE_KEEPING_ENROLLMENT)


class OpenSslReader:
    """Decrypts mail with the openssl program. Equal questions are asked once, and no key is tried for a mail of which
    openssl says that it is for other certificates.
    """

    def __init__(self, folder: Path, history: History) -> None:
        self._folder = folder
        self._serials: dict[str, int] = {}
        self._recipients: dict[int, set[int] | None] = {}
        self._known: dict[tuple[int, str], bool] = {}
        for number, mail in enumerate(history.mail):
            (folder / f"{number}.eml").write_bytes(mail.raw)
        for hardware in history.hardware:
            for mark, contents in hardware.files.items():
                pem = contents.certificate.public_bytes(Encoding.PEM)
                pem += contents.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                (folder / f"{mark}.pem").write_bytes(pem)
                self._serials[mark] = contents.certificate.serial_number

    def reads(self, number: int, mark: str) -> bool:
        """Whether the key of this certificate opens this mail."""
        if (number, mark) not in self._known:
            named = self._named(number)
            is_for_it = named is None or self._serials[mark] in named
            self._known[number, mark] = is_for_it and self._decrypts(number, mark)
        return self._known[number, mark]

    def _named(self, number: int) -> set[int] | None:
        """The serial numbers of the certificates that a mail is for; none if it names one by its key."""
        if number not in self._recipients:
            done = self._run("-cmsout", "-print", "-noout", "-in", f"{number}.eml")
            assert done.returncode == 0, done.stderr
            found = {int(serial, 0) for serial in re.findall(rb"serialNumber: (\w+)", done.stdout)}
            assert found or b"KeyIdentifier" in done.stdout
            self._recipients[number] = None if b"KeyIdentifier" in done.stdout else found
        return self._recipients[number]

    def _decrypts(self, number: int, mark: str) -> bool:
        pem = f"{mark}.pem"
        done = self._run("-decrypt", "-in", f"{number}.eml", "-recip", pem, "-inkey", pem)
        return done.returncode == 0 and b"We meet at ten." in done.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["openssl", "cms", *arguments], capture_output=True, cwd=self._folder, check=False)


@pytest.mark.parametrize("contoso", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", SEEDS)
async def test_every_cell_of_a_random_history_is_as_openssl_decides_it(
    contoso: Contoso, tmp_path: Path, seed: int
) -> None:
    history = History(contoso, seed)
    await history.found()
    await history.live(STEPS)
    openssl = OpenSslReader(tmp_path, history)
    cells = 0
    for snapshot in history.snapshots:
        for name in PEOPLE:
            matrix = await contoso.do(
                readability, history.users[name], marks=Marks(), moment=Moment(number=snapshot.number), limit=1000
            )
            cells += check(history, snapshot, matrix, name=name, openssl=openssl)
    assert cells >= 2000


def check(history: History, snapshot: Snapshot, matrix: Matrix, *, name: str, openssl: OpenSslReader) -> int:
    """Compare the cells of a matrix, and who else can read each mail, with the devices as they were; how many cells."""
    by_uid = {mail.uid[name]: number for number, mail in enumerate(history.mail) if name in mail.uid}
    there = {uid for uid, number in by_uid.items() if history.mail[number].number <= snapshot.number}
    assert there <= {row.uid for row in matrix.mail}
    cells = 0
    for row in matrix.mail:
        number = by_uid[row.uid]
        columns = {device.enrollment_id: cell for device, cell in zip(matrix.devices, row.cells, strict=True)}
        others = {other.enrollment_id for other in row.others}
        for serial, held in snapshot.holds.items():
            expected = any(openssl.reads(number, mark) for mark in held)
            device = snapshot.enrolled.get(serial)
            where = f"mail {number} on {serial} ({device}) at {snapshot.number}"
            if device in columns:
                cell = columns[device]
                assert cell.reading.can_read == expected, f"{where}: {cell.sentence} {sorted(held)}"
                lost = {mark: why for (other, mark), why in snapshot.lost.items() if other == serial}
                reasons = {why for mark, why in lost.items() if openssl.reads(number, mark)}
                if not expected and reasons:
                    check_reason(cell.reading, cell.sentence, reasons=reasons, where=where)
                cells += 1
            else:
                assert (device in others) == expected, f"{where}: {others}"
    return cells


def check_reason(reading: Reading, sentence: str, *, reasons: set[Cause | Incident], where: str) -> None:
    """The cell names the cause that really took the key."""
    if reading is Reading.DEVICE_WIPED:
        assert reasons & set(_WIPES), f"{where}: {sentence} {reasons}"
    else:
        assert reading is Reading.KEY_REMOVED, f"{where}: {sentence} {reasons}"
        assert any(cause_words(why.value) in sentence for why in reasons), f"{where}: {sentence} {reasons}"
