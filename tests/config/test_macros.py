"""Macros: written once, used in any text of a beamline's YAML."""

import pytest

from obtura.session.config import Config, ConfigError

MARK = 'macros: {P: "ID10:", M: "$(P)MTR:"}\n'


@pytest.fixture
def loaded(tmp_path):
    def load(devices, mark=MARK):
        (tmp_path / "obtura.yml").write_text(mark)
        (tmp_path / "devices.yml").write_text(devices)
        return Config.load(tmp_path)

    return load


@pytest.fixture
def problems(loaded):
    def find(devices, mark=MARK):
        with pytest.raises(ConfigError) as caught:
            loaded(devices, mark)
        return [(each.place.line, each.place.column, each.message) for each in caught.value.problems]

    return find


def pv(config, name):
    return config.describe(name).arguments["pv"]


def test_a_macro_of_the_beamline_is_put_in_wherever_it_stands(loaded):
    config = loaded("- {name: a, class: PVCounter, pv: $(P)diode}\n- {name: b, class: PVCounter, pv: 'x$(M)1$(P)'}\n")
    assert (pv(config, "a"), pv(config, "b")) == ("ID10:diode", "xID10:MTR:1ID10:")


def test_an_object_has_its_own_and_gives_them_to_what_is_listed_within_it(loaded):
    config = loaded("""
- name: currents
  class: PVReader
  macros: {P: "$(P)KEITHLEY:", N: 7}
  counters:
    - {name: a, pv: "$(P)a"}
    - {name: b, pv: "$(P)b$(N)", macros: {P: "B:"}}
- {name: c, class: PVCounter, pv: $(P)c}
""")
    assert [pv(config, name) for name in "abc"] == ["ID10:KEITHLEY:a", "B:b7", "ID10:c"]


def test_a_macro_may_have_a_default(loaded):
    config = loaded("- {name: a, class: PVCounter, pv: '$(Q=X:)diode$(P=no)'}\n", mark="macros: {P: ''}\n")
    assert pv(config, "a") == "X:diode"


def test_what_is_put_in_is_no_reference_and_no_macro(loaded):
    config = loaded("- {name: a, class: PVCounter, pv: '$(P)'}\n", mark="macros: {P: 'x$y'}\n")
    assert pv(config, "a") == "x$y"


def test_an_anchor_is_one_object_wherever_it_is_used(loaded):
    config = loaded("""
- name: a
  class: PVCounter
  pv: &pv $(P)diode
- {name: b, class: PVCounter, pv: *pv, macros: {P: "B:"}}
""")
    assert (pv(config, "a"), pv(config, "b")) == ("ID10:diode", "B:diode")


def test_a_macro_that_is_not_known_is_named_with_its_place(problems):
    assert problems("- name: a\n  class: PVCounter\n  pv: X:$(PP)diode\n") == [
        (3, 9, "there is no macro $(PP): did you mean 'P'? (known: P, M)")
    ]
    assert problems("- name: a\n  class: PVCounter\n  pv: '$(Q)diode'\n", mark="name: lab\n") == [
        (3, 8, "there is no macro $(Q) (known: none; say macros in obtura.yml or in the object)")
    ]


@pytest.mark.parametrize(
    ("mark", "problem"),
    [
        ("macros: [P]\n", (1, 9, 'macros: expected a mapping such as {P: "ID10:"}, got a list')),
        ("macros: {P: [1]}\n", (1, 13, "macros: P: expected text, got a list")),
        ("macros: {P Q: x}\n", (1, 10, "macros: 'P Q' is no name of a macro: letters, digits and underscores")),
    ],
)
def test_macros_that_are_none_are_named_with_their_place(problems, mark, problem):
    assert problem in problems("- {name: a, class: PVCounter, pv: x}\n", mark)
