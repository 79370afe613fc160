"""The breaks of the engine that `make mutants` tries can still be made. Whether each is caught, it says itself."""

import ast

import pytest
from mutants import MUTANTS
from mutate import applied


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.why)
def test_a_mutant_fits_the_engine(mutant):
    ast.parse(applied(mutant))


def test_there_are_many():
    assert len({mutant.why for mutant in MUTANTS}) == len(MUTANTS) >= 20
