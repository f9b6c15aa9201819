"""Conversion: a Keras network to TFLite files, verified with the edge runtimes."""
