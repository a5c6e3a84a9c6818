"""`fauxtune trust`: the CA that clients must trust, and the commands that install it on each system."""

from __future__ import annotations

from pathlib import Path

import click
from cryptography import x509

from fauxtune.core.administration.trusting import SYSTEMS, root_of
from fauxtune_cli.options import PATH, Output, ca_option, data_dir_option, emit, fail, output_option, plain_failures
from fauxtune_client.endpoints import ca_file


@click.command()
@click.option("--out", type=PATH, help="write the CA certificate to this file")
@data_dir_option
@ca_option
@output_option
def trust(*, out: Path | None, data_dir: Path, ca: Path | None, output: Output) -> None:
    """Show the CA that clients must trust, and how to install it.

    \b
    fauxtune trust                  show the file and the instructions
    fauxtune trust --out ca.pem     write a copy of the CA certificate too
    """
    with plain_failures():
        file = ca_file(data_dir=data_dir, ca=ca)
        document = describe_ca(file)
        if out is not None:
            try:
                out.write_bytes(file.read_bytes())
            except OSError as error:
                fail(f"{out} cannot be written: {error.strerror}.")
            document["written"] = str(out.absolute())
        emit(output, document, text=how_to_trust(document))


def describe_ca(file: Path) -> dict[str, str]:
    """Return the name, fingerprint and end of the CA certificate in a file."""
    root = root_of(x509.load_pem_x509_certificate(file.read_bytes()))
    about = {"subject": root.subject, "sha256": root.sha256, "notAfter": root.not_after}
    return {"caFile": str(file), "fingerprint": root.fingerprint, **about}


def how_to_trust(document: dict[str, str]) -> str:
    """Return the description of a CA (from `describe_ca`) and the commands that install it, as text."""
    file = document.get("written", document["caFile"])
    ways = [way for way in SYSTEMS if way.typed]
    lines = [f"  {way.system}\n    {line}" for way in ways for line in way.install]
    return f"""The CA of this emulator. It is made at the first start, and its private key
never leaves this machine.
  file     {file}
  subject  {document["subject"]}
  SHA-256  {document["fingerprint"]}
  until    {document["notAfter"]}

For one program (the better way) a variable names it, which this command prints:
  fauxtune env --for python      (or node, powershell, curl)

On a whole test machine:
{chr(10).join(lines).format(pem=file, crt=file)}

People on other machines read all this at the address /trust of the server."""
