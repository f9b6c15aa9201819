"""Python, the interpreter, numpy, the model and pygame: what pip installs, and whether it works together."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ...modelfiles.card import CARD, load_model, models_folder, read_card
from ...modelfiles.registry import Registry
from ...recognition.model import HOW_TO_MAKE
from ...version import __version__
from .host import AGAIN, PACKAGED, Finding, State, World

RUNTIMES = ("tflite-runtime", "ai-edge-litert")
VARIABLE = "DIGITPAD_RUNTIME"
# the wheels that there are: pypi.org/project/tflite-runtime and ai-edge-litert
TFLITE_MACHINES = {"x86_64", "aarch64", "armv7l"}  # with Python to 3.11
LITERT_PLACES = {("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "amd64")}
ARM_32 = ("armv6l", "armv7l")
ON_A_PI = "a 64-bit system: on a Raspberry Pi 3 or newer, or a Zero 2 W, 64-bit Raspberry Pi OS"
NO_WINDOW = f"pip has none for 32 bits: take {ON_A_PI}. Without a window these work: digitpad demo, recognize INK"
PACKAGES = {  # Debian's, by the library that a wheel expects of the system
    "libopenblas.so.0": "libopenblas0",
    "libdrm.so.2": "libdrm2",
    "libgbm.so.1": "libgbm1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2 libgl1-mesa-dri",
    "libudev.so.1": "libudev1",
    "libatomic.so.1": "libatomic1",
}


def check_python(world: World) -> Iterator[Finding]:
    """Say what runs on what, and warn of answers that are root's."""
    board = f", {world.board}" if world.board else ""
    major, minor = world.version
    yield Finding(
        "python", "good", f"digitpad {__version__} on Python {major}.{minor}, {world.platform} {world.machine}{board}"
    )
    missing = [name for name in PACKAGED if not world.installed(name)]
    if missing:
        advice = world.pip(f"install {' '.join(_numpy(world) if name == 'numpy' else name for name in missing)}")
        yield Finding("python", "bad", f"not installed: {', '.join(missing)}", advice)
    old = world.too_old()
    if old:
        said = ", ".join(f"{name} {version}, needed is {_number(PACKAGED[name])}" for name, version in old.items())
        yield Finding("python", "bad", f"too old: {said}", world.pip(f"install --upgrade {' '.join(old)}"))
    asked_by = world.environ.get("SUDO_USER")
    if asked_by and asked_by != "root":
        yield Finding(
            "python",
            "note",
            f"asked through sudo, so permissions, folders and settings below are root's, not {asked_by}'s",
            "Ask again without sudo: digitpad doctor",
        )


