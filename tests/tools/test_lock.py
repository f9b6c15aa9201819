"""What releases are made of: pinned with hashes, in step with pyproject.toml, and listed."""

import json
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
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
    listed = (ROOT / "pyproject.toml").read_text().split("\ndependencies = [\n", 1)[1].split("\n]", 1)[0]
    return [Requirement(json.loads(line.strip().rstrip(","))) for line in listed.splitlines()]


def faults(wanted: list[Requirement], pinned: list[Requirement], environment: dict[str, str]) -> list[str]:
    """Return which of the wanted are not pinned once, at a version that will do."""
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


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda own: f"{own['python_version']}-{own['sys_platform']}")
@pytest.mark.parametrize("path", [LEAN, FREEZE], ids=lambda path: path.stem)
def test_every_dependency_is_pinned_once_for_every_python_and_system(path: Path, environment: dict[str, str]) -> None:
    assert faults(dependencies(), pins(path), environment) == []


def test_a_lock_that_is_out_of_step_is_found_out() -> None:
    pinned = [pin for pin in pins(LEAN) if pin.name != "tomlkit"] + [Requirement("pillow==9.0")]
    found = faults(dependencies(), pinned, ENVIRONMENTS[0])
    assert found == ["pillow", "tomlkit", "pillow 9.0", "pillow"]


def test_what_a_release_is_built_with_is_pinned_and_what_it_is_of_is_the_same() -> None:
    for environment in ENVIRONMENTS:
        lean, freeze = (
            {str(p).partition(";")[0] for p in pins(path) if holds(p, environment)} for path in (LEAN, FREEZE)
        )
        assert lean <= freeze
    built_with = [Requirement(line) for line in (FREEZE.parent / "freeze.in").read_text().splitlines()[1:]]
    assert {one.name for one in built_with} == {"build", "cx_Freeze", "setuptools"}
    for environment in ENVIRONMENTS:
        assert faults(built_with, pins(FREEZE), environment) == []


@pytest.mark.parametrize("path", [LEAN, FREEZE], ids=lambda path: path.stem)
def test_every_pin_has_hashes_and_the_file_tells_of_no_place(path: Path) -> None:
    text = path.read_text()
    first, *blocks = re.split(r"\n(?=[a-z])", text)
    assert first.strip() == "--only-binary :all:"
    for block in blocks:
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+( ; [^\\]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n?)+", block)
    assert not re.search(r"://|/(home|tmp|opt|work)\b|--(extra-)?index|--find-links", text)


def test_releases_are_made_of_it() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "$(FREEZE)/ready: pyproject.toml requirements/freeze.txt\n" in makefile
    assert 'tools/make-venv "$(PYTHON)" $(FREEZE) requirements/freeze.txt' in makefile


def test_the_environment_of_releases_holds_what_is_pinned_and_nothing_else(python: Path) -> None:
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


def test_other_bytes_than_those_that_were_pinned_are_not_installed(python: Path, tmp_path: Path) -> None:
    """One digit of each hash is another; that the honest ones are taken shows that nothing else is at fault."""
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


# ---- the list of parts


def valid(content: bytes) -> dict[str, Any]:
    """Return a list of parts that CycloneDX's own schema takes."""
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(content.decode())
    assert fault is None, fault
    decoded: dict[str, Any] = json.loads(content)
    return decoded


def sbom(python: Path, *words: object, date: int = 1767323045) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(date)}
    return run(python, ROOT / "tools" / "freeze" / "sbom.py", "0.1.0", *words, env=environment)


def test_the_wheels_parts_are_what_the_lock_file_pins(python: Path, tmp_path: Path) -> None:
    sbom(python, "lock", LEAN, tmp_path / "a.json")
    found = valid((tmp_path / "a.json").read_bytes())
    pinned = {f"pkg:pypi/{pin.name}@{str(pin.specifier).removeprefix('==')}" for pin in pins(LEAN)}
    assert {part["purl"] for part in found["components"]} == pinned
    assert found["metadata"]["timestamp"] == "2026-01-02T03:04:05Z"
    markers = {part["name"]: part.get("properties", [{}])[0].get("value") for part in found["components"]}
    assert markers["tomlkit"] is None
    assert markers["tflite-runtime"] == "python_full_version < '3.12' and sys_platform == 'linux'"


def test_the_same_parts_give_the_same_bytes_and_others_another_number(python: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        sbom(python, "lock", LEAN, tmp_path / f"{name}.json")
    sbom(python, "lock", FREEZE, tmp_path / "c.json")
    sbom(python, "lock", LEAN, tmp_path / "d.json", date=1767323046)
    first, again, other, later = ((tmp_path / f"{name}.json").read_bytes() for name in "abcd")
    assert first == again
    assert len({json.loads(content)["serialNumber"] for content in (first, other, later)}) == 3


def test_a_list_that_breaks_the_schema_is_found_out(python: Path, tmp_path: Path) -> None:
    sbom(python, "lock", LEAN, tmp_path / "a.json")
    content = json.loads((tmp_path / "a.json").read_text())
    content["components"][0]["kind"] = "part"
    with pytest.raises(AssertionError):
        valid(json.dumps(content).encode())


def test_the_lock_tool_says_what_it_takes() -> None:
    done = subprocess.run(["sh", ROOT / "tools" / "lock", "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--check" in done.stderr
