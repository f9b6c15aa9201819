"""One module's mutants by mutmut, in a copy of the project, and what became of them."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
COPIED = ("edge_app", "models", "tests", "tools", "docs", "convert", "train")
UNTRIED = "not checked"  # mutmut's word
STATUSES = ("killed", "timeout", "survived", "no tests", "suspicious", "segfault")
NOTICED = ("killed", "segfault")  # what ran out of time may only be slow, on a machine that has more to do
PYTEST = [
    "--hypothesis-seed=0",  # the same examples for each mutant and each run
    "-p",
    "no:cacheprovider",
    "-m",
    "not data",  # the tests on MNIST take seconds each, and would be no part of a bare checkout's result
]
SHOW = """
import sys
from mutmut.__main__ import cli
for name in sys.argv[1:]:
    cli(["show", name], standalone_mode=False)
"""


@dataclass(frozen=True)
class Module:
    """A module of the core, and the tests that are about it."""

    name: str
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()  # tests of those files that start processes or take seconds

    @property
    def source(self) -> str:
        """Its path in the checkout."""
        return f"edge_app/{self.name}.py"


MODULES = (
    Module("normalise", ("test_normalise.py",)),
    Module("segment", ("test_segment.py",)),
    Module("classifier", ("test_classifier.py",)),
    Module(
        "store",
        ("test_store.py",),
        (
            "test_what_was_confirmed_is_there_after_twenty_kills",
            "test_training_takes_the_digits_of_an_export_and_passes_over_the_numbers",
        ),
    ),
    Module("modelfile", ("test_modelfile.py",)),
)


def run_mutants(module: Module, folder: Path) -> None:
    """Run mutmut on a module in `folder`, which is made anew; raises CalledProcessError where it cannot."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    _run(module, folder)


def run_again(module: Module, folder: Path) -> None:
    """Run the mutants of what was altered since and those that were not noticed then, with the tests as they are now.

    What a test killed stays killed while tests are only added; mutmut knows by a hash which functions were altered.
    """
    ignored = shutil.ignore_patterns("__pycache__", Path(module.source).name)
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=ignored, dirs_exist_ok=True)
        shutil.copytree(folder / name, folder / "mutants" / name, ignore=ignored, dirs_exist_ok=True)
    if (folder / module.source).read_bytes() != (ROOT / module.source).read_bytes():
        shutil.copyfile(ROOT / module.source, folder / module.source)  # with a new date, by which mutmut sees it
    (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)  # which tests reach what is found out anew
    if UNTRIED in results(folder).values():
        _run(module, folder)
    names = [name for name, fate in results(folder).items() if fate not in NOTICED]
    if names:
        _run(module, folder, *names)


def _run(module: Module, folder: Path, *names: str) -> None:
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + configuration(module))
    # without PYTHONPATH: processes that tests start must find the mutant, not the checkout
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["DIGITPAD_NO_SHRINKING"] = "1"  # that a test fails is enough: see tests/conftest.py
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def configuration(module: Module) -> str:
    """Return mutmut's part of pyproject.toml."""
    options = [*PYTEST, *(f"--deselect=tests/{file}::{test}" for file in module.tests for test in module.without)]
    values = {
        "source_paths": ["edge_app"],
        "only_mutate": [module.source],
        "also_copy": [name for name in COPIED if name != "edge_app"],
        "pytest_add_cli_args": options,
        "pytest_add_cli_args_test_selection": [f"tests/{file}" for file in module.tests],
    }
    timeouts = "timeout_constant = 30\ntimeout_multiplier = 3\n"  # seconds more, and times, what the tests took
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items()]  # JSON's lists are TOML's
    return "".join(["\n[tool.mutmut]\n", "track_dependencies = false\n", timeouts, *lines])


def results(folder: Path) -> dict[str, str]:
    """Return what became of each mutant that was made in `folder`."""
    command = [sys.executable, "-m", "mutmut", "results", "--all", "true"]
    told = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^\s+(\S+): (.+)$", told, re.MULTILINE))


def alterations(folder: Path, mutants: dict[str, str]) -> list[dict[str, str]]:
    """Return what each of some mutants has in place of what, with its fate."""
    command = [sys.executable, "-c", SHOW, *mutants]  # all in one process: mutmut takes a second to start
    told = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    shown = re.split(r"^# (\S+): .*$", told, flags=re.MULTILINE)[1:]
    found = dict(zip(shown[::2], shown[1::2], strict=True))
    return [{"function": function_of(name), **changed_by(found[name]), "fate": fate} for name, fate in mutants.items()]


def changed_by(diff: str) -> dict[str, str]:
    """Return the lines that a unified diff takes away and puts in."""
    lines = [line for line in diff.splitlines() if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]
    before, after = ("\n".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return {"code": before, "mutant": after}


def function_of(mutant: str) -> str:
    """Return the function's name from mutmut's: edge_app.storage.history.xǁStoreǁclose__mutmut_1 is of Store.close."""
    name = mutant.rpartition(".")[2].rpartition("__mutmut_")[0]
    return ".".join(name.split("ǁ")[1:]) if "ǁ" in name else name.removeprefix("x_")


def figures(
    found: dict[str, str], unnoticed: list[dict[str, str]], reasons: dict[tuple[str, str], str]
) -> dict[str, Any]:
    """Return a module's figures from its mutants' fates, its survivors and what is known to change nothing."""
    tried = [fate for fate in found.values() if fate != UNTRIED]
    counts = {status: tried.count(status) for status in STATUSES}
    if sum(counts.values()) != len(tried):
        raise ValueError(f"mutants of an unknown fate: {sorted(set(tried) - set(STATUSES))}")
    survivors = [{**own, "equivalent": reasons.get((own["function"], own["mutant"]))} for own in unnoticed]
    noticed = sum(counts[status] for status in NOTICED)
    untried = len(found) - len(tried)  # of a run that was ended early
    return {"mutants": len(tried), "untried": untried, **counts, "score": noticed / len(tried), "survivors": survivors}
