"""`fauxtune env`: settings for other programs that call the server, as variables in each shell's syntax."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from enum import StrEnum

import click

from fauxtune.core.administration.snippets import powershell_text
from fauxtune_cli.options import OneOf, Output, emit, output_option, plain_failures
from fauxtune_cli.service import Emulator, with_service
from fauxtune_client.endpoints import SERVER_ID, ClientError, Refused, Server
from fauxtune_client.readiness import readiness


class Program(StrEnum):
    """The program or shell that reads the variables."""

    PYTHON = "python"
    NODE = "node"
    POWERSHELL = "powershell"
    CURL = "curl"


@click.command()
@click.option(
    "--for", "program", type=OneOf(Program), default="python", help="the program or shell that reads the variables"
)
@output_option
@with_service(Emulator)
def env(*, program: Program, service: Emulator, output: Output) -> None:
    """Print environment variables for clients, ready to paste.

    A server elsewhere is asked for its secret, and one with a control token tells it to who has that token.

    \b
    eval "$(fauxtune env --for python)"               azure-identity, httpx
    eval "$(fauxtune env --for node)"                 Node.js
    fauxtune env --for powershell | Invoke-Expression
    eval "$(fauxtune env --for curl)"                 curl, a token in $TOKEN
    fauxtune env --url https://trainer.local:8443 --ca ca.pem
    """
    with plain_failures():
        try:
            server, missing = with_own_secret(service)
        except ClientError:
            if output is Output.TEXT and program is not Program.POWERSHELL and not sys.stdout.isatty():
                print("false")  # what a shell evaluates fails as well
            raise
        if server.server_id is None:
            server = replace(server, server_id=readiness(server).server_id)
        if missing:
            print(missing, file=sys.stderr)
        emit(output, variables(server, program), text=lines(server, program))


def with_own_secret(service: Emulator) -> tuple[Server, str]:
    """Return the server with the credentials that are good there, and a sentence that says how to get a secret if none
    is known ("" otherwise). Raises ClientError if the server is not there.
    """
    server = service.server()
    if server.tenant_id is not None and service.tenant is None:
        return server, ""  # its own folder says it
    from fauxtune_client.http import Client

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
        **({} if server.server_id is None else {SERVER_ID: server.server_id}),
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
        """); TOKEN=${TOKEN#*'"access_token":"'}; TOKEN=${TOKEN%%'"'*}"""
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
