"""Lab files and their translations: those of the package are right, and each mistake is named with its line."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.language.catalogue import Language, catalogue_of
from fauxtune_labs.core.lab import Act, Lab
from fauxtune_labs.core.reading import LONGEST, examined, read_lab, skeleton
from fauxtune_labs.core.translation import mapped, mistakes_of, texts_of, updated
from fauxtune_labs.core.verbs import CHECKS, DEEDS, FILES, command_of
from fauxtune_labs.operations.labs import checks, deeds
from fauxtune_labs.operations.labs import views as lab_files

_LABS = files("fauxtune_labs").joinpath("texts")
NAMES = _LABS.joinpath("order.txt").read_text(encoding="utf-8").split()


def _lab(name: str) -> Lab:
    return read_lab(name, _LABS.joinpath(name, "lab.toml").read_text(encoding="utf-8"))


def _mistakes(text: str) -> list[str]:
    lab, mistakes = examined("mine", text)
    assert lab is None
    return [str(mistake) for mistake in mistakes]


def _changed(old: str, new: str) -> tuple[list[str], int]:
    """The mistakes of the skeleton with one change, and the line of the change."""
    text = skeleton()
    assert text.count(old) == 1, old
    return _mistakes(text.replace(old, new)), text[: text.index(old)].count("\n") + 1


LANGUAGES = [language for language in Language if language is not Language.ENGLISH]


@pytest.fixture(scope="module")
def lab() -> Lab:
    return read_lab("retired-phone", skeleton())


def test_the_order_names_every_lab_of_the_package_once() -> None:
    present = sorted(path.name for path in _LABS.iterdir() if path.is_dir())
    assert sorted(NAMES) == present


@pytest.mark.parametrize("name", NAMES)
def test_a_lab_of_the_package_is_right_and_takes_some_minutes(name: str) -> None:
    lab = _lab(name)
    assert 5 <= lab.minutes <= 12
    assert lab.proofs
    assert any(step.wrong for step in lab.steps)


def test_the_skeleton_is_right() -> None:
    assert read_lab("mine", skeleton()).title == "A phone that is retired"


def test_every_word_of_lab_files_is_carried_out_somewhere() -> None:
    assert deeds.DEEDS.keys() == {verb.name for verb in DEEDS}
    assert checks.CHECKS.keys() == {verb.name for verb in CHECKS}
    assert lab_files.FILES.keys() == {verb.name for verb in FILES}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('do = "retire"', 'do = "retier"', "there is no deed 'retier'; the nearest are 'retire'"),
        (
            'check = "device state"',
            'check = "device stat"',
            "there is no check 'device stat'; the nearest are 'device st",
        ),
        ('file = "crl"', 'file = "krl"', "there is no file 'krl'; the nearest are 'crl'"),
        ('look = "look at certificates"', 'look = "wipe"', "there is no deed that looks 'wipe'"),
        ('state = "retired" }', 'state = "asleep" }', "'state' cannot be 'asleep'"),
        (', state = "retired" }', " }", "'device state' needs 'state'"),
        ('file = "crl", name = "issuing.crl"', 'file = "crl", name = "../issuing.crl"', "cannot be the name of a file"),
        ('"alice has an enrolled iPhone",', '"alice has an enroled toaster",', "There is no state"),
        ("minutes = 5", "minutes = 50", "a lab takes 5 to 12 minutes"),
        ("minutes = 5", 'minutes = "5"', "'minutes' is a number"),
        ("minutes = 5", "minuts = 5", "a lab has no member 'minuts'; it has minutes"),
        (
            'title = "A phone that is retired"',
            'edition = "2019"',
            "the edition of a lab is 2020-04 or current, not '2019'",
        ),
        ('"Where to look.",', "", "a step has 3 hints"),
        ('do = "retire"', 'do = "advance clock", by = "soon"', "'soon' is not an ISO 8601 duration"),
        ('do = "retire"', 'do = "reach state", sentence = "alice flies"', "There is no state 'alice flies'"),
        (
            'do = "retire"',
            'do = "create profile", platforms = ["iso"]',
            "'platforms' cannot be 'iso'; the nearest are ios",
        ),
        ('do = "retire"', 'do = "issue file", from = "2019-13-01"', "'2019-13-01' is no day"),
        (
            'question = "What happens',
            'shown_by = 9\nquestion = "What happens',
            "the prediction is shown by a step that is there, 1 to 1",
        ),
        ('do = "retire"', 'do = "send to Graph", request = "GET /users"', "no request that changes something"),
        ('do = "retire"', 'do = "send to Graph", request = "POST /groups", body = "x"', "'body' is a table"),
        ('check = "device state"', 'check = "Graph says", request = "DELETE /users/a"', "is no question"),
        ('check = "device state"', 'check = "Graph says", value = 1.5', "'value' is a text, a number, true or false"),
        ("[quiz]", "[quizz]", "a lab has no member 'quizz'; it has quiz"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_nearest(old: str, new: str, message: str) -> None:
    mistakes, line = _changed(old, new)
    named = [mistake for mistake in mistakes if message in mistake]
    assert named, mistakes
    number = int(named[0].split(":")[0].removeprefix("line "))
    # A mistake in a part is named at its beginning or at its member.
    assert number == line or "hints" in message or number < line


def test_a_word_that_the_file_has_twice_is_named_where_it_stands() -> None:
    text = skeleton().replace('do = "wipe"', 'do = "wype"')
    assert _mistakes(text)[0].startswith(
        f"line {text[: text.index('wype')].count(chr(10)) + 1}: there is no deed 'wype'"
    )


def test_a_question_has_one_right_answer() -> None:
    text = skeleton()
    assert any(
        "of which one is right" in mistake for mistake in _mistakes(text.replace("right = true", "right = false", 1))
    )
    assert any("a question has 2 to 5" in mistake for mistake in _mistakes(text.replace("right = true", "", 1)))


def test_a_label_that_nothing_makes_is_a_mistake() -> None:
    mistakes, line = _changed(
        'device = "alice\'s iPhone", source = "pkcs" },\n]\n\n# A way', 'label = "hers" },\n]\n\n# A way'
    )
    assert mistakes == [f"line {line}: no deed makes a certificate with the label 'hers'"]


def test_what_is_no_toml_is_named_with_its_line() -> None:
    assert _mistakes('title = "a"\nminutes = = 5\n') == ["line 2: Invalid value"]


def test_a_file_without_end_and_a_name_of_a_path_are_refused() -> None:
    assert "KiB at most" in _mistakes("#" * (LONGEST + 1))[0]
    with pytest.raises(Invalid, match="small letters"):
        read_lab("../etc", skeleton())


_VALUES = (
    "1",
    '"x"',
    "true",
    "[]",
    "{}",
    "[1]",
    '["a"]',
    "[{}]",
    "[[1]]",
    "1979-05-27",
    '[{ do = "wipe" }]',
    "[{ do = 1 }]",
    '""',
)


@given(st.data())
def test_whatever_is_changed_in_a_file_is_a_lab_or_has_mistakes(data: st.DataObject) -> None:
    lines = skeleton().split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        name, equals, _value = lines[number].partition("=")
        change = data.draw(st.sampled_from(["delete", "repeat", "change"]))
        if change == "change" and equals:
            lines[number] = f"{name}= {data.draw(st.sampled_from(_VALUES))}"
        elif change == "delete" and len(lines) > 1:
            del lines[number]
        else:
            lines.insert(number, data.draw(st.sampled_from(lines)))
    lab, mistakes = examined("mine", "\n".join(lines))
    assert (lab is None) is bool(mistakes)


def test_parts_of_other_types_are_mistakes_and_no_errors() -> None:
    for text in ("step = 1", "step = [1]", "step = [[1]]", "start = [1]", "predict = []", "[predict]\nchoice = [1]"):
        assert _mistakes(text)


def test_commands_quote_names_and_leave_out_what_is_not_given() -> None:
    words = {"family": "pkcs", "name": "Mail", "platforms": ["ios", "windows"], "to": "All Staff"}
    assert command_of(Act("create profile", words), {}) == (
        'fauxtune profile create pkcs --name Mail --platform ios --platform windows --group "All Staff"'
    )
    mail = {"from": "bob", "to": "alice", "subject": "$(id)", "encrypt": False}
    assert command_of(Act("send mail", mail), {}) == ("fauxtune mail send --from bob --to alice --subject '$(id)'")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_lab_of_the_package_is_translated_and_nothing_else_is(name: str, language: Language) -> None:
    lab = read_lab(name, _LABS.joinpath(name, "lab.toml").read_text(encoding="utf-8"))
    text = _LABS.joinpath(name, f"{language}.po").read_text(encoding="utf-8")
    assert [str(mistake) for mistake in mistakes_of(lab, text)] == [], "make messages, and translate what is empty"
    other = mapped(lab, catalogue_of(language, text).gettext)
    assert (other.title != lab.title, other.story != lab.story, other.idea != lab.idea) == (True, True, True)
    assert mapped(other, lambda _text: "") == mapped(lab, lambda _text: ""), "only texts differ"


def test_every_text_for_people_is_in_the_catalogue_once(lab: Lab) -> None:
    texts = texts_of(lab)
    assert len(set(texts)) == len(texts)
    step = lab.steps[0]
    assert {lab.title, lab.idea, lab.story, step.title, *step.hints, step.wrong[0].text} <= set(texts)
    assert {lab.predict.text, lab.quiz.choices[1].why, lab.proofs[0].text} <= set(texts)
    assert step.wrong[0].says not in texts


def test_a_new_catalogue_has_every_text_and_no_translation(lab: Lab) -> None:
    text = updated(lab, language=Language.ITALIAN)
    assert len(mistakes_of(lab, text)) == len(texts_of(lab))
    assert {mistake.message.rpartition(" is ")[2] for mistake in mistakes_of(lab, text)} == {"not translated yet"}
    assert mapped(lab, catalogue_of(Language.ITALIAN, text).gettext) == lab, "what is not translated is English"


def test_missing_and_surplus_texts_are_named_with_the_line(lab: Lab) -> None:
    text = updated(lab, language=Language.ITALIAN).replace('msgstr ""\n\n', 'msgstr "x"\n\n')[: -len('msgstr ""\n')]
    text += 'msgstr "x"\n\nmsgid "Nobody says this"\nmsgstr "Nessuno"\n'
    line = text.splitlines().index('msgid "Nobody says this"') + 1
    assert [str(mistake) for mistake in mistakes_of(lab, text)] == [
        f"line {line}: the lab does not say “Nobody says this”"
    ]
    changed = mapped(lab, lambda each: "Another title" if each == lab.title else each)
    first, *_ = mistakes_of(changed, text)
    assert str(first) == "line 1: no translation of “Another title”"
    assert updated(changed, language=Language.ITALIAN, catalogue=text).count('msgstr "x"') == len(texts_of(lab)) - 1


def test_what_is_no_catalogue_is_named(lab: Lab) -> None:
    assert "header" in str(mistakes_of(lab, "")[0])
    broken = updated(lab, language=Language.ITALIAN) + "\nmsgid nothing\n"
    assert mistakes_of(lab, broken)[0].line == len(broken.splitlines())
