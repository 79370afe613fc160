"""Measuring among the objects of thousands of other tests."""

import gc

import pytest


@pytest.fixture(autouse=True)
def others_are_left_alone():
    """What other tests have left is not looked through before each repetition, which would take most of the time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
