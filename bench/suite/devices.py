"""Many devices of one counter each: in memory, blocking for 1 ms, async for 1 ms.

The floor of those that take their time is the bare primitive: threads that wait on a queue, tasks of one event loop.
"""

import asyncio
import queue
import threading
import time
from typing import Any

from bench.cases import Trial, Work, case
from bench.floors import bare_loop
from bench.lab import Box, Lab, points_of
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.ground.channels import AcquisitionChannel

MILLISECOND = 0.001


class Slow(Box):
    """Answers after 1 ms."""

    def read(self, counter: Any) -> float:
        time.sleep(MILLISECOND)
        return 4.0


class AsyncSlave(AcquisitionSlave):
    """Answers after `delay` s, without a thread of its own."""

    def __init__(self, name: str, delay: float) -> None:
        super().__init__(name=name, npoints=0, prepare_once=True, start_once=True)
        self._delay = delay
        self.channels.append(AcquisitionChannel(name))

    async def reading(self) -> None:
        await asyncio.sleep(self._delay)
        self.channels[0].emit(4.0)


@case("devices", "devices in memory: {}", of=(1, 10, 100), budgets={100: 20})
def in_memory(lab: Lab, number: int) -> Trial:
    found = [Box(f"box{one}").all[0] for one in range(number)]
    return points_of(lab, found, bare_loop(found))


@case("blocking", "devices that block for 1 ms: {}", of=(1, 10, 100))
def blocking(lab: Lab, number: int) -> Trial:
    found = [Slow(f"box{one}", blocking=True).all[0] for one in range(number)]
    return points_of(lab, found, threads(number, lambda: time.sleep(MILLISECOND)), "the same in bare threads")


@case("async", "async devices of 1 ms: {}", of=(1, 10, 100))
def asynchronous(lab: Lab, number: int) -> Trial:
    return _async_scans(lab, number, MILLISECOND, "the same in bare tasks")


@case("handover/thread", "a blocking device that answers at once")
def to_a_thread(lab: Lab) -> Trial:
    counter = Box("box", blocking=True).all[0]
    return points_of(lab, [counter], threads(1, lambda: None), "to a bare thread and back")


@case("handover/async", "an async device that answers at once")
def to_a_loop(lab: Lab) -> Trial:
    return _async_scans(lab, 1, 0.0, "to a bare event loop and back")


def _async_scans(lab: Lab, number: int, delay: float, floor_name: str) -> Trial:
    def scan(npoints: int) -> None:
        chain = AcquisitionChain()
        timer = SoftwareTimerMaster(0, npoints=npoints)
        for one in range(number):
            chain.add(timer, AsyncSlave(f"slave{one}", delay))
        lab.session.bench.Scan(chain, "async", save=False).run()

    return Trial(lambda count: scan(count + 1), tasks(number, delay), floor_name, less=lambda count: scan(1))


def threads(number: int, call: Any) -> Work:
    """`number` threads make a call at each point; whoever gave it out waits for all."""

    def work(count: int) -> None:
        answers: queue.SimpleQueue[object] = queue.SimpleQueue()
        queues: list[queue.SimpleQueue[bool]] = [queue.SimpleQueue() for _ in range(number)]

        def serve(calls: "queue.SimpleQueue[bool]") -> None:
            while calls.get():
                answers.put(call())

        servants = [threading.Thread(target=serve, args=(each,)) for each in queues]
        for servant in servants:
            servant.start()
        for _ in range(count):
            for each in queues:
                each.put(True)
            for _ in queues:
                answers.get()
        for each in queues:
            each.put(False)
        for servant in servants:
            servant.join()

    return work


def tasks(number: int, delay: float) -> Work:
    """`number` tasks sleep at each point, on a loop of another thread; whoever gave them out waits for all."""

    async def all_of_them() -> None:
        await asyncio.gather(*(asyncio.sleep(delay) for _ in range(number)))

    def work(count: int) -> None:
        loop = asyncio.new_event_loop()
        servant = threading.Thread(target=loop.run_forever)
        servant.start()
        for _ in range(count):
            asyncio.run_coroutine_threadsafe(all_of_them(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        servant.join()
        loop.close()

    return work
