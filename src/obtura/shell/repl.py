"""The interactive prompt: ptpython with our prompt, results and errors."""

import logging
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import jedi.settings
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import AnyFormattedText
from prompt_toolkit.patch_stdout import patch_stdout
from ptpython.prompt_style import PromptStyle
from ptpython.repl import PythonRepl
from ptpython.validator import PythonValidator

from obtura.ground.errors import ObturaError
from obtura.session.why import say_why
from obtura.shell.keys import asking_key
from obtura.shell.show import shown_error, shown_result
from obtura.shell.typing_help import TypingHelp

__all__ = ["run_repl"]

log = logging.getLogger(__name__)


class _Prompt(PromptStyle):
    """`DEMO [1]: `, and `...: ` below it."""

    def __init__(self, repl: "_Repl", name: str) -> None:
        self._repl = repl
        self._name = name.upper()

    def in_prompt(self) -> AnyFormattedText:
        return [("class:in", f"{self._name} [{self._repl.current_statement_index}]: ")]

    def in2_prompt(self, width: int) -> AnyFormattedText:
        return [("class:in", "...: ".rjust(width))]

    def out_prompt(self) -> AnyFormattedText:
        return []


class _Validator(PythonValidator):
    """Takes Python, and what typing help makes Python of."""

    def __init__(self, typing_help: TypingHelp) -> None:
        super().__init__()
        self._typing_help = typing_help

    def validate(self, document: Document) -> None:
        if self._typing_help.completed(document.text) is None:
            super().validate(document)


class _Repl(PythonRepl):
    """Reads with what threads print above the prompt, runs with the terminal left alone."""

    _evaluating = False
    typing_help: TypingHelp
    after_each: Callable[[], None]

    def run(self) -> None:
        before = signal.signal(signal.SIGINT, self._on_sigint)
        try:
            while not self._left():
                pass
        finally:
            signal.signal(signal.SIGINT, before)

    def _left(self) -> bool:
        try:
            super().run()
        except KeyboardInterrupt:  # it came in the last instant of an evaluation
            return False
        return True

    def _on_sigint(self, signum: int, frame: FrameType | None) -> None:
        # The prompt runs on a thread of its own, which an interrupted read would leave behind, still reading
        # the keyboard. It sees Ctrl-C as a key; a signal comes only before or after it has the terminal.
        if self._evaluating:
            raise KeyboardInterrupt

    def read(self) -> str:
        # only while reading: during a scan the foreground table has the terminal to itself
        with patch_stdout(raw=True):
            return super().read()

    def run_and_show_expression(self, expression: str) -> None:
        try:
            self._evaluating = True
            log.info("[%d]: %s", self.current_statement_index, expression)
            call = self.typing_help.completed(expression)
            if call is not None:
                print(f"→ {call}")
            with asking_key(say_why):
                super().run_and_show_expression(call or expression)
            self._finish()
        except SystemExit as ended:
            if not getattr(ended, "__notes__", None):
                raise
            self._handle_exception(ended)  # a device or hook of a scan raised it: an error, not a wish to leave
        finally:
            self._evaluating = False

    def _finish(self) -> None:
        try:
            self.after_each()
        except Exception as error:  # noqa: BLE001 - of what the user typed
            print(shown_error(error))

    def _show_result(self, result: object) -> None:
        try:
            print(shown_result(result))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - of the object's own `__info__` or `__repr__`
            print(shown_error(error))

    def _handle_exception(self, e: BaseException) -> None:
        self._tell(e)
        self.current_statement_index += 1

    def _handle_keyboard_interrupt(self, e: KeyboardInterrupt) -> None:
        self._tell(e, over="\r")  # the ^C that the terminal echoed
        self.current_statement_index += 1

    def _tell(self, error: BaseException, over: str = "") -> None:
        """Who goes on pressing Ctrl-C reads it all the same; but what an error of the user's says may take for ever."""
        try:
            text = shown_error(error)
        except KeyboardInterrupt as press:
            text = shown_error(error if isinstance(error, KeyboardInterrupt | ObturaError) else press)
        self._evaluating = False
        try:
            print(over + text)
        finally:
            self._evaluating = True


def run_repl(
    name: str,
    names: dict[str, Any],
    history: Path | None,
    typing_help: TypingHelp,
    after_each: Callable[[], None] = lambda: None,
) -> None:
    """Read, run, show, until the user leaves; `after_each` is called after each statement."""
    # what is only typed must not read a device: completion goes by the annotations of a property
    jedi.settings.allow_unsafe_interpreter_executions = False
    repl = _Repl(
        get_globals=lambda: names,
        get_locals=lambda: names,
        history_filename=str(history) if history is not None else None,
        _validator=_Validator(typing_help),
    )
    repl.typing_help = typing_help
    repl.after_each = after_each
    repl.all_prompt_styles["obtura"] = _Prompt(repl, name)
    repl.prompt_style = "obtura"
    repl.show_status_bar = False
    repl.confirm_exit = False
    repl.enable_open_in_editor = False
    repl.highlight_matching_parenthesis = True
    repl.show_signature = True
    repl.terminal_title = f"obtura {name}"
    repl.run()
