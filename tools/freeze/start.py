"""Where the frozen program starts: as digitpad, or as one of the processes that it starts beside itself."""

import sys

from edge_app.cli import main

# What sys.executable is asked for with -m, as Python would run it, and nothing else.
APART = (
    "edge_app.evaluation.compare.bench_process",
    "edge_app.modelfiles.validation",
    "edge_app.system.doctor.runtime_probe",
    "edge_app.gui.platform.pygame_probe",
)

if sys.argv[1:2] == ["-m"] and sys.argv[2:] in [[name] for name in APART]:
    import runpy  # not at every start

    runpy.run_module(sys.argv[2], run_name="__main__", alter_sys=True)
else:
    sys.exit(main())
