"""Why there is no picture, in plain words: OpenCV only says that there is none."""

import http.client
import os
import socket
import sys
import urllib.error
import urllib.request
from glob import glob
from urllib.parse import urlsplit

__all__ = ["is_device", "is_live", "shown", "why_no_picture"]

LONGEST = 2.0
"""Seconds that may go into finding out."""

PORTS = {"http": 80, "https": 443, "rtsp": 554}

VIDEO = ("multipart", "video", "image", "application/octet-stream")
"""What a camera says it sends begins with one of these."""


def is_device(source: int | str) -> bool:
    """Whether it is a camera at this computer."""
    return isinstance(source, int) or source.startswith("/dev/")


def is_live(source: int | str) -> bool:
    """Whether it is a camera, not a file."""
    return is_device(source) or "://" in str(source)


def shown(source: int | str) -> str:
    """As messages have it: without the password."""
    if isinstance(source, int):
        return f"/dev/video{source}" if sys.platform.startswith("linux") else f"camera {source}"
    if "@" not in source or "://" not in source:
        return source
    scheme, _, rest = source.partition("://")
    who, _, where = rest.rpartition("@")
    return f"{scheme}://{who.partition(':')[0]}:***@{where}"


def why_no_picture(source: int | str, timeout: float) -> str:
    """Why it can't be opened, as what is said of it; it is asked for `LONGEST` s at most, `timeout` s if that is less.

    For `timeout` OpenCV has tried.
    """
    if is_device(source):
        return _why_no_device(source)
    assert isinstance(source, str)
    if is_live(source):
        return _why_no_stream(source, timeout)
    if not os.path.exists(source):
        return "is not there: there is no such file"
    return "can't be read" if not os.access(source, os.R_OK) else "is no video that OpenCV can read"


def _why_no_device(source: int | str) -> str:
    path = shown(source)
    if not sys.platform.startswith("linux"):
        return "gives no picture; is it plugged in, may this program use it (the system's settings, privacy)?"
    if not os.path.exists(path):
        others = ", ".join(sorted(glob("/dev/video*")))
        if others:
            return f"is not there; there are {others}"
        return (
            "is not there, nor any other /dev/video*: plug a camera in; a virtual machine or a container has one only "
            "when it is given one"
        )
    if not os.access(path, os.R_OK | os.W_OK):
        return "may not be opened by this user: become one of the group video (sudo usermod -aG video $USER)"
    return "gives no picture; does another program use it? Many cameras have a second device, which never gives any"


def _why_no_stream(source: str, timeout: float) -> str:
    url, patience = urlsplit(source), min(timeout, LONGEST)
    try:
        place = (url.hostname or "", url.port or PORTS.get(url.scheme, 0))
    except ValueError as error:
        return f"is no address: {error}"
    if place[1]:
        try:
            socket.create_connection(place, patience).close()
        except OSError as error:
            told = "nobody answers" if isinstance(error, TimeoutError) else error.strerror or str(error)
            return f"can't be reached: {told}"
    answer = _answer(source, patience) if url.scheme in ("http", "https") and "@" not in url.netloc else ""
    return answer or f"is there, and sends no picture that OpenCV can read within {timeout:g} s"


def _answer(url: str, patience: float) -> str:
    """What is wrong with the answer to a GET; empty: nothing."""
    try:
        with urllib.request.urlopen(url, timeout=patience) as answer:
            kind = answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        error.close()
        return f"answers {error.code} {error.reason}"
    except TimeoutError:
        return "can be reached, and does not answer"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"does not speak HTTP as it should: {type(error).__name__}: {error}"
    return "" if kind.startswith(VIDEO) else f"sends {kind}, which is no video"
