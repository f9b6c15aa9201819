"""A module for `run_isolated` that does what the last line of its standard input says: it crashes, hangs, ..."""

import ctypes
import os
import sys
import time
from pathlib import Path

from edge_app.modelfiles.isolated import MEMORY, limit_this_process

limit_this_process(1)
job = sys.stdin.buffer.read().splitlines()[-1].decode()
if job == "segfault":
    ctypes.string_at(0)
elif job == "abort":
    os.abort()
elif job == "hang":
    time.sleep(60)
elif job == "compute":
    while True:
        pass
elif job == "allocate":
    bytearray(2 * MEMORY)  # rejected at once: touching less memory page by page may take all of the CPU time
elif job.startswith("write "):
    Path(job.removeprefix("write ")).write_bytes(b"x" * 100)
elif job == "complain":
    print("a warning\nthe reason", file=sys.stderr)
    sys.exit(1)
print(f"done {job}")
