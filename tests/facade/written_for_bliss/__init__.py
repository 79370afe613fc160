"""Modules as a beamline has them that wrote them for BLISS, by its documentation; nothing here knows of obtura."""
