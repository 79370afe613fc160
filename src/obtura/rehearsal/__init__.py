"""Rehearse a night: a user's script on simulated devices and virtual time, with what goes wrong written in a file."""

from obtura.rehearsal.events import EventKeys, NightKeys, read_night
from obtura.rehearsal.rehearse import rehearse
from obtura.rehearsal.report import Report

__all__ = ["EventKeys", "NightKeys", "Report", "read_night", "rehearse"]
