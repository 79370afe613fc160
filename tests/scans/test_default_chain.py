"""How the standard scans build their chains: containers, settings of devices, masters, controllers of one's own."""

from types import SimpleNamespace

import pytest

from obtura.acquisition.calc import CalcCounterAcquisitionSlave
from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave, TriggerMode
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.counters import Counter, CounterController, SamplingCounter, SamplingCounterController
from obtura.devices.expression import ExpressionCalcCounter
from obtura.ground.errors import ArgumentError, ScanStateError, UsageError
from obtura.scans.chain_builder import ChainBuilder
from obtura.scans.default_chain import DefaultChain, expand_counters

PARS = {"npoints": 3, "count_time": 0.1, "type": "loopscan"}


class Meter(SamplingCounterController):
    def __init__(self, name, *counters, **options):
        super().__init__(name, blocking=False, **options)
        for counter in counters:
            SamplingCounter(counter, self)

    def read(self, counter):
        return 1.0


class Gate(AcquisitionMaster):
    """The acquisition object of a device that triggers others; `made`: the arguments of each."""

    def __init__(self, device, ctrl_params=None, **acq_params):
        super().__init__(device, npoints=acq_params["npoints"], ctrl_params=ctrl_params)
        self.acq_params = acq_params


class Gating(CounterController):
    """Written in the other style: parameters come in, counters are added afterwards."""

    def __init__(self, name, **options):
        super().__init__(name, **options)
        self.asked = []

    def get_acquisition_object(self, acq_params, ctrl_params, parent_acq_params):
        self.asked.append((acq_params, ctrl_params, parent_acq_params))
        return Gate(self, ctrl_params=ctrl_params, **acq_params)


class Listing(Gating):
    def get_acquisition_object(self, acq_params, ctrl_params, parent_acq_params):
        self.asked.append((acq_params, ctrl_params, parent_acq_params))
        return AcquisitionSlave(self, npoints=acq_params["npoints"])


def tree(chain):
    return {node.name: node.parent.name if node.parent else None for node in chain.nodes_list}


# -- what may be named ----------------------------------------------------------------------------------------


def test_containers_of_every_kind_hold_counters():
    meter = Meter("meter", "a", "b")
    a, b = meter.counters.values()
    namespace = SimpleNamespace(name="group", counters=SimpleNamespace(first=a, inner=SimpleNamespace(counters=[b])))
    for given in ([a, b], [meter], [[a, [b]]], [(a,), {b}], [namespace], [SimpleNamespace(counters=[meter])]):
        assert expand_counters(given) == [a, b]
    assert expand_counters([b, meter, b]) == [b, a]


@pytest.mark.parametrize("thing", ["diode", 3, None, SamplingCounter, SimpleNamespace(name="box")])
def test_what_holds_no_counter_is_refused(thing):
    with pytest.raises(ArgumentError, match="is not a counter and holds none"):
        expand_counters([thing])


def test_a_container_that_holds_itself_is_refused():
    box = SimpleNamespace(name="box")
    box.counters = [box]
    with pytest.raises(ArgumentError, match="box holds itself"):
        expand_counters([box])


def test_each_controller_is_read_by_one_object():
    meter, other = Meter("meter", "a", "b"), Meter("other", "c")
    chain = DefaultChain().get(PARS, [meter.counters.a, other, meter])
    assert tree(chain) == {"timer": None, "meter": "timer", "c": "timer"}


def test_a_calculation_comes_after_its_inputs_under_their_master():
    a, b = Meter("m1", "a").counters.a, Meter("m2", "b").counters.b
    ratio = ExpressionCalcCounter("ratio", "a / b", [a, b])
    more = ExpressionCalcCounter("more", "ratio + 1", [ratio])
    chain = DefaultChain().get(PARS, [more])
    assert list(tree(chain)) == ["timer", "a", "b", "ratio", "more"]
    assert set(tree(chain).values()) == {None, "timer"}


# -- settings -------------------------------------------------------------------------------------------------


