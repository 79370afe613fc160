"""Counters that are calculated from others while the scan runs."""

import numpy as np
import pytest
from meters import Meter, bench

from obtura.acquisition.calc import CalcChannelAcquisitionSlave, CalcHook
from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.calculation import CalcCounter, CalcCounterController
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.counters import Counter, CounterController, SamplingCounter
from obtura.contracts.presets import ScanPreset
from obtura.devices.sim.card import SimulatedCard
from obtura.devices.sim.world import World
from obtura.engine.scan import Scan
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import virtual_time


def meter(name, *readings, **options):
    return SamplingCounter(name, Meter(readings, name=f"{name}_meter"), **options)


def total(name, *inputs, **options):
    tags = [counter.name for counter in inputs]
    return CalcCounterController(
        f"{name}_calc", inputs, [{"name": name, **options}], lambda values: {name: sum(values[tag] for tag in tags)}
    ).counters[name]


def counted(*counters, npoints=3):
    with virtual_time():
        return bench().loopscan(npoints, 0, *counters).get_data()


def test_inputs_of_several_devices_are_added_to_the_scan():
    a, b = meter("a", 1.0, 2.0, 3.0), meter("b", 10.0)
    data = counted(total("sum", a, b))
    assert data["sum"].tolist() == [11, 12, 13]
    assert data[a].tolist() == [1, 2, 3]
    assert "b_meter:b" in data


def test_a_calculation_may_use_another():
    a = meter("a", 1.0, 2.0, 3.0)
    double = total("double", a, meter("b", 0.0))
    more = total("more", double, a)
    data = counted(more)
    assert data["more"].tolist() == [2, 4, 6]
    assert data[double].tolist() == [1, 2, 3]


def test_several_outputs_come_of_one_call_and_only_those_asked_for_are_kept():
    calls = []

    def both(values):
        calls.append(len(values["a"]))
        return {"square": values["a"] ** 2, "negative": -values["a"]}

    controller = CalcCounterController("calc", [meter("a", 1.0, 2.0, 3.0)], ["square", "negative"], both)
    data = counted(controller)
    assert (data["square"].tolist(), data["negative"].tolist()) == ([1, 4, 9], [-1, -2, -3])
    assert calls == [1, 1, 1]
    assert "calc:square" not in counted(controller.counters.negative)


def test_a_subclass_says_how_in_a_method_and_may_use_tags():
    class Mean(CalcCounterController):
        def calc_function(self, input_dict):
            values = [input_dict[self.tags[counter.name]] for counter in self.inputs]
            return {self.tags[self.outputs[0].name]: sum(values) / len(values)}

    config = {
        "inputs": [{"counter": meter("a", 1.0), "tags": "first"}, {"counter": meter("b", 5.0), "tags": "second"}],
        "outputs": [{"name": "mean", "unit": "V", "tags": "m"}],
    }
    controller = Mean("calc", config)
    assert counted(controller)["mean"].tolist() == [3, 3, 3]
    assert controller.counters.mean.unit == "V"


def test_spectra_can_be_calculated_with():
    spectrum = SamplingCounter("mca", Meter([np.arange(4.0)]), shape=(4,))
    controller = CalcCounterController(
        "calc",
        {"s": spectrum},
        ["area", {"name": "twice", "shape": (4,)}],
        lambda values: {"area": values["s"].sum(axis=1), "twice": 2 * values["s"]},
    )
    data = counted(controller)
    assert data["area"].tolist() == [6, 6, 6]
    assert data["twice"][1].tolist() == [0, 2, 4, 6]


