"""The command line, `obtura COMMAND`. Exit codes: 0 good, 1 failed, 2 usage, 130 Ctrl-C."""

import argparse
import errno
import io
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from obtura.bliss.alias import switch_on
from obtura.cli.describing import add_commands
from obtura.ground.errors import ObturaError, UsageError
from obtura.ground.version import VERSION
from obtura.session.config.problems import meant
from obtura.session.messages import told

__all__ = ["main"]

_TAKES_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""How writing to a file or terminal fails that is full, too large, or gone."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    _replace_closed_streams()
    _take_any_sign()
    options = _parser().parse_args(arguments)
    switch_on()  # classes of devices may be written for BLISS
    try:
        code: int = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # `obtura ls FILE | head`: the reader had enough
        sys.stderr.close()
        return 1
    except OSError as error:
        if error.errno not in _TAKES_NO_MORE or error.filename is not None:  # not of a stream
            raise
        _lead_nowhere()
        print(f"!!! the output can't be written, so this ends: {error.strerror}", file=sys.stderr)
        return 1
    except ObturaError as error:
        print(told(error), file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt as abort:
        print("\n" + told(abort), file=sys.stderr)
        return 130
    return code


def _lead_nowhere() -> None:
    """What is left in the buffer of the standard output would be complained about when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _replace_closed_streams() -> None:
    """What the caller closed (`obtura demo >&-`) Python gives as None: nothing comes from it, nothing goes to it."""
    for name, flags, mode in (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_WRONLY, "w"), ("stderr", os.O_WRONLY, "w")):
        if getattr(sys, name) is None:
            # the lowest free descriptor is the closed one: else a data file would become the standard output
            setattr(sys, name, open(os.open(os.devnull, flags), mode, closefd=False))  # noqa: SIM115 - until the end


def _take_any_sign() -> None:
    """A sign that the terminal's encoding lacks is replaced by another: no reason to end a session, or a scan."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


class _Parser(argparse.ArgumentParser):
    """Asks whether a command was meant that is spelt much the same."""

    def error(self, message: str) -> NoReturn:
        """Say it, and exit."""
        if found := re.match(r"argument COMMAND: invalid choice: '(.*?)' \(choose from (.*)\)", message):
            known = [word.strip("' ") for word in found[2].split(",")]
            message = f"no command {found[1]!r}{meant(found[1], known)} (there are: {', '.join(known)})"
        super().error(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="obtura", description="A scan engine for experiments.")
    parser.add_argument("--version", action="version", version=f"obtura {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="play some scans on a simulated beamline, under 15 s")
    demo.add_argument("--epics", action="store_true", help="on devices of a simulated EPICS server instead")
    demo.add_argument("--directory", metavar="DIR", help="where the data go (default: the session's place)")
    demo.set_defaults(command=_demo)

    shell = commands.add_parser("shell", help="open a session's shell")
    _add_session(shell)
    _add_manner(shell)
    shell.set_defaults(command=_shell)

    run = commands.add_parser("run", help="run a Python script with a session's names in it")
    _add_session(run)
    _add_manner(run)
    run.add_argument("script", type=Path)
    rest = run.add_argument("arguments", nargs=argparse.REMAINDER, help="given to the script as sys.argv[1:]")
    rest.required = False  # or it is named as missing beside the script
    run.set_defaults(command=_run)

    _add_rehearse(commands)

    sessions = commands.add_parser("sessions", help="list the sessions there are")
    _add_config(sessions)
    sessions.set_defaults(command=_sessions)

    add_commands(commands)

    _add_files(commands)
    return parser


def _add_rehearse(commands: Any) -> None:
    rehearse = commands.add_parser("rehearse", help="play a whole night's script in seconds, on simulated devices")
    rehearse.add_argument("session", metavar="SESSION", help="its name, or the directory of a beamline")
    rehearse.add_argument("script", type=Path)
    rest = rehearse.add_argument("arguments", nargs="*", help="given to the script as sys.argv[1:]")
    rest.required = False
    rehearse.add_argument("--events", metavar="FILE", type=Path, help="YAML with what happens: beam lost, refills...")
    rehearse.add_argument("--data", metavar="DIR", type=Path, help="where files go, empty (default: a temporary one)")
    rehearse.add_argument(
        "--simulate",
        action="store_true",
        help="have simulated axes, counters, shutters, multiplexers and rings stand in for real ones",
    )
    rehearse.add_argument(
        "--patience",
        metavar="SPAN",
        default="1 min",
        help="end what lets no time of the night pass for so long, e.g. a hook that waits for a lock (default: 1 min)",
    )
    rehearse.add_argument("--json", action="store_true", help="print the report as JSON")
    _add_config(rehearse)
    rehearse.set_defaults(command=_rehearse)


def _add_files(commands: Any) -> None:
    ls = commands.add_parser("ls", help="list the scans of a data file")
    ls.add_argument("file", type=Path)
    ls.set_defaults(command=_ls)

    recover = commands.add_parser("recover", help="put in order what a crash or a full disk left of scans")
    recover.add_argument("paths", type=Path, nargs="*", metavar="FILE|DIR", help="default: what is in the local spool")
    recover.add_argument(
        "--devices", action="store_true", help="instead: close and return what sessions that died have left"
    )
    recover.add_argument("--yes", action="store_true", help="with --devices: don't ask")
    recover.add_argument("--forget", action="store_true", help="with --devices: do nothing, and tell of it no more")
    _add_session(recover)
    recover.set_defaults(command=_recover)

    _add_export(commands)

    show = commands.add_parser("show", help="show what is inside a scan of a data file")
    show.add_argument("file", type=Path)
    _add_number(show, "all of them in short")
    show.set_defaults(command=_show)

    verify = commands.add_parser("verify", help="find out whether a data file still holds what was written")
    verify.add_argument("file", type=Path)
    _add_number(verify, "all")
    verify.set_defaults(command=_verify)

    pack = commands.add_parser("pack", help="make one file of a data file and all it links to")
    pack.add_argument("file", type=Path)
    pack.add_argument("-o", "--out", metavar="FILE", type=Path, help="the new file (default: as FILE, .packed.h5)")
    pack.set_defaults(command=_pack)

    unpack = commands.add_parser("unpack", help="make the files again that one was packed of")
    unpack.add_argument("file", type=Path)
    unpack.add_argument("-o", "--out", metavar="DIR", type=Path, help="the new directory (default: FILE without .h5)")
    unpack.set_defaults(command=_unpack)


def _add_number(parser: argparse.ArgumentParser, otherwise: str) -> None:
    parser.add_argument(
        "number",
        nargs="?",
        help=f"a scan number as in the table: 12, or 12.2 for its second top-master (default: {otherwise})",
    )


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-s", "--session", metavar="NAME", help="the session (default: the beamline's own; without a beamline, demo)"
    )
    _add_config(parser)


def _add_manner(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--simulate", action="store_true", help="simulated devices stand in for real ones, data go elsewhere"
    )
    parser.add_argument(
        "--read-only", action="store_true", help="for a look: devices are asked and told nothing, nothing is saved"
    )


def _add_export(commands: Any) -> None:
    export = commands.add_parser("export", help="write scans of a data file for other programs")
    export.add_argument("file", type=Path)
    export.add_argument("numbers", nargs="+", metavar="NUMBER", help="12, or 12.2 for its second top-master")
    form = export.add_mutually_exclusive_group(required=True)
    for name, text in {
        "csv": "comma-separated values",
        "spec": "a file as SPEC writes it",
        "documents": "event-model documents, as JSON lines; a scan with all its top-masters",
        "parquet": "a parquet file for each (the extra obtura[parquet])",
    }.items():
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=text)
    export.add_argument("-o", "--output", type=Path, metavar="OUT", help="default: printed; parquet: a file here")
    export.set_defaults(command=_export)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="DIR", help="where the beamline is described (default: here or above, with an obtura.yml)"
    )


