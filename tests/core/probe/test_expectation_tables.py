"""Tables of expectations: what their words mean, and the file, the line and the remedy of each mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.tables import Mistake, read_lines
from fauxtune_probe.core.checks import (
    AtMost,
    Both,
    Code,
    Each,
    Has,
    Lacks,
    Matches,
    Members,
    Ordered,
    Other,
    SameHost,
    Text,
)
from fauxtune_probe.core.expectations import reading
from fauxtune_probe.core.model import Basis, Expectation, Step
from fauxtune_probe.core.typed import Typed
from tests.support.expectations import each, equal, get, header, patch, post, refused, says, status

ROOT = Path(__file__).resolve().parents[3]
TABLES = [
    file.read_text(encoding="utf-8") for file in Path(reading.__file__).parent.glob("*.txt") if file.stem != "words"
]
MESSAGE = refused(400)[1:]
KEPT = {"group": "id", "next": "@odata.nextLink"}
GROUP = {"displayName": "{prefix}group", "mailEnabled": False}

EVERY_WORD = r"""
body group {"displayName": "{prefix}group", "mailEnabled": false}
body mail group without=displayName {"mailEnabled": true}
checks named
 has id
 lacks error value
steps made
 POST /groups group status=200,201
  keeps group id
  keeps next @odata.nextLink

expectation one "It does."
 by page "Create group" versions=v1.0 needs=Group.ReadWrite.All,User.Read
 given secondUser device
 signed-in-as user
 faithful
 of-today
 differs-here "it does not"
 steps made
 PATCH /groups/{group} mail refused=400,404 code=A,B
  says no
 PUT /groups refused=400
  content "{"
  sends content-type application/json
 ASK /$batch {}
 DELETE /groups/{group}
 GET {next}
 GET /v9/users status=404
  of-host
  unsigned

expectation two "It does too."
 by "A page (2024-08)" basis=observation
 POST /groups group status=201 {"a": 1}
  checks named
  sent displayName
  equal a 1 "1" null ["x"]
  other b "1"
  matches c ^\d
  matches d GUID
  text ^x
  header e ^f
  no-header g
  same-host @odata.nextLink
  at-most 3
  at-most 4 in=responses
  ordered h in=i
  ordered j descending
  members k l in=m
  each members n
  typed group but=o,p
  some in=responses
   equal status 200
   has body text/null
"""


def read(text: str) -> tuple[Expectation, ...]:
    return reading.read(read_lines("x.txt", text))


def test_every_word_of_a_table_has_its_meaning() -> None:
    one, two = read(EVERY_WORD)
    assert one == Expectation(
        id="one",
        says="It does.",
        source="Graph: Create group (2024-08)",
        versions=("v1.0",),
        needs=("Group.ReadWrite.All", "User.Read"),
        given=("secondUser", "device"),
        signed_in_as="user",
        faithful=True,
        of_today=True,
        differs_here="it does not",
        steps=(
            post("/groups", GROUP, status(200, 201), keeps=KEPT),
            patch("/groups/{group}", {"mailEnabled": True}, status(400, 404), Code(("A", "B")), *MESSAGE, says("no")),
            Step(
                method="PUT",
                path="/groups",
                content="{",
                headers={"content-type": "application/json"},
                checks=refused(400),
            ),
            Step(method="POST", path="/$batch", body={}, checks=(status(200),), reads=True),
            Step(method="DELETE", path="/groups/{group}", checks=(status(204),)),
            get("{next}"),
            Step(method="GET", path="/v9/users", checks=(status(404),), of_host=True, signed=False),
        ),
    )  # fmt: skip
    assert (two.source, two.basis, two.versions) == ("A page (2024-08)", Basis.OBSERVATION, ("v1.0", "beta"))
    assert two.steps[0].body == {**GROUP, "a": 1}
    guid = r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
    assert two.steps[0].checks == (
        status(201), Has("id"), Lacks("error"), Lacks("value"), equal("displayName", "{prefix}group"),
        equal("a", 1, "1", None, ["x"]), Other("b", "1"), Matches("c", r"^\d"), Matches("d", guid), Text("^x"),
        header("e", "^f"), header("g", None), SameHost("@odata.nextLink"), AtMost("value", 3), AtMost("responses", 4),
        Ordered("i", "h"), Ordered("value", "j", descending=True), Members("m", ("k", "l")), each(Members("", ("n",))),
        Typed("", "group", ("o", "p")),
        Each("responses", Both((equal("status", 200), Has("body", "text/null"))), some=True),
    )  # fmt: skip


def test_documents_say_what_expectations_rest_on() -> None:
    table = """