def test_a_row_has_its_calculated_value_before_the_point_is_over():
    a = meter("a", 1.0, 2.0, 3.0)
    double = total("double", a)
    lengths = []

    class Looking(ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels([double], lambda counter, name, data: lengths.append((name, data.tolist())))

    with virtual_time():
        scan = bench().loopscan(3, 0, double, run=False)
        scan.add_preset(Looking())
        scan.run()
    assert lengths == [("double_calc:double", [float(point)]) for point in (1, 2, 3)]


def test_blocks_and_points_meet_at_the_smaller_number():
    card, lab = SimulatedCard("card", {"i0": 1000}, world=World()), bench()
    lab.default_chain.set_settings([{"device": card, "acquisition_settings": {"trigger_type": "HARDWARE"}}])
    i0, a = card.counters.i0, meter("a", 2.0)
    product = CalcCounterController("calc", [i0, a], ["product"], lambda v: {"product": v["i0"] * v["a"]})
    with virtual_time():
        data = lab.loopscan(20, 0.01, product).get_data()
    assert len(data["product"]) == 20
    assert data["product"].tolist() == (2 * data["i0"]).tolist()


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda values: 1 / 0, "calc: the calculation failed: ZeroDivisionError: division by zero"),
        (lambda values: {"other": values["a"]}, "calc: the calculation gave no 'y', only other"),
        (lambda values: values["a"], "calc: the calculation must give a dict of outputs"),
        (lambda values: {"y": [1.0, 2.0]}, r"gave y with shape \(2,\) for 1 points, expected \(1,\)"),
        (lambda values: {"y": ["text"]}, "y is not of type float64"),
    ],
)
def test_a_calculation_that_fails_ends_the_scan_and_is_named(function, message):
    a = meter("a", 1.0, 2.0)
    with pytest.raises(DeviceError, match=message) as caught:
        counted(CalcCounterController("calc", [a], ["y"], function))
    assert "in the calculation of calc, with a new point of a_meter:a" in caught.value.__notes__


def test_points_before_the_failure_are_kept():
    a = meter("a", 1.0, 2.0, 0.0, 4.0)
    inverse = CalcCounterController("calc", [a], ["y"], lambda values: {"y": [1 / float(values["a"][0])]})
    with virtual_time():
        scan = bench().loopscan(4, 0, inverse, run=False)
        with pytest.raises(DeviceError, match="division by zero"):
            scan.run()
    assert scan.get_data("y").tolist() == [1, 0.5]
    assert scan.get_data("a").tolist() == [1, 2]


def test_dividing_by_zero_with_numpy_is_infinite_not_an_error():
    a, b = meter("a", 1.0), meter("b", 0.0)
    ratio = CalcCounterController("calc", [a, b], ["r"], lambda v: {"r": v["a"] / v["b"]})
    assert np.isinf(counted(ratio)["r"]).all()


def test_a_calculation_in_a_circle_is_refused():
    first = CalcCounterController("one", [meter("a", 1.0)], ["x"], lambda values: {})
    second = CalcCounterController("two", [first.counters.x], ["y"], lambda values: {})
    first.tagged_inputs["y"] = second.counters.y
    with pytest.raises(UsageError, match="one from two from one: a calculation in a circle"):
        counted(first)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], ["y"]), "calc: a calculation needs inputs"),
        (([meter("a", 1.0), meter("a", 2.0)], ["y"]), "two inputs are called 'a'; give them tags"),
        ((["a"], ["y"]), "input 'a' is no counter: 'a'"),
        ((meter("a", 1.0), ["y"]), "inputs must be a list of counters"),
        (([meter("a", 1.0)], [{"name": "y", "unitt": "V"}]), r"output 'y' has \['unitt'\]; it may have"),
        (([meter("a", 1.0)], [{"name": "y", "dim": 1}]), "output 'y' is no scalar: say its shape"),
    ],
)
def test_what_can_not_be_calculated_is_refused_when_it_is_made(arguments, message):
    with pytest.raises(UsageError, match=message):
        CalcCounterController("calc", *arguments)


def test_it_can_be_read_outside_of_a_scan():
    assert total("sum", meter("a", 1.0), meter("b", 2.0)).read() == 3.0
    blind = Counter("image", CounterController("camera"))
    with pytest.raises(DeviceError, match=r"image can be measured in a scan only, e.g. ct\(1, image\)"):
        total("sum", blind).read()


# -- channels calculated by hand in a chain -------------------------------------------------------------------


def chain_of(hook, *outputs):
    timer = SoftwareTimerMaster(0, npoints=3)
    source = SamplingCounterAcquisitionSlave(meter("a", 1.0, 2.0, 3.0), count_time=0, npoints=3)
    calc = CalcChannelAcquisitionSlave("calc", [source], hook, list(outputs))
    chain = AcquisitionChain()
    chain.add(timer, source)
    chain.add(timer, calc)
    return chain


