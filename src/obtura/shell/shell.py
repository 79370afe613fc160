"""`obtura shell`: Python with a session's names, the prompt `DEMO [1]:`, and errors in a few lines."""

import builtins
import contextlib
import signal
import sys
import textwrap
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from obtura.display.grid import terminal_width
from obtura.session.logfile import history_file, log_to_file
from obtura.session.manner import PLAIN, Manner
from obtura.session.opening import find_session
from obtura.session.session import Session
from obtura.shell.piped import run_piped
from obtura.shell.repl import run_repl
from obtura.shell.sessions import open_session
from obtura.shell.show import shown_error
from obtura.shell.typing_help import TypingHelp

__all__ = ["shell"]


def shell(name: str | None, config: str | None = None, manner: Manner = PLAIN) -> int:
    """Open the shell of a session; returns when the user leaves. Fed from a pipe it runs what comes.

    Raises:
        UsageError: there is no such session, or the YAML that describes it has mistakes.
    """
    found = find_session(name, config, manner)
    log = log_to_file(found.name)
    for word in ("exit", "quit"):
        setattr(builtins, word, _Leave(word))
    threading.excepthook = _tell_of_thread
    with open_session(found) as session:
        try:
            return _run(session, log)
        except SystemExit as ended:
            if ended.__cause__ is not None:  # a signal came in a scan: how that ended
                with contextlib.suppress(OSError):  # SIGHUP: the terminal is gone
                    print(shown_error(ended.__cause__), file=sys.stderr)
            raise


class _Leave:
    """`exit()`, which ends the shell. Python's own also closes the keyboard: in a setup file or a hook, whose wish to
    end is an error there, that would leave a shell which can't read.
    """

    def __init__(self, word: str) -> None:
        self._word = word

    def __repr__(self) -> str:
        return f"{self._word}() or Ctrl-D ends the shell"

    def __call__(self, code: object = None) -> NoReturn:
        raise SystemExit(code)


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    """What ended a thread that the user began: in a few lines, as what is typed at the prompt."""
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        print(shown_error(ended.exc_value), file=sys.stderr)


def _run(session: Session, log: Path | None) -> int:
    name, names = _prompt(session), session.env_dict  # the very names: what setup and scripts define is seen at once
    names.update(__name__="__main__", __builtins__=__builtins__)
    names["typing_help"] = typing_help = TypingHelp(names)
    if not sys.stdin.isatty():
        return run_piped(name, names, typing_help, session.take_assigned_group)
    before = signal.signal(signal.SIGINT, lambda *_: None)  # the second of two: the first has ended the setup file
    try:
        print(_greeting(session))
        if log is not None:
            print(f"Log: {log}")
        run_repl(name, names, history_file(session.name), typing_help, session.take_assigned_group)
    finally:
        signal.signal(signal.SIGINT, before)
    return 0


def _prompt(session: Session) -> str:
    """The name that stands at the prompt, with how the session was opened."""
    return f"{session.name} {session.origin.manner.words}".rstrip()


def _greeting(session: Session) -> str:
    devices = ", ".join(name for name in session.devices if name != "world")
    whole = [example.replace(" ", "\0") for example in _examples(session)]  # no line ends within one
    manner = f" ({words})" if (words := session.origin.manner.words) else ""
    lines = f"Session {session.name}{manner}: {devices}", f"Try: {'   '.join(whole)}"
    width = terminal_width() or 80
    return "\n".join(textwrap.fill(line, width, subsequent_indent="    ") for line in lines).replace("\0", " ")


def _examples(session: Session) -> list[str]:
    """Commands that work in this very session."""
    axes, scalars = session.axes(), [counter for counter in session.counters() if not counter.shape]
    counted = "" if session.bench.default_counters() or not scalars else f", {_known_as(session, scalars)}"
    can_count = bool(scalars)
    return [
        *([f"loopscan(2, 0.1{counted})"] if can_count else []),
        *([f"ascan({_known_as(session, axes)}, 0, 10, 10, 0.1{counted})"] if can_count and axes else []),
        *["wa()", "help(ascan)", "exit()"],
    ]


def _known_as(session: Session, things: Sequence[Any]) -> str:
    """The first of these that has a name in the session."""
    named = {id(thing): name for name, thing in session.devices.items()}
    return next((named[id(thing)] for thing in things if id(thing) in named), things[0].name)
