"""Small tables of text that fit the terminal: a row per thing, or a column per thing."""

import re
import shutil
import sys
from collections.abc import Sequence

from obtura.display.notebook import CELL_WIDTH, is_cell

__all__ = ["folded", "grid", "terminal_width"]

_GAP = "  "
_NARROWEST = 4
_NUMBER = re.compile(r"[-+]?(\d[\d_.]*(e[-+]?\d+)?|inf|nan)( .*)?|!ERR|-", re.IGNORECASE)


def terminal_width() -> int:
    """How many characters fit on a line of the standard output; 0 when lines may be of any length."""
    if is_cell(sys.stdout):
        return CELL_WIDTH
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 0


def grid(header: Sequence[str], rows: Sequence[Sequence[str]], width: int = 0) -> str:
    """A table with a row per thing. Columns of numbers are set right; when a line would be longer than `width`
    (0: any length) the widest column of words is cut short with an ellipsis; the first, of names, last of all.
    """
    columns = [[name, *(row[number] for row in rows)] for number, name in enumerate(header)]
    sizes = [max(map(len, column)) for column in columns]
    right = [bool(rows) and all(_NUMBER.fullmatch(text) for text in column[1:]) for column in columns]
    while width and sum(sizes) + len(_GAP) * (len(sizes) - 1) > width:
        words = [number for number, is_number in enumerate(right) if not is_number and sizes[number] > _NARROWEST]
        if not words:
            break
        sizes[max(words, key=lambda number: (number > 0, sizes[number]))] -= 1
    lines = [header, ["-" * size for size in sizes], *rows]
    return "\n".join(_line(line, sizes, right) for line in lines)


def folded(labels: Sequence[str], columns: Sequence[Sequence[str]], width: int = 0) -> str:
    """A table with a column per thing, `labels` at the left of its rows; what does not fit goes on below.

    The first text of each column is its heading, so `labels` begins with that of the headings.
    """
    margin = max(map(len, labels), default=0)
    sizes = [max(12, *map(len, column)) for column in columns]
    blocks: list[list[int]] = [[]]
    used = margin
    for number, size in enumerate(sizes):
        if width and blocks[-1] and used + len(_GAP) + size > width:
            blocks.append([])
            used = margin
        blocks[-1].append(number)
        used += len(_GAP) + size
    return "\n\n".join(
        "\n".join(
            _GAP.join([label.ljust(margin), *(columns[number][row].rjust(sizes[number]) for number in block)]).rstrip()
            for row, label in enumerate(labels)
        )
        for block in blocks
    )


def _line(cells: Sequence[str], sizes: Sequence[int], right: Sequence[bool]) -> str:
    cut = [text if len(text) <= size else text[: size - 1] + "…" for text, size in zip(cells, sizes, strict=True)]
    set_out = [
        text.rjust(size) if is_right else text.ljust(size)
        for text, size, is_right in zip(cut, sizes, right, strict=True)
    ]
    return _GAP.join(set_out).rstrip()
