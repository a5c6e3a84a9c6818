"""Labs as text for a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from typing import Any

from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import say

#: Lines of texts are no longer than this, however wide the terminal is.
_MOST = 96
_SIGNS = {True: "✓", False: "✗", None: "•"}
#: What is said of a prediction whose outcome nobody has seen yet.
NOTED = say("Your prediction is noted. When step 1 has passed, you learn whether it was right.")


def beginning(lab: dict[str, Any], words: Catalogue) -> str:
    """Return what somebody reads who has started a lab: the story and the first question."""
    name = lab["name"]
    lines = [*_head(lab, words), "", *_question(lab["predict"])]
    lines += ["", f"{words.render(say('Answer:'))} fauxtune lab answer {name} 1|2|3"]
    lines += [f"{words.render(say('Then:'))} fauxtune lab show {name}"]
    return "\n".join(lines)


def whole(lab: dict[str, Any], words: Catalogue) -> str:
    """Return the whole lab."""
    lines = [*_head(lab, words), "", words.render(say("PREDICT")), *_question(lab["predict"])]
    for step in lab["steps"]:
        lines += ["", *_step(step, words)]
    lines += ["", words.render(say("PROVE IT OUTSIDE")), f"  fauxtune lab files {lab['name']} --out files && cd files"]
    for proof in lab["proofs"]:
        lines += [*_wrapped(proof["text"], indent="  "), *(f"    {each}" for each in proof["run"])]
    lines += ["", words.render(say("AT LAST")), *_question(lab["quiz"])]
    return "\n".join([*lines, "", f"{words.render(say('Check:'))} fauxtune lab check {lab['name']}"])


def checked(answer: dict[str, Any], words: Catalogue) -> str:
    """Return what was checked, and what is missing."""
    saw, expected = words.render(say("saw:")), words.render(say("expected:"))
    width = max(len(saw), len(expected))
    lines = []
    for step in answer["steps"]:
        lines.append(f"{_SIGNS[step['passed']]} {step['number']}. {step['title']}")
        if step["passed"] and not all(each["passed"] for each in step["checks"]):
            lines += _wrapped(words.render(say("It has passed; this is how it is now.")), indent="   ")
        for each in step["checks"]:
            lines += _wrapped(f"{_SIGNS[each['passed']]} {each['looked']}", indent="   ", later="     ")
            lines.append(said(each["saw"], label=f"     {saw:{width}} "))
            if not each["passed"]:
                lines.append(said(each["expected"], label=f"     {expected:{width}} "))
    missing = say("Not done yet: %(what)s.", what="; ".join(answer["missing"]))
    end = words.render(say("The lab is done.") if answer["done"] else missing)
    return "\n".join([*lines, "", said(end)])


def verdict(given: dict[str, Any], words: Catalogue) -> str:
    """Return what is said of an answer: whether it is right, and why; of a prediction that it is noted, until somebody
    has looked.
    """
    if given["right"] is None:
        return said(words.render(NOTED))
    return said(f"{words.render(say('Right') if given['right'] else say('Wrong'))}. {given['why']}")


def said(text: str, *, label: str = "") -> str:
    """Return a text of one paragraph in lines, behind a label."""
    return "\n".join(_wrapped(text, indent=label, later=" " * len(label)))


def _head(lab: dict[str, Any], words: Catalogue) -> list[str]:
    minutes = words.render(say("%(minutes)s minutes", minutes=lab["minutes"]))
    return [f"{lab['title']} ({minutes})", "", *_wrapped(lab["story"])]


def _question(question: dict[str, Any]) -> Iterator[str]:
    yield from _wrapped(question["text"], indent="  ")
    for choice in question["choices"]:
        sign = _SIGNS[choice["right"]] if choice["chosen"] else " "
        yield from _wrapped(choice["text"], indent=f"  {sign} {choice['number']}  ", later="       ")
        if choice["why"]:
            yield from _wrapped(choice["why"], indent="       ")


def _step(step: dict[str, Any], words: Catalogue) -> Iterator[str]:
    yield f"{_SIGNS[True] if step['passed'] else ' '} {step['number']}. {step['title'].upper()}"
    yield from _wrapped(step["text"], indent="  ")
    for way in step["do"]:
        yield f"    $ {way['command']}"
        requests = ", ".join(f"{each['method']} {each['path'].partition('?')[0]}" for each in way["requests"])
        ways = say("console %(page)s; requests %(requests)s", page=way["page"] or "-", requests=requests or "-")
        yield f"      {words.render(ways)}"
        if way["problem"]:
            yield from _wrapped(way["problem"], indent="      ")
    for way in step["look"]:
        yield f"    {words.render(say('look:'))} {way['command']}"
    for number, text in enumerate(step["hints"], 1):
        yield from _wrapped(words.render(say("hint %(number)s: %(text)s", number=number, text=text)), indent="    ")


def _wrapped(text: str, *, indent: str = "", later: str | None = None) -> list[str]:
    flat, width = " ".join(text.split()), min(shutil.get_terminal_size((80, 24)).columns, _MOST)
    return textwrap.wrap(
        flat,
        width,
        initial_indent=indent,
        subsequent_indent=indent if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )
