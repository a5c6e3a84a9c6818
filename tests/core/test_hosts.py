"""Names of hosts, from URLs and from Host headers."""

from __future__ import annotations

import pytest

from fauxtune.core.model.addresses import LOCAL_NAMES, host_in, host_of, is_graph


@pytest.mark.parametrize("header", ["localhost", "LocalHost:8443", "localhost:", "127.0.0.1:80", "[::1]", "[::1]:8443"])
def test_a_local_name_is_known_in_every_spelling_of_a_host_header(header: str) -> None:
    assert host_in(header) in LOCAL_NAMES
    assert host_of(f"https://{header}/path") == host_in(header)


@pytest.mark.parametrize(
    "header",
    ["", ":80", "::1", "[localhost]", "localhost.evil.example", "evil@localhost", "localhost:8443:1", "localhost/"],
)
def test_what_only_looks_like_a_local_name_is_another_host(header: str) -> None:
    assert host_in(header) not in LOCAL_NAMES


def test_a_malformed_url_has_no_host() -> None:
    assert host_of("https://[::1") == ""
    assert host_of("no url") == ""


def test_an_address_without_a_host_is_no_address_of_graph() -> None:
    assert is_graph("https://localhost:8443/")
    assert not is_graph("https://a:b:c", hosts=[host_of("")])
