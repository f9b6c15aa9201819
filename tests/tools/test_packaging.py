"""docs/packaging.md says what was measured of a release, and README on which Pythons its wheel was tried."""

import json
import re
from typing import Any

import pytest

from ..conftest import ROOT

PAGE = " ".join((ROOT / "docs" / "packaging.md").read_text().split())
README = (ROOT / "README.md").read_text()
FIGURES = ROOT / "docs" / "figures"
NAMES = {"pillow": "Pillow", "Python": "CPython"}


def read(name: str) -> Any:
    return json.loads((FIGURES / name).read_text())


@pytest.fixture
def measured() -> dict[str, Any]:
    found: dict[str, Any] = read("packaging.json")
    return found


@pytest.fixture
def starts() -> dict[str, Any]:
    found: dict[str, Any] = read("starts.json")
    return found


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e6:.2f} MB"


def test_the_files_of_a_release_are_those_that_were_made(measured: dict[str, Any]) -> None:
    rows = re.findall(r"\| `([^`]+)` \| [^|]+ \|([^|]*)\|", PAGE)
    sizes = {name: megabytes(size) for name, size in measured["files"].items()}
    assert {name: size.strip() for name, size in rows} == sizes | {"SHA256SUMS": ""}
    assert all(measured["version"] in name for name in sizes)


def test_the_program_is_as_large_and_as_fast_as_was_measured(measured: dict[str, Any], starts: dict[str, Any]) -> None:
    program, warm, cold = measured["program"], starts["warm"], starts["cold"]
    assert f"{program['files']} files of {program['bytes'] / 1e6:.0f} MB" in PAGE
    assert f"{program['openblas_bytes'] / 1e6:.0f} MB of them OpenBLAS" in PAGE
    assert f"newer than glibc {program['glibc']}" in PAGE
    assert f"{warm['median_ms']} ms, the median of {len(warm['all_ms'])} starts" in PAGE
    assert f"(slowest {warm['slowest_ms']} ms)" in PAGE
    assert f"{cold['median_ms']} ms (slowest {cold['slowest_ms']} ms)" in PAGE
    assert f"{starts['cores']} cores of an {starts['processor']}" in PAGE


def test_the_program_keeps_to_its_goals(measured: dict[str, Any], starts: dict[str, Any]) -> None:
    assert measured["program"]["bytes"] <= 120e6
    assert max(starts["warm"]["slowest_ms"], starts["cold"]["slowest_ms"]) <= 1000


def test_it_was_measured_with_these(measured: dict[str, Any]) -> None:
    for name, version in measured["versions"].items():
        assert f"{NAMES.get(name, name)} {version}" in PAGE
    assert measured["system"] in PAGE
    assert measured["deb"].endswith("installed, read, written in, purged; nothing left behind")


def test_every_python_that_is_promised_was_tried() -> None:
    found = read("wheel.json")
    project = (ROOT / "pyproject.toml").read_text()
    tried = sorted({int(one["python"].split(".")[1]) for one in found})
    assert f'requires-python = ">=3.{tried[0]}"' in project
    assert tried == list(range(tried[0], tried[-1] + 1))
    assert f"Linux x86-64, Python 3.{tried[0]} to 3.{tried[-1]}" in README
    matrix = read("matrix.json")["Linux x86-64"]
    for one in found:
        assert one["runtime"].startswith(matrix[one["python"].rpartition(".")[0]]["runtime"])  # as the table says
        assert (one["reading"].split()[0], one["written"]) == (one["reading"].split()[2], "1")
