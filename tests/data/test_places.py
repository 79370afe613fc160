"""Where a dataset is in a file, and what becomes of a disk that does not give it."""

import os

import h5py
import numpy as np
import pytest

from obtura.data.place import Place


def test_a_dataset_that_the_disk_does_not_give_is_an_error_of_the_disk(tmp_path):
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w") as file:
        file["ballast"] = np.zeros(100_000)
        file["group/data"] = np.arange(3.0)
    with h5py.File(path) as file:
        place = Place("/group/data")
        place.attach(file.id)
        os.truncate(path, 4096)
        with pytest.raises(OSError, match="file read failed|addr overflow|truncated|Unable"):
            _ = place.dataset
