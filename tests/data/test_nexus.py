"""Files as other people's programs see them: the NeXus definitions, and what silx would draw."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from nexus_validator import complaints
from scan_zoo import KINDS, SIZE, Zoo

from obtura.works.clock import virtual_time

KNOWN = (
    r"WARNING .*/instrument/[^/]+/data: Units of NX_ANY not specified",  # nobody has said them
    r"WARNING /[^/]+/(end_reason|end_message|session|scan_info): This field is not defined in NXentry",
    r"WARNING .*/instrument/[^/]+/[^/]+: This field is not defined in NX\w+",  # what devices say of themselves
)
"""What it warns of, rightly, and what has to be so. There is no error among them."""


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    """Scans of all kinds, once for all tests."""
    with virtual_time():
        made = Zoo(tmp_path_factory.mktemp("zoo"))
        made.scans = {kind: getattr(made, kind)() for kind in KINDS}
        made.close()
    return made


@pytest.fixture
def entry(zoo):
    """The entry of a kind of scan, in its own file."""
    opened = []

    def of(kind, branch=1):
        scan = zoo.scans[kind]
        opened.append(h5py.File(zoo.file(scan)))
        return opened[-1][f"{scan.scan_number}.{branch}"]

    yield of
    for file in opened:
        file.close()


# -- the definitions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_of_every_kind_is_as_the_nexus_definitions_want_it(zoo, kind):
    assert [line for line in complaints(zoo.file(zoo.scans[kind])) if not _is_known(line)] == []


@pytest.mark.parametrize("kind", ["camera", "camera_mesh"])
def test_so_is_a_file_of_frames(zoo, kind):
    own = zoo.file(zoo.scans[kind])
    assert [line for line in complaints(own.with_suffix("") / "camera.h5") if not _is_known(line)] == []


def test_the_validator_finds_what_is_wrong(zoo, tmp_path):
    copy = tmp_path / "wrong.h5"
    copy.write_bytes(zoo.file(zoo.scans["ascan"]).read_bytes())
    with h5py.File(copy, "r+") as file:
        (one,) = file.values()
        one["instrument"].attrs["NX_class"] = "NXnonsense"
        del one["plot/roby"]
        one["plot"].create_dataset("roby", data=[1.0])
    found = complaints(copy)
    assert any("NXnonsense" in line and line.startswith("ERROR") for line in found)
    assert any("inconsistent" in line and line.startswith("ERROR") for line in found)


def _is_known(line):
    return any(re.fullmatch(pattern, line) for pattern in KNOWN)
