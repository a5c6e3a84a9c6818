"""`fauxtune completion`: the scripts by which shells complete commands, options and names, and the names themselves.

A shell calls the program for every completion; names come from the running server, and none come if there is no server
or it does not answer at once. The scripts evaluate nothing that a server answers: somebody else may have chosen it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from fauxtune_cli.options import DATA_DIR, SHORT, OneOf, one_line
from fauxtune_client.endpoints import ClientError, find

if TYPE_CHECKING:
    from fauxtune_cli.names import Named
    from fauxtune_client.http import Client

_SECONDS = 0.8
_MOST = 100
#: Names, each with a description.
Words = list[tuple[str, str]]
ShellComplete = Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]


class Shell(StrEnum):
    """A shell."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


#: click answers `plain,NAME` for a name, and `file,` where the shell knows better. `printf %q` quotes a name.
_BASH = """\
_fauxtune_completion() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        [[ $line != plain,* ]] || COMPREPLY+=("$(printf '%q' "${line#plain,}")")
    done < <(IFS=$'\\n'; COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        _FAUXTUNE_COMPLETE=bash_complete "$1" 2>/dev/null)
}
complete -o default -F _fauxtune_completion fauxtune"""
#: In fish's form, where a tabulator and a description follow the name; `compadd` quotes a name for the shell.
_ZSH = """\
#compdef fauxtune
_fauxtune() {
    local line tab=$'\\t'
    local -a names descriptions
    while IFS= read -r line; do
        [[ $line == plain,* ]] || continue
        line="${line#plain,}"
        names+=("${line%%$tab*}")
        descriptions+=("${line/$tab/  }")
    done < <(_FAUXTUNE_COMPLETE=fish_complete COMP_WORDS="${words[1,$CURRENT]}" COMP_CWORD="${words[CURRENT]}" \\
        "${words[1]}" 2>/dev/null)
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
    env _FAUXTUNE_COMPLETE=fish_complete COMP_WORDS=(commandline -cp | string collect) \\
        COMP_CWORD=(commandline -ct) fauxtune 2>/dev/null | string replace --filter --regex '^plain,' ''
end
complete --command fauxtune --no-files --arguments "(__fauxtune_complete)" \\
    --condition "__fauxtune_complete | string length --quiet\""""
#: Three lines each: kind, name, description. For PowerShell curly quotation marks end a text too, which
#: `EscapeSingleQuotedStringContent` knows.
_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName fauxtune -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $Env:_FAUXTUNE_COMPLETE = 'powershell_complete'
    $Env:COMP_WORDS = $commandAst.ToString()
    $Env:COMP_CWORD = $commandAst.CommandElements.Count - [int][bool]$wordToComplete
    try {
        $lines = @(& $commandAst.CommandElements[0].Value 2>$null)
        for ($at = 0; $at + 2 -lt $lines.Count; $at += 3) {
            $kind, $name, $help = $lines[$at..($at + 2)]
            if ($kind -ne 'plain') { continue }
            $quoted = [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($name)
            $text = if ($name -match '[^\\w.@=/-]') { "'$quoted'" } else { $name }
            $tip = if ($help -eq '_') { $name } else { $help }
            [System.Management.Automation.CompletionResult]::new($text, $name, 'ParameterValue', $tip)
        }
    } finally {
        Remove-Item Env:_FAUXTUNE_COMPLETE, Env:COMP_WORDS, Env:COMP_CWORD
    }
}"""
SCRIPTS = {Shell.BASH: _BASH, Shell.ZSH: _ZSH, Shell.FISH: _FISH, Shell.POWERSHELL: _POWERSHELL}


@click.command()
@click.argument("shell", type=OneOf(Shell), metavar="SHELL", help="the shell: bash, zsh, fish or powershell")
def completion(shell: Shell) -> None:
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


def _completes(words: Callable[[click.Context, str], Words]) -> ShellComplete:
    """Return the function that click calls for the words that complete a value."""
    return lambda context, _parameter, incomplete: [
        CompletionItem(name, help=about) for name, about in words(context, incomplete) if name.startswith(incomplete)
    ]


@_completes
def user(ctx: click.Context, incomplete: str) -> Words:
    """Complete the name of a user, without its domain if that says who is meant."""
    users = _candidates(ctx, lambda names, client: names.users(client, incomplete))
    counts = Counter(candidate.others[0] for candidate in users)
    is_short = "@" not in incomplete
    return [
        (candidate.others[0] if is_short and counts[candidate.others[0]] == 1 else candidate.name, candidate.about)
        for candidate in users
    ]


@_completes
def group(ctx: click.Context, incomplete: str) -> Words:
    """Complete the name of a group."""
    return _words(_candidates(ctx, lambda names, client: names.groups(client, incomplete)))


@_completes
def device(ctx: click.Context, incomplete: str) -> Words:
    """Complete the name of a managed device."""
    return _words(_candidates(ctx, lambda names, client: names.devices(client, incomplete)))


@_completes
def profile(ctx: click.Context, incomplete: str) -> Words:
    """Complete the name of a profile."""
    return _words(_candidates(ctx, lambda names, client: names.profiles(client, "")), incomplete)


@_completes
def tenant(ctx: click.Context, incomplete: str) -> Words:
    """Complete the name of a tenant."""
    return _words(_candidates(ctx, lambda names, client: names.tenants(client), signs_in=False), incomplete)


@_completes
def snapshot(ctx: click.Context, incomplete: str) -> Words:
    """Complete the name of a snapshot."""
    return _words(_candidates(ctx, lambda names, client: names.snapshots(client), signs_in=False), incomplete)


@_completes
def lab(ctx: click.Context, incomplete: str) -> Words:
    """Complete the name of a lab."""
    return _words(_candidates(ctx, lambda names, client: names.labs(client), signs_in=False), incomplete)


@_completes
def connector(ctx: click.Context, incomplete: str) -> Words:
    """Complete the name of a certificate connector."""
    return _words(_candidates(ctx, lambda names, client: names.connectors(client)), incomplete)


@_completes
def template(ctx: click.Context, incomplete: str) -> Words:
    """Complete the name of a certificate template."""
    return _words(_candidates(ctx, lambda names, client: names.templates(client)), incomplete)


@_completes
def certificate(ctx: click.Context, incomplete: str) -> Words:
    """Complete the beginning of a certificate's thumbprint."""
    certificates = _candidates(ctx, lambda names, client: names.certificates(client))
    words = [(candidate.id[:SHORT], one_line(f"{candidate.name}, {candidate.about}")) for candidate in certificates]
    return [word for word in words if word[0].startswith(incomplete)][:_MOST]


def _candidates(
    ctx: click.Context, read: Callable[[ModuleType, Client], list[Named]], *, signs_in: bool = True
) -> list[Named]:
    """What `read` finds with the module `names` and a client; nothing if the server does not answer."""
    from fauxtune_cli import names

    try:
        with _client(ctx.params, signs_in=signs_in) as client:
            return read(names, client)
    except (ClientError, click.exceptions.Exit, LookupError, TypeError, ValueError):
        return []  # a message would stand in the middle of what somebody types


def _words(candidates: list[Named], incomplete: str = "") -> Words:
    """The names, each with a description; the beginning of the id for a name that a command line cannot carry."""
    words = [
        (
            candidate.name
            if candidate.name.isprintable() and not candidate.name.startswith("-")
            else candidate.id[:SHORT],
            one_line(candidate.about),
        )
        for candidate in candidates
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
