"""What tests share; a test that cannot run here skips loudly, and fails where DIGITPAD_NO_SKIPS is set (CI)."""

import contextlib
import importlib.util
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

os.environ["TZ"] = "UTC"  # times are shown by the device's zone
os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# nohup and a shell's "&" leave signals ignored, and programs that tests start would inherit that. A handler, unlike
# SIG_IGN, is reset to the default by exec: the tests live on, and what they start can be ended.
for _name in ("SIGHUP", "SIGINT"):
    _signal = getattr(signal, _name, None)
    if _signal is not None and signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, lambda *_: None)

# tflite-runtime cannot be loaded into a process that holds TensorFlow, but the other way round works.
from edge_app.errors import RuntimeMissingError
from edge_app.recognition.interpreter import MODULES, find_runtime

for _name in MODULES:
    with contextlib.suppress(RuntimeMissingError):
        find_runtime(_name)

from edge_app.datasets.mnist import VARIABLE, Mnist, read_mnist
from edge_app.recognition.recognizer import Recognizer

hypothesis.settings.register_profile("fast", max_examples=25, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=200, deadline=None)  # make test
phases = set(hypothesis.Phase) - {hypothesis.Phase.shrink}  # make mutants: shrinking takes minutes
hypothesis.settings.register_profile("mutants", max_examples=100, deadline=None, phases=phases)
hypothesis.settings.load_profile("fast")

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"
INK_VARIABLE = "DIGITPAD_INK"
HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None  # it has no wheels for every Python
NEED_TENSORFLOW = [ROOT / "tests" / "train", ROOT / "tests" / "convert"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the pictures of the window be written anew."""
    parser.addoption("--write-screens", action="store_true", help="keep the window's pictures as those to expect")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave tests of training and conversion, which import TensorFlow for 10 s, to those who name them or all tests."""
    if collection_path == ROOT / "tests" / "board" and config.getoption("markexpr") != "board":
        return True  # minutes, as root: make test-board
    fast = config.getoption("markexpr") == config.getini("addopts")[-1]
    if collection_path in NEED_TENSORFLOW and (fast or not (HAS_TENSORFLOW or os.environ.get("DIGITPAD_NO_SKIPS"))):
        return True
    return None


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run all tests on two cores, and those of files that are named in this process."""
    return 0 if config.option.file_or_dir else 2


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what tests/e2e holds and what uses MNIST or real ink, and run the longest tests first."""
    items.sort(key=lambda item: item.path.parent not in NEED_TENSORFLOW)
    for item in items:
        if "e2e" in item.path.relative_to(ROOT).parts:
            item.add_marker("e2e")
        if {"mnist_file", "ink_folder"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("data")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip into a failure in CI: there, everything that a test needs must be present."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and os.environ.get("DIGITPAD_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"


@pytest.fixture(scope="session")
def mnist_file() -> Path:
    """mnist.npz, named by DIGITPAD_MNIST."""
    path = os.environ.get(VARIABLE)
    if not path:
        pytest.skip(f"needs MNIST: set {VARIABLE} to mnist.npz")
    return Path(path)


@pytest.fixture(scope="session")
def mnist(mnist_file: Path) -> Mnist:
    """All of MNIST."""
    return read_mnist(mnist_file)


@pytest.fixture(scope="session")
def ink_folder() -> Path:
    """The folder of real ink, named by DIGITPAD_INK."""
    path = os.environ.get(INK_VARIABLE)
    if not path:
        pytest.skip(f"needs real ink: set {INK_VARIABLE} to the folder of the .jsonl.gz files")
    return Path(path)


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    """The recogniser with the bundled model."""
    return Recognizer()


@pytest.fixture
def rng() -> random.Random:
    """Seeded chance."""
    return random.Random(7)
