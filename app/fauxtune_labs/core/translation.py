"""The texts of a lab in another language: a catalogue beside its file (`it.po`), in the form of all catalogues.

The English text is the source and the key: a text that was changed has no translation until somebody has read it again.
What a file says to programs (names, commands, sentences of states, what a check sees) is not translated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fauxtune.core.language.catalogue import Broken, Language, read_po, written
from fauxtune_labs.core.lab import Lab, Question, Step
from fauxtune_labs.core.reading import Mistake

#: Characters of a catalogue at most.
LONGEST = 128 * 1024
#: Characters of a text by which a mistake names it.
_SHORT = 60
_HEADER = """# A lab in another language. `fauxtune lab translate` adds what is missing, and takes out what is stale.
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n\""""


def mapped(lab: Lab, say: Callable[[str], str]) -> Lab:
    """Return the lab with other texts for people."""
    return replace(
        lab,
        title=say(lab.title),
        objective=None if lab.objective is None else say(lab.objective),
        idea=say(lab.idea),
        story=say(lab.story),
        predict=_question(lab.predict, say),
        steps=tuple(_step(step, say) for step in lab.steps),
        proofs=tuple(replace(proof, text=say(proof.text)) for proof in lab.proofs),
        quiz=_question(lab.quiz, say),
    )


def texts_of(lab: Lab) -> list[str]:
    """Return the texts for people, each once, in the order of the file."""
    texts: dict[str, None] = {}

    def note(text: str) -> str:
        texts[text] = None
        return text

    mapped(lab, note)
    return [*texts]


def mistakes_of(lab: Lab, catalogue: str) -> list[Mistake]:
    """Return what is wrong with a catalogue of the lab: texts without a translation, and translations of nothing."""
    try:
        entries = {entry.text: entry for entry in read_po(catalogue[: LONGEST + 1]).entries}
    except Broken as error:
        place, _, message = str(error).removeprefix("line ").partition(": ")
        return [Mistake(int(place), message) if place.isdigit() else Mistake(1, str(error))]
    texts = texts_of(lab)
    missing = [Mistake(1, f"no translation of “{_short(text)}”") for text in texts if text not in entries]
    surplus = [
        Mistake(e.line, f"the lab does not say “{_short(e.text)}”") for e in entries.values() if e.text not in texts
    ]
    empty = [
        Mistake(e.line, f"“{_short(e.text)}” is not translated yet")
        for e in entries.values()
        if e.text in texts and not all(e.forms)
    ]
    return sorted([*missing, *surplus, *empty], key=lambda mistake: mistake.line)


def updated(lab: Lab, *, language: Language, catalogue: str = "") -> str:
    """Return a catalogue with exactly the texts of the lab. Translations of equal texts stay, others are empty. Raises
    Broken for a catalogue that cannot be read.
    """
    known = {entry.text: entry.forms[0] for entry in read_po(catalogue).entries} if catalogue.strip() else {}
    head = catalogue.partition("\n\n")[0] if catalogue.strip() else _HEADER.format(language=language)
    blocks = [written(text, [known.get(text, "")]) for text in texts_of(lab)]
    return "\n\n".join([head.rstrip(), *blocks]) + "\n"


def _question(question: Question, say: Callable[[str], str]) -> Question:
    choices = (replace(choice, text=say(choice.text), why=say(choice.why)) for choice in question.choices)
    return Question(say(question.text), tuple(choices))


def _step(step: Step, say: Callable[[str], str]) -> Step:
    return replace(
        step,
        title=say(step.title),
        text=say(step.text),
        hints=tuple(map(say, step.hints)),
        wrong=tuple(replace(wrong_way, text=say(wrong_way.text)) for wrong_way in step.wrong),
    )


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."
