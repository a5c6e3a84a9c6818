"""The messages that the code says, compared with the catalogues of their translations.

`python -m tests.repository.messages` (or `make messages`) adds what is missing to each catalogue, with an empty
translation to fill in, and takes out what nothing says any more. A domain is a line in `DOMAINS`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment

from fauxtune.core.administration.policies import APP_KINDS
from fauxtune.core.administration.trusting import SYSTEMS
from fauxtune.core.engine.device_actions.table import TABLE, WIPE_OPTIONS
from fauxtune.core.language.catalogue import Language, read_po, written
from fauxtune.core.language.recognition import Markup, texts_of_markup
from fauxtune.core.model.certificates import PURPOSES
from fauxtune.core.model.words.provider_states import PLACES, REFUSALS
from fauxtune.core.model.words.provider_states import SENTENCES as STATES
from fauxtune.core.policies.tenant_administration import GUARDED
from fauxtune.core.profiles.kind_words import FAMILIES, REFERENCES
from fauxtune.core.tables import Line, read_lines
from fauxtune_console.happenings import COUNTED
from fauxtune_console.pages.profiles.managed import NOUNS
from fauxtune_console.templating import ONLY_MARKED, WORDS, plural_of
from fauxtune_labs.core.reading import read_lab
from fauxtune_labs.core.translation import updated as updated_lab
from fauxtune_labs.core.verbs import DEEDS

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "app/fauxtune/core/language"
#: Domain -> the folders and files whose messages it has: `say` and `count` in Python, `trans` and `_` in templates.
DOMAINS: dict[str, tuple[str, ...]] = {
    "report": ("app/fauxtune_report/evidence", "app/fauxtune_report/page"),
    "trust": ("app/fauxtune/server/trust/page.py", "app/fauxtune/server/trust/trust.html"),
    "labs": (
        "app/fauxtune_labs/operations/labs",
        "app/fauxtune_labs/cli/lab.py",
    ),
    "console": ("app/fauxtune_console",),
    #: The states with which labs begin: sentences that are typed in English elsewhere, and read by students here.
    "starts": (),
    #: What commands print that students type.
    "commands": ("app/fauxtune_labs/handout/templates/cards.html",),
}
#: Domain -> files whose English sentences are recognised where they are shown (`core.language.recognition`): literals
#: of two words and more, and what is put together from them, with `%(a)s`, `%(b)s` ... for its values.
_DIAGNOSIS = (
    *("absence_rules", "app_rules", "certificate_rules", "chain", "delivery_rules"),
    *("findings", "order_rules", "reach_rules", "scep_rules", "setting_rules"),
)
_COMMANDS = (
    *(
        "administration",
        "certificate/certificate",
        "tenant/clock",
        "connector/connector",
        "device/device_text",
        "device/device",
    ),
    *(
        "device/diagnose",
        "tenant/fault",
        "tenant/group",
        "device/journal",
        "mail",
        "mail_text",
        "names",
    ),
    *(
        "certificate/pfx",
        "profile/profile_choice",
        "profile/certificate_options",
        "profile/profile_creation",
        "profile/profile",
        "profile/targets",
        "tenant/user",
    ),
)
SENTENCES: dict[str, tuple[str, ...]] = {
    "console": (
        "app/fauxtune_console",
        "app/fauxtune/core/administration/state.py",
        "app/fauxtune/core/administration/imported.py",
        "app/fauxtune/core/administration/requests.py",
        "app/fauxtune/core/engine/device_actions/support.py",
        "app/fauxtune/core/engine/planning/plan.py",
        "app/fauxtune/core/faults/presets.py",
        "app/fauxtune/core/mail/apps.txt",
        "app/fauxtune/core/model/words/device_words.py",
        "app/fauxtune/core/model/words/journal_words.py",
        "app/fauxtune/core/profiles/kind_words.py",
        *(f"app/fauxtune/core/engine/diagnosis/{name}.py" for name in _DIAGNOSIS),
        "app/fauxtune/core/mail/readability.py",
        "app/fauxtune/core/mail/publication.py",
        "app/fauxtune/core/mail/verdict.py",
        "app/fauxtune/core/model/certificates.py",
        "app/fauxtune_labs/operations/classrooms/progress.py",
        "app/fauxtune/operations/arrangement/devices.py",
        "app/fauxtune/operations/connectors/ra_certificates.py",
        "app/fauxtune/operations/connectors/selection.py",
        "app/fauxtune_labs/operations/hosted_devices.py",
        "app/fauxtune_labs/operations/labs/views.py",
        "app/fauxtune_labs/operations/labs/runs.py",
        "app/fauxtune_labs/operations/labs/stage.py",
        "app/fauxtune/operations/devices/actions.py",
        "app/fauxtune/operations/profiles/references.py",
        "app/fauxtune/operations/insight/readability.py",
        "app/fauxtune/operations/runtime/guesses.py",
        "app/fauxtune/operations/tenants/seats.py",
        "app/fauxtune/operations/insight/remedies.py",
        "app/fauxtune/operations/insight/whatif_outcomes.py",
    ),
    "commands": (
        *(f"app/fauxtune_cli/{name}.py" for name in _COMMANDS),
        "app/fauxtune_labs/cli/classroom.py",
        "app/fauxtune_labs/cli/state.py",
        "app/fauxtune_report/report.py",
    ),
}
LABS = ROOT / "app/fauxtune_labs/texts"


def _starts() -> Iterator[str]:
    for folder in sorted(LABS.glob("*/")):
        for sentence in read_lab(folder.name, (folder / "lab.toml").read_text("utf-8")).start:
            yield f"{sentence[0].upper()}{sentence[1:]}"


def _refusals() -> tuple[str, ...]:
    rules = (*(rule for editions in TABLE.values() for rule in editions.values()), *WIPE_OPTIONS.values())
    texts = dict.fromkeys(rule.otherwise for rule in rules if rule.otherwise)
    return tuple(f"{text[0].upper()}{text[1:]}" for text in texts)


#: data. Headings of the tables that commands print.
_HEADINGS = tuple(
    """
    name user system id title time state group members template for source until status certificate kind ok pending
    error device from to subject protection bytes address reads why class seats opened labs seat at done hints clock
    last what which effect hits licence devices groups number received profile should holds management compliance
    storage carrier enrolled settled passcode firewall antivirus memory battery
    """.split()  # noqa: SIM905 - words, to be read
)
#: Domain -> messages that stand in tables, with the file.
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "labs": ("app/fauxtune_labs/core/verbs.py", tuple(verb.meaning for verb in DEEDS)),
    "commands": (
        "app/fauxtune_cli",
        (*_HEADINGS, "free storage", "phone number", "security patch"),
    ),
    "starts": ("app/fauxtune_labs/texts", tuple(dict.fromkeys(_starts()))),
    "console": (
        "app/fauxtune_console",
        # Labels of one word, and kinds of profiles, which code hands to templates.
        (
            *sorted(WORDS | ONLY_MARKED),
            *(state.meaning for state in STATES),
            *(place.meaning for place in PLACES.values()),
            *(words for words in REFUSALS.values() if " " in words),
            *(f"for {words}" for words in PURPOSES.values()),
            *(f"{words[0].upper()}{words[1:]}" for words in GUARDED.values()),
            *(f"New {noun[0]}" for noun in NOUNS.values()),
            *(app_kind.words for app_kind in APP_KINDS.values()),
            *(f"'%(name)s' ({words})" for words in REFERENCES.values()),
            "Change “%(name)s”",
            "'%(name)s' is off line",
            # The free storage of a device.
            "%(a)s of %(b)s GB, %(c)s %%",
            # Why an action cannot be ordered, each part as a page writes it.
            *_refusals(),
            *(f"{task} %(name)s" for task in ("Delete", "Lock", "Reset", "Retire", "Revoke", "Wipe")),
            *(f"{family} for %(platform)s" for family in (*FAMILIES.values(), "intermediate certificate")),
        ),
    ),
    "trust": (
        "app/fauxtune/core/administration/trusting.py",
        tuple(text for way in SYSTEMS for text in (way.system, *(() if way.typed else (*way.install, *way.remove)))),
    ),
}
TRANSLATED = tuple(language for language in Language if language is not Language.ENGLISH)
#: What the spans of time on every page are counted in.
_UNITS = (
    "year",
    "day",
    "hour",
    "minute",
    "second",
    "profile",
    "assignment",
    "mail",
    "connector",
    "template",
    "group",
    "person",
    "member",
)
#: A literal of a template that people read, and a noun that it counts.
_LITERAL = re.compile(r"""(["'])[A-Z“][a-z]+[^{}<>]*\1|(["'])[^{}<>/=]*[a-z] [a-z(][^{}<>=]*\2""")
_COUNTED = re.compile(r"""count\("(\w[\w -]*)"\)""")
#: What takes the texts of `--help`, which are English.
_OF_HELP = {"option", "argument", "Group", "_option"}
_HEADED = re.compile(r"[A-Z][a-z]+:? (?:\w+ )?[^%]*%\((?:a|\w+)\)s.*[.)s]$")
_NAMED = re.compile(r"\{(\w+)\}")
_OWN_WORD = re.compile(r"[A-Za-z]{2,}")
#: Two words, and what is in no sentence: addresses, markup, names of headers, paths.
_SENTENCE = re.compile(r"[A-Za-z’']{2,}.* .*[a-z]{2}|^ ?[a-z]{2,} [a-z]{2,}|[A-Z][a-z]+ .*")
_NO_SENTENCE = re.compile(r"[<>{}\\\n]|://|'self'|^[/.#]|charset|^%\(a\)s(?: ?%\(\w\)s)*$|=\S|^\s|^fauxtune |openssl ")
_PLACE = re.compile(r"%(?:\((\w+)\)s|(.))")


@dataclass(frozen=True, slots=True)
class Source:
    """A message as it stands in the code. `many`: its form for several things; None if it has no number."""

    text: str
    many: str | None
    place: str


@cache
def messages(domain: str) -> dict[str, Source]:
    """Return the messages of a domain by their English text, in the order of the files."""
    sources: dict[str, Source] = {}
    place, texts = TABLES.get(domain, ("", ()))
    sources |= {text: Source(text, None, place) for text in texts}
    for name in SENTENCES.get(domain, ()):
        for file in sorted((ROOT / name).rglob("*.py")) or [ROOT / name]:
            for source in _sentences(file):
                sources.setdefault(source.text, source)
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
    """Return a catalogue with exactly the messages of the domain, and a comment where those of another file begin.
    Translations of equal texts stay.
    """
    head, _, _ = text.partition("\n\n")
    entries = {entry.text: entry for entry in read_po(text).entries}
    lines, place = [f"{head.rstrip()}\n"], ""
    for source in messages(domain).values():
        if source.place != place:
            lines.append(f"#: {source.place}")
        entry, place = entries.get(source.text), source.place
        empty = ("",) if source.many is None else ("", "")
        known = entry is not None and (entry.many is None) is (source.many is None)
        lines.append(written(source.text, entry.forms if entry and known else empty, many=source.many))
    return "\n".join(lines) + "\n"


def _of_python(file: Path) -> Iterator[Source]:
    place, tree = str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))
    known = _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
            wanted = 1 if node.func.id == "say" else 2
            texts = [_literal(expr, place=place) for expr in node.args]
            if len(texts) != wanted:
                raise ValueError(f"{place}:{node.lineno}: {node.func.id} takes {wanted} texts")
            yield Source(texts[0], texts[1] if wanted == 2 else None, place)


