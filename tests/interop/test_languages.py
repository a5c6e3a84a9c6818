"""The pages for other languages: the one for Node is run, with vitest and with Node's own runner; the requests of those
for Go and .NET are taken out of their code and sent.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.running_server import SECONDS, Running

JSON = {"content-type": "application/json"}
PAGES = Path(__file__).parents[2] / "docs" / "testing"


def files_of(page: str) -> dict[str, str]:
    """The files that a page has, by the names in the first lines of its blocks."""
    text = (PAGES / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w+\n// (\S+)\n(.*?)^```", text, re.M | re.S)
    assert blocks
    return dict(blocks)


def lines_of(code: str) -> int:
    """The lines of code, without what is imported and blank lines."""
    code = re.sub(r"^(import \(.*?^\)|import .*|using [\w.]+;)$", "", code, flags=re.M | re.S)
    return len([line for line in code.splitlines() if line.strip()])


@pytest.fixture(scope="module")
def node_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's files, with vitest from the npm registry in the version that package.json names."""
    folder = tmp_path_factory.mktemp("vitest")
    shutil.copy(Path(__file__).parent / "vitest" / "package.json", folder)
    words = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    subprocess.run(words, cwd=folder, check=True, timeout=240)
    for name, code in files_of("node.md").items():
        (folder / name).write_text(code, encoding="utf-8")
    return folder


@pytest.mark.program("node", package="nodejs")
@pytest.mark.program("npm")
@pytest.mark.parametrize("runner", ["vitest", "node:test"])
def test_the_page_for_node_works(runner: str, server: Running, node_project: Path) -> None:
    assert "npx vitest run --testTimeout 30000 " in (PAGES / "node.md").read_text(encoding="utf-8")
    program = node_project / "devices.test.mjs"
    code = files_of("node.md")[program.name]
    assert 'from "vitest"; // or from "node:test"' in code
    program.write_text(code.replace('from "vitest"', f'from "{runner}"'), encoding="utf-8")
    words = (
        ["npx", "vitest", "run", "--testTimeout", "30000"] if runner == "vitest" else ["node", "--test", program.name]
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(node_project),
        "NODE_EXTRA_CA_CERTS": server.endpoints["caFile"],
        "FAUXTUNE_URL": server.https,
        "NO_COLOR": "1",
        "npm_config_update_notifier": "false",
    }
    done = subprocess.run(
        words, cwd=node_project, env=environment, capture_output=True, text=True, timeout=2 * SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Tests +1 passed|pass 1$", done.stdout, re.M), done.stdout


@pytest.mark.parametrize(("page", "limit"), [("node.md", 20), ("go.md", 28), ("dotnet.md", 31)])
def test_a_page_is_short(page: str, limit: int) -> None:
    assert {name: lines_of(code) for name, code in files_of(page).items() if lines_of(code) > limit} == {}


#: A call of the control surface in each language: method, expression of the path, and the body.
CALLS = {
    "go.md": r'control\(t, "([A-Z]+)", ([^,]+), (?:`([^`]*)`|"")',
    "dotnet.md": r'Control\("([A-Z]+)", ([^,)]+)(?:, """(.*?)""")?\)',
}


def calls_in(page: str, tenant: str) -> list[tuple[str, str, str]]:
    """Method, path and body of each call of the test, in the order in which they are sent; `tenant`: its id."""
    (code,) = (code for name, code in files_of(page).items() if "est" in name)
    calls = []
    for method, expression, body in re.findall(CALLS[page], code, re.S):
        parts = [part.strip().lstrip("$").strip('"') for part in expression.split("+")]
        whole = "".join(f"/_fauxtune/v1/tenants/{tenant}" if part == "path" else part for part in parts)
        calls.append((method, whole, body))
    return sorted(calls, key=lambda call: call[0] == "DELETE")  # which Go writes first: `defer`


@pytest.mark.parametrize("page", CALLS)
def test_the_requests_of_a_page_do_what_it_says(page: str, server: Running) -> None:
    program = next(iter(files_of(page).values()))
    (token_path,) = re.findall(r"/oauth2/v2\.0/token", program)
    (devices_path,) = re.findall(r'"(/v1\.0/[^"]+)"', program)
    form = dict(re.findall(r'"?(grant_type|scope)"?\]?(?:: \{| = )"([^"]+)"', program))
    with server.client() as client:
        made = client.request(*calls_in(page, "")[0][:2], content=calls_in(page, "")[0][2], headers=JSON)
        tenant = made.raise_for_status().json()
        credential = {"client_id": tenant["clientId"], "client_secret": tenant["clientSecret"]}
        assert set(credential) < set(re.findall(r"client_\w+", program))
        token = client.post(f"/{tenant['id']}{token_path}", data={**form, **credential}).raise_for_status().json()
        bearer = {"authorization": f"Bearer {token['access_token']}"}
        answers = []
        for method, path, body in calls_in(page, tenant["id"])[1:]:
            if (method, path.rpartition("/")[2]) == ("GET", "faults"):
                answers += [client.get(devices_path, headers=bearer)]
                time.sleep(float(answers[0].headers["retry-after"]))
                answers += [client.get(devices_path, headers=bearer)]
            answer = client.request(method, path, content=body or None, headers=JSON if body else {})
            assert answer.is_success, (method, path, answer.text)
            if method == "GET":
                assert answer.json()["value"][0]["hits"] == 1
        assert [answer.status_code for answer in answers] == [429, 200]
        (device,) = answers[1].json()["value"]
        assert device["userPrincipalName"] == f"alice@{tenant['domain']}"
        assert client.get(f"/_fauxtune/v1/tenants/{tenant['id']}").status_code == 404


@pytest.mark.parametrize("page", CALLS)
def test_what_a_page_reads_from_answers_is_there(page: str) -> None:
    """The members that the code has as fields, which JSON libraries of both languages find whatever their case."""
    code = "".join(files_of(page).values()).lower()
    for member in ("id", "domain", "clientid", "clientsecret", "access_token", "userprincipalname", "hits", "value"):
        assert re.search(rf"\b{member}\b", code), member
