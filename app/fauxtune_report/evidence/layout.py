"""The names of the files that lie beside a report, and the script that runs the line of every claim, and ends with 0
only if all of them show what they should.

Names are made of only letters, digits, hyphens and dots. So they need no quotation marks in a shell, whatever people
call their devices. The script is for POSIX.1-2017 `sh`; the lines need OpenSSL 3.0 or later.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fauxtune.core.language.catalogue import Catalogue, say
from fauxtune_report.evidence.claim import Claim
from fauxtune_report.evidence.facts import Certificate, Device, Facts, Mail

ROOTS, INTERMEDIATES, CRLS, JOURNAL, SCRIPT = "ca/root.pem", "ca/issuing.pem", "ca/crl.pem", "journal.jsonl", "prove.sh"
#: The folders of certificates, by what the CRL and the clock say of them.
GOOD, REVOKED, EXPIRED = "good", "revoked", "expired"
#: The beginning of the names of certificates that reach devices by no profile.
OTHER = "other"
_LONGEST = 32


@dataclass(frozen=True, slots=True)
class Layout:
    """The names for the files of one report."""

    facts: Facts
    devices: Mapping[str, str]
    people: Mapping[str, str]

    @classmethod
    def of(cls, facts: Facts) -> Layout:
        """Return the names for these facts."""
        return cls(
            facts,
            _distinct((device.id, device.name) for device in facts.devices),
            _distinct((person.address, person.address.partition("@")[0]) for person in facts.people),
        )

    def certificate(self, thumbprint: str) -> str | None:
        """Return the file of a certificate; None if the report has only its thumbprint."""
        known = self.facts.certificates.get(thumbprint)
        return (
            None if known is None else f"cert/{self.status(known)}/{known.source or OTHER}-{self.mark(thumbprint)}.pem"
        )

    def status(self, certificate: Certificate) -> str:
        """Return the folder of a certificate."""
        if certificate.thumbprint in self.facts.revoked:
            return REVOKED
        return EXPIRED if self.facts.is_expired(certificate) else GOOD

    def key(self, device: Device, thumbprint: str) -> str | None:
        """Return the file of a key that a device held; None if the report does not have it."""
        if (device.id, thumbprint) not in self.facts.keys:
            return None
        return f"key/{self.devices[device.id]}/{self.mark(thumbprint)}.pem"

    def mark(self, thumbprint: str) -> str:
        """Return the name of a certificate in a file's name: its mark, and the beginning of its thumbprint."""
        return "-".join(dict.fromkeys((self.facts.marks.of(thumbprint).letters, thumbprint[:8])))

    def mail(self, mail: Mail) -> str | None:
        """Return the file of a mail; None if the report does not have it."""
        return None if mail.raw is None else f"mail/{self.people[mail.owner]}-{mail.uid}.eml"

    def authority(self, authority: str) -> str:
        """Return the file of an authority's certificate."""
        return f"ca/authority-{slug(authority)}.pem"

    def ocsp(self, authority: str) -> str:
        """Return the file of an authority's OCSP answer."""
        return f"ca/ocsp-{slug(authority)}.der"


def slug(text: str) -> str:
    """Return a text as a part of a file's name."""
    plain = unicodedata.normalize("NFKD", text.replace("'", "")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-") or "x"


def _distinct(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return a name for each id; equal names get a number."""
    taken: set[str] = set()
    result = {}
    for identifier, text in names:
        wanted = name = slug(text)
        number = 1
        while name in taken:
            number += 1
            name = f"{wanted}-{number}"
        taken.add(name)
        result[identifier] = name
    return result


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
