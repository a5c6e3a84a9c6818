"""A server that is killed at any moment loses nothing that it answered with 2xx."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.running_server import serving
from tests.support.under_load import (
    Answered,
    assign_profiles,
    enrol,
    everything_is_there,
    imported_file,
    keep_checking_in,
    keep_importing,
)

ROUNDS = 4


@pytest.fixture(scope="module")
def pfx(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> bytes:
    return imported_file(raw_rsa_keys[0])


def test_a_killed_server_loses_nothing_that_it_acknowledged(
    tmp_path: Path, database_url: str, pfx: bytes, raw_rsa_keys: list[rsa.RSAPrivateKey], commands: Path
) -> None:
    answered = Answered()
    arguments = ("--data-dir", tmp_path / "data", "--database-url", database_url)
    dice = random.Random(0)
    for number in range(ROUNDS):
        with serving(*arguments, commands=commands) as server, server.signed_in() as client:
            everything_is_there(client, answered)
            if number == 0:
                assign_profiles(client)
            enrol(client, raw_rsa_keys[1], answered=answered)
            stop = threading.Event()
            workers = [
                threading.Thread(target=keep_importing, args=(server, pfx, stop, answered)),
                threading.Thread(target=keep_checking_in, args=(server, stop, answered)),
            ]
            for worker in workers:
                worker.start()
            time.sleep(dice.uniform(0.3, 1.0))
            os.kill(server.endpoints["pid"], signal.SIGKILL)
            stop.set()
            for worker in workers:
                worker.join()
            server.process.wait()
    assert len(answered.imports) > ROUNDS
    assert answered.reports > ROUNDS
    assert answered.certificates
    with serving(*arguments, commands=commands) as server, server.signed_in() as client:
        everything_is_there(client, answered)
