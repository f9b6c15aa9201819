"""The files that a conversion writes, in the order of the card."""

from edge_app.modelfiles.card import FLOAT, INT8

FLOAT16 = "digits_float16.tflite"
DYNAMIC = "digits_dynamic.tflite"
ALWAYS = (FLOAT, INT8)
ALL = (*ALWAYS, FLOAT16, DYNAMIC)
WEIGHTS = {FLOAT16: "float16", DYNAMIC: "int8"}  # as stored; inputs and outputs are float32
