"""An int8 network in integers and numpy alone: what a runtime's kernels are compared with, operator by operator."""
