"""The lock files: pinned with hashes, in step with pyproject.toml, and listed in an SBOM."""

import json
import os
import re
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..conftest import ROOT
from ..e2e.test_dist import python, run

__all__ = ["python"]  # a fixture, found by its name

LEAN, FREEZE = ROOT / "requirements" / "lean.txt", ROOT / "requirements" / "freeze.txt"
SYSTEMS = {"linux": ("Linux", "x86_64"), "darwin": ("Darwin", "arm64"), "win32": ("Windows", "AMD64")}
ENVIRONMENTS = [
    {
        "python_version": version,
        "python_full_version": f"{version}.1",
        "sys_platform": system,
        "platform_system": SYSTEMS[system][0],
        "platform_machine": SYSTEMS[system][1],
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "nt" if system == "win32" else "posix",
        "extra": "",
    }
    for version, system in product(("3.11", "3.12", "3.13", "3.14"), SYSTEMS)
]


def pins(path: Path) -> list[Requirement]:
    return [Requirement(line.rstrip(" \\")) for line in path.read_text().splitlines() if re.match("[a-z]", line)]


def holds(requirement: Requirement, environment: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment)


def dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(text) for text in project["dependencies"]]


def faults(wanted: list[Requirement], pinned: list[Requirement], environment: dict[str, str]) -> list[str]:
    """Return the requirements that are not pinned exactly once, at a version that satisfies them."""
    chosen: dict[str, list[str]] = {}
    for pin in pinned:
        if holds(pin, environment):
            chosen.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier).removeprefix("=="))
    own = [one for one in wanted if holds(one, environment)]
    found = [one.name for one in own if len(chosen.get(canonicalize_name(one.name), [])) != 1]
    found += [
        f"{one.name} {version}"
        for one in own
        for version in chosen.get(canonicalize_name(one.name), [])
        if version not in one.specifier
    ]
    return found + [name for name, versions in chosen.items() if len(versions) > 1]


@pytest.mark.parametrize("path", [LEAN, FREEZE], ids=lambda path: path.stem)
def test_every_dependency_is_pinned_once_for_every_python_and_system(path: Path) -> None:
    wanted, pinned = dependencies(), pins(path)
    assert [faults(wanted, pinned, environment) for environment in ENVIRONMENTS] == [[]] * len(ENVIRONMENTS)


def test_outdated_lock_is_detected() -> None:
    pinned = [pin for pin in pins(LEAN) if pin.name != "tomlkit"] + [Requirement("pillow==9.0")]
    found = faults(dependencies(), pinned, ENVIRONMENTS[0])
    assert found == ["pillow", "tomlkit", "pillow 9.0", "pillow"]


def test_build_tools_are_pinned_beside_the_same_dependencies() -> None:
    for environment in ENVIRONMENTS:
        lean, freeze = (
            {str(p).partition(";")[0] for p in pins(path) if holds(p, environment)} for path in (LEAN, FREEZE)
        )
        assert lean <= freeze
    built_with = [Requirement(line) for line in (FREEZE.parent / "freeze.in").read_text().splitlines()[1:]]
    assert {one.name for one in built_with} == {"build", "cx_Freeze", "cyclonedx-bom", "setuptools"}
    for environment in ENVIRONMENTS:
        assert faults(built_with, pins(FREEZE), environment) == []


@pytest.mark.parametrize("path", [LEAN, FREEZE], ids=lambda path: path.stem)
def test_every_pin_has_hashes_and_no_index_or_folder_is_named(path: Path) -> None:
    text = path.read_text()
    first, *blocks = re.split(r"\n(?=[a-z])", text)
    assert first.strip() == "--only-binary :all:"
    for block in blocks:
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+( ; [^\\]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n?)+", block)
    assert not re.search(r"://|/(home|tmp|opt|work)\b|--(extra-)?index|--find-links", text)


def test_release_environment_is_made_from_the_lock() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "$(FREEZE)/ready: pyproject.toml requirements/freeze.txt\n" in makefile
    assert 'tools/make-venv "$(PYTHON)" $(FREEZE) requirements/freeze.txt' in makefile


@pytest.mark.e2e
def test_release_environment_holds_the_pins_and_nothing_else(python: Path) -> None:
    """Installed for real by `make`, with --require-hashes."""
    listed = json.loads(run(python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check").stdout)
    found = {canonicalize_name(one["name"]): one["version"] for one in listed}
    version = "{}.{}".format(*sys.version_info)
    environment = next(
        own for own in ENVIRONMENTS if (own["python_version"], own["sys_platform"]) == (version, sys.platform)
    )
    wanted = {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins(FREEZE)
        if holds(pin, environment)
    }
    assert found.keys() - wanted.keys() <= {"digitpad", "pip"}
    assert {name: found.get(name) for name in wanted} == wanted


@pytest.mark.e2e
def test_wheel_with_another_hash_is_not_installed(python: Path, tmp_path: Path) -> None:
    """Change one digit of each hash; the true hashes are the control."""
    block = next(block for block in re.split(r"\n(?=[a-z])", LEAN.read_text()) if block.startswith("tomlkit=="))
    (tmp_path / "good.txt").write_text(block + "\n")
    changed = re.sub("([0-9a-f])( |\n|$)", lambda found: ("0" if found[1] != "0" else "1") + found[2], block)
    assert len(set(re.findall("sha256:[0-9a-f]{64}", block)) & set(re.findall("sha256:[0-9a-f]{64}", changed))) == 0
    (tmp_path / "bad.txt").write_text(changed + "\n")
    download = [str(python), "-m", "pip", "download", "--require-hashes", "--no-deps", "--dest", str(tmp_path)]
    run(*download, "--requirement", tmp_path / "good.txt")
    done = subprocess.run([*download, "--requirement", str(tmp_path / "bad.txt")], capture_output=True, check=False)
    assert done.returncode != 0
    assert b"THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr


# ---- the SBOM


def sbom(python: Path, output: Path) -> bytes:
    """Return the SBOM that tools/dist makes of the lock file."""
    command = [python.parent / "cyclonedx-py", "requirements", LEAN, "--pyproject", ROOT / "pyproject.toml"]
    options = ["--output-reproducible", "--output-file", output]
    run(*command, *options, env={**os.environ, "SOURCE_DATE_EPOCH": "1767323045"})
    return output.read_bytes()


@pytest.mark.e2e
def test_sbom_lists_every_pin_and_is_reproducible(python: Path, tmp_path: Path) -> None:
    from cyclonedx.schema import SchemaVersion  # seconds to import: it compiles grammars
    from cyclonedx.validation.json import JsonStrictValidator

    content = sbom(python, tmp_path / "a.json")
    assert content == sbom(python, tmp_path / "b.json")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(content.decode()) is None
    found = json.loads(content)
    pinned = {(pin.name, str(pin.specifier).removeprefix("==")) for pin in pins(LEAN)}
    assert {(part["name"], part["version"]) for part in found["components"]} == pinned
    assert found["metadata"]["timestamp"].startswith("2026-01-02T03:04:05")


def test_lock_tool_prints_its_usage() -> None:
    done = subprocess.run(["sh", ROOT / "tools" / "lock", "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--check" in done.stderr
