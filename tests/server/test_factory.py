"""Every path that is served has a surface that words its refusals; no other path has one."""

from __future__ import annotations

import re

import pytest

from fauxtune.server.factory import ENVELOPES
from fauxtune.server.openapi import documents

PATHS = sorted({re.sub(r"\{[^}]*\}", "x", path) for each in documents().values() for path in each["paths"]})


def test_every_path_has_somebody_who_words_its_refusals() -> None:
    orphans = [path for path in PATHS if not any(pattern.match(path) for pattern, _envelope in ENVELOPES)]
    assert PATHS
    assert not orphans


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/betamax"])
def test_other_paths_have_nobody(path: str) -> None:
    assert not [envelope for pattern, envelope in ENVELOPES if pattern.match(path)]
