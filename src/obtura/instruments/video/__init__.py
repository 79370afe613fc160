"""Cameras that OpenCV can look through. The extra: `pip install 'obtura[camera]'`.

    cam = Webcam("cam")                                    # the first one of this computer
    door = Webcam("door", "http://10.0.0.7:8080/stream")   # MJPEG over HTTP; rtsp:// likewise
    film = Webcam("film", "run7.mp4")                      # a video file, frame by frame

OpenCV runs in a process of its own, which is started when a camera is first looked through, and ends some seconds after
nobody does any more. One that is down fails each call within its time limit with a `DeviceError`, and works once it is
back, also in the middle of a scan.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obtura.instruments.video.webcam import Webcam

__all__ = ["Webcam"]


def __getattr__(name: str) -> Any:
    """What is here, imported when it is asked for: the process that looks through a camera needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.webcam"), name)
