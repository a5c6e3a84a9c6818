"""The listeners of mail programs around this test's emulator, on free ports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server import tls
from fauxtune.server.listening import bind
from fauxtune.server.mail import MailListeners
from fauxtune.server.system import SystemIds
from tests.support.mail_programs import Programs


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> tls.TlsFiles:
    """A root and a server certificate. They follow the machine's clock, as mail programs do."""
    folder = tmp_path_factory.mktemp("mail-tls")
    return tls.prepare(folder, names=["localhost"], now=datetime.now(UTC), ids=SystemIds())


@pytest.fixture
async def programs(emulator: Emulator, tls_files: tls.TlsFiles) -> AsyncIterator[Programs]:
    ports = {kind: bind("localhost", 0) for kind in ("smtp", "smtps", "pop3", "pop3s")}
    listeners = MailListeners(emulator, ports, files=tls_files)
    await listeners.start()
    yield Programs({kind: port.number for kind, port in ports.items()}, Path(tls_files.ca))
    await listeners.stop()
