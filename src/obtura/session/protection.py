"""Machines that stand guard over a session's scans: `machine.check = True`."""

import functools
from collections.abc import Iterable

from obtura.contracts.machine import Machine, is_machine
from obtura.presets.wait_for_refill import WaitForRefill
from obtura.scans.default_chain import DefaultChain

__all__ = ["protect"]


def protect(default_chain: DefaultChain, devices: Iterable[object]) -> None:
    """Have each machine among `devices` put `WaitForRefill` on every standard scan as long as its `check` is on."""
    for device in devices:
        if is_machine(device):
            follow = functools.partial(_follow, default_chain, device)
            device.on_check(follow)
            follow(device.check)


def _follow(default_chain: DefaultChain, machine: Machine, on: bool) -> None:
    name = f"refill of {machine.name}"
    if on:
        default_chain.add_preset(WaitForRefill(machine), name)
    else:
        default_chain.remove_preset(name=name)
