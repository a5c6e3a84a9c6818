"""Settings for other programs that call the server: variables in each shell's syntax, and how to trust the CA."""

from __future__ import annotations

import shlex
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from fauxtune.core.administration.snippets import powershell_text
from fauxtune_client.endpoints import Server

if TYPE_CHECKING:
    from fauxtune_cli.service import Emulator


class Program(StrEnum):
    """The program or shell that reads the variables."""

    PYTHON = "python"
    NODE = "node"
    POWERSHELL = "powershell"
    CURL = "curl"


def with_own_secret(service: Emulator) -> tuple[Server, str]:
    """Return the server with the credentials that are good there, and a sentence that says how to get a secret if none
    is known ("" otherwise). Raises ClientError if the server is not there.
    """
    server = service.server()
    if server.tenant_id is not None and service.tenant is None:
        return server, ""  # its own folder says it
    from fauxtune_client.http import Client, Refused

    # The secret of the documentation is not good where others reach the server.
    with Client(replace(server, client_secret=""), control_token=service.control_token) as client:
        try:
            client.sign_in_to_tenant()
        except Refused as refused:
            reason = refused.reason
        else:
            reason = "its tenant has no application with a secret."
        if client.server.client_secret:
            return client.server, ""
    return client.server, (
        f"AZURE_CLIENT_SECRET is missing, because {server.https} did not tell a secret: {reason} Set "
        "FAUXTUNE_CONTROL_TOKEN to the control token of this server and try again, or ask those who run the server for "
        "the client id and the secret of an application."
    )


def variables(server: Server, program: Program) -> dict[str, str]:
    """Return the variables by name, without the secret where none is known."""
    values = {
        "FAUXTUNE_URL": server.https,
        "FAUXTUNE_GRAPH_URL": f"{server.https}/beta",
        "AZURE_AUTHORITY_HOST": server.https,
        "AZURE_TENANT_ID": server.tenant_id or server.tenant,
        "AZURE_CLIENT_ID": server.client_id,
        **({"AZURE_CLIENT_SECRET": server.client_secret} if server.client_secret else {}),
    }
    if server.ca_file is None:
        return values
    file = str(server.ca_file.absolute())
    own = {
        # httpx and the ssl module read the first, requests (and so azure-core) the second.
        Program.PYTHON: {"SSL_CERT_FILE": file, "REQUESTS_CA_BUNDLE": file},
        Program.NODE: {"NODE_EXTRA_CA_CERTS": file},
        Program.POWERSHELL: {"SSL_CERT_FILE": file},
        Program.CURL: {"CURL_CA_BUNDLE": file},
    }
    return {**values, "FAUXTUNE_CA": file, **own[program]}


def lines(server: Server, program: Program) -> str:
    """Return the lines to paste."""
    values = variables(server, program)
    if program is Program.POWERSHELL:
        text = [f"$env:{name} = {powershell_text(value)}" for name, value in values.items()]
    else:
        text = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join([*text, *_hints(server, program)])


def _hints(server: Server, program: Program) -> list[str]:
    """Comments that show how to use the variables; for curl also the command that gets a token."""
    tenant = server.tenant_id or server.tenant
    token_url = shlex.quote(f"{server.https}/{tenant}/oauth2/v2.0/token")
    get_token = (
        f"TOKEN=$(curl -sS {token_url} -d grant_type=client_credentials -d client_id=$AZURE_CLIENT_ID"
        " --data-urlencode client_secret=$AZURE_CLIENT_SECRET -d scope=https://localhost/.default"
        """ | sed -E 's/.*"access_token": ?"([^"]*)".*/\\1/')"""
    )
    credential = [
        "# ClientSecretCredential(tenant, client, secret, disable_instance_discovery=True,",
        "#     authority=os.environ['AZURE_AUTHORITY_HOST'])",
    ]
    environment = "# Add-MgEnvironment -Name Fauxtune -AzureADEndpoint $env:FAUXTUNE_URL -GraphEndpoint "
    return {
        Program.PYTHON: credential,
        Program.NODE: ["# new ClientSecretCredential(tenant, client, secret, { disableInstanceDiscovery: true })"],
        Program.POWERSHELL: [f"{environment}$env:FAUXTUNE_URL"],
        Program.CURL: [
            *([get_token] if server.client_secret else []),
            '# curl -H "Authorization: Bearer $TOKEN" "$FAUXTUNE_GRAPH_URL/users"',
        ],
    }[program]


def describe_ca(file: Path) -> dict[str, str]:
    """Return the name, fingerprint and end of the CA certificate in a file."""
    from cryptography import x509

    from fauxtune.core.administration.trusting import root_of

    root = root_of(x509.load_pem_x509_certificate(file.read_bytes()))
    about = {"subject": root.subject, "sha256": root.sha256, "notAfter": root.not_after}
    return {"caFile": str(file), "fingerprint": root.fingerprint, **about}


def how_to_trust(document: dict[str, str]) -> str:
    """Return the description of a CA (from `describe_ca`) and the commands that install it, as text."""
    from fauxtune.core.administration.trusting import SYSTEMS

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
