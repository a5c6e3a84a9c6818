"""References to things of Graph, cut down to their ids."""

from __future__ import annotations

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.references import reference_id


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com/v1.0/directoryObjects/X-1",
        "https://graph.microsoft.com/v1.0/users/X-1/",
        "https://localhost:8443/beta//users('X-1')",
        "http://elsewhere/beta/deviceManagement/deviceConfigurations%28%27X-1%27%29",
        "/deviceConfigurations/X-1",
        "deviceManagement/deviceConfigurations('X-1')",
        "https://graph.microsoft.com/v1.0/contoso.example/users/X-1?$select=id#top",
        "users(X-1)",
    ],
)
def test_a_reference_is_cut_down_to_its_id(url: str) -> None:
    assert reference_id(url) == "X-1"


@pytest.mark.parametrize(
    "url", ["", "X-1", "https://graph.microsoft.com", "https://graph.microsoft.com/v1.0/users", "users()", "a/b/$ref"]
)
def test_what_has_no_id_is_no_reference(url: str) -> None:
    with pytest.raises(Invalid, match="not a reference"):
        reference_id(url)
