"""In IPython, thus in notebooks: errors in a few lines, objects that tell their state, as in obtura's own shell."""

import linecache
import logging
import traceback
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from obtura.display.notebook import ipython
from obtura.ground.errors import one_line
from obtura.session.messages import indented, is_known, told

__all__ = ["feel_at_home"]

log = logging.getLogger(__name__)


def feel_at_home(things: Iterable[Any]) -> None:
    """Make the IPython that we run in show errors, and these things, as obtura's shell does; elsewhere do nothing."""
    shell = ipython()
    if shell is None:
        return
    shell.set_custom_exc((Exception, KeyboardInterrupt), _show_error)
    formatter = shell.display_formatter.formatters["text/plain"]
    telling = {cls for thing in things for cls in type(thing).__mro__ if "__info__" in vars(cls)}
    for cls in telling | {type(thing) for thing in things if hasattr(type(thing), "__info__")}:
        formatter.for_type(cls, _show_info)


def _show_info(thing: Any, printer: Any, cycle: bool) -> None:
    printer.text(str(type(thing).__info__(thing)))


def _show_error(
    shell: Any, kind: type[BaseException], error: BaseException, tb: TracebackType, tb_offset: int | None = None
) -> None:
    """A handler of IPython's: called for what a cell raises, on the thread that ran it."""
    if isinstance(error, SyntaxError):
        shell.showsyntaxerror()
        return
    if is_known(error) or isinstance(error, KeyboardInterrupt):
        log.error("%s", one_line(error), exc_info=error)
        lines = [told(error), *indented(_places(shell, tb))]
        try:
            # IPython asks an exception itself first.
            object.__setattr__(error, "_render_traceback_", lambda: lines)
        except AttributeError:  # one with slots: then in full
            log.debug("%r takes no attributes", error)
    shell.showtraceback((kind, error, tb), tb_offset=tb_offset)


def _places(shell: Any, tb: TracebackType) -> list[str]:
    """The lines of the cell, and of functions made in cells, that led to it; nothing for a cell of one line."""
    places = []
    for frame, line in traceback.walk_tb(tb):
        name = frame.f_code.co_filename
        if frame.f_globals is shell.user_ns and len(linecache.getlines(name)) > 1:
            places.append(f"line {line}: {linecache.getline(name, line).strip()}")
    return places
