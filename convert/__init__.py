"""Conversion: a Keras network to float and full-int8 TFLite, proven by the edge runtimes."""
