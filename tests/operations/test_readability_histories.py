"""Who can read what, against openssl: each cell of random histories is decided again with the keys of the device."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
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
    """Decrypts mail with the openssl program. Equal questions are asked once."""

    def __init__(self, folder: Path, history: History) -> None:
        self._folder = folder
        for number, mail in enumerate(history.mail):
            (folder / f"{number}.eml").write_bytes(mail.raw)
        for hardware in history.hardware:
            for mark, contents in hardware.files.items():
                pem = contents.certificate.public_bytes(Encoding.PEM)
                pem += contents.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                (folder / f"{mark}.pem").write_bytes(pem)
        marks = sorted({mark for snapshot in history.snapshots for held in snapshot.holds.values() for mark in held})
        pairs = [(number, mark) for number in range(len(history.mail)) for mark in marks]
        with ThreadPoolExecutor(4) as pool:
            self.reads = dict(zip(pairs, pool.map(self._decrypts, pairs), strict=True))

    def _decrypts(self, pair: tuple[int, str]) -> bool:
        number, mark = pair
        pem = f"{mark}.pem"
        done = subprocess.run(
            ["openssl", "cms", "-decrypt", "-in", f"{number}.eml", "-recip", pem, "-inkey", pem],
            capture_output=True,
            cwd=self._folder,
            check=False,
        )
        return done.returncode == 0 and b"We meet at ten." in done.stdout


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
            expected = any(openssl.reads[number, mark] for mark in held)
            device = snapshot.enrolled.get(serial)
            where = f"mail {number} on {serial} ({device}) at {snapshot.number}"
            if device in columns:
                cell = columns[device]
                assert cell.reading.can_read == expected, f"{where}: {cell.sentence} {sorted(held)}"
                lost = {mark: why for (other, mark), why in snapshot.lost.items() if other == serial}
                reasons = {why for mark, why in lost.items() if openssl.reads[number, mark]}
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
