"""Evaluation: accuracy on labelled data, and models compared."""
