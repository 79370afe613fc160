"""`obtura ls` of a file with 10^4 scans."""

import os
import re
from pathlib import Path

import h5py

from bench.cases import Trial, case
from bench.lab import Lab
from obtura.data import index
from obtura.data.contents import list_entries
from obtura.data.layout import scan_file
from obtura.data.master import add_links
from obtura.data.reader import listing

ENTRIES = 10_000


@case("list", "listing a file of 10^4 scans", "list")
def list_of_a_long_night(lab: Lab) -> Trial:
    master = many_entries(lab)

    def work(count: int) -> None:
        for _ in range(count):
            assert len(listing(master).splitlines()) == ENTRIES + 1

    def floor(count: int) -> None:
        for _ in range(count):
            with h5py.File(master, "r") as file:
                names = sorted(file, key=lambda name: int(re.match(r"\d+", name)[0]))  # type: ignore[index]
            assert len([os.stat(scan_file(master, int(name.partition(".")[0]))) for name in names]) == ENTRIES

    return Trial(work, floor, "its names, and the size of each file", floor_count=1)


def many_entries(lab: Lab) -> Path:
    """One scan that is really made, and its file under the names of 10^4."""
    lab.session.loopscan(1, 0, lab.counter)
    master = Path(lab.session.scan_saving.filename)
    (made,) = list_entries(master)
    size = made.file.stat().st_size
    links = {f"{number}.1": scan_file(master, number) for number in range(2, ENTRIES + 1)}
    for path in links.values():
        os.link(made.file, path)
    add_links(master, links)
    index.note(
        master,
        [
            index.Line(name, size, made.title, made.start_time, made.end_time, made.end_reason, made.points)
            for name in links
        ],
    )
    return master
