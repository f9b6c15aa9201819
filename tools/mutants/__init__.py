"""Whether the tests would notice: the core is altered one place at a time, and the tests run against each mutant."""
