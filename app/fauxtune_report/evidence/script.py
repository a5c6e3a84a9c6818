"""The shell script that runs the line of every claim, and ends with 0 only if all of them show what they should.

POSIX.1-2017 `sh`; the lines need OpenSSL 3.0 or later.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import say
from fauxtune_report.evidence.claim import Claim

_HEAD = """#!/bin/sh
# Runs the line of every claim of the report beside this folder. Ends with 0 only if each shows what it should.
cd "$(dirname "$0")" || exit 2
openssl version | grep -q '^OpenSSL [3-9]' || { echo 'OpenSSL 3.0 or later, please.' >&2; exit 2; }
holding=0 failing=0
# Whether a line of the output is this one, whatever space is around it.
printed() {
  while read -r line; do [ "$line" = "$1" ] && return; done <<OUTPUT
$output
OUTPUT
  return 1
}
# claim NUMBER, EXIT CODE, LINE OF OUTPUT OR NOTHING, SENTENCE, COMMAND
claim() {
  output=$(sh -c "$5" 2>&1); code=$?
  if [ "$code" -eq "$2" ] && { [ -z "$3" ] || printed "$3"; }; then
    holding=$((holding + 1)); printf 'ok     %s  %s\\n' "$1" "$4"
  else
    failing=$((failing + 1)); printf 'FALSE  %s  %s\\n' "$1" "$4"
    printf '         %s\\n         ended with %s instead of %s and printed:\\n' "$5" "$code" "$2"
    printf '%s\\n' "$output" | sed 's/^/         /'
  fi
}

"""
#: The last line that the script prints, in a text that the shell puts its numbers into.
_COUNTED = say("%(holding)s claims hold, %(failing)s do not.", holding="$holding", failing="$failing")
_FOOT = '\necho "{}"\n[ "$failing" -eq 0 ]\n'


def script(claims: Sequence[tuple[str, Claim]], catalogue: Catalogue) -> str:
    """Return the script for these claims, with their sentences in the catalogue's language."""
    lines = [
        " ".join(
            [
                "claim",
                number,
                str(claim.proof.code),
                shlex.quote(claim.proof.output),
                shlex.quote(_plain(catalogue.render(claim.sentence))),
                shlex.quote(claim.proof.line),
            ]
        )
        for number, claim in claims
    ]
    return _HEAD + "\n".join(lines) + "\n" + _FOOT.format(catalogue.render(_COUNTED))


def _plain(text: str) -> str:
    """Without characters that a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text)
