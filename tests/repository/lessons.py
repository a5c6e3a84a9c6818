"""The pictures of the lessons in docs/lessons, drawn from a run of the demonstration.

`make pictures` writes them. What differs from run to run (marks, colours, places, days) is no part of a picture's
words, by which a test compares those in the repository with what the code draws now.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from fauxtune.core.language.catalogue import Language, catalogue
from fauxtune_client.http import Client
from fauxtune_report.evidence.view import View
from fauxtune_report.page.writing import picture_file
from fauxtune_report.reporting import Wanted, read_facts

FOLDER = Path(__file__).resolve().parents[2] / "docs/lessons"
#: The lesson -> its picture.
PICTURES = {
    "1-what-smime-promises": "layers",
    "2-who-makes-the-key": "origins",
    "3-why-import": "readers",
    "4-what-removal-means": "ends",
    "5-trust-chains": "chain",
    "6-time": "years",
}
_SVG = "{http://www.w3.org/2000/svg}"
_MARK, _DAY = re.compile(r"[▲●■◆] [A-Z]{4}"), re.compile(r"\d{4}(-\d\d-\d\d)?")


def write(client: Client) -> None:
    """Draw all pictures from the tenant of a demonstration that has ended."""
    view = View.of(read_facts(client, Wanted()))
    for lesson, name in PICTURES.items():
        text = picture_file(view, name, catalogue=catalogue(Language.ENGLISH, "report"))
        assert text is not None, name
        (FOLDER / f"{lesson}.svg").write_text(text, encoding="utf-8")


def words(svg: str) -> list[str]:
    """Return what is written in a picture, sorted, without what differs from run to run."""
    texts = ("".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{_SVG}text"))
    return sorted(each for text in texts if (each := _DAY.sub("DAY", _MARK.sub("MARK", text))) != "DAY")
