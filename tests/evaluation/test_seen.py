"""A model that is judged on what it was trained or calibrated on is named, by its card."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.datasets.mnist import SHA256, Mnist
from edge_app.evaluation.compare import seen
from edge_app.evaluation.compare.data import Batches
from edge_app.evaluation.compare.seen import Witness, uses_of

from ..support.models import CONTENT, write_with_card
from .test_compare import write_idx


def lines(model: Path, data: Path, mnist: Path | None = None) -> list[str]:
    witness = Witness({"m": uses_of(model)}, mnist)
    batches = list(Batches(data))
    passed = list(witness.watch(data, data.name, batches))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(batches, passed, strict=True))
    return witness.lines


def test_ink_is_known_by_its_file(tmp_path: Path) -> None:
    ink, other = tmp_path / "ink.jsonl", tmp_path / "other.jsonl"
    ink.write_text((json.dumps({"label": "1", "strokes": [[[0, 0], [0, 9]]]}) + "\n") * 3)
    other.write_text(json.dumps({"label": "7", "strokes": [[[0, 0], [0, 9]]]}) + "\n")
    data = [{"name": "no digit", "images": 9}, {"name": "ink", "sha256": hashlib.sha256(ink.read_bytes()).hexdigest()}]
    model = write_with_card(tmp_path, CONTENT, training={"data": data})
    assert lines(model, ink) == ["warning: m was trained on all 3 digits of ink.jsonl. Judge on other digits"]
    assert lines(model, other) == []


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand in for MNIST's training images, as three random ones with a digest of their own."""
    images = np.random.default_rng(3).integers(1, 256, (3, 28, 28)).astype(np.uint8)
    monkeypatch.setattr(seen, "SHA256", {"x_train": hashlib.sha256(images.tobytes()).hexdigest()})
    monkeypatch.setattr(seen, "read_mnist", lambda _: Mnist(images, *[np.zeros(3, np.uint8)] * 3))
    monkeypatch.delenv("DIGITPAD_MNIST", raising=False)
    return images


def test_all_training_images_are_known_without_mnist_at_hand(tmp_path: Path, training: Any) -> None:
    data = write_idx(tmp_path, training, np.arange(3, dtype=np.uint8))
    sha256 = hashlib.sha256(training.tobytes()).hexdigest()
    trained = write_with_card(tmp_path / "a", CONTENT, training={"data": [{"name": "MNIST"}]})
    calibrated = write_with_card(tmp_path / "b", CONTENT, calibration={"sha256": sha256})
    both = write_with_card(
        tmp_path / "c",
        CONTENT,
        training={"data": [{"name": "MNIST"}]},
        calibration={"sha256": sha256},
    )
    name = "t10k-images-idx3-ubyte"
    assert lines(trained, data) == [f"warning: m was trained on all 3 digits of {name}. Judge on other digits"]
    assert lines(both, data) == lines(trained, data)
    assert lines(calibrated, data) == [f"warning: m was calibrated on digits of {name}. Judge on other digits"]


def test_some_training_images_among_others_are_counted_with_mnist_at_hand(tmp_path: Path, training: Any) -> None:
    mixed = np.concatenate([training[:2], 255 - training])
    data = write_idx(tmp_path, mixed, np.arange(5, dtype=np.uint8))
    model = write_with_card(tmp_path / "a", CONTENT, training={"data": [{"name": "MNIST"}]})
    assert lines(model, data) == []
    [line] = lines(model, data, tmp_path / "mnist.npz")
    assert "trained on 2 of the 5 digits" in line
    assert lines(model, write_idx(tmp_path, mixed[2:], np.arange(3, dtype=np.uint8)), tmp_path / "mnist.npz") == []


def test_kaggles_table_is_suspected_without_mnist_at_hand(
    tmp_path: Path, training: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "train.csv"
    table.write_text("".join(",".join(map(str, [3, *image.ravel()])) + "\n" for image in 255 - training))
    model = write_with_card(tmp_path / "a", CONTENT, training={"data": [{"name": "MNIST"}]})
    assert lines(model, table) == []
    monkeypatch.setattr(seen, "KAGGLE", 3)
    [line] = lines(model, table)
    assert "m was trained on MNIST, and train.csv seems to be Kaggle's mixture" in line
    assert lines(model, table, tmp_path / "mnist.npz") == []  # which shows that it is not


def test_models_that_saw_the_same_share_a_line(tmp_path: Path, training: Any) -> None:
    data = write_idx(tmp_path, training, np.arange(3, dtype=np.uint8))
    uses = uses_of(write_with_card(tmp_path / "a", CONTENT, training={"data": [{"name": "MNIST"}]}))
    witness = Witness({"float": uses, "other": {}, "int8": uses}, None)
    assert len(list(witness.watch(data, "x", Batches(data)))) == 1
    assert witness.lines == ["warning: float and int8 were trained on all 3 digits of x. Judge on other digits"]


@pytest.mark.parametrize("card", [{}, {"training": None, "calibration": []}, {"training": {"data": ["MNIST", 7]}}])
def test_cards_that_do_not_say_name_nothing(tmp_path: Path, training: Any, card: dict[str, Any]) -> None:
    data = write_idx(tmp_path, training, np.arange(3, dtype=np.uint8))
    assert lines(write_with_card(tmp_path, CONTENT, **card), data) == []
    alone = tmp_path / "alone" / "x.tflite"
    alone.parent.mkdir()
    alone.write_bytes(CONTENT)
    assert lines(alone, data) == []


@pytest.mark.data
def test_no_test_image_of_mnist_is_one_of_its_training_images(mnist: Mnist) -> None:
    known = {image.tobytes() for image in mnist.x_train}
    assert not any(image.tobytes() in known for image in mnist.x_test)
    assert hashlib.sha256(mnist.x_train.tobytes()).hexdigest() == SHA256["x_train"]
