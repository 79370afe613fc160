"""Frames that are handed over: what nobody can write any more is not copied."""

import numpy as np
import pytest

from obtura.ground.channels import AcquisitionChannel


@pytest.fixture
def taken():
    return []


@pytest.fixture
def channel(taken):
    made = AcquisitionChannel("camera:image", "uint16", (2, 3))
    made.connect(lambda channel, block: taken.append(block))
    return made


def read_only(array):
    array.flags.writeable = False
    return array


def test_frames_that_cannot_be_written_any_more_are_not_copied(channel, taken):
    frames = read_only(np.ones((4, 2, 3), "uint16"))
    channel.emit(frames)
    channel.emit(frames[1:3])
    channel.emit(frames[0])
    assert all(np.shares_memory(block, frames) for block in taken)
    assert [block.shape for block in taken] == [(4, 2, 3), (2, 2, 3), (1, 2, 3)]


def test_bytes_are_frames_that_cannot_be_written(channel, taken):
    frames = np.frombuffer(bytes(24), "uint16").reshape(2, 2, 3)
    channel.emit(frames)
    assert np.shares_memory(taken[0], frames)


@pytest.mark.parametrize(
    "of",
    [
        lambda buffer: buffer,
        lambda buffer: read_only(buffer[:]),  # the buffer behind it may change
        lambda buffer: np.broadcast_to(buffer[0], (2, 2, 3)),
        lambda buffer: read_only(np.frombuffer(memoryview(buffer).cast("B"), "uint16").reshape(2, 2, 3)),
        lambda buffer: read_only(buffer.astype("uint8")),  # of another type it has to be made anew
    ],
)
def test_what_could_still_change_is_copied(channel, taken, of):
    buffer = np.ones((2, 2, 3), "uint16")
    channel.emit(of(buffer))
    buffer[:] = 9
    assert taken[0].tolist() == np.ones((2, 2, 3)).tolist() and taken[0].dtype == "uint16"


def test_spectra_are_copied_always(taken):
    channel = AcquisitionChannel("mca:spectrum", "uint16", (3,))
    channel.connect(lambda channel, block: taken.append(block))
    spectrum = read_only(np.ones(3, "uint16"))
    channel.emit(spectrum)
    assert not np.shares_memory(taken[0], spectrum)
