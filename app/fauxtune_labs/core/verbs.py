"""The words that a lab file may use. THE tables of deeds, checks and files; docs/labs.md is made from them.

A deed is what an administrator or the owner of a device does. Its command stands here; its requests are built in
`core.administration` by `fauxtune_labs.operations.labs.deeds`, which also knows its page of the console.
"""

#: data

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fauxtune.core.administration.snippets import quoted
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune_labs.core.lab import Act


class Kind(StrEnum):
    """The kind of value of a member, in words for people."""

    TEXT = "a text"
    TEXTS = "a list of texts"
    FLAG = "true or false"
    NUMBER = "a number"
    SENTENCE = "a sentence of docs/states.md"
    DURATION = "a duration (ISO 8601), such as P30D"
    DAY = "a day, such as 2019-03-01"
    FILE = "the name of a file: letters, digits, dots and hyphens"
    REQUEST = "a request to Graph, such as GET /users"
    QUESTION = "a request to Graph that changes nothing: GET, or POST of a report"
    TABLE = "a table"
    VALUE = "a text, a number, true or false"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a verb. `choices`: the only texts that it takes; `optional`: it may be left out."""

    name: str
    meaning: str
    kind: Kind = Kind.TEXT
    optional: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verb:
    """A word of a lab file. `command`: of a deed, in pieces; one whose places are not all given is left out, and one
    whose place has a list is repeated. `looks`: it changes nothing.
    """

    name: str
    meaning: str
    members: tuple[Member, ...] = ()
    command: tuple[str, ...] = ()
    looks: bool = False

    @property
    def names_certificate(self) -> bool:
        """Whether the command has the thumbprint of a certificate."""
        return any("{thumbprint}" in piece for piece in self.command)


FAMILIES = ("root", "pkcs", "scep", "imported", "email")
PLATFORMS = tuple(map(str, ProfilePlatform))
PURPOSES = ("encryption", "signing")
SOURCES = ("root", "pkcs", "scep", "imported", "email")
#: The tags of imported certificates: Graph's intendedPurpose.
TAGS = ("smimeEncryption", "smimeSigning", "unassigned", "vpn", "wifi")
DEVICE_STATES = ("enrolled", "wiped", "retired", "deleted")

_USER = Member("user", "a user's name")
_DEVICE = Member("device", "a device's name, such as alice's iPhone")
_PROFILE = Member("profile", "a profile's name")
_GROUP = Member("group", "a group's name")
_TO = Member("to", "a group's name, or: all users, all devices")
_LABEL = Member("label", "a name by which later lines of the file mean the certificate", optional=True)
_IS = Member("is", "whether it is to be so (true, unless it says false)", Kind.FLAG, optional=True)
_SOURCE = Member("source", "where a certificate comes from", choices=SOURCES)
_SUBJECT = Member("subject", "the subject of a mail")
_FROM = Member("from", "the first day of the validity: 2019-03-01", Kind.DAY, optional=True)
_UNTIL = Member("until", "the last day of the validity", Kind.DAY, optional=True)
_EMAIL = Member("email", "the address in the certificate (the user's)", optional=True)
_TEMPLATE = Member("template", "a certificate template")
_FILE = Member("file", "the PFX file", Kind.FILE)
_NAME = Member("name", "the name of the file", Kind.FILE)
_CIPHERS = Member("ciphers", "modern (PBES2, AES) or legacy (3DES)", choices=("modern", "legacy"))
_QUESTION = Member("request", "the request, such as GET /users", Kind.QUESTION)
_BODY = Member("body", "its body", Kind.TABLE, optional=True)
_COMMAND = Member("command", "a command that does the same (fauxtune graph)", optional=True)
_PAGE = Member("page", "its page of the console, such as managed/compliance/new", optional=True)
#: A certificate is meant by its label, or as the one of a source that a device has or had.
_CERTIFICATE = (
    Member("label", "the label of a certificate", optional=True),
    Member("device", "or the device that has or had it", optional=True),
    Member("source", "and where it comes from", optional=True, choices=SOURCES),
)

DEEDS: tuple[Verb, ...] = (
    Verb("reach state", "Bring the tenant into a provider state (docs/states.md).",
         (Member("sentence", "the sentence of the state", Kind.SENTENCE), _LABEL), ("fauxtune state set {sentence}",)),
    Verb("create profile", "Create a profile for some platforms, and assign it.",
         (Member("family", "the kind of profile", choices=FAMILIES), Member("name", "its name"),
          Member("platforms", "for which platforms", Kind.TEXTS, choices=PLATFORMS), _TO,
          Member("template", "of a PKCS profile: the certificate template", optional=True),
          Member("purpose", "of a profile for imported certificates", optional=True, choices=PURPOSES),
          Member("authority", "of a trusted root: root, issuing or digicert-root", optional=True),
          Member("digicert", "of a PKCS profile: from DigiCert's CA, not the tenant's own", Kind.FLAG, optional=True),
          Member("signing", "of an e-mail profile: the profile whose certificate signs", optional=True),
          Member("encryption", "of an e-mail profile: the profile whose certificate encrypts", optional=True)),
         ("fauxtune profile create {family} --name {name}", "--template {template}", "--purpose {purpose}",
          "{digicert}", "--mail-server {mail_server}", "--authority {authority}", "--signing {signing}",
          "--encryption {encryption}",
          "--platform {platforms}", "{target}")),
    Verb("assign profile", "Assign a profile to somebody more.", (_PROFILE, _TO),
         ("fauxtune profile assign {profile} {target}",)),
    Verb("unassign profile", "Take an assignment from a profile.", (_PROFILE, _TO),
         ("fauxtune profile unassign {profile} {target} --yes",)),
    Verb("delete profile", "Delete a profile.", (_PROFILE,), ("fauxtune profile delete {profile} --yes",)),
    Verb("sync", "Ask a device to check in.", (_DEVICE,), ("fauxtune device sync {device}",)),
    Verb("wipe", "Reset a device.", (_DEVICE,), ("fauxtune device wipe {device} --yes",)),
    Verb("retire", "Remove the company's data from a device.", (_DEVICE,), ("fauxtune device retire {device} --yes",)),
    Verb("delete device", "Delete the record of a device.", (_DEVICE,), ("fauxtune device delete {device} --yes",)),
    Verb("delete user", "Delete a user.", (_USER,), ("fauxtune user delete {user} --yes",)),
    Verb("add to group", "Add a user to a group.", (_USER, _GROUP), ("fauxtune group add {group} {user}",)),
    Verb("remove from group", "Remove a user from a group.", (_USER, _GROUP),
         ("fauxtune group remove {group} {user} --yes",)),
    Verb("issue file", "Have the CA make a certificate with its key, in a PFX file.",
         (_TEMPLATE, _USER, _FILE, _FROM, _UNTIL, _EMAIL, _LABEL),
         ("fauxtune certificate issue --user {user} --template {template} --out {file} --pfx-password fauxtune",
          "--from {from}", "--until {until}", "--email {email}")),
    Verb("rewrite file", "Write a PFX file again, with other ciphers, under another name. In `prepare`.",
         (Member("from", "the PFX file that there is", Kind.FILE), _FILE, _CIPHERS)),
    Verb("lose file", "Drop a PFX file that the lab has made: nobody has its key any more. In `prepare`.",
         (_FILE,)),
    Verb("issue and import", "Have the CA make a certificate with its key, and import it for all devices of a user.",
         (_TEMPLATE, _USER, Member("purpose", "what it is for", choices=PURPOSES), _FROM, _UNTIL, _EMAIL, _LABEL),
         ("fauxtune certificate issue --user {user} --template {template} --import {purpose}", "--from {from}",
          "--until {until}", "--email {email}")),
    Verb("import file", "Import a PFX file of the lab for a user.",
         (_FILE, _USER, Member("tag", "the intended purpose", choices=TAGS)),
         ("fauxtune pfx import --path-to-pfx-file {file} --pfx-password fauxtune --upn {upn}",
          "--intended-purpose {tag}")),
    Verb("remove import", "Delete an imported certificate of a user.", (_USER, Member("label", "which one")),
         ("fauxtune pfx remove --upn {upn} --thumbprint {thumbprint}",)),
    Verb("revoke", "Revoke a certificate.",
         (*_CERTIFICATE, Member("reason", "the reason, such as keyCompromise", optional=True)),
         ("fauxtune certificate revoke {thumbprint} --yes", "--reason {reason}")),
    Verb("publish", "Publish a certificate for a user's address: senders encrypt for it.", (_USER, *_CERTIFICATE),
         ("fauxtune mail publish {user} --thumbprint {thumbprint}",)),
    Verb("withdraw", "Take a published certificate from a user's address.", (_USER, *_CERTIFICATE),
         ("fauxtune mail withdraw {user} --thumbprint {thumbprint}",)),
    Verb("send mail", "Send a text, encrypted for what is published, unless encrypt = false.",
         (Member("from", "the sender's name"), Member("to", "the recipient's name"), _SUBJECT,
          Member("text", "the text", optional=True), Member("encrypt", "see above", Kind.FLAG, optional=True)),
         ("fauxtune mail send --from {from} --to {to} --subject {subject}", "--text {text}", "{encrypt}")),
    Verb("set connector", "Take a connector off line, or bring it on line.",
         (Member("connector", "its name"), Member("state", "the state", choices=("offline", "online"))),
         ("fauxtune connector {state} {connector}",)),
    Verb("subscribe to DigiCert", "Give the tenant an emulated CA of DigiCert, beside its own.", (),
         ("fauxtune connector digicert",)),
    Verb("install RA certificate", "Let DigiCert's CA know a connector.", (Member("connector", "its name"),),
         ("fauxtune connector ra-certificate --connector {connector}",)),
    Verb("advance clock", "Put the tenant's clock forward.", (Member("by", "how long: P30D", Kind.DURATION),),
         ("fauxtune clock advance {by}",)),
    Verb("try request", "Send a SCEP request in the name of a device, which may differ from what its challenge is for.",
         (_DEVICE, _PROFILE, Member("subject", "the subject, such as CN=bob (as the challenge says)", optional=True),
          Member("usages", "the key usages (as the challenge says)", Kind.TEXTS, optional=True,
                 choices=("keyEncipherment", "digitalSignature")),
          Member("file", "the request, PEM", Kind.FILE)),
         ("fauxtune scep challenge try --device {device} --profile {profile}", "--subject {subject}",
          "--key-usage {usages}", "--out {file}")),
    Verb("send to Graph", "Send a request to Graph.",
         (Member("request", "the request, such as POST /groups", Kind.REQUEST), _BODY, _COMMAND, _PAGE,
          Member("as", "the user who is signed in (the tenant's application)", optional=True),
          Member("justification", "of what an approval policy guards: why", optional=True),
          Member("approval", "of the same: the id of the approval", optional=True))),
    Verb("publish Win32 app", "Create a Win32 app with a content. In `prepare`.",
         (Member("name", "its name"),)),
    Verb("let script end", "Say how a script ends on a simulated device. In `prepare`.",
         (_DEVICE, Member("script", "its name"),
          Member("exit_code", "1 is an issue that a remediation finds", Kind.NUMBER),
          Member("fixes", "whether the remediation mends it (true, unless it says false)", Kind.FLAG, optional=True))),
    Verb("look at Graph", "What Graph says.", (_QUESTION, _BODY, _COMMAND, _PAGE), looks=True),
    Verb("look at device", "What a device holds.", (_DEVICE,), ("fauxtune device show {device}",), looks=True),
    Verb("look at mail", "Who can read a user's mail.", (_USER,), ("fauxtune mail matrix {user}",), looks=True),
    Verb("look at certificates", "What the CA has issued for a user.", (_USER,),
         ("fauxtune certificate list --user {user}",), looks=True),
    Verb("look at history", "All certificates of a user, and what is wrong.", (_USER,),
         ("fauxtune history --user {user}",), looks=True),
    Verb("look at diagnosis", "Why a certificate is missing on a device.", (_USER,),
         ("fauxtune diagnose --user {user}",), looks=True),
    Verb("look at connectors", "The log of the connectors.", (), ("fauxtune connector log",), looks=True),
    Verb("look at challenges", "What became of SCEP challenges.", (), ("fauxtune scep challenge list",), looks=True),
    Verb("look at journal", "What happened.", (), ("fauxtune journal",), looks=True),
)  # fmt: skip

CHECKS: tuple[Verb, ...] = (
    Verb("mail readable", "Whether a device can read a mail.", (_USER, _SUBJECT, _DEVICE, _IS)),
    Verb("device holds", "Whether a certificate is on a device.",
         (_DEVICE, _SOURCE, Member("label", "which one (any, unless it is said)", optional=True), _IS)),
    Verb("same certificate", "Whether devices have the same certificates of a source, and have some.",
         (Member("devices", "the devices", Kind.TEXTS), _SOURCE, _IS)),
    Verb("certificate revoked", "Whether the tenant's CA has revoked a certificate.", (*_CERTIFICATE, _IS)),
    Verb("certificate expired", "Whether a certificate's validity is over.", (*_CERTIFICATE, _IS)),
    Verb("smime on", "Whether a profile or a configuration on a device switches S/MIME on.", (_DEVICE, _IS)),
    Verb("profile assigned", "Whether a profile is assigned to somebody.", (_PROFILE, _TO, _IS)),
    Verb("profile there", "Whether a profile exists.", (_PROFILE, _IS)),
    Verb("device state", "What became of a device.", (_DEVICE, Member("state", "the state", choices=DEVICE_STATES))),
    Verb("user there", "Whether a user exists.", (_USER, _IS)),
    Verb("user in group", "Whether a user is a member of a group.", (_USER, _GROUP, _IS)),
    Verb("imported", "How many certificates are imported for a user, with this tag if one is given.",
         (_USER, Member("count", "how many", Kind.NUMBER),
          Member("tag", "the intended purpose", optional=True, choices=TAGS))),
    Verb("published", "Whether senders find a certificate of a user that they can use.", (_USER, *_CERTIFICATE, _IS)),
    Verb("connector has key", "Whether a connector has a key for imported certificates.",
         (Member("connector", "its name"), _IS)),
    Verb("challenge answered", "Whether a request with a challenge of a device was answered with this code.",
         (_DEVICE, Member("code", "the code, such as SubjectNameMismatch or Success"), _IS)),
    Verb("reads file", "Whether the system of a device reads a PFX file of the lab.", (_DEVICE, _FILE, _IS)),
    Verb("Graph says", "Whether a property in an answer of Graph has a value.",
         (_QUESTION, _BODY,
          Member("where", "only of elements whose properties have these values", Kind.TABLE, optional=True),
          Member("property", "the property, such as target.groupId; # is how many elements there are"),
          Member("value", "its value", Kind.VALUE), _IS)),
    Verb("clock moved", "Whether so much time has passed since the lab began.",
         (Member("by", "how long: P30D", Kind.DURATION),)),
    Verb("happened", "Whether the journal has an event since the lab began.",
         (Member("event", "the type of the event, such as installed"),
          Member("device", "on this device", optional=True), Member("user", "about this user", optional=True), _IS)),
)  # fmt: skip

FILES: tuple[Verb, ...] = (
    Verb("mail", "A mail as it came.", (_NAME, _USER, _SUBJECT)),
    Verb("key", "Key and certificate of a device, PEM, that are of this source, or have this label.",
         (_NAME, _DEVICE, _SOURCE, Member("label", "which one of several", optional=True))),
    Verb("certificate", "A certificate, PEM.", (_NAME, *_CERTIFICATE)),
    Verb("root", "The certificate of the tenant's root, PEM.", (_NAME,)),
    Verb("intermediate", "The certificate of the issuing authority, PEM.", (_NAME,)),
    Verb("crl", "The revocation list of the issuing authority, DER.", (_NAME,)),
    Verb("serial", "The serial number of a certificate, in hex, in a text file.", (_NAME, *_CERTIFICATE)),
    Verb("pfx", "A PFX file that the lab has made; its password is fauxtune.", (_NAME,)),
    Verb("request", "A request that 'try request' has made, PEM.", (_NAME,)),
    Verb("answer", "An answer of Graph, JSON.", (_NAME, _QUESTION, _BODY)),
)  # fmt: skip

#: The deeds by which somebody has the CA make a certificate.
MAKING = ("issue file", "issue and import")
#: data. The key of a verb in a lab file -> the table, and the word for it.
TABLES: Mapping[str, tuple[tuple[Verb, ...], str]] = {
    "do": (DEEDS, "deed"),
    "look": (tuple(verb for verb in DEEDS if verb.looks), "deed that looks"),
    "check": (CHECKS, "check"),
    "file": (FILES, "file"),
}


def verb_named(table: Iterable[Verb], name: str) -> Verb | None:
    """Return the verb of this name."""
    return next((verb for verb in table if verb.name == name), None)


def command_of(deed: Act, places: Mapping[str, str]) -> str:
    """Return the command of a deed. `places`: what stands in it beside the members, such as the thumbprint."""
    verb = verb_named(DEEDS, deed.verb)
    assert verb is not None, "a lab was read"
    given = {**deed.words, **places}
    words = {name: _quoted(value) for name, value in given.items() if not isinstance(value, bool)}
    words["target"] = [_target(str(given.get("to", "")))]
    if given.get("encrypt", True):
        words["encrypt"] = ["--encrypt"]
    if given.get("digicert"):
        words["digicert"] = ["--digicert"]
    return " ".join(piece for template in verb.command for piece in _filled(template, words))


def _filled(template: str, words: Mapping[str, list[str]]) -> list[str]:
    """Return the piece with the words in its places: once for each word of a list, not at all without one."""
    names = [part.partition("}")[0] for part in template.split("{")[1:]]
    if any(name not in words for name in names):
        return []
    count = max((len(words[name]) for name in names), default=1)
    return [
        template.format(**{name: words[name][number % len(words[name])] for name in names}) for number in range(count)
    ]


def _target(name: str) -> str:
    everybody = name.lower() in {"all users", "all devices"}
    return f"--{name.lower().replace(' ', '-')}" if everybody else f"--group {quoted(name)}"


def _quoted(value: Any) -> list[str]:
    return [quoted(str(each)) for each in (value if isinstance(value, list) else [value])]
