"""Training of both networks: the tutorial's, and the one that ships."""

import contextlib
import hashlib
import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge_app.datasets.labelled import is_held_out, read_labelled_ink
from edge_app.datasets.mnist import Mnist
from edge_app.errors import DataError
from edge_app.recognition.classifier import softmax

from . import dataset, inkdata
from .augment import Strength
from .networks import NETWORKS, FusedBatchNormalization

BATCH = 256
STEPS = 256  # batches an epoch: about one pass over MNIST
VALIDATION = 5000  # of MNIST's training images, to choose the best epoch by
WRITTEN = 100_000  # digits from templates
NO_DIGITS = 60_000
MERGED = 5_000
INK_COPIES = 8
PEAK_RATE = 3e-3
NO_DIGIT_PRIOR = 0.01  # on a pad for numbers
REFUSED = 0.001  # of validation digits; nine letters in ten are rejected as well
TEACHERS_SHARE = 0.7  # of the target; the rest is the label
SOFTENING = 2.0  # temperature of the teachers' predictions
BEST, BACKUP = "best.weights.h5", "backup"


@dataclass(frozen=True)
class Plan:
    """What to train, on what, for how long."""

    arch: str
    epochs: int
    seed: int
    folder: Path
    ink: tuple[Path, ...] = ()
    fold: int | None = 0  # the fifth of the writers to validate on; None trains on everything
    resume: bool = False
    init: Path | None = None  # a network of the same arch to start from
    teachers: tuple[Path, ...] = ()  # networks whose mean prediction is most of the target
    bfloat16: bool = False  # multiply in bfloat16, keep weights in float32

    @property
    def watched(self) -> str:
        """The metric that the best epoch is chosen by."""
        return "loss" if self.fold is None else "val_accuracy"

    @property
    def mode(self) -> str:
        """Whether the watched metric should be low (min) or high (max)."""
        return "min" if self.fold is None else "max"


@dataclass
class Outcome:
    """A trained network with its history; `interrupted` by Ctrl-C or not."""

    model: Any
    history: dict[str, list[float]]
    interrupted: bool
    data: list[dict[str, Any]]
    calibration: dict[str, float]


