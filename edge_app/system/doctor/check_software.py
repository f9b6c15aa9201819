"""Python, packages, interpreter, model and pygame: whether they are installed and work together."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...errors import ModelError
from ...modelfiles.card import CARD, load_model, models_folder, read_card
from ...modelfiles.registry import Registry
from ...recognition.model import HOW_TO_MAKE
from ...version import __version__
from .host import REINSTALL, Finding, Host, parse_version

OLDEST = {"numpy": (1, 23), "pillow": (10, 1), "platformdirs": (4,), "tomlkit": (0, 12)}  # as in pyproject.toml
RUNTIMES = ("tflite-runtime", "ai-edge-litert")
VARIABLE = "DIGITPAD_RUNTIME"
# the wheels on pypi.org; those of tflite-runtime are for Python up to 3.11
TFLITE_MACHINES = {"x86_64", "aarch64", "armv7l"}
LITERT_PLACES = {("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "amd64")}
USE_64_BIT = "use a 64-bit system: on a Raspberry Pi 3 or newer, or a Zero 2 W, 64-bit Raspberry Pi OS"
NO_WINDOW = f"pip has none for 32 bits: {USE_64_BIT}. These work without a window: digitpad demo, digitpad recognize"
PACKAGES = {  # Debian's, by library
    "libopenblas.so.0": "libopenblas0",
    "libdrm.so.2": "libdrm2",
    "libgbm.so.1": "libgbm1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2 libgl1-mesa-dri",
    "libudev.so.1": "libudev1",
    "libatomic.so.1": "libatomic1",
    "libXi.so.6": "libxi6",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxkbcommon.so.0": "libxkbcommon0",
}


def check_python(host: Host) -> Iterator[Finding]:
    """Report what runs on what, packages that are missing or too old, and a run through sudo."""
    board = host.read("/proc/device-tree/model").strip("\0\n ")
    place = ", ".join(filter(None, (f"{host.platform} {host.machine}", board)))
    yield Finding("python", "good", f"digitpad {__version__} on Python {_dotted(host.version)}, {place}")
    versions = {name: host.installed(name) for name in OLDEST}
    if missing := [name for name, version in versions.items() if version is None]:
        names = " ".join(_numpy(host) if name == "numpy" else name for name in missing)
        yield Finding("python", "bad", f"not installed: {', '.join(missing)}", host.pip(f"install {names}"))
    known = {name: version for name, version in versions.items() if version and parse_version(version)}
    if old := [name for name, version in known.items() if parse_version(version) < OLDEST[name]]:
        said = ", ".join(f"{name} {known[name]} (required: {_dotted(OLDEST[name])})" for name in old)
        yield Finding("python", "bad", f"too old: {said}", host.pip(f"install --upgrade {' '.join(old)}"))
    if (user := host.environ.get("SUDO_USER", "root")) != "root":
        said = f"run through sudo: permissions, folders and settings below are root's, not {user}'s"
        yield Finding("python", "note", said, "Run it without sudo: digitpad doctor")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def check_runtime(host: Host) -> Iterator[Finding]:
    """Build each installed interpreter and read the samples with it; one that works is enough."""
    wanted = host.environ.get(VARIABLE)
    if wanted and wanted not in RUNTIMES:
        said = f"{VARIABLE}={wanted} is no runtime"
        yield Finding("runtime", "bad", said, f"Set {VARIABLE} to {' or '.join(RUNTIMES)}")
        return
    names = [name for name in RUNTIMES if wanted in (None, "", name)]
    found = {name: _try_runtime(host, name, version) for name in names if (version := host.installed(name))}
    if not found:
        yield Finding("runtime", "bad", f"no TFLite interpreter is installed ({' or '.join(names)})", _install(host))
    works = any(all(finding.state != "bad" for finding in findings) for findings in found.values())
    # a broken numpy fails both alike
    for finding in dict.fromkeys(finding for findings in found.values() for finding in findings):
        yield replace(finding, state="note") if works and finding.state == "bad" else finding


def _try_runtime(host: Host, name: str, version: str) -> list[Finding]:
    """Return findings up to the first that is bad."""
    models = str(host.paths.models) if host.paths else None
    job = {"runtime": name, "model": str(host.model) if host.model else None, "installed": models}
    answer = host.ask("edge_app.system.doctor.runtime_probe", job)
    stage, error = answer.get("stage"), answer.get("error", "").partition(". Run: ")[0]
    if "fault" in answer:
        said = f"{name} {version} does not work: {answer['fault']}"
        return [Finding("runtime", "bad", said, _install(host, "--force-reinstall"))]
    if stage == "numpy":
        remedy = mend_library(host, error) or host.pip(f"install --force-reinstall {_numpy(host)}")
        return [Finding("numpy", "bad", f"numpy cannot be loaded: {error}", remedy)]
    if stage == "runtime":
        return [Finding("runtime", "bad", error, mend_library(host, error) or _install(host, "--force-reinstall"))]
    built = Finding("runtime", "good", f"{name} {version} builds an interpreter, with numpy {answer['numpy']}")
    if stage == "model":  # check_model's finding
        return [built]
    installed = f" with {answer['model']}" if "model" in answer else ""
    back = "digitpad use-model --back returns to the previous model"
    if stage == "reading":
        remedy = mend_library(host, error) or (back if installed else REINSTALL)
        return [built, Finding("reading", "bad", f"{name} does not read{installed}: {error}", remedy)]
    said = f"{name} reads {answer['right']} of {answer['samples']} samples correctly{installed}"
    if answer["right"] == answer["samples"]:
        return [built, Finding("reading", "good", said)]
    if host.model:
        return [built, Finding("reading", "note", f"{host.model}: {said}", "Leave out --model to use the bundled one")]
    if installed:
        return [built, Finding("reading", "note", said, back)]
    other = next(one for one in RUNTIMES if one != name)
    remedy = f"Try the other one: {host.pip(f'install {other}')}, then {VARIABLE}={other} digitpad"
    return [built, Finding("reading", "bad", said, REINSTALL if host.frozen else remedy)]


def _install(host: Host, option: str = "") -> str:
    """Return the command that installs the interpreter with a wheel for this system."""
    install = " ".join(filter(None, ("install", option)))
    if host.frozen:
        return REINSTALL
    if host.is_linux and host.version < (3, 12) and host.machine in TFLITE_MACHINES:
        return host.pip(f"{install} 'tflite-runtime==2.14.*' 'numpy<2'")
    if (host.platform, host.machine.lower()) in LITERT_PLACES:
        return host.pip(f"{install} ai-edge-litert")
    return f"There is no wheel for {host.platform} {host.machine} and Python {_dotted(host.version)}: {USE_64_BIT}"


def _numpy(host: Host) -> str:
    """Return the numpy to install: tflite-runtime, which is used where it exists, needs the old one."""
    return "'numpy<2'" if host.is_linux and host.version < (3, 12) else "numpy"


def mend_library(host: Host, error: str) -> str:
    """Return the command that installs the library that an error says is missing, empty if it names none."""
    found = re.search(r"(lib[\w+-]+\.so[.\d]*): cannot open shared object", error)
    return install_libraries([found[1]]) if found and host.is_linux else ""


def install_libraries(libraries: list[str]) -> str:
    """Return Debian's command for system libraries."""
    if all(name in PACKAGES for name in libraries):
        return f"sudo apt install {' '.join(PACKAGES[name] for name in libraries)}"
    return f"Install the system packages that contain {', '.join(libraries)}"


