"""Which points are not as they should be: for each row of a top-master one number, whose bits say why. 0 is good.

valid           NXcollection
    flags       a number a row; bit 0, 1, 2... of it as `BITS` names them, and the attribute `bits` in the file
    timeouts    see `timeouts`

The numbers cost nothing while all is well: they are 0 by not being written. They grow together with the rows.

A point that is taken again keeps its row: that has the last attempt, with the bit "retaken". The attempts before are in
the group `attempts`, with why they were not kept. Such a point, and one that was waited for in vain, gets its bit when
the scan ends, or is recovered.

A point is good, and `valid` in Python, that has no bit but "retaken", "timeout" and "not_read": one for which a device
that may not fail was waited for in vain is "interrupted", too.
"""

from enum import IntFlag

import numpy as np
from h5py import h5s

from obtura.data.place import Place
from obtura.data.sketch import Node
from obtura.data.tree import attribute, column

__all__ = ["BITS", "HARMLESS", "Flags", "Validity"]


class Validity(IntFlag):
    """What can be wrong with a point."""

    INTERRUPTED = 1
    """Its devices were stopped while they took it: they have given what they had."""
    BEAM_LOST = 2
    """There was no beam for some of the time."""
    TIMEOUT = 4
    """A device was waited for in vain."""
    RETAKEN = 8
    """This is not the first attempt."""
    DROPPED_OUT = 16
    """Some columns end before it: their device has given nothing any more."""
    NOT_READ = 32
    """A counter that may fail is NaN, since it could not be read; the other columns are good."""


HARMLESS = Validity.RETAKEN | Validity.TIMEOUT | Validity.NOT_READ
"""What does not make a point a bad one."""

BITS = tuple((flag.name or "").lower() for flag in Validity)
"""What each bit is called in the file, from the lowest."""

_KIND = np.dtype(np.uint8)


class Flags:
    """The numbers of one top-master, in a dataset that is there; `rows`: how many."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.rows = 0

    @classmethod
    def new(cls, valid: Node) -> "Flags":
        """Make the dataset in the group of an entry."""
        made = column(valid, "flags", _KIND)
        attribute(made, "bits", BITS)
        return cls(made.place())

    @property
    def path(self) -> str:
        """Where the dataset is in the file."""
        return self._place.path

    def grow(self, rows: int) -> None:
        """There are so many rows; the new ones are good."""
        if rows > self.rows:
            self._place.dataset.set_extent((rows,))
            self.rows = rows

    def mark(self, first: int, stop: int, why: Validity, among: int = 0) -> None:
        """Rows `first` to `stop - 1`, as far as they are there, are not as they should be.

        `among`: only those that are marked with all of these already.
        """
        stop = min(stop, self.rows)
        if first >= stop:
            return
        values = np.empty(stop - first, _KIND)
        inside, space = h5s.create_simple(values.shape), h5s.create_simple((self.rows,))
        space.select_hyperslab((first,), values.shape)
        self._place.dataset.read(inside, space, values)
        values[values & among == among] |= np.uint8(why)
        self._place.dataset.write(inside, space, values)
