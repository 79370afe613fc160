"""What persists prevails over the YAML, and the user is told."""

from obtura.session.config.restored import differences

LAB = """\
- name: roby
  class: SimulatedAxis
  velocity: 10
  limits: [-100, 100]
  position: 3
- {name: mca, class: SimulatedMCA, rois: {iron: [310, 330]}}
"""


def test_a_setting_that_differs_is_told_with_the_place_in_the_yaml(beamline):
    config = beamline.load(LAB, "motors/all.yml")
    kept = {"velocity": 5.0, "limits": [-100, 50], "backlash": 1, "position": 8.0, "dial": 8.0}
    assert differences(config, "roby", kept) == [
        "roby: velocity 5 (settings) instead of 10 (motors/all.yml:3)",
        "roby: limits [-100, 50] (settings) instead of [-100, 100] (motors/all.yml:4)",
    ]


def test_what_is_the_same_or_as_described_is_not_told(beamline):
    config = beamline.load(LAB)
    assert differences(config, "roby", {"velocity": 10.000000000001, "limits": [-100.0, 100.0]}) == []
    assert differences(config, "roby", {"velocity": None}) == []
    assert differences(config, "mca", {"rois": {"iron": [310, 330]}}) == []
    assert len(differences(config, "mca", {"rois": {"iron": [310, 331]}})) == 1


def test_a_default_of_the_beamline_is_told_with_its_own_place(beamline):
    beamline.write("defaults: {SimulatedAxis: {unit: mm}}", "obtura.yml")
    (line,) = differences(beamline.load(LAB), "roby", {"unit": "um"})
    assert line == "roby: unit um (settings) instead of mm (obtura.yml:1)"
