"""What is fuzzed: each name is a module of this package with a function `fuzz(run)`."""

TARGETS = {
    "ink": "ink as JSON, as lines, gzipped, labelled",
}