expectation a "A."
 by live
 GET /users
expectation b "B."
 by live basis=unverified
 GET /users
expectation c "C."
 by paging
 GET /users
"""
    assert [(expectation.basis, expectation.source[:15]) for expectation in read(table)] == [
        (Basis.OBSERVATION, "answers of live"),
        (Basis.UNVERIFIED, "answers of live"),
        (Basis.DOCUMENT, "Graph: Paging M"),
    ]


def test_the_example_for_contributors_can_be_copied() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    example = re.search(r"\*\*An expectation of Microsoft Graph\.\*\*.*?```\n(.*?)```", text, re.DOTALL)
    assert example
    (expectation,) = read(example[1])
    assert expectation.routes == (("GET", "/deviceManagement/deviceCategories"),)


HEAD = 'expectation a "A."\n by ours\n'


@pytest.mark.parametrize(
    ("table", "line", "message"),
    [
        ("expectations a", 1, "there is no kind of line 'expectations'; the nearest are 'expectation'"),
        ("# x\nexpectation a It does.", 2, "after 'expectation' stands ID \"SENTENCE\", not a It does."),
        ('expectation a "A."\n GET /users', 1, "an expectation has a line 'by DOCUMENT'"),
        ('expectation a "A."\n by ours', 1, "and requests such as 'GET /users'"),
        ('expectation a "A."\n by our\n GET /users', 2, "there is no document 'our'; the nearest are 'ours'"),
        ('expectation a "A."\n by pages x\n GET /users', 2, "there is no word before the title of a page 'pages'"),
        ('expectation a "A."\n by ours needs=User.read\n', 2, "there is no permission of Graph 'User.read'; the"),
        ('expectation a "A."\n by ours versions=v1\n', 2, "there is no value of versions 'v1'; the nearest are 'v1.0'"),
        ('expectation a "A."\n by ours base=unverified\n', 2, "no option 'base' here; the nearest are 'basis'"),
        (HEAD + " by live\n GET /users", 3, "'by' stands in an expectation once"),
        (HEAD + " GETS /users", 3, "there is no request or part of an expectation 'GETS'; the nearest are 'GET'"),
        (HEAD + " GET users", 3, "a path begins with /, or is {next}; 'users' does not"),
        (HEAD + " GET /users?$filter=id eq 'x'", 3, "body (a path with blanks stands in double quotes) 'eq'"),
        (HEAD + " GET /users/{usr}", 3, "by the name 'usr'; the nearest are 'user'"),
        (HEAD + " GET /users\n  equal id {usr}", 3, "by the name 'usr'; the nearest are 'user'"),
        (HEAD + " POST /users {}", 3, "a POST has a status, such as status=201"),
        (HEAD + " GET /users status=2000", 3, "a GET has a status, such as status=201"),
        (HEAD + " GET /users status=200 refused=400", 3, "a request has status=, or refused="),
        (HEAD + " GET /users status=404 code=A", 3, "a request has status=, or refused= and perhaps code="),
        (HEAD + " ASK /users grup", 3, "stands in double quotes) 'grup'; it has none"),
        (HEAD + " ASK /users [1]", 3, "a body is the name of one that stands above, an object of JSON"),
        (HEAD + ' ASK /users without=b {"a": 1}', 3, "there is no member of the body 'b'; there is only 'a'"),
        (HEAD + ' ASK /users {"a": 1', 3, "this is not JSON"),
        (HEAD + " steps made", 3, "there is no name of steps 'made'"),
        (HEAD + " given usr\n GET /users", 3, "there is no thing of the tenant 'usr'; the nearest are 'user'"),
        (HEAD + " faithful yes\n GET /users", 3, "after 'faithful' stands nothing, not yes"),
        (HEAD + " GET /users\n  hass id", 4, "there is no check or part of a request 'hass'; the nearest are 'has'"),
        (HEAD + " GET /users\n  has id txt", 4, "there is no kind of value 'txt'; the nearest are 'text'"),
        (HEAD + " GET /users\n  equal id", 4, "after 'equal' stands PLACE VALUE..., not id"),
        (HEAD + " GET /users\n  matches id (", 4, "'(' is no regular expression"),
        (HEAD + " GET /users\n  at-most many", 4, "a whole number stands here, such as 12, not 'many'"),
        (HEAD + " GET /users\n  ordered a b", 4, "there is no order 'b'; there is only 'descending'"),
        (HEAD + " GET /users\n  typed grup", 4, "there is no type of the emulator 'grup'; the nearest are 'group'"),
        (HEAD + " GET /users\n  sent id", 4, "there is no member of the body 'id'; it has none"),
        (HEAD + " GET /users\n  each", 4, "after 'each' stands the check of an element"),
        (HEAD + " GET /users\n  each\n   has\n", 5, "after 'has' stands PLACE [KIND], not nothing"),
        (HEAD + " GET /users\n  has id\n   has id", 5, "nothing can belong to line 4"),
        (HEAD + " GET /users\n  keeps id", 4, "after 'keeps' stands NAME PLACE, not id"),
        (HEAD + " GET /users\n   has id", 4, "it is indented by 3; here 2 is the most"),
        ("body a {}\nbody a {}", 2, "'body a' stands above already"),
        ("checks a\n keeps b c", 2, "there is no check 'keeps'"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_line_and_what_would_be_right(table: str, line: int, message: str) -> None:
    with pytest.raises(Mistake, match=re.escape(message)) as caught:
        read(table)
    assert str(caught.value).startswith(f"x.txt, line {line}: ")


@given(st.sampled_from([EVERY_WORD, *TABLES]), st.data())
def test_a_table_with_one_word_changed_is_read_or_refused_with_its_line(table: str, data: st.DataObject) -> None:
    lines = table.split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    words = re.split("( )", lines[at])
    place = data.draw(st.integers(0, len(words) - 1))
    others = ["", "x", "{}", '["a"]', "status=9", "without=a", "{x}", '"a b"', "#", "+", "(", words[0], *words]
    words[place] = data.draw(st.sampled_from(others))
    changed = "\n".join([*lines[:at], "".join(words), *lines[at + 1 :]])
    mistake = ""
    try:
        read(changed)
    except Mistake as error:
        mistake = str(error)
    assert not mistake or re.match(r"x\.txt, line \d+: .+", mistake)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("documents a b", "there is no kind of line 'documents'; the nearest are 'document'"),
        ("document a b basis=live", "there is no value of basis 'live'"),
        ("document a b c", "there is no word before the title of a page 'b'"),
        ("pattern a [", "'[' is no regular expression"),
        ("pattern a b c", "after 'pattern' stands NAME PATTERN, not a b c"),
    ],
)
def test_a_mistake_in_the_words_of_all_tables_has_its_line(table: str, message: str) -> None:
    with pytest.raises(Mistake, match=re.escape(f"x.txt, line 2: {message}")):
        reading.read_words(read_lines("x.txt", f"page {{}}\n{table}"))
