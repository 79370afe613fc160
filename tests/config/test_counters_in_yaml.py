"""Counters of every kind, described in YAML, counted in one scan."""

import numpy as np
import pytest

from obtura.contracts.consumers import Surroundings
from obtura.ground.errors import ObturaError
from obtura.scans.bench import Bench
from obtura.works.clock import virtual_time

LAB = """\
- {name: shutter, class: SimulatedShutter}
- {name: diode, class: SimulatedDiode, mode: STATS, behind: [$shutter]}
- {name: four, class: ConstantCounter, value: 4, unit: mA}
- {name: card, class: SimulatedCard, rates: {i0: 10000, it: 3000}}
- name: mca
  class: SimulatedMCA
  rois:
    iron: {first: 310, last: 330}
- name: ratio
  class: ExpressionCalcCounter
  expression: it / i0 * scale
  inputs: {it: $card.counters.it, i0: $card.counters.i0}
  constants: {scale: 100}
  unit: "%"
- name: pair
  class: ExpressionCalcCounterController
  inputs: [$four, {counter: $ratio, tags: r}]
  outputs:
    - {name: square, expression: four ** 2}
    - {name: product, expression: four * r}
- {name: peak, class: SimulationCounter, distribution: GAUSSIAN, height_factor: 5}
"""


def test_counters_of_every_kind_are_described_and_counted(beamline):
    config = beamline.load(LAB)
    devices = [config.get(name) for name in ("diode", "mca", "pair", "peak")]
    with virtual_time():
        data = Bench(Surroundings()).loopscan(3, 0.05, *devices).get_data()
    assert data["spectrum"].shape == (3, 1024)
    scalars = ("diode", "diode_std", "iron", "ratio", "product", "peak")
    assert [data[name].shape for name in scalars] == [(3,)] * 6
    assert data["square"].tolist() == [16, 16, 16]
    assert data["product"] == pytest.approx(4 * data["ratio"])
    assert data["peak"].max() == 5
    assert [one.unit for one in devices[2].outputs] == ["mA**2", "mA*%"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{name: a, class: ConstantCounter, unit: mmm}", "unit 'mmm' is not known: did you mean 'mm'"),
        ("{name: a, class: SimulatedDiode, mode: STAT}", "sampling mode 'STAT' is not known: did you mean STATS"),
        ("{name: a, class: ExpressionCalcCounter, expression: b / 0, inputs: {}}", "a calculation needs inputs"),
        ("{name: a, class: SimulatedCard, rates: {i0: fast}}", "fast"),
    ],
)
def test_what_is_wrong_is_told_with_what_was_meant(beamline, text, message):
    with pytest.raises(ObturaError, match=message):
        beamline.load(f"- {text}").get("a")


def test_any_counter_may_be_said_not_to_be_critical(beamline):
    config = beamline.load("""\
    - {name: flaky, class: FaultyCounter, bad_every: 1, is_critical: no}
    - {name: four, class: ConstantCounter, value: 4}
    """)
    with virtual_time():
        data = Bench(Surroundings()).loopscan(2, 0, config.get("flaky"), config.get("four")).get_data()
    assert [str(each) for each in data["flaky"]] == ["nan", "nan"]
    assert config.get("four").is_critical


def test_any_counter_may_have_a_policy(beamline):
    config = beamline.load("""\
    - {name: flaky, class: FaultyCounter, bad_every: 2, policy: retry 1}
    - {name: four, class: ConstantCounter, value: 4, policy: optional}
    """)
    with virtual_time():
        data = Bench(Surroundings()).loopscan(4, 0, config.get("flaky")).get_data()
    assert not np.isnan(data["flaky"]).any()
    assert str(config.get("four").policy) == "optional"


@pytest.mark.parametrize("written", ["often", "retry", "retry 0", "retry -1", "optional 3"])
def test_a_policy_that_is_none_is_told_with_its_place(beamline, written):
    problem = beamline.problem(f"- {{name: four, class: ConstantCounter, value: 4, policy: {written}}}")
    told = f"four: policy: expected a policy: 'required', 'optional', 'retry 3' or 'wait 60', got '{written}'"
    assert "1:58: " + told in problem


def test_a_misspelt_is_critical_is_told(beamline):
    assert "did you mean 'is_critical'?" in beamline.problem("- {name: a, class: ConstantCounter, critical: no}")
