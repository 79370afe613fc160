"""The links from a sequence's entry to those of its sub-scans.

They can be made only when the sequence has ended: while readers look on nothing can be made in a file. Its file is
not opened for writing again but replaced by a copy that has the links, so a reader that has it open keeps what it has.
"""

import io
import os
from collections.abc import Sequence
from pathlib import Path

import h5py

from obtura.data.checksums import renew
from obtura.data.disk import saving_error, sync
from obtura.data.drawing import draw
from obtura.data.layout import master_of, scan_file
from obtura.data.sketch import Sketch
from obtura.data.tree import external, group
from obtura.ground.events import SubScan

__all__ = ["link_sub_scans"]


def link_sub_scans(path: Path, entry: str, scans: Sequence[SubScan]) -> None:
    """Link the entries of `scans` into the group `scans` of `entry`, in the closed file of a sequence.

    Raises:
        SavingError: the file can't be replaced; it is whole, without links.
    """
    links = {name: _home(path, scan) for scan in scans for name in scan.entries}
    if not links:
        return
    sketch = Sketch()
    home = group(sketch.root, "scans", "NXcollection")
    for name, target in links.items():
        external(home, name, target, f"/{name}")
    new = path.with_name(f".{path.name}.new")
    try:
        image = io.BytesIO(path.read_bytes())
        with h5py.File(image, "r+") as file:
            draw(sketch, file[entry].id, 0)
            renew(file.id)
        new.write_bytes(image.getbuffer())
        sync(new)
        os.replace(new, path)
        sync(path.parent)
    except (OSError, RuntimeError) as error:
        new.unlink(missing_ok=True)
        raise saving_error("the links to its sub-scans can't be made", path, error) from error


def _home(path: Path, scan: SubScan) -> str:
    """The file of a sub-scan, relative to that of the sequence, so that both can be moved together."""
    target = scan_file(Path(scan.filename or master_of(path)), scan.number)
    return Path(os.path.relpath(target, path.parent)).as_posix()
