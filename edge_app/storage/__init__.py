"""Storage: history, settings, paths and files that are written safely."""
