"""The shell without a terminal: statements from a pipe, results and errors as in the shell."""

import code
import logging
import sys
import types
from collections.abc import Callable
from typing import Any

from obtura.shell.show import shown_error, shown_result
from obtura.shell.typing_help import TypingHelp

__all__ = ["run_piped"]

log = logging.getLogger(__name__)


class _Piped(code.InteractiveConsole):
    """Runs statements; what they raise is told, not raised."""

    def __init__(self, names: dict[str, Any], after_each: Callable[[], None]) -> None:
        super().__init__(names, filename="<stdin>")
        self.failed = False
        self._after_each = after_each

    def runcode(self, compiled: types.CodeType) -> None:
        try:
            exec(compiled, self.locals)
            self._after_each()
        except SystemExit as ended:
            if not getattr(ended, "__notes__", None):
                raise
            self._tell(ended)
        except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is shown
            self._tell(error)

    def showsyntaxerror(self, filename: str | None = None, **options: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None:
            self._tell(error)

    def _tell(self, error: BaseException) -> None:
        self.failed = True
        sys.stdout.flush()  # what was printed before comes first, also where both go into one file
        print(shown_error(error), file=sys.stderr)


def run_piped(
    name: str, names: dict[str, Any], typing_help: TypingHelp, after_each: Callable[[], None] = lambda: None
) -> int:
    """Run what standard input gives, and `after_each` statement that; 1 when anything failed, 130 after Ctrl-C.

    Prompts and statements are shown, so that the output reads like a session.
    """
    console = _Piped(names, after_each)

    def show(result: object) -> None:
        if result is not None:
            names["_"] = result
            print(shown_result(result))

    display, sys.displayhook = sys.displayhook, show
    number, more = 1, False
    try:
        while True:
            prompt = "...: ".rjust(len(f"{name} [{number}]: ")) if more else f"{name.upper()} [{number}]: "
            sys.stdout.write(prompt)
            sys.stdout.flush()
            line = sys.stdin.readline()
            if not line:
                console.push("")  # ends an open block
                print()
                return 1 if console.failed else 0
            line = line.rstrip("\n")
            print(line)
            is_statement = more or bool(line.strip())
            if is_statement:
                log.info("[%d]: %s", number, line)
            call = None if more else typing_help.completed(line)
            if call is not None:
                print(f"→ {call}")
            more = console.push(call or line)
            number += is_statement and not more
    finally:
        sys.displayhook = display
