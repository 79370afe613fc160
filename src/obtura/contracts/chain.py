"""The acquisition chain: a tree of masters and slaves that says what triggers what."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionObject, AcquisitionSlave
from obtura.contracts.presets import ChainPreset, check_preset
from obtura.ground.errors import ScanStateError, UsageError

__all__ = ["AcquisitionChain", "ChainPresetEntry", "Node"]


class ChainPresetEntry(NamedTuple):
    """A preset of a chain; `master` None: the first top-master; `standing`: it stands on every scan."""

    preset: ChainPreset
    master: AcquisitionMaster | None
    standing: bool


class Node(Protocol):
    """What stands for an acquisition object and those below it, until the chain is built."""

    @property
    def acquisition_obj(self) -> AcquisitionObject:
        """The acquisition object."""

    @property
    def children(self) -> "Sequence[Node]":
        """What it triggers."""


class AcquisitionChain:
    """A tree of masters and slaves. A master first seen is a top-master until it is put under another one."""

    def __init__(self, parallel_prepare: bool = True) -> None:
        """`parallel_prepare` has no effect: the devices of one level are always prepared together."""
        self._tops: list[AcquisitionMaster] = []
        self._presets: list[ChainPresetEntry] = []
        self._say: Callable[[str, str], None] | None = None
        self._closed = False

    def add(self, master: AcquisitionMaster | Node, slave: AcquisitionObject | Node | None = None) -> None:
        """Put `slave` (a slave, or another master) under `master`; without a slave make it a top-master.

        Both may be nodes of a `ChainBuilder`, whose children are added too.

        Raises:
            UsageError: not a master, a name that is taken by another master, a slave under two masters, a circle.
        """
        nodes: tuple[Any, Any] = (master, slave)
        self._add(*[getattr(node, "acquisition_obj", node) for node in nodes])
        for node in nodes:
            self._add_children(node)

    def _add_children(self, node: Any) -> None:
        for child in getattr(node, "children", ()):
            self._add(node.acquisition_obj, child.acquisition_obj)
            self._add_children(child)

    def _add(self, master: AcquisitionMaster, slave: AcquisitionObject | None) -> None:
        if not isinstance(master, AcquisitionMaster):
            raise UsageError(f"chain.add: {master!r} is not an AcquisitionMaster")
        if self._closed:
            raise ScanStateError("chain.add: the scan runs already; build the chain before run()")
        self._claim_name(master)
        if slave is None:
            self._adopt(master)
            return
        if not isinstance(slave, AcquisitionMaster | AcquisitionSlave):
            raise UsageError(f"chain.add: {slave!r} is neither an AcquisitionMaster nor an AcquisitionSlave")
        if slave is master or master in _below(slave):
            raise UsageError(f"chain.add: {slave.name} can't be put under {master.name}, which it triggers itself")
        if isinstance(slave, AcquisitionMaster):
            self._claim_name(slave)
        elif slave.parent not in (None, master):
            raise UsageError(
                f"Cannot add acquisition device {slave.name} to multiple masters, "
                f"current master is {slave.parent.name if slave.parent else None}"
            )
        self._adopt(master)
        if slave in master.slaves:
            return
        if isinstance(slave, AcquisitionMaster):
            self._take_from_its_place(slave)
        slave.parent = master
        master.slaves.append(slave)

    def _claim_name(self, master: AcquisitionMaster) -> None:
        if self._has(master):
            return
        for node in self.nodes_list:
            if isinstance(node, AcquisitionMaster) and node.name == master.name:
                raise UsageError(f"Cannot add acquisition master with name {master.name!r}: duplicated name")

    def _adopt(self, master: AcquisitionMaster) -> None:
        if not self._has(master):
            self._tops.append(master)

    def _has(self, master: AcquisitionMaster) -> bool:
        """Whether it is in the tree; one looks up, not through all that is below the others."""
        top = master
        while top.parent is not None:
            top = top.parent
        return top in self._tops

    def _take_from_its_place(self, master: AcquisitionMaster) -> None:
        if master in self._tops:
            self._tops.remove(master)
        if master.parent is not None:
            master.parent.slaves.remove(master)

    @property
    def top_masters(self) -> list[AcquisitionMaster]:
        """The roots of the tree, in the order in which they were added; one branch of the scan each."""
        return list(self._tops)

    @property
    def nodes_list(self) -> list[AcquisitionObject]:
        """Every acquisition object, depth first."""
        return [node for top in self._tops for node in (top, *_below(top))]

    def get_node_from_devices(self, *devices: object) -> list[AcquisitionObject | None]:
        """The acquisition object of each device (counter, controller, axis), None for one that is not in the chain."""
        nodes = self.nodes_list
        return [next((node for node in nodes if _drives(node, device)), None) for device in devices]

    def add_preset(self, preset: ChainPreset, master: AcquisitionMaster | None = None, standing: bool = False) -> None:
        """Hook `preset` to a top-master; None: the first one, found when the scan runs.

        `standing` marks a preset that stands on every scan: a scan started in a hook leaves it out when it is
        entered already.

        Raises:
            UsageError (a ValueError): not a ChainPreset, one that overrides no hook, added twice, not a top-master.
            ScanStateError: the scan runs already.
        """
        warning = check_preset(preset, ChainPreset)
        if self._closed:
            raise ScanStateError("add_preset: the scan runs already; add presets before run()")
        if master is not None and master not in self._tops:
            name = getattr(master, "name", repr(master))
            tops = ", ".join(top.name for top in self._tops) or "none yet"
            raise UsageError(f"add_preset: {name} is not a top-master of this chain (top-masters: {tops})")
        if any(entry.preset is preset for entry in self._presets):
            raise UsageError(f"add_preset: this {type(preset).__name__} is on the chain already")
        if warning:
            warnings.warn(warning, stacklevel=2)
        self._presets.append(ChainPresetEntry(preset, master, standing))

    @property
    def presets(self) -> tuple[ChainPresetEntry, ...]:
        """The presets in the order in which they were added."""
        return tuple(self._presets)

    def say(self, text: str, end: str = "\n") -> None:
        """Show a line where the scan is shown, in true order with its rows; nothing while no scan runs."""
        if self._say is not None:
            self._say(text, end)

    def bind(self, say: Callable[[str, str], None]) -> None:
        """Called by the scan: from now on nothing can be added and `say` goes to its record.

        Raises:
            ScanStateError: a scan ran it before; its acquisition objects are spent.
        """
        if self._closed:
            raise ScanStateError("this acquisition chain was run already: a chain runs once; make a new one")
        self._closed = True
        self._say = say

    def unbind(self) -> None:
        """Called by the scan when it ends."""
        self._say = None

    @property
    def timer(self) -> AcquisitionMaster | None:
        """The master that is called timer, as one has that is made for a standard scan."""
        timers = (node for node in self.nodes_list if isinstance(node, AcquisitionMaster) and node.name == "timer")
        return next(timers, None)

    @property
    def tree(self) -> str:
        """The chain, drawn."""
        return str(self)

    _tree = tree  # by this name scripts written for BLISS print it

    def __info__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return "\n".join(["acquisition chain", *_drawn(self._tops, "")])


def _below(node: AcquisitionObject) -> Iterator[AcquisitionObject]:
    for slave in node.slaves:
        yield slave
        yield from _below(slave)


def _drives(node: AcquisitionObject, device: object) -> bool:
    return any(device is own or device is getattr(own, "controller", None) for own in node.devices)


def _drawn(nodes: Sequence[AcquisitionObject], margin: str) -> Iterator[str]:
    for node in nodes:
        last = node is nodes[-1]
        yield f"{margin}{'└── ' if last else '├── '}{node.name}"
        yield from _drawn(node.slaves, margin + ("    " if last else "│   "))