def test_settings_of_a_device_go_to_its_acquisition_object_in_every_scan():
    meter, default = Meter("meter", "a"), DefaultChain()
    default.set_settings([{"device": meter, "acquisition_settings": {"count_time": 0.05}}])
    (slave,) = default.get(PARS, [meter]).get_node_from_devices(meter)
    assert slave.count_time == 0.05
    assert default.__info__() == "presets on every standard scan: none\nmeter: count_time=0.05"
    default.clear()
    (slave,) = default.get(PARS, [meter]).get_node_from_devices(meter)
    assert slave.count_time == 0.1


def test_settings_may_name_a_counter_in_the_place_of_its_device():
    meter, default = Meter("meter", "a"), DefaultChain()
    default.set_settings([{"device": meter.counters.a, "acquisition_settings": {"npoints": 7}}])
    assert default.get(PARS, [meter]).nodes_list[1].npoints == 7


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"device": 3}, "device object must be a CounterController or a counter, got 3"),
        ({"acquisition_settings": {}}, "device object must be a CounterController or a counter, got None"),
        ({"device": Meter("m"), "master": "timer"}, "master object must be a CounterController or a counter"),
        (
            {"device": Meter("m"), "acq_settings": {}},
            "'acq_settings' is not known: did you mean 'acquisition_settings'",
        ),
    ],
)
def test_wrong_settings_are_refused_and_nothing_is_set(setting, message):
    default, meter = DefaultChain(), Meter("meter", "a")
    with pytest.raises(ValueError, match=message):
        default.set_settings([{"device": meter, "acquisition_settings": {"count_time": 9}}, setting])
    assert default.get(PARS, [meter]).nodes_list[1].count_time == 0.1


def test_settings_that_the_acquisition_object_does_not_know_are_refused():
    meter, default = Meter("meter", "a"), DefaultChain()
    default.set_settings([{"device": meter, "acquisition_settings": {"colour": "red"}}])
    with pytest.raises(UsageError, match="meter can't be counted with .*'colour'"):
        default.get(PARS, [meter])


# -- controllers of one's own, and masters ----------------------------------------------------------------------


def test_a_controller_may_be_asked_with_parameters():
    device = Listing("gate")
    image = Counter("image", device, shape=(2, 3), dtype="uint16")
    chain = DefaultChain().get(PARS, [device])
    (node,) = chain.get_node_from_devices(image)
    assert device.asked == [({"count_time": 0.1, "npoints": 3}, {}, {})]
    assert [(channel.name, channel.shape) for channel in node.channels] == [("gate:image", (2, 3))]


def test_a_controller_says_what_the_parameters_of_a_standard_scan_are():
    class Fast(Listing):
        def get_default_chain_parameters(self, scan_params, acq_params):
            return {"npoints": 10 * scan_params["npoints"], "kind": scan_params["type"], **acq_params}

    device, default = Fast("fast"), DefaultChain()
    default.set_settings([{"device": device, "acquisition_settings": {"gain": 2}}])
    default.get(PARS, [Counter("x", device)])
    assert device.asked[0][0] == {"npoints": 30, "kind": "loopscan", "gain": 2}


@pytest.mark.parametrize("how", ["settings", "controller"])
def test_a_device_may_be_triggered_by_another(how):
    gate = Gating("gate")
    meter = Meter("meter", "a", master_controller=gate if how == "controller" else None)
    listing = Listing("listing", master_controller=meter.master_controller)
    default = DefaultChain()
    if how == "settings":
        default.set_settings([{"device": device, "master": gate} for device in (meter, listing)])
    chain = default.get(PARS, [meter, Counter("x", listing)])
    assert tree(chain) == {"timer": None, "gate": "timer", "a": "gate", "listing": "gate"}
    assert listing.asked[0][2] == {"count_time": 0.1, "npoints": 3}


def test_a_calculation_stands_beside_its_input_below_another_device():
    gate = Gating("gate")
    meter = Meter("meter", "a", master_controller=gate)
    chain = DefaultChain().get(PARS, [ExpressionCalcCounter("twice", "2 * a", [meter.counters.a])])
    assert tree(chain)["twice"] == "gate"