def check_model(host: Host) -> Iterator[Finding]:
    """Compare each model file with the SHA-256 on its card; float models are optional."""
    folder = models_folder()
    try:
        names = [name for name in read_card(folder / CARD)["files"] if name.endswith(".tflite")]
        bundled = [folder / name for name in names if "int8" in name or (folder / name).exists()]
        for path in [host.model] if host.model else bundled:
            model = load_model(path)
            yield Finding("model", "good", f"{path.name} matches its card, SHA-256 {model.sha256[:12]}…")
    except ModelError as error:
        yield Finding("model", "bad", str(error).removesuffix(HOW_TO_MAKE).strip(" ."), HOW_TO_MAKE)
    if host.model or not host.paths:
        return
    try:
        registry = Registry(host.paths.models)
        if installed := registry.read().now:
            said = f"{registry.title(installed)} is in use instead of the bundled model, and matches its card"
            yield Finding("model", "good", said)
    except ModelError as error:
        said = f"the model in use is skipped: {str(error).removesuffix(HOW_TO_MAKE).strip(' .')}"
        yield Finding("model", "bad", said, "digitpad use-model --bundled, or use-model FILE")


def check_pygame(host: Host) -> Iterator[Finding]:
    """Check for exactly one pygame that works, and that it can draw without a desktop."""
    present = {name: version for name in ("pygame-ce", "pygame") if (version := host.installed(name))}
    facts = host.pygame
    fault = facts.get("error") or facts.get("fault")
    if len(present) == 2:
        said = " and ".join(f"{name} {version}" for name, version in present.items())
        remedy = host.pip("uninstall -y pygame pygame-ce", "install pygame-ce")
        yield Finding("pygame", "bad", f"{said} are both installed, and overwrite each other's files", remedy)
    elif fault and not present:
        remedy = NO_WINDOW if host.machine in ("armv6l", "armv7l") else host.pip("install pygame-ce")
        yield Finding("pygame", "bad", "pygame is not installed", remedy)
    elif fault:
        remedy = mend_library(host, fault) or host.pip("install --force-reinstall pygame-ce")
        yield Finding("pygame", "bad", f"pygame does not work: {fault}", remedy)
    else:
        yield _drivers(host, facts)


def _drivers(host: Host, facts: dict[str, Any]) -> Finding:
    said = f"{facts['name']} {facts['version']}, SDL {facts['sdl']}"
    if parse_version(facts["version"]) < (2,):
        return Finding("pygame", "bad", f"{said} is too old", host.pip("install --upgrade pygame-ce"))
    drivers = facts["drivers"]
    if drivers is None:
        return Finding("pygame", "good", said)
    lacking = [] if "KMSDRM" in drivers else ["KMS/DRM, so it draws nothing"]
    lacking += [] if facts["udev"] else ["udev, so it finds no touchscreen"]
    if not lacking:
        return Finding("pygame", "good", f"{said}, with KMS/DRM and udev: works with and without a desktop")
    said = f"{said} does not work without a desktop: built without {', and without '.join(lacking)}"
    remedy = host.pip("uninstall -y pygame", "install pygame-ce")
    if facts["name"] == "pygame-ce":
        remedy = host.pip("install --force-reinstall --upgrade pygame-ce")
    if host.is_console:
        return Finding("pygame", "bad", said, remedy)
    return Finding("pygame", "note", said, f"Only for use without a desktop: {remedy}")
