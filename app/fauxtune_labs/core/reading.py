"""Reading a lab file (TOML), and naming its mistakes with the lines where they stand; the skeleton to begin with."""

from __future__ import annotations

import pkgutil
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fauxtune.core.clock import from_iso, parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Edition
from fauxtune.core.model.words.provider_state_words import read as read_state
from fauxtune.core.nearest import nearest
from fauxtune_labs.core.lab import Act, Choice, Lab, Proof, Question, Step, WrongWay
from fauxtune_labs.core.verbs import MAKING, TABLES, Kind, Member, Verb, verb_named

#: Characters of a lab file, and the parts of a lab, at most.
LONGEST, MOST_STEPS, MOST_ACTS = 64 * 1024, 8, 24
MINUTES = (5, 12)
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_HINTS, _CHOICES = 3, (2, 5)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_KEYS = "|".join(TABLES)
_VERB = re.compile(rf'(?:^|[{{,\s])({_KEYS})\s*=\s*"([^"]*)"')
_HEADER = re.compile(r"^\s*\[\[?([\w.]+)\]\]?")
_LONG_TEXT = re.compile(r'"""(.*?)"""|\'\'\'(.*?)\'\'\'', re.DOTALL)
_BROKEN = re.compile(r"\(at line (\d+)")

#: data. Part of a lab -> its members, with the type of each; a star: it may be left out.
_SHAPES: Mapping[str, Mapping[str, type]] = {
    "lab": {"title": str, "minutes": int, "idea": str, "story": str, "start": list, "*prepare": list,
            "*edition": str, "*objective": str, "predict": dict, "step": list, "proof": list, "quiz": dict},
    "predict": {"question": str, "choice": list, "*shown_by": int},
    "quiz": {"question": str, "choice": list},
    "choice": {"text": str, "why": str, "*right": bool},
    "step": {"title": str, "text": str, "hints": list, "do": list, "*look": list, "check": list, "*wrong": list},
    "wrong": {"text": str, "do": list, "says": str},
    "proof": {"text": str, "files": list, "run": list, "*prints": list, "*hides": list, "*fails": bool},
}  # fmt: skip
_WORDS = {str: "a text", int: "a number", list: "a list", dict: "a table", bool: "true or false"}
#: data. The types of values that are no texts.
_KINDS: Mapping[Kind, tuple[type, ...]] = {
    Kind.TEXTS: (list,),
    Kind.FLAG: (bool,),
    Kind.NUMBER: (int,),
    Kind.TABLE: (dict,),
    Kind.VALUE: (str, int, bool),
}
_REQUEST, _READING = (
    re.compile(r"(POST|PATCH|PUT|DELETE) /\S.*"),
    re.compile(r"(GET /|POST /deviceManagement/reports/get)\S.*"),
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a lab file, and in which line."""

    line: int
    message: str

    def __str__(self) -> str:
        """Return line and message."""
        return f"line {self.line}: {self.message}"


def _day(text: str) -> None:
    try:
        from_iso(text)
    except ValueError:
        raise Invalid(f"'{text}' is no day: write 2019-03-01.") from None


def _file(text: str) -> None:
    if not _FILE_NAME.fullmatch(text):
        raise Invalid(f"'{text}' cannot be the name of a file here: letters, digits, dots and hyphens.")


def _request(text: str) -> None:
    if not _REQUEST.fullmatch(text):
        raise Invalid(f"'{text}' is no request that changes something: write POST /groups, or look at Graph with GET.")


def _question_of(text: str) -> None:
    if not _READING.fullmatch(text):
        raise Invalid(f"'{text}' is no question: write GET /users, or POST /deviceManagement/reports/get...")


#: data. What reads the texts of a kind; each raises Invalid.
_READERS: Mapping[Kind, Callable[[str], object]] = {
    Kind.SENTENCE: read_state,
    Kind.DURATION: parse_duration,
    Kind.DAY: _day,
    Kind.FILE: _file,
    Kind.REQUEST: _request,
    Kind.QUESTION: _question_of,
}


def read_lab(name: str, text: str) -> Lab:
    """Return the lab that a file describes. Raises Invalid with the first mistakes."""
    lab, mistakes = examined(name, text)
    if lab is None:
        more = f" and {len(mistakes) - 3} more" if len(mistakes) > 3 else ""
        raise Invalid(f"The lab '{name}' has mistakes: {'; '.join(map(str, mistakes[:3]))}{more}.", target="lab")
    return lab


def examined(name: str, text: str) -> tuple[Lab | None, list[Mistake]]:
    """Return the lab, or None and everything that is wrong with its file."""
    if not NAME.fullmatch(name):
        return None, [Mistake(1, f"a lab's name has small letters, digits and hyphens, not '{name[:60]}'")]
    if len(text) > LONGEST:
        return None, [Mistake(1, f"a lab file has {LONGEST // 1024} KiB at most")]
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _BROKEN.search(str(error))
        return None, [Mistake(int(place[1]) if place else len(text.splitlines()), str(error).partition(" (at")[0])]
    reader = _Reader(text)
    reader.part("lab", document, line=1)
    if not reader.mistakes:
        lab = _lab(name, document)
        reader.whole(lab)
        if not reader.mistakes:
            return lab, []
    return None, sorted(reader.mistakes, key=lambda mistake: mistake.line)


class _Reader:
    """Looks at a document part by part, in the order of the file."""

    def __init__(self, text: str) -> None:
        self.mistakes: list[Mistake] = []
        plain = _LONG_TEXT.sub(lambda match: '""' + "\n" * match[0].count("\n"), text)
        lines = [line.partition("#")[0] if line.lstrip().startswith("#") else line for line in plain.splitlines()]
        self._lines = lines
        self._headers = [(match[1], number) for number, line in enumerate(lines, 1) if (match := _HEADER.match(line))]
        self._verbs: dict[tuple[str, str], Iterator[int]] = {}
        places: dict[tuple[str, str], list[int]] = {}
        for number, line in enumerate(lines, 1):
            for key, verb in _VERB.findall(line):
                places.setdefault((key, verb), []).append(number)
        self._verbs = {each: iter(numbers) for each, numbers in places.items()}

    def wrong(self, line: int, message: str) -> None:
        self.mistakes.append(Mistake(line, message))

    def part(self, kind: str, document: Mapping[str, Any], *, line: int) -> None:
        """Look at a part and at the parts in it."""
        shape = {name.lstrip("*"): type_ for name, type_ in _SHAPES[kind].items()}
        for name in _SHAPES[kind]:
            if not name.startswith("*") and name not in document:
                self.wrong(line, f"the {kind} has no '{name}'")
        for name, value in document.items():
            if name not in shape:
                like = ", ".join(nearest(name, shape))
                self.wrong(self._line_of(name, line), f"a {kind} has no member '{name}'; it has {like}")
            elif type(value) is not shape[name]:
                self.wrong(self._line_of(name, line), f"'{name}' is {_WORDS[shape[name]]}")
            else:
                self._member(kind, name, value=value, line=line)

    def _member(self, kind: str, name: str, *, value: Any, line: int) -> None:
        match name:
            case "start":
                self._states(value)
            case "predict" | "quiz":
                self.part(name, value, line=self._header(name))
            case "choice":
                self._choices(f"{kind}.{name}", value, line=line)
            case "step" | "proof" | "wrong":
                self._parts(kind, name, value=value)
            case "do" | "look" | "check" | "prepare" | "files":
                key = {"prepare": "do", "files": "file"}.get(name, name)
                self._acts(value, key=key, line=line)
            case "edition" if value not in set(Edition):
                self.wrong(self._line_of(name, line), f"the edition of a lab is {' or '.join(Edition)}, not '{value}'")
            case "hints" if len(value) != _HINTS:
                self.wrong(line, f"a step has {_HINTS} hints, one after the other; this one has {len(value)}")
            case "minutes" if not MINUTES[0] <= value <= MINUTES[1]:
                self.wrong(self._line_of(name, line), f"a lab takes {MINUTES[0]} to {MINUTES[1]} minutes")
            case "hints" | "run" | "prints" | "hides" if not all(isinstance(each, str) for each in value):
                self.wrong(line, f"'{name}' is a list of texts")

    def _parts(self, kind: str, name: str, *, value: Sequence[Any]) -> None:
        if not 1 <= len(value) <= MOST_STEPS:
            self.wrong(self._header(name), f"a lab has 1 to {MOST_STEPS} of [[{name}]]")
            return
        header = f"{kind}.{name}" if name == "wrong" else name
        for each in value:
            if isinstance(each, dict):
                self.part(name, each, line=self._header(header))
            else:
                self.wrong(1, f"'{name}' is written as [[{header}]]")

    def _choices(self, header: str, value: Sequence[Any], *, line: int) -> None:
        for each in value:
            if isinstance(each, dict):
                self.part("choice", each, line=self._header(header))
            else:
                self.wrong(line, f"'choice' is written as [[{header}]]")
        right = sum(isinstance(each, dict) and each.get("right") is True for each in value)
        if right != 1 or not _CHOICES[0] <= len(value) <= _CHOICES[1]:
            self.wrong(line, f"a question has {_CHOICES[0]} to {_CHOICES[1]} choices, of which one is right = true")

    def _states(self, value: Sequence[Any]) -> None:
        for each in value:
            line = next((number for number, text in enumerate(self._lines, 1) if f'"{each}"' in text), 1)
            try:
                read_state(str(each))
            except Invalid as error:
                self.wrong(line, error.message.rstrip("."))

    def _acts(self, value: Sequence[Any], *, key: str, line: int) -> None:
        table, word = TABLES[key]
        if len(value) > MOST_ACTS:
            self.wrong(line, f"there are {MOST_ACTS} {word}s in a row at most")
        for each in value:
            if not isinstance(each, dict) or not isinstance(each.get(key), str):
                self.wrong(line, f'a {word} is written as {{ {key} = "...", ... }}')
                continue
            here = next(self._verbs.get((key, each[key]), iter(())), line)
            verb = verb_named(table, each[key])
            if verb is None:
                like = ", ".join(f"'{name}'" for name in nearest(each[key], [other.name for other in table]))
                self.wrong(here, f"there is no {word} '{each[key]}'; the nearest are {like}")
            else:
                self._words(verb, {name: words for name, words in each.items() if name != key}, line=here)

    def _words(self, verb: Verb, words: Mapping[str, Any], *, line: int) -> None:
        members = {member.name: member for member in verb.members}
        for name in words.keys() - members.keys():
            self.wrong(line, f"'{verb.name}' has no member '{name}'; it has {', '.join(members) or 'none'}")
        for member in verb.members:
            if member.name in words:
                self._word(member, words[member.name], line=line)
            elif not member.optional:
                self.wrong(line, f"'{verb.name}' needs '{member.name}': {member.meaning}")

    def _word(self, member: Member, value: Any, *, line: int) -> None:
        fits = type(value) in _KINDS.get(member.kind, (str,))
        if not fits or (isinstance(value, list) and not all(isinstance(each, str) for each in value)):
            self.wrong(line, f"'{member.name}' is {member.kind}")
        elif member.choices and not set(value if isinstance(value, list) else [value]) <= set(member.choices):
            wrong = value if isinstance(value, str) else next(each for each in value if each not in member.choices)
            like = ", ".join(nearest(wrong, member.choices))
            self.wrong(line, f"'{member.name}' cannot be '{wrong}'; the nearest are {like}")
        elif member.kind in _READERS:
            try:
                _READERS[member.kind](value)
            except Invalid as error:
                self.wrong(line, error.message.rstrip("."))

    def whole(self, lab: Lab) -> None:
        """Look at what only the whole lab says: labels and files that nothing makes, a step that is not there."""
        if not 1 <= lab.shown_by <= len(lab.steps):
            most = len(lab.steps)
            self.wrong(self._line_with("shown_by"), f"the prediction is shown by a step that is there, 1 to {most}")
        deeds = [*lab.prepare, *(deed for step in lab.steps for deed in step.do)]
        labels = {deed.words["label"] for deed in deeds if "label" in deed.words and "thumbprint" not in deed.words}
        wrong = [deed for step in lab.steps for way in step.wrong for deed in way.do]
        known = {d.words["label"] for d in (*deeds, *wrong) if _makes_certificate(d) and "label" in d.words}
        for label in sorted((labels | _labels_of_others(lab)) - known):
            self.wrong(self._line_with(f'"{label}"'), f"no deed makes a certificate with the label '{label}'")
        files = {deed.words["file"] for deed in deeds if deed.verb in {"issue file", "rewrite file"}}
        wanted = {deed.words["file"] for deed in deeds if deed.verb == "import file"}
        wanted |= {file.words["name"] for file in lab.files() if file.verb == "pfx"}
        wanted |= {check.words["file"] for step in lab.steps for check in step.check if check.verb == "reads file"}
        for name in sorted(wanted - files):
            self.wrong(self._line_with(f'"{name}"'), f"no deed 'issue file' makes the file '{name}'")
        requests = {deed.words["file"] for deed in deeds if deed.verb == "try request"}
        for name in sorted({file.words["name"] for file in lab.files() if file.verb == "request"} - requests):
            self.wrong(self._line_with(f'"{name}"'), f"no deed 'try request' makes the file '{name}'")

    def _header(self, name: str) -> int:
        for index, (header, line) in enumerate(self._headers):
            if header == name:
                del self._headers[index]
                return line
        return 1

    def _line_of(self, name: str, line: int) -> int:
        """Return the line of a member of a part that begins in this line."""
        for number, text in enumerate(self._lines[line - 1 :], line):
            if re.match(rf"\s*{re.escape(name)}\s*=", text):
                return number
        return line

    def _line_with(self, text: str) -> int:
        return next((number for number, line in enumerate(self._lines, 1) if text in line), 1)


def _makes_certificate(deed: Act) -> bool:
    return deed.verb in {"reach state", *MAKING}


def _labels_of_others(lab: Lab) -> set[str]:
    others = [*lab.files(), *(check for step in lab.steps for check in step.check)]
    others += [deed for step in lab.steps for way in step.wrong for deed in way.do if not _makes_certificate(deed)]
    return {act.words["label"] for act in others if "label" in act.words}


# --------------------------------------------------------------------------------------- from a document that is right


def _lab(name: str, document: Mapping[str, Any]) -> Lab:
    return Lab(
        name=name,
        title=document["title"],
        minutes=document["minutes"],
        idea=_joined(document["idea"]),
        story=_joined(document["story"]),
        start=tuple(document["start"]),
        prepare=_acts(document.get("prepare", ()), key="do"),
        predict=_question(document["predict"]),
        shown_by=document["predict"].get("shown_by", 1),
        steps=tuple(map(_step, document["step"])),
        proofs=tuple(map(_proof, document["proof"])),
        quiz=_question(document["quiz"]),
        edition=Edition(document["edition"]) if "edition" in document else None,
        objective=document.get("objective"),
    )


def _step(part: Mapping[str, Any]) -> Step:
    return Step(
        title=part["title"],
        text=_joined(part["text"]),
        hints=tuple(part["hints"]),
        do=_acts(part["do"], key="do"),
        look=_acts(part.get("look", ()), key="look"),
        check=_acts(part["check"], key="check"),
        wrong=tuple(
            WrongWay(_joined(way["text"]), _acts(way["do"], key="do"), way["says"]) for way in part.get("wrong", ())
        ),
    )


def _proof(part: Mapping[str, Any]) -> Proof:
    return Proof(
        text=_joined(part["text"]),
        files=_acts(part["files"], key="file"),
        run=tuple(part["run"]),
        prints=tuple(part.get("prints", ())),
        hides=tuple(part.get("hides", ())),
        fails=part.get("fails", False),
    )


def _question(part: Mapping[str, Any]) -> Question:
    choices = (Choice(_joined(each["text"]), _joined(each["why"]), each.get("right", False)) for each in part["choice"])
    return Question(_joined(part["question"]), tuple(choices))


def _acts(acts: Sequence[Mapping[str, Any]], *, key: str) -> tuple[Act, ...]:
    return tuple(Act(act[key], {name: value for name, value in act.items() if name != key}) for act in acts)


def _joined(text: str) -> str:
    """Return the text in one line."""
    return " ".join(text.split())


def skeleton() -> str:
    """Return a lab file that is right, and that says what goes where."""
    data = pkgutil.get_data(__package__ or "", "skeleton.toml")
    assert data is not None, "it is in the package"
    return data.decode()