def _imported(tree: ast.AST) -> set[str]:
    """The functions that make messages, as a file has them: others may have the same name."""
    module = "fauxtune.core.language.catalogue"
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == module]
    return {alias.name for node in froms for alias in node.names} & {"say", "count"}


def _literal(node: ast.expr, *, place: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(f"{place}:{node.lineno}: a message must be a literal, so that its translation can be found")


def _of_template(file: Path) -> Iterator[Source]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.policies["ext.i18n.trimmed"] = True
    if "fauxtune_console" in file.parts:
        yield from _of_own_text(file, environment)
    for _line, _function, texts in environment.extract_translations(file.read_text(encoding="utf-8")):  # type: ignore[attr-defined]
        one, many = (*texts, None)[:2] if isinstance(texts, tuple) else (texts, None)
        if one is None:
            continue  # a message that stands in a table
        yield Source(one, many, str(file.relative_to(ROOT)))


def _of_own_text(file: Path, environment: Environment) -> Iterator[Source]:
    """Yield what stands in a template outside its expressions, its literals of some words, and nouns that it counts."""
    where, markup, in_trans, before = str(file.relative_to(ROOT)), Markup(), False, ""
    text = file.read_text(encoding="utf-8")
    for _line, kind, value in environment.lex(text):
        if before == "block_begin" and value in {"trans", "endtrans"}:
            in_trans = value == "trans"
        if kind == "data" and not in_trans:
            yield from (Source(each, None, where) for each in texts_of_markup(value, markup))
        elif kind == "string" and _LITERAL.fullmatch(value) and "%(" not in value:
            yield Source(value[1:-1].replace("%", "%%"), None, where)
        before = before if kind == "whitespace" else kind
    for noun in (*_COUNTED.findall(text), *(_UNITS if file.name == "base.html" else ())):
        yield Source(f"%(number)s {noun}", f"%(number)s {plural_of(noun)}", where)
    if file.name == "events.html":  # what a line of several events counts has one form in English
        yield from (Source(f"%(number)s {word}", f"%(number)s {word}", where) for word in COUNTED.values())


def _sentences(file: Path) -> Iterator[Source]:
    if file.suffix == ".txt":
        yield from _of_table(read_lines(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")))
        return
    place, tree = str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))
    passed = {id(node) for node in _unseen(tree)}
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        text = _pattern(node)
        if text is not None and _is_sentence(text):
            yield Source(text, None, place)


def _of_table(lines: Iterable[Line]) -> Iterator[Source]:
    """Yield the sentences among the words of a table."""
    for line in lines:
        yield from (Source(word, None, line.file) for word in line.words if _is_sentence(word))
        yield from _of_table(line.below)


def _is_sentence(text: str) -> bool:
    """Whether a literal is for people; one with values needs two words of its own, by which it is recognised."""
    own = _PLACE.sub(" ", text)
    if _HEADED.match(text) and not _NO_SENTENCE.search(text):
        return True
    enough = own == text or len(_OWN_WORD.findall(own)) >= 2
    return enough and bool(_SENTENCE.search(own)) and not _NO_SENTENCE.search(text)


def _unseen(tree: ast.AST) -> Iterator[ast.AST]:
    """What is no text for people: docstrings, what assertions say, the parts of what is put together, `say`."""
    known = _imported(tree)
    for node in ast.walk(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_docstring or isinstance(node, ast.Assert | ast.AnnAssign | ast.JoinedStr):
            inner = node.annotation if isinstance(node, ast.AnnAssign) else node
            yield from (each for each in ast.walk(inner) if not (isinstance(node, ast.JoinedStr) and each is node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
            yield from node.args
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _OF_HELP:
            yield from ast.walk(node)


def _pattern(node: ast.AST) -> str | None:
    """Return a literal, or what is put together with names in the places of its values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        names = iter("abcdefgh")
        text = re.sub(r"\{\}", lambda _: f"%({next(names)})s", node.value.replace("%", "%%"))
        return _NAMED.sub(r"%(\1)s", text)
    if not isinstance(node, ast.JoinedStr):
        return None
    names = iter("abcdefghijklmnopqrstuvwxyz")
    parts = [
        str(value.value).replace("%", "%%") if isinstance(value, ast.Constant) else f"%({next(names)})s"
        for value in node.values
    ]
    return "".join(parts)


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
