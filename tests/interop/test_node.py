"""Microsoft's Graph client for JavaScript, unmodified: users, groups, profiles, pages, a batch, typed errors."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.certificates import base64_of, self_signed
from tests.support.running_server import Running

pytestmark = [pytest.mark.program("node", package="nodejs"), pytest.mark.program("npm")]

_HERE = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script with its packages, installed from the npm registry in the versions that package.json names."""
    folder = tmp_path_factory.mktemp("node")
    for file in ("package.json", "thread.mjs"):
        shutil.copy(_HERE / file, folder)
    words = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    subprocess.run(words, cwd=folder, check=True, timeout=240)
    return folder


def test_the_javascript_client_does_all_that_it_can_express(
    server: Running, project: Path, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    known = server.endpoints
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(project),
        "NODE_EXTRA_CA_CERTS": known["caFile"],
        "FAUXTUNE_URL": known["https"],
        "FAUXTUNE_TENANT": known["tenantId"],
        "FAUXTUNE_CLIENT_ID": known["clientId"],
        "FAUXTUNE_CLIENT_SECRET": known["clientSecret"],
        "ROOT_CERTIFICATE": base64_of(self_signed(raw_rsa_keys[0], "Node Root", authority=True)),
    }
    done = subprocess.run(
        ["node", "thread.mjs"], cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "user": {"count": 1, "jobTitle": "Runtime", "same": True},
        "members": [True],
        "assignment": True,
        "pages": {"all": True, "mine": True, "more": True},
        "batch": {"first": 200, "second": 404},
        "error": {"typed": True, "status": 404, "code": "ResourceNotFound", "id": True},
        "count": True,
        "v1": "Node",
        "gone": 404,
    }
