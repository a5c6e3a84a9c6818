"""`fauxtune lab`: play labs that check themselves, as text on a terminal, and write labs of one's own."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from fauxtune.core.administration import labs as tasks
from fauxtune.core.administration import state
from fauxtune.core.language.catalogue import Catalogue, Language, catalogue, say
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, Session, confirm, yes_option
from fauxtune_cli.options import FAILED, PATH, Group, OneOf
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table
from fauxtune_labs.cli import lab_writing
from fauxtune_labs.cli.lab_writing import write_files

app = Group(
    help="""Play labs that check themselves, and write your own.

A lab takes 5 to 12 minutes: predict, act, observe, prove it with openssl, answer a last question. Each step can be done
by a command, in the console, or by requests.

\b
fauxtune lab list
fauxtune lab start one-key-per-device
fauxtune lab answer one-key-per-device 2
fauxtune lab check one-key-per-device
fauxtune lab hint one-key-per-device 1
fauxtune lab files one-key-per-device --out files
fauxtune lab show one-key-per-device --lang it

docs/labs.md says how a lab is written: lab new, lab lint, lab test."""
)
app.add_command(lab_writing.new)
app.add_command(lab_writing.lint)
app.add_command(lab_writing.try_)
app.add_command(lab_writing.translate)

name_argument = click.argument("name", shell_complete=completion.lab, help="the name of the lab")
#: data. The states of a lab in a tenant.
_STATES = {"new": say("new"), "started": say("started"), "done": say("done"), "broken": say("broken")}
lang_option = click.option(
    "--lang",
    type=OneOf(Language),
    default="en",
    envvar="FAUXTUNE_LANG",
    show_envvar=True,
    help="the language of the lab",
)
#: Seconds that a start may take, in which devices are enrolled.
_PATIENCE = 120.0


@app.command("list")
@lang_option
@with_service(Administration)
def list_(*, service: Administration, lang: Language) -> None:
    """List the labs, and what was done in this tenant.

    They come in the order in which they are taught.

    \b
    fauxtune lab list
    """
    with service.session(with_graph=False) as session:
        words = _words(session, lang)
        rows = session.send(tasks.list_labs())["value"]
        cells: list[tuple[str, ...]] = [
            (
                row["name"],
                row["title"] if row["problem"] is None else row["problem"],
                f"{row['minutes']} min",
                _state(row, words),
            )
            for row in rows
        ]
        head = (say("name"), say("title"), say("time"), say("state"))
        session.show(rows, Table(tuple(map(words.render, head)), cells, shrinks=words.render(head[1]), wraps=True))


def _state(row: dict[str, Any], words: Catalogue) -> str:
    if row["state"] == "other-edition":
        return str(words.render(say("for the edition %(edition)s", edition=row["edition"])))
    passed = f" {row['passed']}/{row['steps']}" if row["state"] == "started" else ""
    return f"{words.render(_STATES[row['state']])}{passed}"


@app.command()
@name_argument
@lang_option
@yes_option
@with_service(Administration)
def start(*, name: str, service: Administration, lang: Language, yes: bool) -> None:
    """Start a lab. The tenant gets its first state and then that of the lab: what is in it is lost.

    \b
    fauxtune lab start import-once
    fauxtune lab start import-once --tenant training --yes
    """
    with service.session(with_graph=False) as session:
        name = names.lab(session.client, name)

        def question() -> str:
            changes = session.client.control("GET", state.compare_with_beginning().path, seconds=_PATIENCE)["changes"]
            lost = ", ".join(changes) or "nothing"
            return f"The tenant begins again. Different from its beginning: {lost}. Start the lab {name}?"

        confirm(question, yes=yes)
        words = _words(session, lang)
        lab = session.send(tasks.start_lab(name), seconds=_PATIENCE, title="Preparing the lab")
        session.show(lab, beginning(lab, words))


@app.command()
@name_argument
@lang_option
@with_service(Administration)
def show(*, name: str, service: Administration, lang: Language) -> None:
    """Show the steps of a lab, and how they are done.

    Each step with its command and its page of the console; proofs; questions.

    \b
    fauxtune lab show import-once
    """
    with service.session(with_graph=False) as session:
        name = names.lab(session.client, name)
        words = _words(session, lang)
        lab = session.send(tasks.read_lab(name))
        session.show(lab, whole(lab, words))


@app.command()
@name_argument
@click.argument("choice", type=click.IntRange(1), metavar="NUMBER", help="the number of the choice")
@click.option("--quiz", is_flag=True, help="answer the last question instead of the first")
@lang_option
@with_service(Administration)
def answer(*, name: str, choice: int, service: Administration, quiz: bool, lang: Language) -> None:
    """Answer the first question of a lab, or the last.

    You learn why the answer is right or wrong: of the last question at once, of the first when the step has passed that
    shows it.

    \b
    fauxtune lab answer import-once 2
    fauxtune lab answer import-once 1 --quiz
    """
    with service.session(with_graph=False) as session:
        name = names.lab(session.client, name)
        request = tasks.answer_lab(name, question="quiz" if quiz else "predict", choice=choice)
        words = _words(session, lang)
        given = session.send(request)
        session.show(given, verdict(given, words))


@app.command()
@name_argument
@click.option("--step", type=click.IntRange(1), metavar="NUMBER", help="only this step")
@lang_option
@with_service(Administration)
def check(*, name: str, service: Administration, step: int | None, lang: Language) -> None:
    """Check the steps, and say what was seen.

    What was looked at, what was seen, what was expected. The exit code is 1 unless all have passed.

    \b
    fauxtune lab check import-once
    fauxtune lab check import-once --step 2
    """
    with service.session(with_graph=False) as session:
        words = _words(session, lang)
        name = names.lab(session.client, name)
        checked = session.send(tasks.check_lab(name, step=step), seconds=_PATIENCE)
        session.show(checked, checked_text(checked, words))
        if not all(each["passed"] for each in checked["steps"]):
            raise click.exceptions.Exit(FAILED)


@app.command()
@name_argument
@click.argument("step", type=click.IntRange(1), help="the number of the step")
@lang_option
@with_service(Administration)
def hint(*, name: str, step: int, service: Administration, lang: Language) -> None:
    """Give the next of the three hints of a step.

    \b
    fauxtune lab hint import-once 2
    """
    with service.session(with_graph=False) as session:
        _words(session, lang)
        given = session.send(tasks.hint_lab(name, step=step))
        session.show(given, said(given["text"], label=f"{given['number']}/{given['of']}  "))


@app.command()
@name_argument
@click.option("--step", type=click.IntRange(1), metavar="NUMBER", help="only this step")
@click.option("--wrong", type=click.IntRange(1), metavar="NUMBER", help="go this wrong way of the step instead")
@lang_option
@with_service(Administration)
def solve(*, name: str, service: Administration, step: int | None, wrong: int | None, lang: Language) -> None:
    """Do what a step asks for, or all steps.

    With --wrong go a wrong way of it, to see what happens.

    \b
    fauxtune lab solve import-once --step 1
    fauxtune lab solve import-once --step 1 --wrong 1
    """
    with service.session(with_graph=False) as session:
        name = names.lab(session.client, name)
        request = tasks.solve_lab(name, step=step, wrong=wrong)
        words = _words(session, lang)
        lab = session.send(request, seconds=_PATIENCE, title="Doing it")
        session.show(lab, words.render(say("Done. See: %(command)s", command=f"fauxtune lab check {name}")))


@app.command()
@name_argument
@lang_option
@with_service(Administration)
def reset(*, name: str, service: Administration, lang: Language) -> None:
    """Give the tenant the state of the start of the lab.

    What was deleted or changed since is as it was then. What was answered stays answered.

    \b
    fauxtune lab reset import-once
    """
    with service.session(with_graph=False) as session:
        name = names.lab(session.client, name)
        words = _words(session, lang)
        lab = session.send(tasks.reset_lab(name), seconds=_PATIENCE, title="Beginning again")
        session.show(lab, words.render(say("The tenant is as it was when the lab began.")))


@app.command()
@name_argument
@click.option("--out", type=PATH, default=Path(), metavar="FOLDER", help="the folder to write to")
@lang_option
@with_service(Administration)
def files(*, name: str, service: Administration, out: Path, lang: Language) -> None:
    """Write the files of a lab into a folder.

    Mail, certificates, keys of simulated devices, as they are now. Files that come with a step are left out
    until it is done.

    \b
    fauxtune lab files import-once --out files
    """
    with service.session(with_graph=False) as session:
        name = names.lab(session.client, name)
        lab = session.send(tasks.read_lab(name))
        written, absent = write_files(session.client, lab, out=out)
        words = catalogue(lang, "labs")
        lines = [f"{out / each}" for each in written]
        lines += [words.render(say("%(file)s: not there yet", file=each)) for each in absent]
        begin = words.render(say("Start it: %(command)s", command=f"fauxtune lab start {name}"))
        session.show({"written": written, "absent": absent}, "\n".join(lines) or begin)


def _words(session: Session, language: Language) -> Catalogue:
    """Ask for answers in a language, and return the texts around them."""
    session.client.prefer(language)
    return catalogue(language, "labs")


#: Lines of texts are no longer than this, however wide the terminal is.
_MOST = 96
_SIGNS = {True: "✓", False: "✗", None: "•"}
#: What is said of a prediction whose outcome nobody has seen yet.
NOTED = say("Your prediction is noted. You learn whether it was right when you have seen what happens.")


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


def checked_text(answer: dict[str, Any], words: Catalogue) -> str:
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
    lines = [f"{lab['title']} ({minutes})"]
    if lab["objective"]:
        lines += _wrapped(words.render(say("Practises: %(objective)s", objective=lab["objective"])))
    return [*lines, "", *_wrapped(lab["story"])]


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
        requests = ", ".join(f"{request['method']} {request['path'].partition('?')[0]}" for request in way["requests"])
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
