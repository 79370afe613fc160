"""The cases, in the order of the table."""

from bench.suite import consumers, counters, devices, points, presets, whole

__all__ = ["consumers", "counters", "devices", "points", "presets", "whole"]
