"""`/docs` and `/`: what a browser is shown, what a program is told, and who may look."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.support.running_server import Running, environment, serving

#: The documents that have a page, and that of all of Graph, which has none.
SURFACES = ("control", "identity", "devices", "connector", "partner", "health")
TOKEN = "a-secret-that-is-long"


@pytest.fixture(scope="module")
def server(commands: Path) -> Iterator[Running]:
    with serving("--ephemeral", commands=commands) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.endpoints["http"], timeout=60) as each:
        yield each


def _pages(client: httpx.Client) -> list[str]:
    return [
        part.partition('"')[0]
        for path in ("/docs", "/docs/graph")
        for part in client.get(path).text.split('<li><a href="')[1:]
        if not part.startswith('/docs/graph"')
    ]


def test_a_server_imports_nothing_of_the_documents_and_of_the_wire_s_window_before_their_first_request() -> None:
    code = (
        "import sys, fauxtune.server.factory; from fauxtune.extensions import routes;"
        "routes();"
        "print([each for each in sys.modules if each.startswith(('fauxtune_docs.swagger.', 'fauxtune_docs.writing', "
        "'fastapi_swagger', 'fauxtune_wire.decoding', 'fauxtune_wire.recording', "
        "'fauxtune_wire.control'))])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    assert result.stdout.strip() == "['fauxtune_docs.swagger.entry']"


def test_each_page_shows_a_document_whose_requests_go_to_the_origin_of_the_page(
    client: httpx.Client, server: Running
) -> None:
    pages = _pages(client)
    assert {f"/docs/{name}" for name in SURFACES} < set(pages)
    for page in pages:
        shown = client.get(page)
        assert shown.status_code == 200
        assert f'data-document="{page}.json"' in shown.text
        assert "<script>" not in shown.text
        document = client.get(f"{page}.json").json()
        assert document["servers"] == [{"url": server.endpoints["http"]}]
        assert document["paths"]
    with server.client() as secure:
        assert secure.get("/docs/identity.json").json()["servers"] == [{"url": server.https}]


def test_the_areas_of_graph_are_the_whole_of_graph(client: httpx.Client) -> None:
    whole = client.get("/docs/graph.json").json()["paths"]
    areas = [page for page in _pages(client) if page.startswith("/docs/graph-")]
    operations = [
        (path, method)
        for area in areas
        for path, methods in client.get(f"{area}.json").json()["paths"].items()
        for method in methods
    ]
    assert sorted(operations) == sorted((path, method) for path, methods in whole.items() for method in methods)


def test_the_profiles_of_graph_are_shown_with_every_kind(client: httpx.Client) -> None:
    schemas = client.get("/docs/graph-profiles.json").json()["components"]["schemas"]
    assert "microsoft.graph.iosPkcsCertificateProfile" in schemas
    assert "microsoft.graph.user" not in schemas


def test_whatever_is_answered_may_load_from_this_server_alone(client: httpx.Client) -> None:
    for name in ("control", "control.json", "docs.js", "docs.css", "swagger-ui-bundle.js", "swagger-ui.css"):
        answer = client.get(f"/docs/{name}")
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"].split("; ")
        assert "default-src 'self'" in policy
        assert not [rule for rule in policy if "unsafe" in rule or "http" in rule]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/docs/nothing", 404),
        ("GET", "/docs/nothing.json", 404),
        ("GET", "/docs/../pyproject.toml", 404),
        ("GET", "/docs/%2e%2e/entry.py", 404),
        ("GET", "/docs/<script>", 404),
        ("POST", "/docs", 405),
        ("HEAD", "/docs/control", 200),
    ],
)
def test_other_paths_are_refused(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["message"]


def test_the_interfaces_are_listed_without_loading_their_documents() -> None:
    code = (
        "import sys; from fauxtune_docs.swagger import application;"
        "text = application.index() + application.page(application.paged('control')); assert '/docs/graph' in text;"
        "late = ('fauxtune_docs.writing', 'fauxtune.surfaces.graph');"
        "print([each for each in sys.modules if each.startswith(late)])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    assert result.stdout.strip() == "[]"


def test_one_choice_leads_to_every_page(client: httpx.Client) -> None:
    shown = client.get("/docs/graph-profiles").text
    chosen = {part.partition('"')[0] for part in shown.split('<option value="')[1:]}
    assert {f"/docs/{name}" for name in chosen - {"", "graph"}} == set(_pages(client))
    assert '<option value="graph-profiles" selected>' in shown
    for name, place in (("graph-profiles", "/docs/graph-profiles"), ("", "/docs"), ("//evil.example", "/docs")):
        answer = client.get("/docs", params={"document": name})
        assert (answer.status_code, answer.headers["location"]) == (303, place)


def test_who_may_not_call_the_control_surface_sees_no_document(client: httpx.Client, commands: Path) -> None:
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert client.get("/docs/control", headers=headers).status_code == 403
    with (
        serving("--ephemeral", FAUXTUNE_CONTROL_TOKEN=TOKEN, commands=commands) as guarded,
        guarded.client() as stranger,
    ):
        assert stranger.get("/docs/control.json").status_code == 401
        assert stranger.get("/docs/control.json", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_browser_that_has_sent_the_control_token_to_the_console_is_shown_the_documents(commands: Path) -> None:
    browser = {"accept": "text/html"}
    with serving("--ephemeral", FAUXTUNE_CONTROL_TOKEN=TOKEN, commands=commands) as guarded, guarded.client() as client:
        refused = client.get("/docs/control", headers=browser)
        assert (refused.status_code, refused.headers["location"]) == (303, "/console")
        form = client.get("/console", headers=browser).text
        (form_token,) = set(re.findall(r'name="form_token" value="([^"]+)"', form))
        assert client.get("/docs/control", headers=browser).status_code == 303
        client.post("/console", data={"form_token": form_token, "token": TOKEN}, headers={"origin": guarded.https})
        assert client.get("/docs/control", headers=browser).status_code == 200
        assert client.get("/docs/control.json").status_code == 200


def test_a_browser_is_sent_to_the_console_and_a_program_is_told_what_there_is(server: Running) -> None:
    with ExitStack() as stack:
        for base, one in ((server.https, server.client()), (server.endpoints["http"], httpx.Client())):
            caller = stack.enter_context(one)
            seen = caller.get(f"{base}/", headers={"accept": "text/html,*/*;q=0.8"})
            assert (seen.status_code, seen.headers["location"]) == (303, "/console")
            index = caller.get(f"{base}/").json()
            assert index["name"] == "Fauxtune"
            assert (index["console"], index["docs"]) == (f"{base}/console", f"{base}/docs")
            assert index["graph"] == [f"{base}/v1.0", f"{base}/beta"]
            for address in (
                index["health"]["live"],
                index["trust"],
                f"{index['control']}/tenants",
                *index["documentation"].values(),
            ):
                assert caller.get(address).status_code == 200


def test_the_templates_of_the_index_lead_somewhere(server: Running) -> None:
    with server.client() as client:
        index = client.get("/").json()

        def filled(address: str) -> str:
            return address.replace("{tenant}", "contoso").replace("{authority}", "issuing")

        assert client.get(filled(index["identity"]["configuration"])).status_code == 200
        assert client.get(filled(index["pki"]["crl"])).status_code == 200
        assert client.get(filled(index["devices"]["windows"])).status_code == 200
        assert client.post(filled(index["identity"]["token"])).status_code == 400
