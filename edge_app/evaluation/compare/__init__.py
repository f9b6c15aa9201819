"""What int8 cost in accuracy against float, and what it bought: measured on this device, without TensorFlow.

Method: MLPerf Tiny's rules. The same classifier answers in accuracy and speed runs, calibration never saw the test
data, and every model, runtime and device is identified.
"""
