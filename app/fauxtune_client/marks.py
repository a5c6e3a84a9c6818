"""The marks of a tenant's certificates, as the server tells them."""

from __future__ import annotations

from collections.abc import Iterable

from fauxtune.core.model.certificates import Mark, Marks
from fauxtune.core.model.states import Source
from fauxtune_client.http import Client

#: Thumbprints of a request.
_MOST = 140


def read_marks(client: Client, thumbprints: Iterable[str]) -> Marks:
    """Return the marks of these certificates. One that the tenant does not know has none."""
    marks, wanted = Marks(), list(dict.fromkeys(thumbprint.lower() for thumbprint in thumbprints if thumbprint))
    for start in range(0, len(wanted), _MOST):
        question = {"thumbprints": ",".join(wanted[start : start + _MOST])}
        for row in client.control("GET", "/certificates/marks", params=question)["value"]:
            source = next((each for each in Source if each.value == row["source"]), None)
            marks.tell(row["thumbprint"], Mark(row["mark"], row["hue"]), source=source)
    return marks
