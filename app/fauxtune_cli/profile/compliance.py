"""`fauxtune compliance`: policies that devices must meet."""

from __future__ import annotations

import click

from fauxtune.core.administration import policies
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import fail
from fauxtune_cli.profile.managed import managed_group, new_name, properties_of, set_option, show_created
from fauxtune_cli.profile.profile_choice import PlatformWord, new_platform_option
from fauxtune_cli.service import with_service

app = managed_group(
    "compliance",
    says="Create compliance policies, assign them, and see which devices meet them.",
    example="Passcode",
    examples="""fauxtune compliance create --name Passcode --platform ios \\
    --set passcodeRequired=true
fauxtune compliance assign Passcode --all-users
fauxtune compliance show Passcode""",
)


@app.command("create")
@new_name
@new_platform_option
@set_option
@click.option("--grace-days", type=float, default=0.0, help="days until a device that fails is noncompliant")
@with_service(Administration)
def create_compliance(
    *,
    name: str,
    service: Administration,
    platform: tuple[PlatformWord, ...],
    settings: tuple[str, ...],
    grace_days: float,
) -> None:
    """Create a compliance policy for a platform.

    \b
    fauxtune compliance create --name Disk --platform windows \\
        --set bitLockerEnabled=true --grace-days 3
    """
    with service.session() as session:
        if len(platform) != 1 or platform[0] is PlatformWord.ALL:
            fail("A compliance policy is for one platform: give --platform once, such as --platform ios.")
        values = properties_of(settings, example="passcodeRequired=true")
        chosen = ProfilePlatform(platform[0])
        request = policies.create_compliance(name, platform=chosen, settings=values, grace_days=grace_days)
        show_created(session, session.send(request), noun="compliance")
