"""Where the frozen program starts: as digitpad, or as the process that measures for `digitpad compare`."""

import sys

from edge_app.cli import main
from edge_app.comparison import probe

if sys.argv[1:] == ["-m", probe.__name__]:  # what sys.executable is asked for: Python would run that module
    sys.exit(probe.main())
sys.exit(main())
