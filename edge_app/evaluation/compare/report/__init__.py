"""The report of a comparison: terminal summary and HTML page."""
