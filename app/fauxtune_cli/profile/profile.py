"""`fauxtune profile`: the profiles of a tenant, whom they are assigned to, and what became of them on devices."""

from __future__ import annotations

from typing import Any

import click

from fauxtune.core.administration import assignments
from fauxtune.core.administration.requests import AdminRequest, delete_object, key
from fauxtune.core.pki.names import subject_text
from fauxtune.core.profiles.trusted_root import certificate_of
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, Session, confirm, what_if_option, yes_option
from fauxtune_cli.names import Named
from fauxtune_cli.options import Group, Output, fail, one_line
from fauxtune_cli.profile import profile_creation
from fauxtune_cli.profile.profile_choice import (
    PlatformWord,
    chosen_profiles,
    deletion_rank,
    kind_words,
    platform_option,
    profiles_argument,
    sentence,
    short_kind,
)
from fauxtune_cli.profile.targets import Assigning, assigned_words, words_of
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, moment

app = Group(
    help="""Create profiles, assign them, and see their outcome.

A profile is meant by its name, by its id, or by the beginning of its id. "Signing" with --platform ios means the
profile "Signing (iOS)"; with --platform all it means every "Signing (...)".

\b
fauxtune profile create root --name "Contoso root" --platform all --all-users
fauxtune profile assign Signing --platform all --group Sales
fauxtune profile list"""
)

_PROFILES = "/deviceManagement/deviceConfigurations"
_SHOWN = "assignments,deviceStatusOverview"
#: Properties that every profile has, and that say nothing about what it does.
_COMMON = {
    "id",
    "displayName",
    "description",
    "version",
    "createdDateTime",
    "lastModifiedDateTime",
    "roleScopeTagIds",
    "supportsScopeTags",
    "assignments",
    "deviceStatusOverview",
    "trustedRootCertificate",
}
_LONGEST_VALUE = 60
_NEXT = "Devices get them at their next check-in. See: fauxtune profile list"
_REMOVED = "At their next check-in devices remove what they no longer should hold."