def _demo(options: argparse.Namespace) -> int:
    from obtura.cli.demo import demo

    return demo(options.epics, options.directory)


def _shell(options: argparse.Namespace) -> int:
    from obtura.session.manner import Manner
    from obtura.shell.shell import shell

    return shell(options.session, options.config, Manner(options.read_only, options.simulate))


def _run(options: argparse.Namespace) -> int:
    from obtura.cli.script import run_script
    from obtura.session.manner import Manner

    manner = Manner(options.read_only, options.simulate)
    return run_script(options.session, options.config, options.script, options.arguments, manner)


def _rehearse(options: argparse.Namespace) -> int:
    from obtura.cli.rehearse import rehearse_script

    return rehearse_script(options)


def _sessions(options: argparse.Namespace) -> int:
    from obtura.shell.sessions import list_sessions

    list_sessions(options.config)
    return 0


def _ls(options: argparse.Namespace) -> int:
    from obtura.cli.files import ls

    return ls(options.file)


def _recover(options: argparse.Namespace) -> int:
    if options.devices:
        from obtura.cli.recover_devices import recover_devices

        if options.paths:
            raise UsageError("obtura recover --devices takes no files; it has -s SESSION and --config DIR")
        return recover_devices(options.session, options.config, options.yes, options.forget)
    from obtura.cli.recover import recover

    if options.yes or options.forget or options.session or options.config:
        raise UsageError("obtura recover: --yes, --forget, -s and --config go with --devices")
    return recover(options.paths)


def _export(options: argparse.Namespace) -> int:
    from obtura.cli.export import export

    return export(options)


def _show(options: argparse.Namespace) -> int:
    from obtura.cli.files import show

    return show(options.file, options.number)


def _verify(options: argparse.Namespace) -> int:
    from obtura.cli.files import verify

    return verify(options.file, options.number)


def _pack(options: argparse.Namespace) -> int:
    from obtura.cli.files import packed

    return packed(options.file, options.out)


def _unpack(options: argparse.Namespace) -> int:
    from obtura.cli.files import unpacked

    return unpacked(options.file, options.out)
