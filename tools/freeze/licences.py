"""The licences of all that is in the frozen program; `--list` prints the packages alone."""

import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

STARTER = "freeze-core"  # of cx_Freeze: the part that goes into the program


def bundled() -> list[metadata.Distribution]:
    """Return what is frozen, as it is installed here: digitpad, what it requires, and what starts it."""
    waiting, found = ["digitpad"], {STARTER: metadata.distribution(STARTER)}
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found[name] = metadata.distribution(name)
            wanted = map(Requirement, found[name].requires or [])
            waiting += [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    return [found[name] for name in sorted(found)]


def licence_name(distribution: metadata.Distribution) -> str:
    """Return a distribution's licence: its SPDX expression, a classifier, or the author's own words."""
    about = distribution.metadata
    classifiers = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier", []) if line.startswith("License")]
    names = [about["License-Expression"], *classifiers, about["License"]]
    return next(name for name in names if name and "\n" not in name)


def licence_texts(distribution: metadata.Distribution) -> list[str]:
    """Return the licence files of a wheel; some have none."""
    files = [file for file in distribution.files or [] if any(part.endswith(".dist-info") for part in file.parts)]
    wanted = [file for file in files if file.name.upper().startswith(("LICEN", "COPYING"))]
    return [Path(str(file.locate())).read_text(encoding="utf-8", errors="replace").strip() for file in wanted]


def licences() -> str:
    """Return names, versions and licences in a table, then the texts."""
    every = bundled()
    version = sysconfig.get_python_version()
    table = [f"{one.metadata['Name']} {one.version}: {licence_name(one)}" for one in every]
    text = ["What is in this program, and under which licence:", "", *table, f"Python {version}: PSF-2.0", ""]
    texts = [(one.metadata["Name"], one.version, content) for one in every for content in licence_texts(one)]
    own = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    if own.exists():  # Debian's Python keeps it elsewhere
        texts.append(("Python", version, own.read_text(encoding="utf-8").strip()))
    for name, number, content in texts:
        text += ["-" * 78, f"{name} {number}", "", content, ""]
    return "\n".join(text)


if __name__ == "__main__":
    listed = "\n".join(f"{one.metadata['Name']}=={one.version}" for one in bundled() if one.name != "digitpad")
    print(listed if sys.argv[1:] == ["--list"] else licences())
