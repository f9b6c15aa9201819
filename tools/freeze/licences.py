"""The licences of all that is frozen: digitpad, its dependencies, Python, and what cx_Freeze starts them with."""

import sysconfig
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

STARTER = "freeze-core"


def bundled() -> list[metadata.Distribution]:
    """Return what is frozen, as it is installed here: digitpad, what it requires, and what starts it."""
    waiting, found = ["digitpad", STARTER], {}
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found[name] = metadata.distribution(name)
        if name == STARTER:  # its own requirements are for freezing
            continue
        wanted = map(Requirement, found[name].requires or [])
        waiting += [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    return [found[name] for name in sorted(found)]


def licence_name(distribution: metadata.Distribution) -> str:
    """Return what a distribution says its licence is: an expression, a classifier, or a word of its author's."""
    said = distribution.metadata
    classifiers = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier", []) if line.startswith("License")]
    short = [text for text in [said["License-Expression"], *classifiers, said["License"]] if text and "\n" not in text]
    if not short:
        raise ValueError(f"{said['Name']} does not say what its licence is")
    return short[0]


def licence_texts(distribution: metadata.Distribution) -> list[str]:
    """Return the licence files that a wheel brings; some bring none."""
    files = [Path(str(distribution.locate_file(file))) for file in distribution.files or []]
    wanted = [file for file in files if file.name.upper().startswith(("LICEN", "COPYING")) and file.suffix != ".py"]
    inside = [file for file in wanted if any(part.endswith(".dist-info") for part in file.parts)]
    return [file.read_text(encoding="utf-8", errors="replace").strip() for file in inside]


def licences() -> str:
    """Return names, versions and licences in a table, then the texts."""
    every = bundled()
    table = [f"{one.metadata['Name']} {one.version}: {licence_name(one)}" for one in every]
    version = sysconfig.get_python_version()
    text = ["What is in this program, and under which licence:", "", *table, f"Python {version}: PSF-2.0", ""]
    for one in every:
        for content in licence_texts(one):
            text += ["-" * 78, f"{one.metadata['Name']} {one.version}", "", content, ""]
    own = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    if own.exists():  # Debian's Python keeps it elsewhere
        text += ["-" * 78, f"Python {version}", "", own.read_text(encoding="utf-8").strip(), ""]
    return "\n".join(text)
