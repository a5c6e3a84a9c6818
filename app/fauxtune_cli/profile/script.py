"""`fauxtune script`: scripts and remediations."""

from __future__ import annotations

from pathlib import Path

import click

from fauxtune.core.administration import policies
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import PATH, fail
from fauxtune_cli.profile.managed import managed_group, new_name, properties_of, set_option, show_created
from fauxtune_cli.service import with_service

_MOST = 1_048_576

app = managed_group(
    "script",
    says="Create scripts of PowerShell and macOS and remediations, assign them, and see their runs.",
    example="Zone",
    examples="""fauxtune script create --name Zone --kind powershell --file zone.ps1
fauxtune script assign Zone --all-devices
fauxtune script show Zone""",
)


@app.command("create")
@new_name
@click.option("--kind", required=True, help="powershell, shell (macOS) or remediation")
@click.option("--file", type=PATH, required=True, help="the script; of a remediation the one that detects")
@click.option("--remedy", type=PATH, help="of a remediation: the script that remedies")
@set_option
@with_service(Administration)
def create_script(
    *, name: str, service: Administration, kind: str, file: Path, remedy: Path | None, settings: tuple[str, ...]
) -> None:
    """Create a script from a file.

    \b
    fauxtune script create --name Zone --kind powershell --file zone.ps1
    fauxtune script create --name Spooler --kind remediation \\
        --file detect.ps1 --remedy restart.ps1
    """
    with service.session() as session:
        if kind not in policies.SCRIPT_KINDS:
            known = "; ".join(f"{word}: {script_kind.words}" for word, script_kind in policies.SCRIPT_KINDS.items())
            fail(f"There is no kind '{kind}' here. There are {known}.")
        request = policies.create_script(
            name,
            kind=kind,
            content=_read(file),
            file_name=file.name,
            settings=properties_of(settings, example="runAs32Bit=true"),
            remediation=None if remedy is None else _read(remedy),
        )
        show_created(session, session.send(request), noun="script")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST + 1)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    if len(content) > _MOST:
        fail(f"{file} has more than {_MOST:,} bytes: no script may be so long.")
    return content