def _number(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def check_runtime(world: World) -> Iterator[Finding]:
    """Build each installed interpreter and read the samples with it; one that works is enough."""
    wanted = world.environ.get(VARIABLE)
    names = [wanted] if wanted else RUNTIMES
    if wanted and wanted not in RUNTIMES:
        yield Finding(
            "runtime", "bad", f"{VARIABLE}={wanted} names no runtime", f"{VARIABLE} may be {' or '.join(RUNTIMES)}"
        )
        return
    present = {name: version for name in names if (version := world.installed(name))}
    answers = {name: world.ask("edge_app.system.doctor.runtime_probe", _job(world, name)) for name in present}
    works = [name for name, answer in answers.items() if answer.get("stage") in ("model", "reading", "done")]
    faults = {name: answer for name, answer in answers.items() if not world.lacks(answer.get("error", ""))}
    built = [_built(world, name, present[name], answer, spare=bool(works)) for name, answer in faults.items()]
    yield from dict.fromkeys(built)  # a numpy that cannot be loaded stops all of them alike
    if works:
        yield from _readings(world, {name: answers[name] for name in works})
    elif not present:
        yield Finding("runtime", "bad", f"no TFLite interpreter is installed ({' or '.join(names)})", _install(world))


def _job(world: World, name: str) -> dict[str, Any]:
    return {"runtime": name, "model": str(world.model) if world.model else None}


def _built(world: World, name: str, version: str, answer: dict[str, Any], *, spare: bool) -> Finding:
    """Return whether a runtime built an interpreter; one that did not is bad unless another serves."""
    state: State = "note" if spare else "bad"
    if "fault" in answer:
        advice = _install(world, force=True)
        return Finding("runtime", state, f"{name} {version} {answer['fault']} when it was tried", advice)
    if answer["stage"] == "numpy":
        return Finding(
            "numpy", "bad", f"numpy cannot be loaded: {answer['error']}", _mend_numpy(world, answer["error"])
        )
    if answer["stage"] == "runtime":
        said, _, _ = answer["error"].partition(". Run: ")
        if name == "tflite-runtime" and int(answer["numpy"].split(".")[0]) >= 2:
            return Finding("numpy", state, said, _install(world))
        return Finding("runtime", state, said, mend_library(world, said) or _install(world, force=True))
    return Finding("runtime", "good", f"{name} {version} builds an interpreter, with numpy {answer['numpy']}")


def _readings(world: World, answers: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """Say how the samples were read by the runtime that digitpad takes, and by another only if it read worse."""
    for number, (name, answer) in enumerate(answers.items()):
        if answer["stage"] == "done":
            right, samples = answer["right"], answer["samples"]
            said = f"{right} of {samples} samples are read right with {name}"
            if right == samples:
                if number == 0:
                    yield Finding("reading", "good", said)
            elif world.model:
                yield Finding("reading", "note", f"{world.model}: {said}", "Leave out --model to try the bundled one")
            else:
                other = next((one for one in RUNTIMES if one != name), name)
                trial = f"Try the other interpreter: {world.pip(f'install {other}')}, then {VARIABLE}={other} digitpad"
                advice = AGAIN if world.frozen else trial
                yield Finding("reading", "note" if number else "bad", said, advice)
        elif answer["stage"] == "reading" and not world.lacks(answer["error"]):
            advice = mend_library(world, answer["error"]) or AGAIN
            yield Finding("reading", "bad", f"{name} does not read: {answer['error']}", advice)


def _install(world: World, *, force: bool = False) -> str:
    """Return the command that installs the interpreter of which there is a package for this system."""
    if world.frozen:
        return AGAIN
    again = "install --force-reinstall" if force else "install"
    system = "linux" if world.is_linux else world.platform
    if system == "linux" and world.version < (3, 12) and world.machine in TFLITE_MACHINES:
        return world.pip(f"{again} 'tflite-runtime==2.14.*' 'numpy<2'")
    if (system, world.machine.lower()) in LITERT_PLACES:
        return world.pip(f"{again} ai-edge-litert")
    return (
        f"No interpreter has a package for {system} {world.machine} and Python {world.version[0]}.{world.version[1]}: "
        f"take {ON_A_PI}"
    )


def _numpy(world: World) -> str:
    """Return what pip is to install: tflite-runtime, which is taken where it exists, needs the old one."""
    return "'numpy<2'" if world.is_linux and world.version < (3, 12) else "numpy"


def _mend_numpy(world: World, error: str) -> str:
    return mend_library(world, error) or world.pip(f"install --force-reinstall {_numpy(world)}")


def mend_library(world: World, error: str) -> str:
    """Return the command that brings the system library whose lack an error names; nothing where it names none."""
    found = re.search(r"(lib[\w+-]+\.so[.\d]*): cannot open shared object", error)
    return install_libraries([found[1]]) if found and world.is_linux else ""


def install_libraries(libraries: list[str]) -> str:
    """Return Debian's command for system libraries."""
    known = [PACKAGES[name] for name in libraries if name in PACKAGES]
    if len(known) == len(libraries):
        return f"sudo apt install {' '.join(known)}"
    return f"Install the system's package that holds {', '.join(libraries)}"


def check_model(world: World) -> Iterator[Finding]:
    """Hold each model file against the SHA-256 on its card; a float model need not be there."""
    try:
        for path in [world.model] if world.model else _bundled():
            model = load_model(path)
            said = f"{path.name} is what its card says, SHA-256 {model.sha256[:12]}…"
            yield Finding("model", "good", said)
    except ModelError as error:
        yield Finding("model", "bad", str(error).removesuffix(HOW_TO_MAKE).strip(" ."), HOW_TO_MAKE)
    if world.model is None and world.folders is not None:
        yield from _in_use(world.folders.models)


def _in_use(folder: Path) -> Iterator[Finding]:
    """Say which model was put in the bundled one's place, and whether it is still whole."""
    try:
        installed = Registry(folder).read().now
        if installed is not None:
            title = Registry(folder).title(installed)
            said = f"{title} is in use in place of the bundled model, and is what its card says"
            yield Finding("model", "good", said)
    except ModelError as error:
        said = f"the model in use is left for another: {str(error).removesuffix(HOW_TO_MAKE).strip(' .')}"
        yield Finding("model", "bad", said, "digitpad use-model --bundled, or use-model FILE")


def _bundled() -> list[Path]:
    """Return the int8 model, and those beside it that its card names."""
    folder = models_folder()
    named = [folder / name for name in read_card(folder / CARD)["files"]]
    return [path for path in named if path.suffix == ".tflite" and (path.exists() or "int8" in path.name)]


def check_pygame(world: World) -> Iterator[Finding]:
    """Look for the one distribution of pygame that draws without a desktop."""
    present = {name: version for name in ("pygame-ce", "pygame") if (version := world.installed(name))}
    facts = world.pygame
    fault = facts.get("error") or facts.get("fault")
    fresh = world.pip("uninstall -y pygame pygame-ce", "install pygame-ce")
    if len(present) == 2:
        both = " and ".join(f"{name} {version}" for name, version in present.items())
        yield Finding("pygame", "bad", f"{both} are both installed, each over the files of the other", fresh)
    elif fault and not present:
        advice = NO_WINDOW if world.machine in ARM_32 else world.pip("install pygame-ce")
        yield Finding("pygame", "bad", "pygame is not installed", advice)
    elif fault and not world.lacks(fault):
        advice = mend_library(world, fault) or world.pip("install --force-reinstall pygame-ce")
        yield Finding("pygame", "bad", f"pygame cannot be used: {fault}", advice)
    elif not fault:
        yield _distribution(world, facts)


def _distribution(world: World, facts: dict[str, Any]) -> Finding:
    name, drivers = facts["name"], facts["drivers"]
    said = f"{name} {facts['version']}, SDL {facts['sdl']}"
    if int(facts["version"].split(".")[0]) < 2:
        return Finding("pygame", "bad", f"{said} is too old", world.pip("install --upgrade pygame-ce"))
    if drivers is None:
        return Finding("pygame", "good", said)
    lacking = {} if "KMSDRM" in drivers else {"KMS/DRM": "draws nothing"}
    lacking |= {} if facts["udev"] else {"udev": "finds no touchscreen"}
    if not lacking:
        return Finding("pygame", "good", f"{said}, with KMS/DRM and udev: draws with and without a desktop")
    said = f"{said}, without {' and '.join(lacking)}: where no desktop runs it {' and '.join(lacking.values())}"
    advice = world.pip("uninstall -y pygame", "install pygame-ce")
    if name == "pygame-ce":
        advice = world.pip("install --force-reinstall --upgrade pygame-ce")
    if world.is_console:
        return Finding("pygame", "bad", said, advice)
    return Finding("pygame", "note", said, f"Only for a screen without a desktop: {advice}")
