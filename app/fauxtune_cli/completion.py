"""`fauxtune completion`: the scripts by which shells complete commands, options and names, and the names themselves.

A shell calls the program for every completion; names come from the running server, and none come if there is no server
or it does not answer at once. The scripts evaluate nothing that a server answers: somebody else may have chosen it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fauxtune_cli.options import DATA_DIR, SHORT, one_line
from fauxtune_client.endpoints import ClientError, find

if TYPE_CHECKING:
    from fauxtune_cli.names import Named
    from fauxtune_client.http import Client

_SECONDS = 0.8
_MOST = 100
#: Names, each with a description.
Words = list[tuple[str, str]]


class Shell(StrEnum):
    """A shell."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


#: `printf %q` quotes a name for the shell.
_BASH = """\
_fauxtune_completion() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        [ -z "$line" ] || COMPREPLY+=("$(printf '%q' "$line")")
    done < <(IFS=$'\\n'; COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        _FAUXTUNE_COMPLETE=complete_bash "$1" 2>/dev/null)
}
complete -o default -F _fauxtune_completion fauxtune"""
#: In fish's form, a name, a tabulator and a description on each line; `compadd` quotes a name for the shell.
_ZSH = """\
#compdef fauxtune
_fauxtune() {
    local line tab=$'\\t'
    local -a names descriptions
    while IFS= read -r line; do
        [[ -n $line ]] || continue
        names+=("${line%%$tab*}")
        descriptions+=("${line/$tab/  }")
    done < <(_FAUXTUNE_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args \\
        _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" "${words[1]}" 2>/dev/null)
    if (( $#names )); then
        compadd -l -d descriptions -a names
    else
        _files
    fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _fauxtune fauxtune"""
_FISH = """\
function __fauxtune_complete
    env _FAUXTUNE_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=$argv[1] \\
        _TYPER_COMPLETE_ARGS=(commandline -cp | string collect) fauxtune 2>/dev/null
end
complete --command fauxtune --no-files --arguments "(__fauxtune_complete get-args)" \\
    --condition "__fauxtune_complete is-args\""""
#: For PowerShell curly quotation marks end a text too, which `EscapeSingleQuotedStringContent` knows.
_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName fauxtune -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $Env:_FAUXTUNE_COMPLETE = 'complete_powershell'
    $Env:_TYPER_COMPLETE_ARGS = $commandAst.ToString()
    $Env:_TYPER_COMPLETE_WORD_TO_COMPLETE = $wordToComplete
    try {
        & $commandAst.CommandElements[0].Value 2>$null | ForEach-Object {
            $name, $help = $_ -split ':::', 2
            $quoted = [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($name)
            $text = if ($name -match '[^\\w.@=/-]') { "'$quoted'" } else { $name }
            $tip = if ([string]::IsNullOrWhiteSpace($help)) { $name } else { $help }
            [System.Management.Automation.CompletionResult]::new($text, $name, 'ParameterValue', $tip)
        }
    } finally {
        Remove-Item Env:_FAUXTUNE_COMPLETE, Env:_TYPER_COMPLETE_ARGS, Env:_TYPER_COMPLETE_WORD_TO_COMPLETE
    }
}"""
SCRIPTS = {Shell.BASH: _BASH, Shell.ZSH: _ZSH, Shell.FISH: _FISH, Shell.POWERSHELL: _POWERSHELL}


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="the shell", show_default=False)],
) -> None:
    """Print a script by which a shell completes commands and names.

    Names of users, devices and so on come from the running server. Write the line into the file beside it, to have it
    in every shell.

    \b
    eval "$(fauxtune completion bash)"                  ~/.bashrc
    eval "$(fauxtune completion zsh)"                   ~/.zshrc
    fauxtune completion fish | source                   ~/.config/fish/config.fish
    fauxtune completion powershell | Out-String | iex   $PROFILE
    """
    print(SCRIPTS[shell])


def user(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the name of a user, without its domain if that says who is meant."""
    users = _candidates(ctx, lambda names, client: names.users(client, incomplete))
    counts = Counter(each.others[0] for each in users)
    is_short = "@" not in incomplete
    return [(each.others[0] if is_short and counts[each.others[0]] == 1 else each.name, each.about) for each in users]


def group(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the name of a group."""
    return _words(_candidates(ctx, lambda names, client: names.groups(client, incomplete)))


def device(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the name of a managed device."""
    return _words(_candidates(ctx, lambda names, client: names.devices(client, incomplete)))


def profile(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the name of a profile."""
    return _words(_candidates(ctx, lambda names, client: names.profiles(client, "")), incomplete)


def tenant(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the name of a tenant."""
    return _words(_candidates(ctx, lambda names, client: names.tenants(client), signs_in=False), incomplete)


def snapshot(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the name of a snapshot."""
    return _words(_candidates(ctx, lambda names, client: names.snapshots(client), signs_in=False), incomplete)


def lab(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the name of a lab."""
    return _words(_candidates(ctx, lambda names, client: names.labs(client), signs_in=False), incomplete)


def connector(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the name of a certificate connector."""
    return _words(_candidates(ctx, lambda names, client: names.connectors(client)), incomplete)


def template(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the name of a certificate template."""
    return _words(_candidates(ctx, lambda names, client: names.templates(client)), incomplete)


def certificate(ctx: typer.Context, incomplete: str) -> Words:
    """Complete the beginning of a certificate's thumbprint."""
    certificates = _candidates(ctx, lambda names, client: names.certificates(client))
    words = [(each.id[:SHORT], one_line(f"{each.name}, {each.about}")) for each in certificates]
    return [word for word in words if word[0].startswith(incomplete)][:_MOST]


def _candidates(
    ctx: typer.Context, read: Callable[[ModuleType, Client], list[Named]], *, signs_in: bool = True
) -> list[Named]:
    """What `read` finds with the module `names` and a client; nothing if the server does not answer."""
    from fauxtune_cli import names

    try:
        with _client(ctx.params, signs_in=signs_in) as client:
            return read(names, client)
    except (ClientError, typer.Exit, LookupError, TypeError, ValueError):
        return []  # a message would stand in the middle of what somebody types


def _words(candidates: list[Named], incomplete: str = "") -> Words:
    """The names, each with a description; the beginning of the id for a name that a command line cannot carry."""
    words = [
        (
            each.name if each.name.isprintable() and not each.name.startswith("-") else each.id[:SHORT],
            one_line(each.about),
        )
        for each in candidates
    ]
    return [word for word in words if word[0].startswith(incomplete)][:_MOST]


def _client(options: dict[str, Any], *, signs_in: bool) -> Client:
    """A client of the server that the command line names so far; it does not wait long."""
    from fauxtune_client.http import Client

    named = {name: options.get(name) or None for name in ("url", "ca", "tenant", "control_token")}
    server = find(data_dir=options.get("data_dir") or DATA_DIR, url=named["url"], ca=named["ca"])
    client = Client(
        server.signing_in_as(tenant=named["tenant"]), control_token=named["control_token"], seconds=_SECONDS, tries=1
    )
    if named["tenant"] is not None and signs_in:
        client.sign_in_to_tenant()
    return client
