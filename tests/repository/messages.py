"""The messages that the code says, compared with the catalogues of their translations.

`python -m tests.repository.messages` (or `make messages`) adds what is missing to each catalogue, with an empty
translation to fill in, and takes out what nothing says any more. A domain is a line in `DOMAINS`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from fauxtune.core.administration.trusting import SYSTEMS
from fauxtune.core.labs.reading import read_lab
from fauxtune.core.labs.translation import updated as updated_lab
from fauxtune.core.labs.verbs import DEEDS
from fauxtune.core.language.catalogue import Language
from fauxtune.core.language.po import Entry, read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "app/fauxtune/core/language"
#: Domain -> the folders and files whose messages it has: `say` and `count` in Python, `trans` and `_` in templates.
DOMAINS: dict[str, tuple[str, ...]] = {
    "report": ("app/fauxtune/core/evidence", "app/fauxtune/server/pages/report"),
    "trust": ("app/fauxtune/server/trust/page.py", "app/fauxtune/server/trust/trust.html"),
    "labs": (
        "app/fauxtune/operations/arrangement/labs",
        "app/fauxtune/cli/labs.py",
        "app/fauxtune/cli/lab_text.py",
        "app/fauxtune/surfaces/console/pages/labs.py",
        "app/fauxtune/surfaces/console/templates/labs.html",
        "app/fauxtune/surfaces/console/templates/lab.html",
    ),
}
#: Domain -> messages that stand in tables, with the file.
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "labs": ("app/fauxtune/core/labs/verbs.py", tuple(verb.meaning for verb in DEEDS)),
    "trust": (
        "app/fauxtune/core/administration/trusting.py",
        tuple(text for way in SYSTEMS for text in (way.system, *(() if way.typed else (*way.install, *way.remove)))),
    ),
}
LABS = ROOT / "app/fauxtune/labs"
TRANSLATED = tuple(language for language in Language if language is not Language.ENGLISH)
_PLACE = re.compile(r"%(?:\((\w+)\)s|(.))")


@dataclass(frozen=True, slots=True)
class Source:
    """A message as it stands in the code. `many`: its form for several things; None if it has no number."""

    text: str
    many: str | None
    place: str


def messages(domain: str) -> dict[str, Source]:
    """Return the messages of a domain by their English text, in the order of the files."""
    sources: dict[str, Source] = {}
    place, texts = TABLES.get(domain, ("", ()))
    sources |= {text: Source(text, None, place) for text in texts}
    for name in DOMAINS[domain]:
        for file in sorted((ROOT / name).rglob("*")) or [ROOT / name]:
            reader = {".py": _of_python, ".html": _of_template}.get(file.suffix)
            for source in reader(file) if reader is not None else ():
                sources.setdefault(source.text, source)
    return sources


def places(text: str) -> set[str]:
    """Return the names of the values that stand in a text. Raises ValueError for a percent sign that means nothing."""
    for match in _PLACE.finditer(text):
        if match[1] is None and match[2] != "%":
            raise ValueError(f"%{match[2]} is neither a value nor %%")
    return {match[1] for match in _PLACE.finditer(text) if match[1]}


def catalogue_file(language: Language, domain: str) -> Path:
    """Return the file of a catalogue."""
    return CATALOGUES / language / f"{domain}.po"


def updated(domain: str, text: str) -> str:
    """Return a catalogue with exactly the messages of the domain. Translations of equal texts stay."""
    head, _, _ = text.partition("\n\n")
    entries = {entry.text: entry for entry in read_po(text).entries}
    return (
        "\n\n".join([head.rstrip(), *(_block(each, entries.get(each.text)) for each in messages(domain).values())])
        + "\n"
    )


def _block(source: Source, entry: Entry | None) -> str:
    lines = [f"#: {source.place}", f"msgid {_quoted(source.text)}"]
    known = entry is not None and (entry.many is None) is (source.many is None)
    if source.many is None:
        return "\n".join([*lines, f"msgstr {_quoted(entry.forms[0] if entry is not None and known else '')}"])
    forms = entry.forms if entry is not None and known else ("", "")
    lines.append(f"msgid_plural {_quoted(source.many)}")
    return "\n".join([*lines, *(f"msgstr[{number}] {_quoted(form)}" for number, form in enumerate(forms))])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _of_python(file: Path) -> Iterator[Source]:
    place = str(file.relative_to(ROOT))
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"say", "count"}:
            wanted = 1 if node.func.id == "say" else 2
            texts = [_literal(each, place=place) for each in node.args]
            if len(texts) != wanted:
                raise ValueError(f"{place}:{node.lineno}: {node.func.id} takes {wanted} texts")
            yield Source(texts[0], texts[1] if wanted == 2 else None, place)


def _literal(node: ast.expr, *, place: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(f"{place}:{node.lineno}: a message must be a literal, so that its translation can be found")


def _of_template(file: Path) -> Iterator[Source]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.policies["ext.i18n.trimmed"] = True
    for _line, _function, texts in environment.extract_translations(file.read_text(encoding="utf-8")):  # type: ignore[attr-defined]
        one, many = texts if isinstance(texts, tuple) else (texts, None)
        if one is None:
            continue  # a message that stands in a table
        yield Source(one, many, str(file.relative_to(ROOT)))


def main() -> None:
    """Bring all catalogues up to date."""
    for language in TRANSLATED:
        for domain in DOMAINS:
            file = catalogue_file(language, domain)
            _write(file, updated(domain, file.read_text(encoding="utf-8")))
        for folder in sorted(LABS.glob("*/")):
            lab, file = read_lab(folder.name, (folder / "lab.toml").read_text("utf-8")), folder / f"{language}.po"
            text = file.read_text("utf-8") if file.exists() else ""
            _write(file, updated_lab(lab, language=language, catalogue=text))


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    empty = sum("" in entry.forms for entry in read_po(text).entries)
    print(f"{file.relative_to(ROOT)}: {empty} messages without a translation")


if __name__ == "__main__":
    main()
