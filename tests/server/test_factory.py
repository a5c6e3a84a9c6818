"""Every path that is served has a surface that words its refusals; no other path has one."""

from __future__ import annotations

import re

import pytest

from fauxtune.server.factory import ENVELOPES
from fauxtune.server.openapi import documents

PATHS = sorted({re.sub(r"\{[^}]*\}", "x", path) for each in documents().values() for path in each["paths"]})


@pytest.mark.parametrize("path", [*PATHS, "/v1.0", "/v1.0/users", "/beta/deviceManagement"])
def test_every_path_has_somebody_who_words_its_refusals(path: str) -> None:
    assert [envelope for pattern, envelope in ENVELOPES if pattern.match(path)]


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/betamax"])
def test_other_paths_have_nobody(path: str) -> None:
    assert not [envelope for pattern, envelope in ENVELOPES if pattern.match(path)]
