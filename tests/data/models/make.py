"""Makes the model files that lie here, with TensorFlow: `python -m tests.data.models.make` in a checkout.

The tutorial's network of models/classic.keras: full int8, float16 and dynamic range as `python -m convert` makes them,
and `open_int8`, as the tutorial's users convert it, with the number of images left open and a softmax at the end.

Keras 2 (TensorFlow 2.15.1) wrote `keras_2.h5`, trained for six epochs on 6,000 images of MNIST: Conv2D(6, 5, 2),
BatchNormalization, MaxPooling2D, Dropout, Flatten, Dense(10, "softmax"), saved without its optimizer.
"""

import tempfile
from pathlib import Path

import keras
import tensorflow as tf

from convert import keras_file, tflite
from edge_app.datasets.allographs import reference_digits

HERE = Path(__file__).parent
NETWORK = HERE.parents[2] / "models" / "classic.keras"


def main() -> None:
    """Write the files."""
    digits = reference_digits()[0][::2]
    network = keras_file.with_fixed_batch(keras_file.load_network(NETWORK))
    scaled = keras_file.as_inputs(network, digits, (0.0, 1.0))
    (HERE / "classic_int8.tflite").write_bytes(tflite.quantise(network, scaled))
    (HERE / "classic_float16.tflite").write_bytes(tflite.to_float16(network))
    (HERE / "classic_dynamic.tflite").write_bytes(tflite.to_dynamic(network))
    with tempfile.TemporaryDirectory() as folder:
        keras.models.load_model(NETWORK, compile=False).export(folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None]] for image in scaled)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        (HERE / "open_int8.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()
