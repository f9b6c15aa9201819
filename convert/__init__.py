"""Conversion: a Keras network to TFLite (float, full int8; float16 and dynamic range), proven by the edge runtimes."""
