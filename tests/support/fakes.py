"""A fake interpreter that obeys the rules: it rejects a wrong shape or type, and computes something known."""

from pathlib import Path
from typing import Any

import numpy as np

from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import Runtime
from edge_app.recognition.model import Model
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Digit, Reading

CLASSES = (*"0123456789", "?")


class FakeInterpreter:
    """The class is the digit written in the top left pixel: 10 grey levels a class, 255 is no digit."""

    def __init__(
        self,
        shapes: tuple[tuple[int, ...], tuple[int, ...]] = ((1, 28, 28, 1), (1, 11)),
        dtype: Any = np.int8,
        scale: float = 1 / 255,
    ) -> None:
        self.shapes, self.dtype, self.scale = shapes, dtype, scale
        self.input: Any = None
        self.output: Any = None

    def allocate_tensors(self) -> None:
        pass

    def get_input_details(self) -> list[dict[str, Any]]:
        return [
            {"index": 0, "shape": np.array(self.shapes[0]), "dtype": self.dtype, "quantization": (self.scale, -128)}
        ]

    def get_output_details(self) -> list[dict[str, Any]]:
        return [{"index": 1, "shape": np.array(self.shapes[1]), "dtype": self.dtype, "quantization": (0.5, -128)}]

    def get_tensor_details(self) -> list[dict[str, Any]]:
        return [*self.get_input_details(), *self.get_output_details()]

    def set_tensor(self, index: int, value: Any) -> None:
        if index != 0 or value.shape != self.shapes[0] or value.dtype != self.dtype:
            raise ValueError(f"Cannot set tensor {index}: got {value.shape} {value.dtype}")
        self.input = value.copy()

    def invoke(self) -> None:
        level = (
            int(self.input[0, 0, 0, 0]) + 128 if self.dtype == np.int8 else round(float(self.input[0, 0, 0, 0]) * 255)
        )
        self.output = np.full(self.shapes[1], -128 if self.dtype == np.int8 else 0, self.dtype)
        self.output[0, min(level // 10, self.shapes[1][1] - 1)] = 0 if self.dtype == np.int8 else 64

    def get_tensor(self, index: int) -> Any:
        if index != 1:
            raise ValueError(f"no tensor {index}")
        return self.output


def fake_model(classes: tuple[str, ...] = CLASSES) -> Model:
    return Model(Path("fake.tflite"), b"fake", "0" * 64, classes)


def fake_runtime(interpreter: FakeInterpreter) -> Runtime:
    return Runtime("fake", lambda **_: interpreter)


class Clock:
    """Stands still unless it is put forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Fixed(FakeInterpreter):
    """Takes what the network takes, and answers one class; each run puts the clock forward by its cost."""

    def __init__(
        self,
        answer: int,
        dtype: Any,
        clock: Clock | None = None,
        costs: tuple[float, ...] = (),
        shape: tuple[int, int] = (1, 11),
    ) -> None:
        super().__init__(((1, 28, 28, 1), shape), dtype)
        self.answer, self.clock, self.costs = answer, clock, list(costs)

    def invoke(self) -> None:
        super().invoke()
        nothing, certain = (-128, 0) if self.dtype == np.int8 else (0, 64)
        self.output[:] = nothing
        self.output[0, self.answer] = certain
        if self.clock:
            self.clock.now += self.costs.pop(0)


def fixed(answer: int, dtype: Any = np.int8, clock: Clock | None = None, costs: tuple[float, ...] = ()) -> Recognizer:
    interpreter = Fixed(answer, dtype, clock, costs)
    return Recognizer(classifier=Classifier(fake_model(), fake_runtime(interpreter)))


class Opener:
    """Opens a reference and counts how often."""

    def __init__(self, reference: Recognizer) -> None:
        self.reference, self.opened = reference, 0

    def __call__(self) -> Recognizer:
        self.opened += 1
        return self.reference


def reading_of(text: str, confidence: float = 0.99) -> Reading:
    return Reading(tuple(Digit(digit, confidence, (), (0, 0, 1, 1), ()) for digit in text))
