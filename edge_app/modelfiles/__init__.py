"""Model files: which .tflite may be loaded, and whether it works."""
