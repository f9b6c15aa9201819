"""Switching the screen off without a desktop, on a libdrm that counts what it gives out."""

# ruff: noqa: N802, N815  libdrm names them

import ctypes
import os
from pathlib import Path
from typing import Any

import pytest

from edge_app.gui.platform import kms

CONNECTORS = {31: {7: b"EDID", 8: b"DPMS"}, 32: {7: b"EDID"}}  # the second one has no power property


class Function:
    """A function of a library: it takes a restype, and argtypes."""

    def __init__(self, do: Any) -> None:
        self._do = do

    def __call__(self, *arguments: Any) -> Any:
        return self._do(*arguments)


class Drm:
    """A graphics card with two plugs."""

    def __init__(self) -> None:
        self.set: list[tuple[int, int, int]] = []
        self.held: list[Any] = []
        for name in dir(type(self)):
            if name.startswith("drm"):
                setattr(self, name, Function(getattr(self, name)))

    def _give(self, value: Any) -> Any:
        self.held.append(value)
        return ctypes.pointer(value)

    def _take(self, pointer: Any) -> None:
        self.held.pop([ctypes.addressof(value) for value in self.held].index(ctypes.addressof(pointer.contents)))

    drmModeFreeResources = drmModeFreeProperty = drmModeFreeObjectProperties = _take

    def drmModeGetResources(self, _card: int) -> Any:
        ids = (ctypes.c_uint32 * len(CONNECTORS))(*CONNECTORS)
        return self._give(kms._Resources(connectors=len(ids), connector_ids=ids))

    def drmModeObjectGetProperties(self, _card: int, connector: int, _kind: int) -> Any:
        ids = (ctypes.c_uint32 * len(CONNECTORS[connector]))(*CONNECTORS[connector])
        return self._give(kms._Properties(count=len(ids), ids=ids))

    def drmModeGetProperty(self, _card: int, number: int) -> Any:
        return self._give(kms._Property(id=number, name=CONNECTORS[31][number]))

    def drmModeConnectorSetProperty(self, _card: int, connector: int, number: int, value: Any) -> int:
        self.set.append((connector, number, value.value))
        return 0


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_power_of_each_plug_that_has_it_is_switched(monkeypatch: pytest.MonkeyPatch) -> None:
    drm, card = Drm(), os.open(os.devnull, os.O_RDONLY)
    monkeypatch.setattr(kms, "loaded_library", lambda _: drm)
    kms.switch_screens(False)
    assert drm.set == []  # SDL has no card open
    monkeypatch.setattr(kms, "_open_cards", lambda: [card])
    kms.switch_screens(False)
    kms.switch_screens(True)
    os.close(card)
    assert (drm.set, drm.held) == ([(31, 8, kms.OFF), (31, 8, kms.ON)], [])
