"""A process that does to itself what its standard input says in its last line: for tests of what is asked apart."""

import ctypes
import os
import sys
import time
from pathlib import Path

from edge_app.modelfiles.isolated import limit_this_process

limit_this_process(1)
job = sys.stdin.buffer.read().splitlines()[-1].decode()
if job == "segv":
    ctypes.string_at(0)
elif job == "hang":
    time.sleep(60)
elif job == "compute":
    while True:
        pass
elif job == "swell":
    kept = [bytearray(100_000_000) for _ in range(20)]
elif job.startswith("write "):
    path = Path(job.removeprefix("write "))
    path.write_bytes(b"x" * 100)
elif job == "core":
    os.abort()
elif job == "report":
    print("something before\nthe reason", file=sys.stderr)
    sys.exit(1)
print(f"done {job}")
