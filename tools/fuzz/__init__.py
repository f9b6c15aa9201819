"""`make fuzz`: hostile files and random hands, against the program as its users have it.

A target is a module with one function, `fuzz(run)`: it makes cases as long as `run.tries()` gives chance for another,
and hands each to `run.attempt`. It runs in a process that is watched: a crash or a hang is a finding like any other.
"""
