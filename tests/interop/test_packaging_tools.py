"""The commands of docs/packaging-tools.md upload an app, as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.running_server import Served
from tests.support.server_here import serving_here

PAGE = Path(__file__).parents[2] / "docs" / "packaging-tools.md"


@pytest.mark.program("curl", package="curl")
@pytest.mark.program("openssl", package="openssl")
def test_the_page_uploads_an_app(tmp_path: Path) -> None:
    script = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL))
    with serving_here(ephemeral=True) as server:
        document = _run(script, server, folder=tmp_path)
    assert (document["publishingState"], document["isAssigned"]) == ("published", True)
    assert document["size"] == 300_000


def _run(script: str, server: Served, *, folder: Path) -> dict[str, object]:
    shutil.copy(server.endpoints["caFile"], folder / "ca.pem")
    script = f"set -euo pipefail\n{script}".replace("https://localhost:8443 ", f"{server.https} ")
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    document: dict[str, object] = json.loads(done.stdout[done.stdout.rindex('{"@odata.context"') :])
    return document
