"""Write a script that completes commands, options and file names of `wms` in a shell.

For bash, add eval "$(wms completion bash)" to ~/.bashrc; for zsh, the same with zsh to ~/.zshrc,
behind compinit; for fish, run wms completion fish > ~/.config/fish/completions/wms.fish
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping

EXAMPLE = "example: wms completion bash"

_BASH = """\
_wms() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=COMMANDS
    else
        case ${COMP_WORDS[1]}:$previous in
CHOICES
            *) case ${COMP_WORDS[1]}:$current in
OPTIONS
            esac ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -o bashdefault -F _wms wms
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    # The parser of all commands is made by the package that imports this module.
    from . import COMMANDS, make_parser

    actions = next(
        action
        for action in make_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    parsers: Mapping[str, argparse.ArgumentParser] = actions.choices
    if options.shell == "fish":
        print(*_fish(COMMANDS, parsers), sep="\n")
        return
    if options.shell == "zsh":
        print("autoload -U +X bashcompinit && bashcompinit")
    print(_bash(parsers), end="")


def _bash(parsers: Mapping[str, argparse.ArgumentParser]) -> str:
    choices, options = [], []
    for name, parser in parsers.items():
        flags = [flag for action in parser._actions for flag in action.option_strings]
        options.append(f"                {name}:-*) words={shlex.quote(' '.join(flags))} ;;")
        for action in parser._actions:
            if action.choices and action.option_strings:
                words = shlex.quote(" ".join(map(str, action.choices)))
                patterns = "|".join(f"{name}:{flag}" for flag in action.option_strings)
                choices.append(f"            {patterns}) words={words} ;;")
    commands = shlex.quote(" ".join(parsers))
    filled = _BASH.replace("COMMANDS", commands).replace("CHOICES", "\n".join(choices))
    return filled.replace("OPTIONS", "\n".join(options))


def _fish(
    summaries: Mapping[str, str], parsers: Mapping[str, argparse.ArgumentParser]
) -> list[str]:
    lines = []
    for name, parser in parsers.items():
        about = shlex.quote(summaries[name])
        lines.append(f"complete -c wms -n __fish_use_subcommand -f -a {name} -d {about}")
        used = shlex.quote(f"__fish_seen_subcommand_from {name}")
        for action in parser._actions:
            flags = " ".join(
                f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
                for flag in action.option_strings
            )
            if not flags:
                continue
            takes = "" if action.nargs == 0 else " -r"
            if action.choices:
                takes = f" -x -a {shlex.quote(' '.join(map(str, action.choices)))}"
            about = shlex.quote((action.help or "").replace("%%", "%"))
            lines.append(f"complete -c wms -n {used} {flags}{takes} -d {about}")
    return lines
