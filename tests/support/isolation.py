"""A process without a network: `python tests/support/isolation.py COMMAND...` is killed at its first such socket.

Allowed are AF_UNIX (the X server, the sound and speech servers, systemd's watchdog, the C library's name cache) and
AF_NETLINK (the kernel's own messages, from which SDL learns of touchscreens): what the kiosk's unit allows, too. A
socket of any other kind, of IPv4 and IPv6 above all, ends the process with SIGSYS, and so does io_uring, which
could make one past the filter. Children inherit it; nobody can take it off.
"""

import ctypes
import os
import platform
import socket
import struct
import sys

ALLOWED = (socket.AF_UNIX, 16)  # AF_NETLINK, which Python knows on Linux alone
NUMBERS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # AUDIT_ARCH, socket(2)
IO_URING_SETUP = 425  # on every architecture
X32 = 0x40000000  # the other system calls of x86-64, which have numbers from here

# linux/bpf_common.h, linux/seccomp.h, linux/prctl.h
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # bytes into struct seccomp_data; the first argument's lower half
SET_SECCOMP, FILTER, NO_NEW_PRIVILEGES = 22, 2, 38


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def instructions() -> bytes:
    """Return the filter for this machine: each jump says how many instructions are passed over if true, if false."""
    architecture, make_socket = NUMBERS[platform.machine()]
    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 0, 8, architecture),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 6, 0, X32),
        (EQUAL, 5, 0, IO_URING_SETUP),
        (EQUAL, 0, 3, make_socket),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (EQUAL, 1, 0, ALLOWED[0]),
        (EQUAL, 0, 1, ALLOWED[1]),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, KILL),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def isolate() -> None:
    """Put this process and all its children under the filter."""
    filter_ = instructions()
    program = Program(len(filter_) // 8, filter_)
    library = ctypes.CDLL(None, use_errno=True)
    for arguments in ((NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SET_SECCOMP, FILTER, ctypes.byref(program))):
        if library.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    isolate()
    os.execvp(sys.argv[1], sys.argv[1:])
