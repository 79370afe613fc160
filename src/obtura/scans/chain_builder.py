"""From counters to acquisition objects: one node for each controller."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from obtura.acquisition.calc import CalcCounterAcquisitionSlave
from obtura.acquisition.camera import CameraAcquisitionSlave
from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.integrating import IntegratingCounterAcquisitionSlave
from obtura.contracts.acquisition import AcquisitionObject
from obtura.contracts.calculation import CalcCounterController
from obtura.contracts.cameras import CameraController
from obtura.contracts.counters import (
    Counter,
    CounterController,
    IntegratingCounterController,
    SamplingCounterController,
)
from obtura.ground.errors import ArgumentError, ScanStateError, UsageError
from obtura.scans.expansion import expand_counters, in_order

__all__ = ["ChainBuilder", "ChainNode"]

_KINDS: tuple[tuple[type[CounterController], type[AcquisitionObject]], ...] = (
    (SamplingCounterController, SamplingCounterAcquisitionSlave),
    (IntegratingCounterController, IntegratingCounterAcquisitionSlave),
    (CameraController, CameraAcquisitionSlave),
)


class ChainNode:
    """A controller and those of its counters that are counted; `acquisition_obj` is made by `set_parameters`.

    `chain.add(master, node)` puts its acquisition object into a chain, with those of `children`, which it triggers.
    """

    def __init__(self, controller: CounterController, counters: Sequence[Counter], builder: "ChainBuilder") -> None:
        self.controller = controller
        self.counters = list(counters)
        self.acq_parameters: dict[str, Any] = {}
        self._builder = builder
        self._object: AcquisitionObject | None = None

    @property
    def children(self) -> "list[ChainNode]":
        """The nodes whose controller names this one's as its master."""
        return [node for node in self._builder.nodes if node.controller.master_controller is self.controller]

    @property
    def is_ready(self) -> bool:
        """Whether its acquisition object is made."""
        return self._object is not None

    @property
    def acquisition_obj(self) -> AcquisitionObject:
        """What measures the counters in a chain.

        Raises:
            ScanStateError: `set_parameters` was not called.
        """
        if self._object is None:
            if not isinstance(self.controller, CalcCounterController):
                raise ScanStateError(f"{self.controller.name}: call node.set_parameters({{...}}) before chain.add")
            self.set_parameters()
        assert self._object is not None
        return self._object

    def set_parameters(
        self,
        acq_params: Mapping[str, Any] | None = None,
        ctrl_params: Mapping[str, Any] | None = None,
        parent_acq_params: Mapping[str, Any] | None = None,
        scan_pars: Mapping[str, Any] | None = None,
    ) -> None:
        """Make the acquisition object: `set_parameters({"count_time": 0.1, "npoints": 10})`.

        `scan_pars`: what is known of the scan, for a controller that asks for it.

        Raises:
            UsageError: the device can't be counted, or not with these parameters.
        """
        self.acq_parameters = dict(acq_params or {})
        try:
            self._object = self._make(ctrl_params, parent_acq_params, {**(scan_pars or {}), **self.acq_parameters})
        except TypeError as error:
            raise UsageError(f"{self.controller.name} can't be counted with {self.acq_parameters}: {error}") from error
        for counter in self.counters:
            if counter not in self._object.devices:
                self._object.add_counter(counter)

    def _make(self, ctrl_params: Any, parent: Any, scan_pars: dict[str, Any]) -> AcquisitionObject:
        own = getattr(self.controller, "get_acquisition_object", None)
        if own is not None:
            if _takes_parameters(own):
                made: AcquisitionObject = own(self.acq_parameters, dict(ctrl_params or {}), dict(parent or {}))
            else:
                made = own(self.counters, scan_pars)
            return made
        if isinstance(self.controller, CalcCounterController):
            return CalcCounterAcquisitionSlave(self.controller, self.counters, self._builder.sources(self.controller))
        for kind, slave in _KINDS:
            if isinstance(self.controller, kind):
                devices: list[Any] = [*self.counters] or [self.controller]
                return slave(*devices, ctrl_params=ctrl_params, **self.acq_parameters)
        raise UsageError(f"{self.controller.name} does not say how it is read: it needs get_acquisition_object()")


class ChainBuilder:
    """Nodes for counters and containers of counters, and for what these are calculated from.

    `nodes`: one for each controller, a calculation after its inputs. For chains of one's own:

        builder = ChainBuilder(counters)
        for node in builder.get_nodes_by_controller_type(SamplingCounterController):
            node.set_parameters({"count_time": 0.1, "npoints": 10})
        for node in builder.nodes:
            chain.add(master, node)

    Raises:
        ArgumentError: there is nothing to count, or something that is no counter.
    """

    def __init__(self, counters: Iterable[Any]) -> None:
        self._nodes: dict[CounterController, ChainNode] = {}
        self.add_extra_counters(*counters)
        if not self._nodes:
            raise ArgumentError("No counters for scan. Hint: are all counters disabled ?")

    def add_extra_counters(self, *counters: Any) -> None:
        """Have further counters measured."""
        for controller, own in in_order(expand_counters(counters)).items():
            node = self.node_of(controller)
            if node.is_ready:
                raise ScanStateError(f"{controller.name}: its parameters are set already, no counter can be added")
            node.counters += [counter for counter in own if counter not in node.counters]

    def node_of(self, controller: CounterController) -> ChainNode:
        """The node of a controller, a new one without counters when there is none."""
        if controller not in self._nodes:
            self._nodes[controller] = ChainNode(controller, [], self)
        return self._nodes[controller]

    @property
    def nodes(self) -> list[ChainNode]:
        """All nodes."""
        return list(self._nodes.values())

    def sources(self, controller: CalcCounterController) -> list[AcquisitionObject]:
        """The acquisition objects that measure the inputs of a calculation, each once."""
        return list(dict.fromkeys(self.node_of(one.controller).acquisition_obj for one in controller.inputs))

    def get_nodes_by_controller_type(self, kind: type | tuple[type, ...]) -> list[ChainNode]:
        """The nodes whose controller is of this class."""
        return [node for node in self.nodes if isinstance(node.controller, kind)]

    def get_nodes_by_controller_name(self, name: str) -> list[ChainNode]:
        """The nodes whose controller has this name."""
        return [node for node in self.nodes if node.controller.name == name]

    def get_nodes_not_ready(self) -> list[ChainNode]:
        """The nodes whose parameters are not set; a calculation needs none."""
        return [
            node for node in self.nodes if not (node.is_ready or isinstance(node.controller, CalcCounterController))
        ]


def _takes_parameters(get_acquisition_object: Any) -> bool:
    """Whether it is called as (acq_params, ctrl_params, parent_acq_params), rather than (counters, scan_pars)."""
    parameters = list(inspect.signature(get_acquisition_object).parameters.values())
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return len(positional) >= 3 or any(one.name == "acq_params" for one in positional[:1])
