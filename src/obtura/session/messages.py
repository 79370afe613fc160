"""An error as a user reads it: what happened, where, what became of the scan; the traceback goes to the log."""

import traceback
from pathlib import Path

from obtura.ground.errors import ObturaError, one_line

__all__ = ["indented", "is_known", "told", "told_of_script"]


def is_known(error: BaseException) -> bool:
    """Whether the error says by itself what happened, so that a traceback would only be in the way."""
    return isinstance(error, ObturaError) or bool(getattr(error, "__notes__", None))


def told(error: BaseException) -> str:
    """The error in a few lines; Ctrl-C in one, unless something failed on the way out."""
    notes = [note for note in getattr(error, "__notes__", []) if note]
    if isinstance(error, KeyboardInterrupt):
        later = [note for note in notes if note.startswith("then ")]
        rest = [note for note in notes if note not in later]
        return "\n".join(["!!! " + "; ".join([str(error) or "interrupted by Ctrl-C", *rest]), *indented(later)])
    text = str(error) if isinstance(error, ObturaError) else one_line(error)
    first, *more = text.splitlines() or [type(error).__name__]
    return "\n".join([f"!!! {first}", *indented(more + notes)])


def indented(lines: list[str]) -> list[str]:
    """Lines that belong to the one above."""
    return [f"    {line}" for line in lines]


def told_of_script(error: BaseException, script: Path) -> str:
    """As `told`, with the lines of the script that led there; another's internals are left to the log."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == script.resolve()
    ]
    if isinstance(error, SyntaxError):
        return f"!!! {script}, line {error.lineno}: {error.msg}\n    {(error.text or '').strip()}"
    places = [f"{script}, line {frame.lineno}: {frame.line}" for frame in frames]
    return "\n".join([told(error), *indented(places)])
