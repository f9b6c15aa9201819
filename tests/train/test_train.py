"""Training: MNIST verified, augmentation that keeps the digit, both networks end to end on a little data."""

import gzip
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge_app.datasets.labelled import LabelledInk
from edge_app.datasets.mnist import Mnist, read_mnist
from edge_app.errors import DataError
from edge_app.recognition.ink import make_ink
from train import dataset, fit, inkdata, networks, synthetic
from train.__main__ import main
from train.augment import Strength, augment, warp
from train.mnist import load_mnist

from ..conftest import ROOT


def interrupt_after_two_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C after the second epoch."""
    real = keras.callbacks.BackupAndRestore.on_epoch_end

    def interrupt(self: object, epoch: int, logs: object = None) -> None:
        real(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(keras.callbacks.BackupAndRestore, "on_epoch_end", interrupt)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few and small batches, so that a training takes seconds."""
    shrink(monkeypatch)


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make batches, epochs and pools small."""
    monkeypatch.setattr(fit, "STEPS", 4)
    monkeypatch.setattr(fit, "BATCH", 64)
    for pool in ("WRITTEN", "NO_DIGITS", "MERGED"):
        monkeypatch.setattr(fit, pool, 100)
    monkeypatch.setattr(fit, "INK_COPIES", 1)


def write_npz(path: Path, mnist: Mnist, **changed: np.ndarray) -> Path:  # type: ignore[type-arg]
    arrays = {name: getattr(mnist, name) for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(path, **{**arrays, **changed})
    return path


@pytest.mark.data
def test_altered_mnist_is_rejected(mnist: Mnist, tmp_path: Path) -> None:
    flipped = mnist.x_train.copy()
    flipped[12345, 14, 14] ^= 1
    labels = mnist.y_test.copy()
    labels[0] = 77
    cases: dict[str, dict[str, Any]] = {
        "not MNIST's": {"x_train": flipped},
        "expected \\(60000, 28, 28\\)": {"x_train": mnist.x_train[:-1]},
        "float32, expected": {"x_test": mnist.x_test.astype(np.float32)},
        "label 77": {"y_test": labels},
    }
    for reason, changed in cases.items():
        with pytest.raises(DataError, match=reason):
            read_mnist(write_npz(tmp_path / "m.npz", mnist, **changed))


def test_files_that_are_not_an_npz_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    with pytest.raises(DataError, match="not found"):
        load_mnist(path)
    path.write_bytes(b"PK no")
    with pytest.raises(DataError, match="cannot be read"):
        load_mnist(path)
    np.save(tmp_path / "m.npy", np.zeros(3))
    with pytest.raises(DataError, match="a single array"):
        load_mnist(tmp_path / "m.npy")
    np.savez(path, x_train=np.zeros(3))
    with pytest.raises(DataError, match="no array x_test"):
        load_mnist(path)


def test_a_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGITPAD_MNIST", raising=False)

    def fail() -> None:
        raise Exception("URL fetch failure on https://example.org/mnist.npz: None -- no network")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(DataError, match=r"could not be downloaded.*--mnist FILE"):
        load_mnist()


def test_augmentation_of_zero_strength_changes_little() -> None:
    images = np.random.default_rng(1).random((3, 28, 28)).astype(np.float32)
    row, column = (axis.astype(np.float32) for axis in np.mgrid[0:28, 0:28])
    still = [np.broadcast_to(axis, images.shape).astype(np.float32) for axis in (row, column)]
    assert np.allclose(warp(images, *still), images, atol=1e-5)
    moved = warp(images, still[0] + 2, still[1])
    assert np.allclose(moved[:, :-2], images[:, 2:], atol=1e-5)
    assert not moved[:, -2:].any()
    smooth = warp(images, still[0] + 0.5, still[1])
    calm = augment(smooth, np.random.default_rng(1), Strength(0, 0, 0, 0, 0, 0))
    assert np.abs(calm - smooth).mean() < np.abs(calm - images).mean()  # sharpened at most


def test_augmented_images_stay_in_range() -> None:
    images = np.random.default_rng(1).random((50, 28, 28)).astype(np.float32)
    changed = augment(images, np.random.default_rng(2), Strength(45, 1, 0.5, 9, 4, 1))
    assert changed.shape == images.shape
    assert 0 <= changed.min() <= changed.max() <= 1.0001
    assert np.abs(changed - images).mean() > 0.05


def test_each_deformed_drawing_differs() -> None:
    ink = make_ink([[[0, 0], [50, 2], [20, 100]], [[5, 50], [45, 50]]])
    rng = np.random.default_rng(3)
    images = [inkdata.draw(ink, rng) for _ in range(20)]
    assert len({image.tobytes() for image in images}) == 20
    assert all(image.sum() > 5000 for image in images)
    assert (inkdata.draw(ink) == inkdata.draw(ink)).all()


@pytest.mark.parametrize("label", "0123456789")
def test_written_digits_differ_and_are_read_as_their_label(label: str) -> None:
    from edge_app.recognition.recognizer import Recognizer

    recognizer, rng = Recognizer(), np.random.default_rng(4)
    inks = [synthetic.written_digit(rng, label) for _ in range(60)]
    assert len({inkdata.draw(ink).tobytes() for ink in inks}) == 60
    assert np.mean([recognizer.read(ink, single=True).text == label for ink in inks]) > 0.9


def test_only_single_digits_are_trained_on() -> None:
    samples = [LabelledInk(label, "me", make_ink([[[0, 0], [0, 9]]])) for label in ("7", "1995", "K")]
    assert [sample.label for sample in dataset.digits_of(samples)] == ["7"]
    assert [sample.label for sample in dataset.no_digits_of(samples)] == ["K"]


def test_most_scribbles_are_rejected() -> None:
    from edge_app.recognition.recognizer import Recognizer

    recognizer, rng = Recognizer(), np.random.default_rng(5)
    read = [recognizer.read(synthetic.scribble(rng), single=True).text for _ in range(200)]
    assert read.count("?") >= 130


def test_batches_are_reproducible_and_have_the_shares() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)

    def pool(name: str, label: int, share: float) -> dataset.Pool:
        return dataset.Pool(name, (images, np.full(5, label, np.uint8)), share, Strength())

    def made(seed: int = 1) -> dataset.Mixture:
        return dataset.Mixture([pool("a", 1, 0.75), pool("b", 10, 0.25)], batch=40, steps=3, seed=seed)

    one, two = made(), made()
    x, y = one[0]
    assert x.shape == (40, 28, 28, 1)
    assert y.sum(axis=0)[[1, 10]].tolist() == [30, 10]
    assert (one[2][0] == two[2][0]).all()
    assert (one[1][0] != two[2][0]).any()
    assert (one[2][0] != made(seed=2)[2][0]).any()
    two.on_epoch_end()
    assert (one[2][0] != two[2][0]).any()
    one.start_at(1)
    assert (one[2][0] == two[2][0]).all()
    assert len(one) == 3


def test_a_teacher_sees_each_batch_once_and_batches_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "REPEAT", 2)
    seen = []

    def teacher(images: Any, labels: Any) -> Any:
        seen.append(images)
        return labels / 2

    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)
    pool = dataset.Pool("a", (images, np.full(5, 1, np.uint8)), 1.0, Strength())
    batches = dataset.Mixture([pool], 8, 3, 1, teacher)
    epochs = []
    for _ in range(4):
        epochs.append([batches[index] for index in range(3)])
        batches.on_epoch_end()
    assert len(seen) == 6
    assert all((x == y).all() for a, b in zip(epochs[0], epochs[2], strict=True) for x, y in zip(a, b, strict=True))
    assert (epochs[0][0][0] != epochs[1][0][0]).any()
    assert epochs[3][2][1].max() == 0.5


def test_wrong_groups_are_labelled_not_a_digit() -> None:
    digits = [
        LabelledInk("1", "a", make_ink([[[0, 0], [0, 10]]])),
        LabelledInk("1", "a", make_ink([[[3, 5], [3, 25]]])),
    ]
    images, labels = dataset.draw_no_digits(30, np.random.default_rng(1), [], digits)
    assert images.shape == (30, 28, 28)
    assert set(labels) == {dataset.NO_DIGIT}


def test_set_prior_changes_only_the_bias_of_no_digit() -> None:
    model = networks.edge()
    weights, before = model.get_layer("logits").get_weights()
    fit.set_prior(model, trained=0.1, wanted=0.01)
    after_weights, after = model.get_layer("logits").get_weights()
    assert (weights == after_weights).all()
    assert (after - before)[:10].tolist() == [0] * 10
    assert after[10] - before[10] == pytest.approx(np.log(0.01 / 0.99) - np.log(0.1 / 0.9), abs=1e-5)


def test_classic_has_the_layers_of_the_tutorial() -> None:
    model = networks.classic()
    assert model.count_params() == 34_826
    assert [type(layer).__name__ for layer in model.layers] == [
        "Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dropout", "Dense",
    ]  # fmt: skip


@pytest.mark.data
@pytest.mark.usefixtures("small")
def test_training_is_reproducible_and_writes_all_files(mnist_file: Path, ink_folder: Path, tmp_path: Path) -> None:
    ink = tmp_path / "ink.jsonl"
    lines = gzip.decompress((ink_folder / "pendigits-train.jsonl.gz").read_bytes()).splitlines()[::40]
    ink.write_bytes(b"\n".join(lines))

    def run(name: str, *more: str) -> list[float]:
        words = ["--mnist", str(mnist_file), "--ink", str(ink), "--folder", str(tmp_path / name)]
        assert main([*words, "--output", str(tmp_path / f"{name}.keras"), *more]) == 0
        history: list[float] = json.loads((tmp_path / name / "history.json").read_text())["loss"]
        return history

    one = run("one", "--epochs", "2", "--h5", "--show-data")
    assert len(one) == 2
    assert one == run("two", "--epochs", "2")  # the same seed, the same course
    assert one != run("three", "--epochs", "2", "--seed", "2")
    for name in ("history.json", "history.png", "confusion.png", "data.png", "best.weights.h5"):
        assert (tmp_path / "one" / name).stat().st_size > 100, name
    assert (tmp_path / "one.h5").exists()
    record = json.loads((tmp_path / "one.train.json").read_text())
    assert record["test"]["n"] == 10_000
    assert sum(map(sum, record["test"]["confusion"])) == 10_000
    assert main(["--mnist", str(mnist_file), "--folder", str(tmp_path / "none"), "--resume"]) == 1
    assert one != run("four", "--epochs", "2", "--init", str(tmp_path / "one.keras"))
    assert json.loads((tmp_path / "four.train.json").read_text())["init"]["epochs"] == 2
    words = ["--mnist", str(mnist_file), "--folder", str(tmp_path / "five"), "--init", str(ink)]
    assert main(words) == 1


@pytest.mark.data
@pytest.mark.usefixtures("small")
def test_distillation_on_all_writers_resumes(
    mnist_file: Path, ink_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ink = tmp_path / "ink.jsonl"
    lines = gzip.decompress((ink_folder / "pendigits-train.jsonl.gz").read_bytes()).splitlines()[::60]
    ink.write_bytes(b"\n".join(lines))
    words = ["--mnist", str(mnist_file), "--ink", str(ink), "--epochs", "3", "--all-writers", "--bfloat16"]
    folder = ["--folder", str(tmp_path / "run"), "--output", str(tmp_path / "student.keras")]
    teacher = ["--teachers", str(fit_teacher(tmp_path))]
    interrupt_after_two_epochs(monkeypatch)
    assert main([*words, *folder, *teacher]) == 130
    monkeypatch.undo()
    shrink(monkeypatch)
    assert main([*words, *folder, *teacher, "--resume"]) == 0
    record = json.loads((tmp_path / "student.train.json").read_text())
    assert record["epochs"] == 3
    assert len(record["teachers"]) == 1
    assert "temperature" not in record  # no writers were held out
    assert {layer.dtype_policy.name for layer in keras.models.load_model(tmp_path / "student.keras").layers} == {
        "float32"
    }
    wrong = tmp_path / "wrong.keras"
    wrong.write_text("no network")
    assert main([*words, "--folder", str(tmp_path / "other"), "--teachers", str(wrong)]) == 1


def fit_teacher(folder: Path) -> Path:
    path = folder / "teacher.keras"
    networks.wide().save(path)
    return path


@pytest.mark.data
def test_an_average_has_the_mean_of_the_weights_and_a_record(mnist_file: Path, tmp_path: Path) -> None:
    paths = [tmp_path / "one.keras", tmp_path / "two.keras"]
    networks_ = [networks.edge(), networks.edge()]
    for path, network in zip(paths, networks_, strict=True):
        network.save(path)
    output = tmp_path / "mean.keras"
    words = ["--mnist", str(mnist_file), "--folder", str(tmp_path / "run"), "--output", str(output)]
    assert main([*words, "--average", *map(str, paths)]) == 0
    one, two = (network.get_layer("conv3").get_weights()[0] for network in networks_)
    assert np.allclose(keras.models.load_model(output).get_layer("conv3").get_weights()[0], (one + two) / 2)
    record = json.loads(output.with_suffix(".train.json").read_text())
    assert [own["sha256"] for own in record["average"]] == [sha256(path.read_bytes()).hexdigest() for path in paths]
    assert record["test"]["n"] == 10_000


def test_targets_are_mostly_the_teachers_prediction(tmp_path: Path) -> None:
    path = fit_teacher(tmp_path)
    teacher = networks.wide()
    teacher.set_weights(keras.models.load_model(path).get_weights())
    images = np.random.default_rng(1).random((4, 28, 28, 1)).astype(np.float32)
    labels = np.eye(11, dtype=np.float32)[[1, 2, 3, 4]]
    targets = fit._teacher_of([path], 0.1)(images, labels)
    assert np.allclose(targets.sum(axis=1), 1, atol=1e-5)
    fit.set_prior(teacher, fit.NO_DIGIT_PRIOR, 0.1)
    logits = np.asarray(teacher(images, training=False)) / fit.SOFTENING
    soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(targets, 0.7 * soft + 0.3 * labels, atol=1e-4)


def test_fused_normalisation_equals_that_of_keras() -> None:
    one, own = networks.edge(networks.FusedBatchNormalization), networks.edge()
    assert [weight.shape for weight in one.get_weights()] == [weight.shape for weight in own.get_weights()]
    own.set_weights(one.get_weights())
    images = np.random.default_rng(1).random((3, 28, 28, 1)).astype(np.float32)
    assert np.allclose(one(images, training=False), own(images, training=False), atol=1e-5)


@pytest.mark.data
@pytest.mark.usefixtures("small")
def test_an_interrupted_training_keeps_its_best_epoch_and_resumes(
    mnist_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--mnist", str(mnist_file), "--folder", str(tmp_path / "run"), "--output", str(tmp_path / "m.keras")]
    monkeypatch.setattr(fit, "STEPS", 3)
    interrupt_after_two_epochs(monkeypatch)
    assert main([*words, "--epochs", "4"]) == 130
    assert (tmp_path / "run" / "best.weights.h5").exists()
    assert not (tmp_path / "m.keras").exists()  # an interrupted training replaces no model
    assert main([*words, "--epochs", "4"]) == 1  # and is not discarded by a new one
    monkeypatch.undo()
    shrink(monkeypatch)
    assert main([*words, "--epochs", "4", "--resume"]) == 0
    assert len(json.loads((tmp_path / "run" / "history.json").read_text())["loss"]) == 4


@pytest.mark.data
def test_classic_trains_to_96_percent(mnist_file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "train", "--arch", "classic", "--epochs", "1", "--mnist", str(mnist_file)]
    folder = ["--folder", str(tmp_path), "--output", str(tmp_path / "classic.keras")]
    done = subprocess.run([*command, *folder], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "34,826" in done.stdout  # the summary
    assert json.loads((tmp_path / "classic.train.json").read_text())["test"]["accuracy"] > 0.96


def test_calibrate_finds_the_temperature_of_the_labels() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 4, (20_000, 11)).astype(np.float32)
    logits[:, 10] = -50
    chances = np.exp(logits / 2.0)
    chances /= chances.sum(axis=1, keepdims=True)
    labels = (chances.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1).astype(np.uint8)
    found = fit.calibrate(logits, labels)
    assert found["temperature"] == pytest.approx(2.0, rel=0.05)
    assert 0.05 <= found["refuse_below"] < 0.5
