"""The archive of diagnostic data that a PC makes and uploads (Microsoft: DiagnosticLog CSP, DiagnosticArchive)."""

from __future__ import annotations

import io
import zipfile

from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.windows.machine import LogArchive, Machine
from fauxtune_sim.windows.markup import read
from fauxtune_sim.windows.tree import NodeRefusal

#: Azure: "Put Blob".
HEADERS = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2018-11-09"}
_MOST_DIRECTIVES = 1000


def archive(machine: Machine, definition: str) -> LogArchive:
    """Make the archive of a definition. Raises NodeRefusal for one that is malformed or names no address."""
    try:
        collection = read(definition.encode(), what="the definition of an archive")
    except AnswerBroken as broken:
        raise NodeRefusal(400, str(broken)) from broken
    address = collection.first("SasUrl")
    if collection.name != "Collection" or address is None or not address.text.startswith(("https://", "http://")):
        raise NodeRefusal(400, "the definition of an archive is a Collection with a SasUrl")
    directives = [child for child in collection.children if child.name not in {"ID", "SasUrl"}][:_MOST_DIRECTIVES]
    results = "".join(f"{child.name}\t{child.text}\t0x0\n" for child in directives)
    facts = "".join(f"{name}: {value}\n" for name, value in sorted(machine.facts.items()))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in (("results.txt", results), ("device.txt", facts)):
            packed.writestr(zipfile.ZipInfo(name, machine.now.timetuple()[:6]), text)
    return LogArchive(address.text, file.getvalue())
