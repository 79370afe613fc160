"""Checksums taken beside the thread that writes."""

import threading
from zlib import crc32

from obtura.data.summing import Summing


def test_sums_come_in_order_and_the_thread_ends():
    summing = Summing()
    before = threading.active_count()
    for _ in range(2):  # it may begin again
        for frame in (b"one", b"two", b"three"):
            summing.begin(frame)
            assert summing.result() == crc32(frame)
        summing.close()
        assert threading.active_count() == before