def ran(chain):
    scan = Scan(chain, save=False)
    with virtual_time():
        scan.run()
    return scan.get_data()


def test_a_hook_is_prepared_started_fed_and_stopped():
    log = []

    class Running(CalcHook):
        total = 0.0

        def prepare(self):
            log.append("prepare")

        def start(self):
            log.append("start")

        def compute(self, sender, data_dict):
            log.append(sender.short_name)
            self.total += data_dict["a"].sum()
            return {"running": [self.total]}

        def stop(self):
            log.append("stop")

    data = ran(chain_of(Running(), AcquisitionChannel("calc:running")))
    assert data["running"].tolist() == [1, 3, 6]
    assert log == ["prepare", "start", "a", "a", "a", "stop"]


def test_a_function_may_have_nothing_to_say_yet():
    def every_other(sender, data_dict):
        return {"calc:even": data_dict["a"]} if data_dict["a"][0] == 2 else None

    assert ran(chain_of(every_other, AcquisitionChannel("calc:even")))["even"].tolist() == [2]


def test_a_hook_is_stopped_when_the_scan_fails():
    log = []

    class Failing(CalcHook):
        def compute(self, sender, data_dict):
            raise RuntimeError("no more")

        def stop(self):
            log.append("stop")

    with pytest.raises(RuntimeError, match="no more"):
        ran(chain_of(Failing(), AcquisitionChannel("calc:x")))
    assert log == ["stop"]


def test_what_can_not_be_calculated_from_is_refused():
    with pytest.raises(UsageError, match="expected a list of acquisition objects"):
        CalcChannelAcquisitionSlave("calc", [], print, [])
    with pytest.raises(UsageError, match="expected a function or a CalcHook, got 'x'"):
        CalcChannelAcquisitionSlave("calc", [AcquisitionSlave(name="a")], "x", [])


def test_outputs_may_be_added_to_a_controller():
    class Two(CalcCounterController):
        def calc_function(self, input_dict):
            return {"y": input_dict["a"], "z": input_dict["a"] + 1}

    controller = Two("calc", [meter("a", 1.0)], ["y"])
    CalcCounter("z", controller)
    assert counted(controller)["z"].tolist() == [2, 2, 2]


def test_a_calculation_that_gives_none_is_an_error_not_nan():
    a = meter("a", 1.0)
    broken = CalcCounterController("broken", [a], ["b"], lambda values: {"b": None})
    with pytest.raises(DeviceError, match="broken: the calculation gave None for b, which is no point"):
        counted(broken)


def test_outputs_and_the_function_are_checked_when_it_is_made():
    a = meter("a", 1.0)
    with pytest.raises(UsageError, match="calc: two outputs are called 'b'"):
        CalcCounterController("calc", [a], ["b", "b"], lambda values: {})
    with pytest.raises(UsageError, match="calc: expected a function of the inputs, got 5"):
        CalcCounterController("calc", [a], ["b"], 5)


@pytest.mark.parametrize(
    "function",
    [
        lambda v: {"z": v["a"] * 1j},
        lambda v: {"z": [complex(value) for value in v["a"]]},
        lambda v: {"z": [np.complex128(value) for value in v["a"]]},
    ],
)
def test_a_complex_number_does_not_lose_its_half_silently(function):
    a = meter("a", 2.0)
    calc = CalcCounterController("calc", [a], ["z"], function)
    with virtual_time(), pytest.raises(DeviceError, match="calc: z is not of type float64: .* say dtype=complex"):
        bench().loopscan(2, 0, calc.counters.z)


def test_a_complex_counter_says_that_it_is_one():
    a = meter("a", 2.0)
    calc = CalcCounterController("calc", [a], [{"name": "z", "dtype": complex}], lambda v: {"z": v["a"] * 1j})
    with virtual_time():
        scan = bench().loopscan(2, 0, calc.counters.z, a)
    assert scan.get_data("z").tolist() == [complex(0, value) for value in scan.get_data("a")]


def test_a_channel_takes_no_complex_number_for_a_real_one():
    with pytest.raises(UsageError, match="channel x: .* would lose their imaginary part"):
        channel = AcquisitionChannel("x")
        channel.connect(lambda channel, block: None)
        channel.emit(np.array([1j]))
