"""`python -m tools.mutants [MODULE...]`: alter the core and see whether the tests notice; needs mutmut (dev extra)."""

import argparse
import hashlib
import json
import sys
from importlib import metadata
from pathlib import Path

import tomlkit

from edge_app.storage.atomic_write import readable_json, write_atomically

from .run import MODULES, NOTICED, ROOT, UNTRIED, Module, alterations, figures, results, run_again, run_mutants

FIGURES = ROOT / "docs" / "figures" / "mutants.json"
EQUIVALENT = Path(__file__).parent / "equivalent.toml"
WORK = ROOT / "build" / "mutants"


def main(argv: list[str] | None = None) -> int:
    """Run the mutants of the named modules, or of all, and put their figures into docs/figures/mutants.json."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", allow_abbrev=False, description=__doc__)
    names = [module.name for module in MODULES]
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(names)}; default: all")
    parser.add_argument("--again", action="store_true", help="only those that were not noticed last time")
    args = parser.parse_args(argv)
    if unknown := set(args.modules) - set(names):
        parser.error(f"no module {', '.join(sorted(unknown))}: choose from {', '.join(names)}")
    for module in MODULES:
        if args.modules and module.name not in args.modules:
            continue
        folder = WORK / module.name
        (run_again if args.again else run_mutants)(module, folder)
        record(module, folder)
    return 0


def record(module: Module, folder: Path) -> None:
    """Put what became of a module's mutants into docs/figures/mutants.json."""
    found = results(folder)
    unnoticed = {name: fate for name, fate in found.items() if fate not in (*NOTICED, UNTRIED)}
    own = figures(found, alterations(folder, unnoticed), _reasons(module.name))
    own["sha256"] = hashlib.sha256((folder / module.source).read_bytes()).hexdigest()
    own["tests"] = list(module.tests)
    report = json.loads(FIGURES.read_text()) if FIGURES.exists() else {"modules": {}}
    report["tool"] = f"mutmut {metadata.version('mutmut')}"
    report["modules"][module.name] = own
    write_atomically(FIGURES, readable_json(report))
    print(f"{module.source}: {own['mutants']} mutants, {100 * own['score']:.1f} % noticed", file=sys.stderr)


def _reasons(module: str) -> dict[tuple[str, str], str]:
    """Return why a mutant changes nothing, by function and the line it has."""
    known = tomlkit.parse(EQUIVALENT.read_text()).unwrap().get(module, [])
    return {(one["function"], one["mutant"]): one["why"] for one in known}


if __name__ == "__main__":
    raise SystemExit(main())
