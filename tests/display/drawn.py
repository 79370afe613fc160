"""Pictures to draw."""

import math

import numpy as np

from obtura.display.picture import Curve, Curves, Image, Marks, Side

NAN = math.nan


def bell(centre=5.0, points=21, height=1000.0, name="diode"):
    x = np.linspace(0, 10, points)
    return Curve(name, x, height * np.exp(-(((x - centre) / 2) ** 2) / 2))


def curves(*some, marks=None, here=NAN):
    return Curves("ascan roby 0 10 20 0.1", "roby [mm]", some[0].name, some, marks, ("the peak is at 5 mm",), here)


MARKS = Marks((5.0, 1000.0), 5.0, (2.65, 7.35), 500.0)


def image(values, first=0.0, last=10.0, upright=False, **more):
    across, along = Side("roby [mm]", first, last), Side("robz [mm]", -1, 1)
    return Image("amesh", across, along, np.array(values, dtype=float), "counts", ("largest 9",), upright, **more)
