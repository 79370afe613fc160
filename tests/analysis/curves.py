"""Curves that everybody knows, and hypothesis strategies for those that nobody has thought of."""

import math

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

FWHM_OF_SIGMA = 2 * math.sqrt(2 * math.log(2))


def gaussian(x, centre=0.0, sigma=1.0, height=1.0, ground=0.0):
    return ground + height * np.exp(-(((x - centre) / sigma) ** 2) / 2)


def edge(x, centre=0.0, sigma=1.0, height=1.0, ground=0.0):
    """A gaussian beam cut by an edge: it rises with x."""
    return ground + height * np.array([(1 + math.erf((each - centre) / sigma / math.sqrt(2))) / 2 for each in x])


numbers = st.integers(-1000, 1000).map(lambda number: number / 8)
"""Eighths: sums and differences of some of them are exact, so that equal stays equal."""


@st.composite
def curves(draw, least=0):
    """x and y of one length, in any order, with repeated x and equal y."""
    npoints = draw(st.integers(least, 12))
    return tuple(draw(arrays(float, npoints, elements=numbers)) for _ in range(2))


scales = st.sampled_from([0.5, 1.0, 2.0, 4.0])
