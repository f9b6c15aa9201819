"""The frozen program's entry point."""

import sys

from edge_app.cli import main

sys.exit(main())
