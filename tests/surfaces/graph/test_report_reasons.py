"""The reasons why reports are not made."""

from __future__ import annotations

import re

from fauxtune.core.reports.catalog import REFUSED, REPORTS
from fauxtune.surfaces.graph.routes import ROUTES


def test_a_reason_names_only_what_is_answered() -> None:
    """A reason that sends its reader to a path, an action or a report stays true when these come or go."""
    made = {report.name for report in REPORTS}
    answered = {part for route in ROUTES if route.status != 501 for part in route.template.split("/")}
    for reason, names in REFUSED.items():
        assert not made & set(names.split()), "what is made is not refused"
        assert set(re.findall(r"\w*[a-z][A-Z]\w*", reason)) <= answered | made, reason