def test_a_master_that_triggers_nothing_is_refused():
    meter, other = Meter("meter", "a"), Meter("other", "b")
    default = DefaultChain()
    default.set_settings([{"device": meter, "master": other}])
    with pytest.raises(ValueError, match="master object must be a CounterController whose .* other triggers nothing"):
        default.get(PARS, [meter])


def test_two_devices_can_not_be_each_others_master():
    one, two, default = Gating("one"), Gating("two"), DefaultChain()
    default.set_settings([{"device": one, "master": two}, {"device": two, "master": one}])
    with pytest.raises(UsageError, match="each other's master"):
        default.get(PARS, [Counter("x", one)])


def test_a_master_controller_must_be_one():
    with pytest.raises(UsageError, match="master_controller must be a CounterController, got False"):
        Meter("meter", master_controller=False)


# -- chains by hand -------------------------------------------------------------------------------------------


def test_a_builder_gives_a_node_for_each_controller():
    gate = Gating("gate")
    meter, other = Meter("meter", "a"), Meter("other", "b", master_controller=gate)
    ratio = ExpressionCalcCounter("ratio", "a / 2", [meter.counters.a])
    builder = ChainBuilder([ratio, other])
    assert [node.controller.name for node in builder.nodes] == ["meter", "ratio", "other"]
    assert [node.controller.name for node in builder.get_nodes_not_ready()] == ["meter", "other"]
    for node in builder.get_nodes_by_controller_type(SamplingCounterController):
        node.set_parameters({"count_time": 0.2, "npoints": 3})
    timer, chain = SoftwareTimerMaster(0.2, npoints=3), AcquisitionChain()
    for node in builder.nodes:
        chain.add(timer, node)
    assert tree(chain) == {"timer": None, "a": "timer", "ratio": "timer", "b": "timer"}
    kinds = [type(node) for node in chain.nodes_list[1:]]
    assert kinds == [SamplingCounterAcquisitionSlave, CalcCounterAcquisitionSlave, SamplingCounterAcquisitionSlave]
    assert builder.get_nodes_by_controller_name("other")[0].is_ready
    with pytest.raises(ScanStateError, match="its parameters are set already"):
        builder.add_extra_counters(meter)


def test_a_node_brings_those_below_it_into_the_chain():
    gate = Gating("gate")
    meter = Meter("meter", "a", master_controller=gate)
    builder = ChainBuilder([meter, Counter("x", gate)])
    for node in builder.nodes:
        node.set_parameters({"count_time": 0.2, "npoints": 3})
    chain = AcquisitionChain()
    (node,) = builder.get_nodes_by_controller_type(Gating)
    chain.add(SoftwareTimerMaster(0.2, npoints=3), node)
    assert tree(chain) == {"timer": None, "gate": "timer", "a": "gate"}


def test_a_node_without_parameters_can_not_be_put_into_a_chain():
    builder = ChainBuilder([Meter("meter", "a")])
    with pytest.raises(ScanStateError, match=r"meter: call node.set_parameters\(\{...\}\) before chain.add"):
        AcquisitionChain().add(SoftwareTimerMaster(0.2), builder.nodes[0])


def test_nothing_to_count_is_an_error():
    with pytest.raises(ArgumentError, match="No counters for scan"):
        ChainBuilder([])


def test_a_counter_is_added_to_its_own_device_only():
    slave = AcquisitionSlave(Meter("meter"), trigger_type="hardware")
    assert slave.trigger_type is TriggerMode.HARDWARE
    with pytest.raises(UsageError, match="meter can't measure other:b: it belongs to another device"):
        slave.add_counter(Meter("other", "b").counters.b)
    with pytest.raises(UsageError, match="trigger_type 'GATE' is not known"):
        AcquisitionSlave(name="x", trigger_type="GATE")


@pytest.mark.parametrize("given", [5, None, "mca", {"device": Meter("m", "a")}, [5], [{"acquisition_settings": 5}]])
def test_settings_that_are_no_list_of_mappings_are_refused_in_plain_words(given):
    with pytest.raises(UsageError, match=r'default_chain config: expected a list, as \[\{"device": mca, .*, got '):
        DefaultChain().set_settings(given)
