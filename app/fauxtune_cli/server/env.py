"""`fauxtune env`: settings for other programs that call the server, as variables in each shell's syntax.

With --identity they are those by which Azure's libraries find a managed or a federated identity: what azure-identity
for Python 1.27 and for Node 4.14 read.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

import click

from fauxtune.core.administration.emulation import issue_identity_token
from fauxtune.core.administration.snippets import powershell_text
from fauxtune.core.model.addresses import MANAGED
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.permissions import principal_id
from fauxtune_cli.options import OneOf, Output, emit, output_option, plain_failures
from fauxtune_cli.server.identity import check_folder, sentence, write_secret
from fauxtune_cli.service import Emulator, with_service
from fauxtune_client.endpoints import SERVER_ID, ClientError, Refused, Server
from fauxtune_client.readiness import readiness


class Program(StrEnum):
    """The program or shell that reads the variables."""

    PYTHON = "python"
    NODE = "node"
    POWERSHELL = "powershell"
    CURL = "curl"


class Identity(StrEnum):
    """What a program has in place of a secret."""

    IMDS = "imds"
    APP_SERVICE = "app-service"
    ARC = "arc"
    WORKLOAD = "workload"


_WORKLOAD = ("AZURE_AUTHORITY_HOST", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE")
#: The variables of each identity. Libraries prefer some of them to others: those that do not belong to it are unset.
_OF_IDENTITY = {
    Identity.IMDS: ("AZURE_POD_IDENTITY_AUTHORITY_HOST",),
    Identity.APP_SERVICE: ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"),
    Identity.ARC: ("IDENTITY_ENDPOINT", "IMDS_ENDPOINT"),
    Identity.WORKLOAD: _WORKLOAD,
}
_OTHERS = (
    *("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME"),
    *("MSI_ENDPOINT", "MSI_SECRET", "IDENTITY_SERVER_THUMBPRINT"),
)
_SUBJECT, _LIFE = "fauxtune:workload", "P1D"


@click.command()
@click.option(
    "--for", "program", type=OneOf(Program), default="python", help="the program or shell that reads the variables"
)
@click.option(
    "--identity",
    type=OneOf(Identity),
    help="what the program has in place of a secret: a managed or federated identity",
)
@click.option("--application", help="whose identity that is: a client id (default: the tenant's application)")
@output_option
@with_service(Emulator)
def env(
    *, program: Program, identity: Identity | None, application: str | None, service: Emulator, output: Output
) -> None:
    """Print environment variables for clients, ready to paste.

    A server elsewhere is asked for its secret, and one with a control token tells it to who has that token.

    With --identity no secret is printed; `workload` writes a token of one day for the application to a file in
    --data-dir, and lets the application trust its issuer (again: a new token).

    \b
    eval "$(fauxtune env --for python)"               azure-identity, httpx
    eval "$(fauxtune env --for node)"                 Node.js
    fauxtune env --for powershell | Invoke-Expression
    eval "$(fauxtune env --for curl)"                 curl, a token in $TOKEN
    eval "$(fauxtune env --identity imds)"            ManagedIdentityCredential
    eval "$(fauxtune env --identity workload)"        WorkloadIdentityCredential
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
        if identity is not None:
            values, done = identity_variables(server, identity, application=application, service=service)
            values = {**_of_server(server, program), **values}
            print(done, end="", file=sys.stderr)
            emit(output, values, text=_identity_lines(values, program, identity=identity))
            return
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


def identity_variables(
    server: Server, identity: Identity, *, application: str | None, service: Emulator
) -> tuple[dict[str, str], str]:
    """Return the variables of an identity by name, and what was done for it, for people. Raises ClientError."""
    tenant, client_id = _tenant_and_application(server, application, service=service)
    base = f"{server.http or server.https}{MANAGED}/{tenant}/{client_id}"
    if identity is Identity.WORKLOAD:
        file = (service.data_dir / f"token-{client_id}.jwt").absolute()
        done = _federated(client_id, file=file, service=service)
        return dict(zip(_WORKLOAD, (server.https, tenant, client_id, str(file)), strict=True)), done
    values = {
        Identity.IMDS: (base,),
        Identity.APP_SERVICE: (f"{base}/msi/token", principal_id(TenantId(tenant), client_id)),
        Identity.ARC: (f"{base}/arc/metadata/identity/oauth2/token", f"{base}/arc"),
    }[identity]
    note = "Note: a server with a control token refuses this identity; --identity workload works there.\n"
    return dict(zip(_OF_IDENTITY[identity], values, strict=True)), note if service.control_token else ""


def _tenant_and_application(server: Server, application: str | None, *, service: Emulator) -> tuple[str, str]:
    """Return the ids of the tenant and of the application. Raises ClientError if the server does not have them."""
    with service.client() as client:
        client_id = quote((application or server.client_id).lower(), safe="")
        return client.control("GET", "")["id"], client.control("GET", f"/applications/{client_id}")["clientId"]


def _federated(client_id: str, *, file: Path, service: Emulator) -> str:
    """Write a token for an application, which trusts its issuer from now on; return that in words."""
    request = issue_identity_token(_SUBJECT, expires=_LIFE, application=client_id)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_folder(file)
    with service.client() as client:
        answer = client.control(request.method, request.path, json=request.body)
    write_secret(file, answer.pop("token"))
    return f"The application {client_id} now trusts {answer['issuer']}. {file} has {sentence(answer)}.\n"


def _identity_lines(values: dict[str, str], program: Program, *, identity: Identity) -> str:
    """Return the lines to paste; variables that would lead to another identity are unset."""
    every = [name for names in _OF_IDENTITY.values() for name in names]
    others = [name for name in dict.fromkeys([*every, *_OTHERS]) if name not in values]
    if program is Program.POWERSHELL:
        unset = [f"Remove-Item Env:{name} -ErrorAction SilentlyContinue" for name in others]
        return "\n".join([*unset, *_assignments(values, program)])
    hint = "# WorkloadIdentityCredential(disable_instance_discovery=True); in Node: { disableInstanceDiscovery: true }"
    hints = [hint] if identity is Identity.WORKLOAD else []
    return "\n".join([f"unset {' '.join(others)}", *_assignments(values, program), *hints])


def variables(server: Server, program: Program) -> dict[str, str]:
    """Return the variables by name, without the secret where none is known."""
    return {
        **_of_server(server, program),
        "AZURE_AUTHORITY_HOST": server.https,
        "AZURE_TENANT_ID": server.tenant_id or server.tenant,
        "AZURE_CLIENT_ID": server.client_id,
        **({"AZURE_CLIENT_SECRET": server.client_secret} if server.client_secret else {}),
    }


def _of_server(server: Server, program: Program) -> dict[str, str]:
    """The variables that name the server, and what to trust."""
    values = {
        "FAUXTUNE_URL": server.https,
        **({} if server.server_id is None else {SERVER_ID: server.server_id}),
        "FAUXTUNE_GRAPH_URL": f"{server.https}/beta",
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
    return "\n".join([*_assignments(variables(server, program), program), *_hints(server, program)])


def _assignments(values: dict[str, str], program: Program) -> list[str]:
    if program is Program.POWERSHELL:
        return [f"$env:{name} = {powershell_text(value)}" for name, value in values.items()]
    return [f"export {name}={shlex.quote(value)}" for name, value in values.items()]


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
