"""`obtura shell`: Python with a session's names, the prompt `DEMO [1]:`, and errors in a few lines."""

import sys
from pathlib import Path

from obtura.session.logfile import history_file, log_to_file
from obtura.session.opening import find_session
from obtura.session.session import Session
from obtura.shell.piped import run_piped
from obtura.shell.repl import run_repl
from obtura.shell.sessions import open_session
from obtura.shell.typing_help import TypingHelp

__all__ = ["shell"]


def shell(name: str | None, config: str | None = None) -> int:
    """Open the shell of a session; returns when the user leaves. Fed from a pipe it runs what comes.

    Raises:
        UsageError: there is no such session, or the YAML that describes it has mistakes.
    """
    found = find_session(name, config)
    log = log_to_file(found.name)
    with open_session(found) as session:
        return _run(session, log)


def _run(session: Session, log: Path | None) -> int:
    name, names = session.name, session.env_dict  # the very names: what setup and scripts define is seen at once
    names.update(__name__="__main__", __builtins__=__builtins__)
    names["typing_help"] = typing_help = TypingHelp(names)
    if not sys.stdin.isatty():
        return run_piped(name, names, typing_help)
    print(_greeting(session))
    if log is not None:
        print(f"Log: {log}")
    run_repl(name, names, history_file(name), typing_help)
    return 0


def _greeting(session: Session) -> str:
    devices = ", ".join(name for name in session.devices if name != "world")
    return (
        f"Session {session.name}: {devices}\n"
        "Try: loopscan(2, 0.1, diode)   ascan(roby, 0, 10, 10, 0.1, diode)   wa()   help(ascan)   exit()"
    )
