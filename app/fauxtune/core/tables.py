"""Tables of data as text: lines of words, and the place of each mistake. The form is that of `core/graph/types.txt`.

* A line that is indented by one space more belongs to the line above. Empty lines say nothing, nor do lines that begin
  with `#`.
* Words are separated by blanks. A word with a blank in it is a JSON string: `"a word"`; so is one that would be read as
  something else: `"+1"`, `"a=b"`, `"#x"`, `"7"` where a text is meant.
* `name=value` is an option of its line; its value is a word.
* A JSON object or array may stand at the end of a line, as its last word.
* A line has 200 characters at most. A longer one goes on in the next line, indented by one space more, with a `+`: what
  follows the `+` is appended as it stands, with its blanks. A mistake in it is named with the number of the first line.
"""

from __future__ import annotations

import json
import pkgutil
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fauxtune.core.nearest import nearest

#: Characters of a line, at most.
LONGEST = 200
_WORD = re.compile(r'(?:(?P<option>[A-Za-z][\w-]*)=)?(?:(?P<text>"(?:[^"\\]|\\.)*")(?= |$)|(?P<bare>[^ ]*)) *')
_DOCUMENT = re.compile(r'\{ *["}]|\[ *["{\[\]\d-]')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})")
_HEXADECIMAL = re.compile("0x[0-9A-F]{1,16}")
_LITERALS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


class Mistake(ValueError):
    """What is wrong with a table, what would be right, and the file and line."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table, with those that belong to it (`below`).

    `words`: without the options. `values`: the same as JSON values: whole numbers, true, false, null, and the JSON at
    the end; everything else, and what stands in quotation marks, is text.
    """

    file: str
    number: int
    words: tuple[str, ...]
    values: tuple[Any, ...]
    options: Mapping[str, str]
    below: tuple[Line, ...]

    def mistake(self, what: str) -> Mistake:
        """Return a mistake of this line, to be raised."""
        return Mistake(f"{self.file}, line {self.number}: {what}")

    @property
    def first(self) -> str:
        """The first word; "" if the line has only options."""
        return self.words[0] if self.words else ""

    def after_first(self, form: str) -> tuple[str, ...]:
        """Return the words after the first, as many as the form has: `PATH [KIND]` is one or two, `NAME...` one or
        more, `[NAME...]` any number. Raises Mistake for another number.
        """
        words, names = self.words[1:], form.split()
        least = sum(not name.startswith("[") for name in names)
        most = len(self.words) if "..." in form else len(names)
        if not least <= len(words) <= most:
            rest = " ".join(words)[:80] or "nothing"
            raise self.mistake(f"after '{self.first}' stands {form or 'nothing'}, not {rest}")
        return words

    def known(self, word: str, names: Collection[str], *, what: str) -> str:
        """Return a word that is one of the names. Raises Mistake with the names that are most like it."""
        if word in names:
            return word
        raise self.mistake(f"there is no {what} '{word}'; {_most_like(word, names)}")

    def whole(self, word: str) -> int:
        """Return a whole number, written 12 or 0xFF. Raises Mistake."""
        if not _NUMBER.fullmatch(word) and not _HEXADECIMAL.fullmatch(word):
            raise self.mistake(f"a whole number stands here, such as 12, not '{word}'")
        return int(word, 0)

    def only(self, *options: str, below: bool = False) -> None:
        """Raise Mistake for an option with another name and, unless `below`, for lines that belong to this one."""
        for name in self.options.keys() - set(options):
            quoted = f'a word with = in it is written "{name}=..."'
            raise self.mistake(f"there is no option '{name}' here; {_most_like(name, options)}; {quoted}")
        if self.below and not below:
            raise self.below[0].mistake(f"nothing can belong to line {self.number}: indent by one space less")

    def option(self, name: str, names: Collection[str], *, default: str) -> str:
        """Return the value of an option, which is one of the names. Raises Mistake for another value."""
        return self.known(self.options[name], names, what=f"value of {name}") if name in self.options else default

    def texts(self, *names: str, optional: Collection[str] = ()) -> dict[str, str]:
        """Return the texts of the lines below, `NAME "Text."`: one for each name, or optional. Raises Mistake."""
        texts: dict[str, str] = {}
        for line in self.below:
            line.only()
            name = line.known(line.first, (*names, *optional), what="kind of line")
            if name in texts:
                raise line.mistake(f"{name} stands here twice; once is enough")
            (texts[name],) = line.after_first("TEXT")
        for name in names:
            if name not in texts:
                raise self.mistake(f'below this line stands one more: {name} "Text."')
        return texts

    def of_documents(self, documents: Mapping[str, str]) -> str:
        """Return the document that the option `by` names; the option itself if it has a blank. Raises Mistake."""
        by = self.options.get("by", "")
        return by if " " in by else documents[self.known(by, documents, what="document")]

    def listed(self, name: str) -> tuple[str, ...]:
        """Return the words of an option that stand between commas; none without it. Raises Mistake for an empty one."""
        words = tuple(self.options[name].split(",")) if name in self.options else ()
        if "" in words:
            raise self.mistake(f"between two commas of {name}= stands a word: {name}=one,two")
        return words


