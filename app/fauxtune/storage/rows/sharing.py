"""What processes that share a database tell one another: that one has changed what they remember, and what one asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.columns import Indexed, Key, table


class TenantVersionColumns:
    """The version of what processes remember of a tenant."""

    tenant_id: Key[TenantId]
    version: Annotated[str, "another one after each change of what processes remember"]


#: A tenant without a row has the version "". One process that has a database for itself writes none.
tenant_versions = table("tenant_versions", TenantVersionColumns)


@dataclass(frozen=True, slots=True)
class ProcessMessageRow:
    """A question (`question` is its own id), or an answer to one. The content is sealed. `sent_at`: the system's
    time.
    """

    id: Key[str]
    question: Annotated[Indexed[str], "the id of the question, also in the question itself"]
    content: Annotated[bytes, "sealed under a key that all processes have"]
    sent_at: Annotated[datetime, "by the system's clock"]


#: Questions and answers, each until the process that asked has read it.
process_messages = table("process_messages", ProcessMessageRow)
