"""Switches the screen off and on without a desktop, through the DRM device that SDL has open."""

import contextlib
import ctypes
import time
from collections.abc import Iterator
from pathlib import Path

from .sdl import loaded_library

PROPERTY = b"DPMS"
ON, OFF = 0, 3  # of drm_mode.h
FRAME = 0.1  # seconds for the last picture to be shown: a driver may never report one that is shown on a dark screen


class _Resources(ctypes.Structure):  # drmModeRes of xf86drmMode.h, up to the connectors
    _fields_ = [
        *(("fbs", ctypes.c_int), ("fb_ids", ctypes.c_void_p)),
        *(("crtcs", ctypes.c_int), ("crtc_ids", ctypes.c_void_p)),
        *(("connectors", ctypes.c_int), ("connector_ids", ctypes.POINTER(ctypes.c_uint32))),
    ]


class _Properties(ctypes.Structure):  # drmModeObjectProperties
    _fields_ = [("count", ctypes.c_uint32), ("ids", ctypes.POINTER(ctypes.c_uint32)), ("values", ctypes.c_void_p)]


class _Property(ctypes.Structure):  # drmModePropertyRes, up to its name
    _fields_ = [("id", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("name", ctypes.c_char * 32)]


def switch_screens(on: bool) -> None:
    """Switch all screens on or off, their backlights too; where that cannot be done, they stay lit."""
    drm = loaded_library("libdrm.so.2")
    if drm is None:
        return
    if not on:
        time.sleep(FRAME)
    for name, kind in (("Resources", _Resources), ("Property", _Property)):
        getattr(drm, f"drmModeGet{name}").restype = ctypes.POINTER(kind)
        getattr(drm, f"drmModeFree{name}").argtypes = [ctypes.POINTER(kind)]
    drm.drmModeObjectGetProperties.restype = ctypes.POINTER(_Properties)
    drm.drmModeFreeObjectProperties.argtypes = [ctypes.POINTER(_Properties)]
    for card in _open_cards():
        resources = drm.drmModeGetResources(card)
        if not resources:  # a device that only draws
            continue
        for number in range(resources.contents.connectors):
            connector = resources.contents.connector_ids[number]
            for known in _properties(drm, card, connector):
                drm.drmModeConnectorSetProperty(card, connector, known, ctypes.c_uint64(ON if on else OFF))
        drm.drmModeFreeResources(resources)


def _open_cards() -> Iterator[int]:
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists the folder
            if str(link.readlink()).startswith("/dev/dri/card"):
                yield int(link.name)


def _properties(drm: ctypes.CDLL, card: int, connector: int) -> Iterator[int]:
    """Return the number of a connector's power property, if it has one."""
    listed = drm.drmModeObjectGetProperties(card, connector, 0xC0C0C0C0)  # DRM_MODE_OBJECT_CONNECTOR
    for number in range(listed.contents.count if listed else 0):
        known = drm.drmModeGetProperty(card, listed.contents.ids[number])
        if known and known.contents.name == PROPERTY:
            yield known.contents.id
        drm.drmModeFreeProperty(known)
    drm.drmModeFreeObjectProperties(listed)
