"""Plots: sample digits, training history, confusion matrix."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

mpl.use("Agg")
from matplotlib import pyplot as plt


def show_images(images: NDArray[np.uint8], titles: Sequence[str], path: Path, columns: int = 12) -> None:
    """Write a sheet of digit images with a title each as PNG."""
    rows = max(1, -(-len(images) // columns))
    figure, axes = plt.subplots(rows, columns, figsize=(columns * 0.8, rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, title in zip(axes.flat, images, titles, strict=False):
        axis.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        axis.set_title(title, fontsize=8)
    _save(figure, path)


def show_history(history: dict[str, list[float]], path: Path) -> None:
    """Write loss and accuracy over the epochs as PNG."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in history:
                axis.plot(range(1, len(history[key]) + 1), history[key], label=label)
        axis.set_xlabel("epoch")
        axis.set_ylabel(name)
        axis.grid(visible=True, alpha=0.3)
        axis.legend()
    _save(figure, path)


def show_confusion(matrix: NDArray[np.int64], names: Sequence[str], path: Path) -> None:
    """Write a confusion matrix, rows true and columns read, as PNG; colour by share of the row."""
    figure, axis = plt.subplots(figsize=(6, 6))
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axis.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)  # square root: single errors stay visible
    for row, column in np.ndindex(*matrix.shape):
        if matrix[row, column]:
            colour = "white" if shares[row, column] > 0.4 else "black"
            axis.text(column, row, str(matrix[row, column]), ha="center", va="center", color=colour, fontsize=8)
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(matrix.shape[0]), names[: matrix.shape[0]])
    axis.set_xlabel("read as")
    axis.set_ylabel("true digit")
    _save(figure, path)


def _save(figure: "plt.Figure", path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
