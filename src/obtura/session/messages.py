"""An error as a user reads it: what happened, where, what became of the scan; the traceback goes to the log."""

import builtins
import difflib
import traceback
from pathlib import Path

from obtura.ground.errors import ObturaError, ScanAbort, one_line
from obtura.works.interrupt import BY_CTRL_C

__all__ = ["indented", "is_known", "places", "told", "told_of_script"]


def is_known(error: BaseException) -> bool:
    """Whether the error says by itself what happened, so that a traceback would only be in the way."""
    return isinstance(error, ObturaError) or bool(getattr(error, "__notes__", None))


def told(error: BaseException) -> str:
    """The error in a few lines; Ctrl-C in one, unless something failed on the way out.

    A press that came as an error was on its way hides none of what that one says.
    """
    if type(error) is KeyboardInterrupt:
        return "\n".join(map(_told, _on_their_way(error)))
    return _told(error)


def _on_their_way(press: KeyboardInterrupt) -> list[BaseException]:
    """What there is to tell of a Ctrl-C and of those before it, and of what they interrupted.

    That is the abort of a scan at any rate, another error if none of them says anything itself: one that says where
    motors stand came into a command, maybe of those who handle that error.
    """
    found: list[BaseException] = []
    before: BaseException | None = press
    while type(before) is KeyboardInterrupt:
        if str(before) not in ("", BY_CTRL_C) or _notes(before):
            found.append(before)
        before = before.__context__
    if isinstance(before, ScanAbort):
        found.append(before)
    elif before is not None and is_known(before) and not found and not press.__suppress_context__:
        found += [before, press]
    return found or [press]


def _notes(error: BaseException) -> list[str]:
    return [note for note in getattr(error, "__notes__", []) if note]


def _told(error: BaseException) -> str:
    notes = _notes(error)
    if isinstance(error, KeyboardInterrupt):
        later = [note for note in notes if note.startswith("then ")]
        rest = [note for note in notes if note not in later]
        return "\n".join(["!!! " + "; ".join([str(error) or BY_CTRL_C, *rest]), *indented(later)])
    text = str(error) if isinstance(error, ObturaError) else one_line(error) + _meant(error)
    first, *more = text.splitlines() or [type(error).__name__]
    return "\n".join([f"!!! {first}", *indented(more + notes)])


def _meant(error: BaseException) -> str:
    """For a name that is not known: the one that was probably meant, among those known where the error arose."""
    if not isinstance(error, NameError) or not error.name or error.__traceback__ is None:
        return ""
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    names = {*frame.f_locals, *frame.f_globals, *dir(builtins)} - {error.name}
    similar = difflib.get_close_matches(error.name, [name for name in names if not name.startswith("_")], 1)
    return f": did you mean {similar[0]!r}?" if similar else ""


def indented(lines: list[str]) -> list[str]:
    """Lines that belong to the one above."""
    return [f"    {line}" for line in lines]


def told_of_script(error: BaseException, script: Path) -> str:
    """As `told`, with the lines of the script that led there; another's internals are left to the log."""
    if isinstance(error, SyntaxError):
        line = (error.text or "").strip()
        first = f"!!! {script}, line {error.lineno or 1}: {error.msg}"
        return "\n".join([first, *indented([line] if line else [])])
    return "\n".join([told(error), *indented(places(error, script))])


def places(error: BaseException, script: Path) -> list[str]:
    """The lines of a script that led to an error, each once: one that calls itself comes by a thousand times."""
    file = script.resolve()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).resolve() == file]
    return list(dict.fromkeys(f"{script}, line {frame.lineno}: {frame.line}" for frame in frames))
