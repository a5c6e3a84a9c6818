"""Labs as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

_WIDTH = 96
_SIGNS = {True: "✓", False: "✗"}


def beginning(lab: dict[str, Any]) -> str:
    """Return what somebody reads who has started a lab: the story and the first question."""
    lines = [*_head(lab), "", *_question(lab["predict"])]
    name = lab["name"]
    lines += ["", f"Answer: fauxtune lab answer {name} NUMBER", f"Then:   fauxtune lab show {name}"]
    return "\n".join(lines)


def whole(lab: dict[str, Any]) -> str:
    """Return the whole lab."""
    lines = [*_head(lab), "", "PREDICT", *_question(lab["predict"])]
    for step in lab["steps"]:
        lines += ["", *_step(step)]
    lines += ["", "PROVE IT OUTSIDE", f"  fauxtune lab files {lab['name']} --out files && cd files"]
    for proof in lab["proofs"]:
        lines += [*_wrapped(proof["text"], indent="  "), *(f"    {each}" for each in proof["run"])]
    lines += ["", "AT LAST", *_question(lab["quiz"]), "", f"Check: fauxtune lab check {lab['name']}"]
    return "\n".join(lines)


def checked(answer: dict[str, Any]) -> str:
    """Return what was checked, and what is missing."""
    lines = []
    for step in answer["steps"]:
        lines.append(f"{_SIGNS[step['passed']]} {step['number']}. {step['title']}")
        for each in step["checks"]:
            lines.append(f"   {_SIGNS[each['passed']]} {each['looked']}")
            lines.append(f"     saw:      {each['saw']}")
            if not each["passed"]:
                lines.append(f"     expected: {each['expected']}")
    rest = "The lab is done." if answer["done"] else f"Not done yet: {'; '.join(answer['missing'])}."
    return "\n".join([*lines, "", rest])


def _head(lab: dict[str, Any]) -> list[str]:
    return [f"{lab['title']} ({lab['minutes']} minutes)", "", *_wrapped(lab["story"])]


def _question(question: dict[str, Any]) -> Iterator[str]:
    yield from _wrapped(question["text"], indent="  ")
    for choice in question["choices"]:
        sign = _SIGNS[choice["right"]] if choice["chosen"] else " "
        yield from _wrapped(f"{sign} {choice['number']}  {choice['text']}", indent="  ", later="       ")
        if choice["why"]:
            yield from _wrapped(choice["why"], indent="       ")


def _step(step: dict[str, Any]) -> Iterator[str]:
    yield f"{_SIGNS[True] if step['passed'] else ' '} {step['number']}. {step['title'].upper()}"
    yield from _wrapped(step["text"], indent="  ")
    for way in step["do"]:
        yield f"    $ {way['command']}"
        requests = ", ".join(f"{each['method']} {each['path'].partition('?')[0]}" for each in way["requests"])
        yield f"      console {way['page'] or '-'}; requests {requests or '-'}"
        if way["problem"]:
            yield from _wrapped(way["problem"], indent="      ")
    for way in step["look"]:
        yield f"    look: {way['command']}"
    for number, text in enumerate(step["hints"], 1):
        yield from _wrapped(f"hint {number}: {text}", indent="    ")


def _wrapped(text: str, *, indent: str = "", later: str | None = None) -> list[str]:
    flat = " ".join(text.split())
    return textwrap.wrap(flat, _WIDTH, initial_indent=indent, subsequent_indent=indent if later is None else later)