@app.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the profiles: kind, platform, and states on devices.

    Ok: on how many devices it is installed. Pending: the device has not checked in since, or still waits for
    something. N/a: not applicable to the device.

    \b
    fauxtune profile list
    fauxtune profile list --output json
    """
    with service.session() as session:
        rows = session.elements(AdminRequest("GET", f"{_PROFILES}?$expand={_SHOWN}"))
        groups = {group.id: group.name for group in names.groups(session.client)}
        table = Table(
            ("name", "kind", "for", "assigned to", "ok", "pending", "error", "n/a", "id"),
            [
                (
                    row["displayName"],
                    *short_kind(row["@odata.type"]),
                    ", ".join(assigned_words(row["assignments"], groups)),
                    *_counts(row["deviceStatusOverview"]),
                    session.short(row["id"]),
                )
                for row in sorted(rows, key=lambda row: row["displayName"].casefold())
            ],
            shrinks="for",
            empty="The tenant has no profiles. Create one: fauxtune profile create --help",
        )
        session.show(rows, table)


@app.command()
@click.argument(
    "profile", shell_complete=completion.profile, help="the profile: its name, id or the beginning of its id"
)
@platform_option
@with_service(Administration)
def show(*, profile: str, service: Administration, platform: tuple[PlatformWord, ...]) -> None:
    """Show a profile: settings, assignments, devices.

    \b
    fauxtune profile show "Signing (iOS)"
    fauxtune profile show Signing --platform ios --output json
    """
    with service.session() as session:
        chosen = chosen_profiles(session.client, [profile], words=platform)
        if len(chosen) > 1:
            fail(f"'{profile}' fits {len(chosen)} profiles; name one platform.")
        _show(session, chosen[0])


@app.command()
@profiles_argument
@platform_option
@what_if_option
@with_service(Assigning)
def assign(*, profiles: tuple[str, ...], service: Assigning, platform: tuple[PlatformWord, ...], what_if: bool) -> None:
    """Assign profiles to groups, to all users or to all devices. Their other assignments stay.

    \b
    fauxtune profile assign Signing --platform all --group Sales
    fauxtune profile assign "Root (iOS)" --all-devices --exclude-group Guests
    fauxtune profile assign Signing --platform ios --group Sales --what-if
    """
    with service.session() as session:
        targets = service.targets(session)
        if not targets:
            fail("Say to whom: --group NAME, --all-users, --all-devices or --exclude-group NAME.")
        chosen = chosen_profiles(session.client, profiles, words=platform)
        new = [target.target for target in targets]
        requests = [
            assignments.assign(candidate.id, present=_present(session, candidate), targets=new) for candidate in chosen
        ]
        if what_if:
            session.what_if(requests)
            return
        results = [answer["value"] for answer in session.send_each(zip(_titles(chosen), requests, strict=True))]
        session.show(
            _documents(chosen, results),
            f"{sentence('Assigned', _titles(chosen), rest=f' to {words_of(targets)}')}\n{_NEXT}",
        )


@app.command()
@profiles_argument
@platform_option
@click.option("--everything", is_flag=True, help="take away every assignment")
@what_if_option
@yes_option
@with_service(Assigning)
def unassign(
    *,
    profiles: tuple[str, ...],
    service: Assigning,
    platform: tuple[PlatformWord, ...],
    everything: bool,
    what_if: bool,
    yes: bool,
) -> None:
    """Take assignments away from profiles. Devices remove what they no longer should hold.

    --exclude-group takes away the exclusion of a group.

    \b
    fauxtune profile unassign Signing --platform all --group Sales --what-if
    fauxtune profile unassign "Root (iOS)" --everything
    """
    with service.session() as session:
        targets = service.targets(session)
        if bool(targets) == everything:
            fail("Say which assignments: --group, --all-users, --all-devices, --exclude-group, or else --everything.")
        chosen = chosen_profiles(session.client, profiles, words=platform)
        present = {candidate.id: _present(session, candidate) for candidate in chosen}
        gone = None if everything else [target.target for target in targets]
        for target in targets:
            if not any(assignments.is_assigned(rows, target.target) for rows in present.values()):
                fail(f"Not assigned to {target.words}: {_names(chosen)}.")
        requests = [
            assignments.unassign(candidate.id, present=present[candidate.id], targets=gone) for candidate in chosen
        ]
        if what_if:
            session.what_if(requests)
            return
        which = "every assignment" if everything else f"the assignment to {words_of(targets)}"
        confirm(f"Take {which} away from {_names(chosen)}?", yes=yes)
        results = [answer["value"] for answer in session.send_each(zip(_titles(chosen), requests, strict=True))]
        session.show(
            _documents(chosen, results),
            f"{sentence(f'Took {which} away from', _titles(chosen))}\n{_REMOVED}",
        )


@app.command()
@profiles_argument
@platform_option
@what_if_option
@yes_option
@with_service(Administration)
def delete(
    *, profiles: tuple[str, ...], service: Administration, platform: tuple[PlatformWord, ...], what_if: bool, yes: bool
) -> None:
    """Delete profiles, with their assignments.

    Devices remove what the profiles gave them at their next check-in. What is revoked, too: see --what-if.

    \b
    fauxtune profile delete Signing --platform all --what-if
    fauxtune profile delete "Signing (iOS)" --yes
    """
    with service.session() as session:
        chosen = sorted(chosen_profiles(session.client, profiles, words=platform), key=deletion_rank)
        requests = [delete_object(_PROFILES, candidate.id) for candidate in chosen]
        if what_if:
            session.what_if(requests)
            return
        confirm(f"Delete {_names(chosen)}?", yes=yes)
        session.send_each(zip(_titles(chosen), requests, strict=True))
        document = {"deleted": [{"id": candidate.id, "displayName": candidate.name} for candidate in chosen]}
        session.show(document, f"{sentence('Deleted', _titles(chosen))}\n{_REMOVED}")


def _show(session: Session, profile: Named) -> None:
    document = session.send(AdminRequest("GET", f"{_PROFILES}/{key(profile.id)}?$expand={_SHOWN}"))
    statuses = session.elements(AdminRequest("GET", f"{_PROFILES}/{key(profile.id)}/deviceStatuses"))
    if session.output is Output.JSON:
        session.show({**document, "deviceStatuses": statuses}, "")
        return
    groups = {group.id: group.name for group in names.groups(session.client)}
    facts: dict[str, str | None] = {
        "kind": kind_words(document["@odata.type"]),
        "id": document["id"],
        "description": document["description"],
        "version": f"{document['version']}, of {moment(document['lastModifiedDateTime'])}",
        "assigned to": ", ".join(assigned_words(document["assignments"], groups)) or "nobody",
        **_certificate(document),
        **{name: _value(value) for name, value in document.items() if _says_something(name, value)},
    }
    rows: list[tuple[str, ...]] = [(name, value) for name, value in facts.items() if value]
    session.show(document, Table((one_line(document["displayName"]), ""), rows))
    print()
    table = Table(
        ("device", "user", "status", "last report"),
        [
            (
                row["deviceDisplayName"],
                row["userPrincipalName"],
                _STATUSES.get(row["status"], row["status"]),
                moment(row["lastReportedDateTime"]),
            )
            for row in statuses
        ],
        shrinks="user",
        empty="No device has reported it.",
    )
    session.show(statuses, table)


#: Graph's complianceStatus in the words of an administrator.
_STATUSES = {"compliant": "installed", "unknown": "pending", "notApplicable": "not applicable"}


def _says_something(name: str, value: Any) -> bool:
    return name not in _COMMON and "@" not in name and value not in (None, [], "")


def _certificate(document: dict[str, Any]) -> dict[str, str | None]:
    """The certificate of a trusted root profile, in words."""
    if "trustedRootCertificate" not in document:
        return {}
    certificate = certificate_of(document)
    role = "root" if certificate.subject == certificate.issuer else "intermediate"
    until = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
    return {"certificate": f"{subject_text(certificate.subject)} ({role}), until {until}"}


def _value(value: Any) -> str:
    """A setting in one short line."""
    if isinstance(value, list):
        text = ", ".join(_value(each) for each in value)
    elif isinstance(value, dict):
        text = " ".join(str(each) for name, each in value.items() if "@" not in name)
    else:
        text = {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _counts(overview: dict[str, int]) -> tuple[str, str, str, str]:
    numbers = (
        overview["successCount"],
        overview["pendingCount"],
        overview["errorCount"] + overview["failedCount"] + overview["conflictCount"],
        overview["notApplicableCount"] + overview["notApplicablePlatformCount"],
    )
    installed, pending, error, not_applicable = (str(number) for number in numbers)
    return installed, pending, error, not_applicable


def _present(session: Session, profile: Named) -> list[dict[str, Any]]:
    return session.elements(AdminRequest("GET", f"{_PROFILES}/{key(profile.id)}/assignments"))


def _titles(profiles: list[Named]) -> list[str]:
    return [profile.name for profile in profiles]


def _names(profiles: list[Named]) -> str:
    return ", ".join(one_line(profile.name) for profile in profiles)


def _documents(profiles: list[Named], assignments: list[list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "profiles": [
            {"id": profile.id, "displayName": profile.name, "assignments": rows}
            for profile, rows in zip(profiles, assignments, strict=True)
        ]
    }


app.add_command(profile_creation.app, "create")