def table(package: str, name: str) -> tuple[Line, ...]:
    """Read a table that stands beside the modules of a package. Raises Mistake, and OSError without such a file."""
    content = pkgutil.get_data(package, name)
    assert content is not None, "packages are folders of files"
    return read_lines(f"{package.replace('.', '/')}/{name}", content.decode())


def read_lines(file: str, text: str) -> tuple[Line, ...]:
    """Return the lines of a text that are not indented, each with those below it. Raises Mistake."""
    below: dict[int, list[Line]] = {}
    for depth, number, written in reversed(list(_written(file, text))):
        children = tuple(reversed(below.pop(depth + 1, ())))
        below.setdefault(depth, []).append(_line(Line(file, number, (), (), {}, children), written))
    return tuple(reversed(below.get(0, ())))


def _written(file: str, text: str) -> Iterator[tuple[int, int, str]]:
    """Yield depth, number and text of each line, with what continues it."""
    last: tuple[int, int, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.removesuffix("\r").strip(" ")
        depth = len(line) - len(line.lstrip(" "))
        deepest = last[0] + 1 if last else 0
        if wrong := _wrong_with(bare, depth=depth, deepest=deepest):
            raise Mistake(f"{file}, line {number}: {wrong}")
        if not bare or bare.startswith("#"):
            continue
        if bare.startswith("+") and last:
            last = (*last[:2], last[2] + bare[1:])
            continue
        if last:
            yield last
        last = (depth, number, bare)
    if last:
        yield last


def _wrong_with(bare: str, *, depth: int, deepest: int) -> str:
    """Say what is wrong with a line as it is written; "" if nothing is."""
    if not bare.isprintable():
        return "it has a tab or another character that nobody sees; blanks are spaces"
    if depth + len(bare) > LONGEST:
        return f"it has {depth + len(bare)} characters, at most {LONGEST}; go on in a line that begins with +"
    if not bare or bare.startswith("#"):
        return ""
    if bare.startswith("+") and depth != max(deepest, 1):
        return f'what continues a line is indented by {max(deepest, 1)} here; a word that begins so is written "+..."'
    return f"it is indented by {depth}; here {deepest} is the most" if depth > deepest else ""


def _line(line: Line, written: str) -> Line:
    words: list[str] = []
    values: list[Any] = []
    options: dict[str, str] = {}
    at = 0
    while at < len(written):
        match = _WORD.match(written, at)
        assert match is not None, "the pattern fits every text"
        option, quoted, bare = match["option"], match["text"], match["bare"]
        if option is None and quoted is None and _DOCUMENT.match(written, at):
            words.append(written[at:])
            values.append(_json(line, written[at:]))
            break
        if bare is not None and bare.startswith('"'):
            raise line.mistake(f"after a text in double quotes stands a blank or nothing: {written[at:][:60]}")
        word = bare if quoted is None else str(_json(line, quoted))
        if option is None:
            words.append(word)
            values.append(_value(word) if quoted is None else word)
        elif option in options:
            raise line.mistake(f"the option {option} stands here twice; once is enough")
        elif quoted is None and _DOCUMENT.match(word):
            raise line.mistake(
                f"an option has a word as its value; JSON stands at the end of the line, without {option}="
            )
        else:
            options[option] = word
        at = match.end()
    return Line(line.file, line.number, tuple(words), tuple(values), MappingProxyType(options), line.below)


def _value(word: str) -> Any:
    return int(word) if _NUMBER.fullmatch(word) else _LITERALS.get(word, word)


def _json(line: Line, written: str) -> Any:
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            raise ValueError("an object has two members of one name")
        return result

    def constant(name: str) -> Any:
        raise ValueError(f"{name} is no value of JSON")

    try:
        return json.loads(written, object_pairs_hook=members, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise line.mistake(
            f"this is not JSON ({str(error)[:80]}); a word that only looks so stands in double quotes"
        ) from None


def _most_like(word: str, names: Collection[str]) -> str:
    like = ", ".join(f"'{name}'" for name in nearest(word, names))
    return f"the nearest are {like}" if len(names) > 1 else f"there is only {like}" if names else "it has none"
