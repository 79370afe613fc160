"""Where text and rows are written: two streams, and where the cursor stands on them.

Rows are whole lines. Text may end in the middle of a line, or in "\\r" to be overwritten (`waiting for
beam`). A row after such text must neither hang on to it nor be mixed with its remains.
"""

import os
import shutil
from itertools import groupby
from operator import itemgetter
from typing import Any

from obtura.display.notebook import CELL_WIDTH, is_cell

__all__ = ["Screen", "width_of"]

_ERASE = "\r\x1b[K"
"""Tells a terminal to empty the line, of the echo of a Ctrl-C too."""


class _Cursor:
    """How the last text ended: "\\n" or "\\r", or "" in the middle of a line.

    `ended_early`: the line was ended for the sake of a row; the newline that its writer sends is superfluous.
    `status`: a line of `Screen.status` stands there, to be wiped out by whatever comes.
    """

    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal
        self.ending = "\n"
        self.ended_early = False
        self.status = ""


class Screen:
    """The two streams; `out` takes rows and text, `err` text only. None: what is written there is dropped."""

    def __init__(self, out: Any, err: Any) -> None:
        self._streams = {"stdout": out, "stderr": err}
        self._parts: list[tuple[str, str]] = []
        cursor = _Cursor(_is_terminal(out))
        same = _same_place(out, err)
        self._cursors = {"stdout": cursor, "stderr": cursor if same else _Cursor(_is_terminal(err))}

    def text(self, name: str, text: str) -> None:
        """Write what somebody printed on stream `name`, as it is."""
        cursor = self._cursors[name]
        if cursor.ended_early and text:
            cursor.ended_early = False
            text = text.removeprefix("\n")
        if not text:
            return
        self._wipe()
        if cursor.ending == "\r" and cursor.terminal and text[0] not in "\r\n":
            text = _ERASE + text  # or the end of a longer line before would remain
        cursor.ending = text[-1] if text[-1] in "\r\n" else ""
        self._parts.append((name, text))

    def lines(self, text: str) -> None:
        """Write whole lines of our own, beginning on a line of their own."""
        cursor = self._cursors["stdout"]
        self._wipe()
        if cursor.ending == "\r" and cursor.terminal:
            text = _ERASE + text
        elif cursor.ending != "\n":
            text = "\n" + text
            cursor.ended_early = True
        cursor.ending = "\n"
        self._parts.append(("stdout", text))

    def status(self, line: str) -> None:
        """Show a line below everything that is wiped out by what comes next; only on a terminal, only where a line
        may begin. Empty: none.
        """
        cursor = self._cursors["stdout"]
        if not cursor.terminal or cursor.ending != "\n" or line == cursor.status:
            return
        self._wipe()
        if line:
            self._parts.append(("stdout", line + "\r"))
            cursor.status = line

    def _wipe(self) -> None:
        cursor = self._cursors["stdout"]
        if cursor.status:
            cursor.status = ""
            self._parts.append(("stdout", _ERASE))

    def flush(self) -> None:
        """Bring everything to the streams, in order; one write for what goes to the same stream."""
        parts, self._parts = self._parts, []
        for name, group in groupby(parts, key=itemgetter(0)):
            if self._streams[name] is not None:
                _write(self._streams[name], "".join(text for _, text in group))


def width_of(stream: Any) -> int:
    """How many characters fit on a line, 0 when lines may be of any length: in a pipe, in a file."""
    if is_cell(stream):
        return CELL_WIDTH
    return shutil.get_terminal_size((0, 0)).columns if _is_terminal(stream) else 0


def _is_terminal(stream: Any) -> bool:
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _same_place(out: Any, err: Any) -> bool:
    """Whether both streams end on the same terminal, pipe or file."""
    try:
        return os.path.sameopenfile(out.fileno(), err.fileno())
    except (AttributeError, OSError, ValueError):  # no descriptors to compare
        return out is err


def _write(stream: Any, text: str) -> None:
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:  # a µ on a terminal that knows ASCII only
            stream.write(text.encode(stream.encoding, "backslashreplace").decode(stream.encoding))
        stream.flush()
    except BrokenPipeError:
        _lead_nowhere(stream)


def _lead_nowhere(stream: Any) -> None:
    """Whoever read the pipe has gone (`| head`), which is no failure: write on, to nowhere.

    What is left in the stream's buffer would otherwise be complained about when the interpreter ends.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