def fit(plan: Plan, mnist: Mnist) -> Outcome:
    """Train as planned; `plan.folder` always has the weights of the best epoch so far."""
    keras.utils.set_random_seed(plan.seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()  # same seed, same machine, same weights
    plan.folder.mkdir(parents=True, exist_ok=True)
    _check_folder(plan)
    with _precision(plan):
        model = NETWORKS[plan.arch](*[FusedBatchNormalization] * (plan.arch != "classic"))
    if plan.init:
        model.set_weights(_load(plan.init, plan.arch).get_weights())
    model.summary()
    run = _fit_classic if plan.arch == "classic" else _fit_edge
    return run(model, plan, mnist)


@contextlib.contextmanager
def _precision(plan: Plan) -> Iterator[None]:
    """Build networks in the planned precision; weights are float32 in both."""
    keras.config.set_dtype_policy("mixed_bfloat16" if plan.bfloat16 else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


def _load(path: Path, *archs: str) -> Any:
    """Return the network at `path`, in the current precision; raises DataError if it is none of `archs`."""
    try:
        saved = keras.models.load_model(path, compile=False)
        model = NETWORKS[saved.name if saved.name in archs else archs[0]]()
        model.set_weights(saved.get_weights())
    except Exception as error:  # Keras does not document what it raises
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: not a network of --arch {' or '.join(archs)} ({reason})") from None
    return model


def average(arch: str, paths: Sequence[Path]) -> Any:
    """Return the network whose weights are the mean of those at `paths`, which were trained further from one another.

    It keeps more of what each knows than the last one alone (Wortsman et al., 2022).
    """
    weights = [_load(path, arch).get_weights() for path in paths]
    model = NETWORKS[arch]()
    model.set_weights([np.mean(layers, axis=0) for layers in zip(*weights, strict=True)])
    return model


def _check_folder(plan: Plan) -> None:
    """Raise DataError if there is nothing to resume, or something that would be lost."""
    backup = plan.folder / BACKUP
    if plan.resume and not backup.is_dir():
        raise DataError(f"{plan.folder}: nothing to resume. Run without --resume")
    if not plan.resume and backup.is_dir():
        raise DataError(f"{plan.folder}: has an interrupted training. Run with --resume, or remove the folder")
    if not plan.resume:
        (plan.folder / BEST).unlink(missing_ok=True)


def _callbacks(plan: Plan, patience: int | None) -> list[Any]:
    best = keras.callbacks.ModelCheckpoint(
        plan.folder / BEST, monitor=plan.watched, mode=plan.mode, save_best_only=True, save_weights_only=True
    )
    so_far = _read_history(plan.folder).get(plan.watched, [])
    if plan.resume and so_far and (plan.folder / BEST).exists():
        best.best = max(so_far) if plan.mode == "max" else min(so_far)
    calls = [best, _HistoryFile(plan.folder / "history.csv", append=plan.resume)]
    if patience is not None:
        calls.append(keras.callbacks.EarlyStopping(monitor=plan.watched, mode=plan.mode, patience=patience))
    # last: it marks the epoch as done, which must be after the others have saved it
    return [*calls, keras.callbacks.BackupAndRestore(plan.folder / BACKUP, delete_checkpoint=False)]


class _HistoryFile(keras.callbacks.CSVLogger):  # type: ignore[misc]
    """History on disk after each epoch, so that it is complete after --resume."""

    def __init__(self, path: Path, *, append: bool) -> None:
        super().__init__(str(path), append=append)


def _read_history(folder: Path) -> dict[str, list[float]]:
    path = folder / "history.csv"
    lines = path.read_text().splitlines() if path.exists() else []
    if len(lines) < 2:
        return {}
    rows = [line.split(",") for line in lines[1:]]
    columns = zip(*rows, strict=True)
    named = zip(lines[0].split(","), columns, strict=True)
    return {name: [float(value) for value in column] for name, column in named if "NA" not in column}  # no validation


def _run(model: Any, plan: Plan, *args: Any, patience: int | None = None, **options: Any) -> tuple[bool, Any]:
    interrupted = False
    try:
        model.fit(*args, epochs=plan.epochs, callbacks=_callbacks(plan, patience), **options)
    except KeyboardInterrupt:
        interrupted = True
        if not (plan.folder / BEST).exists():
            raise
    if not interrupted:
        shutil.rmtree(plan.folder / BACKUP, ignore_errors=True)
    model.load_weights(plan.folder / BEST)
    best = NETWORKS[plan.arch]()  # without what only training needs
    best.set_weights(model.get_weights())
    return interrupted, best


def _fit_classic(model: Any, plan: Plan, mnist: Mnist) -> Outcome:
    """Train as the tutorial does: Adam, categorical cross-entropy, a quarter for validation."""
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    x = mnist.x_train[..., None].astype(np.float32) / 255
    y = keras.utils.to_categorical(mnist.y_train, 10)
    interrupted, best = _run(model, plan, x, y, batch_size=128, validation_split=0.25, patience=2)
    data = [{"name": "MNIST training part", "images": 45000, "validation": 15000}]
    return Outcome(best, _read_history(plan.folder), interrupted, data, {})


def _fit_edge(model: Any, plan: Plan, mnist: Mnist) -> Outcome:
    """Train on a mixture of pools, with AdamW, a short warm-up and cosine decay."""
    rng = np.random.default_rng(plan.seed)
    pools, checks, data = make_pools(plan, mnist, rng)
    if plan.init:
        set_prior(model, NO_DIGIT_PRIOR, share_of_no_digit(pools))  # from that of a pad to that of the batches
    total = plan.epochs * STEPS
    peak = PEAK_RATE / 2 if plan.init else PEAK_RATE  # a high rate would undo what was learnt
    rate = keras.optimizers.schedules.CosineDecay(
        peak / 20, max(total - STEPS, 1), alpha=0.002, warmup_target=peak, warmup_steps=STEPS
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=1e-3, beta_2=0.99),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    with _precision(plan):
        teacher = _teacher_of(plan.teachers, share_of_no_digit(pools)) if plan.teachers else None
    batches = dataset.Mixture(pools, BATCH, STEPS, plan.seed, teacher, workers=1, max_queue_size=8)
    batches.start_at(len(_read_history(plan.folder).get("loss", [])) if plan.resume else 0)
    x, y = checks
    if plan.fold is None:
        interrupted, best = _run(model, plan, batches)
        set_prior(best, share_of_no_digit(pools))
        return Outcome(best, _read_history(plan.folder), interrupted, data, {})
    inputs = x[..., None].astype(np.float32) / 255
    held_out = (inputs, keras.utils.to_categorical(y, dataset.NO_DIGIT + 1))
    interrupted, best = _run(model, plan, batches, validation_data=held_out, validation_batch_size=500)
    set_prior(best, share_of_no_digit(pools))
    calibration = calibrate(best.predict(inputs, batch_size=500, verbose=0), y)
    return Outcome(best, _read_history(plan.folder), interrupted, data, calibration)


def _teacher_of(paths: Sequence[Path], share: float) -> dataset.Teacher:
    """Return a teacher that mixes labels with the mean prediction of networks (distillation, Hinton et al., 2015)."""
    teachers = [_load(path, "edge", "wide") for path in paths]
    for teacher in teachers:
        set_prior(teacher, NO_DIGIT_PRIOR, share)  # as it was in their training
        teacher.trainable = False

    def targets(images: NDArray[np.float32], labels: NDArray[np.float32]) -> NDArray[np.float32]:
        logits = [keras.ops.convert_to_numpy(teacher(images, training=False)) for teacher in teachers]
        soft = softmax(np.mean(logits, axis=0), SOFTENING)
        return np.asarray(TEACHERS_SHARE * soft + (1 - TEACHERS_SHARE) * labels, np.float32)

    return targets


def calibrate(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> dict[str, float]:
    """Return the temperature of least cross-entropy on validation digits, and the confidence below which to reject.

    Temperature scaling: Guo et al., 2017. REFUSED of the validation digits lie below the threshold.
    """
    temperatures = np.geomspace(0.4, 2.5, 80)
    rows = np.arange(len(labels))
    losses = [-np.log(np.maximum(softmax(logits, t)[rows, labels], 1e-12)).mean() for t in temperatures]
    best = float(temperatures[int(np.argmin(losses))])
    confidence = softmax(logits, best)[:, : dataset.NO_DIGIT].max(axis=1)
    return {
        "temperature": round(best, 3),
        "refuse_below": round(float(np.clip(np.quantile(confidence, REFUSED), 0.05, 0.9)), 3),
    }


def share_of_no_digit(pools: Sequence[dataset.Pool]) -> float:
    """Return the share of "no digit" in the batches."""
    none = sum(pool.share for pool in pools if pool.labels[0] == dataset.NO_DIGIT)
    return none / sum(pool.share for pool in pools)


def set_prior(model: Any, trained: float, wanted: float = NO_DIGIT_PRIOR) -> None:
    """Adjust the bias of "not a digit" from its share in training to its share on a pad.

    A change of prior adds the change of its log odds to the logit (Saerens et al., 2002); no training is needed.
    """
    logits = model.get_layer("logits")
    weights, bias = logits.get_weights()
    bias[dataset.NO_DIGIT] += math.log(wanted / (1 - wanted)) - math.log(trained / (1 - trained))
    logits.set_weights([weights, bias])


def split_mnist(mnist: Mnist, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return indices of MNIST's training images: to train on, and VALIDATION of them to validate on."""
    order = np.random.default_rng(seed).permutation(len(mnist.x_train))
    return np.sort(order[VALIDATION:]), np.sort(order[:VALIDATION])


def make_pools(
    plan: Plan, mnist: Mnist, rng: np.random.Generator
) -> tuple[list[dataset.Pool], tuple[NDArray[np.uint8], NDArray[np.uint8]], list[dict[str, Any]]]:
    """Return the pools to train on, validation images with labels, and a description of the data for the card."""
    train, check = split_mnist(mnist, seed=0)  # the same for every seed, so that seeds can be compared
    if plan.fold is None:
        train = np.arange(len(mnist.x_train))
    samples = [sample for path in plan.ink for sample in read_labelled_ink(path)]
    digits, letters = dataset.digits_of(samples), dataset.no_digits_of(samples)
    held = [s for s in digits if plan.fold is not None and is_held_out(s.writer, plan.fold)]
    kept = [s for s in digits if plan.fold is None or not is_held_out(s.writer, plan.fold)]
    kept_letters = [s for s in letters if plan.fold is None or not is_held_out(s.writer, plan.fold)]
    strong, mild = Strength(), Strength(6, 0.1, 0.06, 1.0, 0.6, 0.5)
    images = mnist.x_train[train]
    pools = [dataset.Pool("MNIST", (images, mnist.y_train[train]), 0.45 if kept else 0.68, strong)]
    if kept:
        print(f"drawing {len(kept)} digits {INK_COPIES} times ...", flush=True)
        pools.append(dataset.Pool("ink", dataset.draw_digits(kept, INK_COPIES, rng), 0.27, mild))
    print(f"writing {WRITTEN} digits from templates, and {NO_DIGITS} marks that are no digit ...", flush=True)
    written = dataset.draw_written(WRITTEN, rng)
    others = dataset.draw_no_digits(NO_DIGITS, rng, kept_letters, kept)
    merged = dataset.merged_mnist(images, MERGED, rng)
    pools += [
        dataset.Pool("written", written, 0.14, mild),
        dataset.Pool("no digit", others, 0.11, mild),
        dataset.Pool("merged", merged, 0.03, mild),
    ]
    x, y = mnist.x_train[check], mnist.y_train[check]
    if held:
        ink_x = np.stack([inkdata.draw(s.ink) for s in held])
        x, y = (
            np.concatenate([x, ink_x]),
            np.concatenate([y, np.array([int(s.label) for s in held], np.uint8)]),
        )
    data = [{"name": pool.name, "images": len(pool.images), "share": pool.share} for pool in pools]
    data += [{"name": path.name, "sha256": _sha256(path), "fold held out": plan.fold} for path in plan.ink]
    return pools, (x, y), data


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sheet(pools: Sequence[dataset.Pool], rng: np.random.Generator) -> tuple[NDArray[np.uint8], list[str]]:
    """Return 24 augmented images of each pool with their labels."""
    from .augment import augment

    images, titles = [], []
    for pool in pools:
        at = rng.integers(len(pool.images), size=24)
        changed = augment(pool.images[at].astype(np.float32) / 255, rng, pool.strength)
        images.append(np.clip(changed * 255, 0, 255).astype(np.uint8))
        titles += ["?" if label == dataset.NO_DIGIT else str(label) for label in pool.labels[at]]
    return np.concatenate(images), titles
