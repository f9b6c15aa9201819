"""Where the frozen program starts: as digitpad, or as one of the processes that it starts beside itself."""

import runpy
import sys

from edge_app.cli import main

APART = ("edge_app.comparison.probe", "edge_app.gate")

if sys.argv[1:2] == ["-m"] and sys.argv[2:] in [[name] for name in APART]:
    # what sys.executable is asked for: Python would run that module
    runpy.run_module(sys.argv[2], run_name="__main__")
else:
    sys.exit(main())
