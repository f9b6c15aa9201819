"""The list of a release's parts in CycloneDX's format: `sbom.py VERSION lock LOCK OUTPUT`, or
`sbom.py VERSION program FOLDER OUTPUT`.

Of a lock file: every version that it pins, with the Pythons and systems it is for. Of a frozen program, in the
environment that it was frozen in: what licences.txt speaks of, Python, and each library that came along in a wheel or
from the system, with its SHA-256. Nothing in it is by chance: its number is made of its content, and its time is
SOURCE_DATE_EPOCH's, so the same parts give the same bytes.
"""

import hashlib
import json
import os
import platform
import re
import sys
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from licences import bundled, licence_name
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from prune import is_elf

Component = dict[str, Any]
OURS = "digitpad"
PIN = re.compile(r"^([a-z0-9.-]+)==([^ ;]+)(?: ; (.*?))? \\$", re.MULTILINE)


def package(name: str, version: str, **more: Any) -> Component:
    """Return a package of Python's index as a part."""
    purl = f"pkg:pypi/{name}@{version}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}


def locked(text: str) -> list[Component]:
    """Return what a lock file pins; a version for one Python and another for the next are two parts."""
    found = []
    for name, version, marker in PIN.findall(text):
        more = {"properties": [{"name": f"{OURS}:marker", "value": marker}]} if marker else {}
        found.append(package(name, version, **more))
    return found


def frozen(folder: Path) -> tuple[list[Component], list[dict[str, Any]]]:
    """Return the parts of a frozen program, and which package needs which."""
    every = {canonicalize_name(one.metadata["Name"]): one for one in bundled()}
    parts = [
        package(name, one.version, licenses=[licence(licence_name(one), one.metadata["License-Expression"] or "")])
        for name, one in every.items()
        if name != OURS
    ]
    version = platform.python_version()
    cpe = f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*"
    parts.append({"type": "platform", "bom-ref": "python", "name": "CPython", "version": version, "cpe": cpe})
    needs = []
    for name, one in every.items():
        wanted = [Requirement(line) for line in one.requires or []]
        names = {canonicalize_name(own.name) for own in wanted if not own.marker or own.marker.evaluate({"extra": ""})}
        mine = sorted(reference(other, every[other].version) for other in names & every.keys())
        needs.append({"ref": reference(name, one.version), "dependsOn": mine})
    return [*parts, *libraries(folder)], needs


def reference(name: str, version: str) -> str:
    """Return what a part is called within the list."""
    return f"pkg:pypi/{name}@{version}"


def licence(name: str, expression: str) -> dict[str, Any]:
    """Return a licence: an expression of SPDX where that is what the package states, else the name it goes by."""
    return {"expression": expression} if expression else {"license": {"name": name}}


def libraries(folder: Path) -> Iterable[Component]:
    """Yield the shared libraries below a folder that are no modules of Python."""
    for path in sorted(folder.rglob("lib*.so*")):
        if path.is_file() and not path.is_symlink() and is_elf(path):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            name = str(path.relative_to(folder))
            hashes = [{"alg": "SHA-256", "content": digest}]
            yield {"type": "file", "bom-ref": f"file:{name}", "name": name, "hashes": hashes}


def listed(version: str, title: str, parts: list[Component], needs: list[dict[str, Any]]) -> bytes:
    """Return the whole list of digitpad's parts as JSON."""
    when = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    ours = package(OURS, version, licenses=[{"license": {"id": "MIT"}}])
    subject = {**ours, "type": "application", "description": title}
    content: dict[str, Any] = {
        "metadata": {"timestamp": f"{when:%Y-%m-%dT%H:%M:%SZ}", "component": subject},
        "components": sorted(parts, key=lambda part: part["bom-ref"]),
        "dependencies": sorted(needs, key=lambda need: need["ref"]),
    }
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{number}", "version": 1}
    return (json.dumps({**head, **content}, indent=1, ensure_ascii=False) + "\n").encode()


def main() -> None:
    """Write the list that was asked for."""
    version, kind, source, output = sys.argv[1:]
    if kind == "lock":
        content = listed(version, "what the wheel is installed with", locked(Path(source).read_text()), [])
    else:
        content = listed(version, "the program that needs no Python", *frozen(Path(source)))
    Path(output).write_bytes(content)


if __name__ == "__main__":
    main()
