"""Bringing the document of a tenant that an older version exported to the tables of today.

Since the first export (revision 0023) tables and columns have only been added. A table that a document lacks is empty,
a column has its default; what a migration did beside that stands here.
"""

from __future__ import annotations

import re
from typing import Any

from fauxtune.operations.tenants.state_document import encodings
from fauxtune.storage.tenant_state import columns

#: The revision of the tables with which exports began.
OLDEST = "0023"


def bring_up_to_date(document: dict[str, Any], *, revision: str) -> None:
    """Give a document of an older revision what it lacks of this one, in place; leave any other as it is. What is wrong
    in it stays, and is found when it is read.
    """
    written = document["revision"]
    if re.fullmatch(r"\d{4}", written) is None or not OLDEST <= written < revision:
        return
    tables = document["tables"]
    if written < "0047":
        tables["scep_certificates"] = _reported_certificates(tables.get("scep_challenges"))
    for name, described in columns().items():
        if name == "tenants":
            continue
        added = {column.name: column.default for column in described if column.default is not None}
        rows = tables.setdefault(name, [])
        if added and isinstance(rows, list):
            tables[name] = [{**added, **row} if isinstance(row, dict) else row for row in rows]
    given = document["encodings"]
    for name, encoding in encodings().items():
        known = given.get(name)
        given[name] = {**encoding, **known} if isinstance(known, dict) else encoding
    document["revision"] = revision


def _reported_certificates(challenges: Any) -> list[dict[str, Any]]:
    """Return the certificates that authorities reported: before revision 0047 they were in outcomes of challenges."""
    return [
        {
            "challenge_id": row.get("id"),
            "thumbprint": str(row["outcome"].get("thumbprint") or "").lower(),
            "enrollment_id": row.get("enrollment_id"),
            "profile_id": row.get("profile_id"),
            "report": row["outcome"],
            "reported_at": row.get("created_at"),
        }
        for row in (challenges if isinstance(challenges, list) else [])
        if isinstance(row, dict) and row.get("state") == "issued" and isinstance(row.get("outcome"), dict)
    ]
