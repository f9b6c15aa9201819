"""What the frozen program holds: `python setup.py build_exe` for cx_Freeze, in an environment with digitpad's wheel.

Run on Linux by tools/freeze/build. `bdist_msi` is for Windows; `bdist_mac` and `bdist_dmg` are for macOS: each of
these builds on its own system only, so they are here complete and were never run. What docs/packaging.md says of
sizes and times is of Linux alone.
"""

import importlib.util
import sys
from pathlib import Path

from cx_Freeze import Executable, setup
from cx_Freeze.command.build_exe import build_exe
from licences import licences
from PIL import Image
from prune import prune

from edge_app.system.desktop.launcher import DATA
from edge_app.version import __version__

NAME = "digitpad"
COMMENT = "Write numbers by hand and have them read"
WINDOWS, MAC = sys.platform == "win32", sys.platform == "darwin"
RUNTIMES = ("tflite_runtime", "ai_edge_litert")  # found by name at run time, so no import leads to them

# What nothing here reaches at run time, with the libraries that only it needs.
EXCLUDED = [
    *(
        "tkinter",
        "unittest",
        "test",
        "pydoc",
        "doctest",
        "pdb",
        "lib2to3",
        "distutils",
        "setuptools",
        "pip",
        "cx_Freeze",
    ),
    *("ssl", "_ssl", "_hashlib"),  # nothing leaves the device; hashlib computes SHA-256 without OpenSSL, too
    *("bz2", "_bz2", "lzma", "_lzma"),  # shutil would load them at every start, 4 MB, for archives that nobody makes
    *("asyncio", "concurrent", "multiprocessing", "xmlrpc", "http.server", "ftplib", "curses", "readline"),
    *("numpy.f2py", "numpy.distutils", "numpy.testing", "numpy.tests", "numpy.core._simd"),
    *("PIL._avif", "PIL._webp", "PIL._imagingcms", "PIL._imagingft", "PIL._imagingmath"),
    *("PIL._imagingmorph", "PIL._imagingtk", "PIL.ImageTk", "PIL.ImageQt"),
    *("pygame.docs", "pygame.examples", "pygame.tests", "pygame.__pyinstaller", "pygame._sdl2", "pygame._camera"),
    *("pygame.camera", "pygame.mixer", "pygame.mixer_music", "pygame.midi", "pygame.pypm", "pygame.sndarray"),
    "pygame.imageext",  # pictures are Pillow's work; pygame loads it at every start, with libraries for JPEG and others
    *("pygame.freetype", "pygame._freetype", "pygame.ftfont", "pygame.gfxdraw", "pygame._debug"),
    *("pygame._render", "pygame.__briefcase", "tensorflow"),
]


class Build(build_exe):
    """cx_Freeze's command, and then away with what it copied in vain; installers take what this leaves."""

    def run(self) -> None:
        """Build the folder."""
        super().run()
        prune(Path(self.build_exe), EXCLUDED)


def icon(size: int) -> Image.Image:
    """Return the icon of that size."""
    return Image.open(DATA / f"icons/hicolor/{size}x{size}/apps/digitpad.png")


def icon_file(folder: Path) -> Path:
    """Write the icon as the system wants it, and return where."""
    path = folder / f"{NAME}.{'icns' if MAC else 'ico'}"
    if MAC:
        icon(512).save(path)
    else:
        pictures = [icon(size) for size in (256, 64, 48, 32, 24, 16)]
        pictures[0].save(path, sizes=[picture.size for picture in pictures], append_images=pictures[1:])
    return path


def licences_file(folder: Path) -> Path:
    """Write the licences of all that is frozen, and return where."""
    path = folder / "licences.txt"
    path.write_text(licences(), encoding="utf-8")
    return path


def programs(icon: Path) -> list[Executable]:
    """Return what is started. On Windows a program has a console or none: the menu's has none, the commands' has."""
    start = Path(__file__).with_name("start.py")
    if not WINDOWS:
        return [Executable(start, target_name=NAME, icon=icon if MAC else None)]
    console = Executable(start, target_name=f"{NAME}.exe", icon=icon)
    window = Executable(
        start,
        base="gui",
        target_name=f"{NAME}w.exe",
        icon=icon,
        shortcut_name=NAME,
        shortcut_dir="ProgramMenuFolder",
    )
    return [console, window]


def options(icon: Path, texts: Path) -> dict[str, dict[str, object]]:
    """Return the options of each command; setuptools reads those of the command that runs."""
    build = {
        "packages": ["edge_app", *(name for name in RUNTIMES if importlib.util.find_spec(name))],
        "excludes": EXCLUDED,
        "include_files": [(str(texts), texts.name)],
        "include_msvcr": WINDOWS,
        "replace_paths": [("*", "")],  # a traceback names modules, not the folders of who built it
        "silent_level": 2,  # modules that another system has are missing here, and it would list them
    }
    msi = {
        "upgrade_code": "{6B8C1A52-8B55-4D0C-9E0C-0C6C6E2F6D17}",  # by it, a new version replaces the old: keep it
        "all_users": False,  # no administrator needed
        "initial_target_dir": rf"[LocalAppDataFolder]\Programs\{NAME}",
        "install_icon": str(icon),
        "summary_data": {"author": "The digitpad authors", "comments": COMMENT},
    }
    mac = {
        "bundle_name": NAME,
        "iconfile": str(icon),
        "plist_items": [
            ("CFBundleIdentifier", "arpa.home.digitpad"),
            ("CFBundleShortVersionString", __version__),
            ("LSApplicationCategoryType", "public.app-category.education"),
            ("NSHighResolutionCapable", True),
        ],
    }
    return {
        "build_exe": build,
        "bdist_msi": msi,
        "bdist_mac": mac,
        "bdist_dmg": {"volume_label": NAME, "applications_shortcut": True},
    }


if __name__ == "__main__":
    made = Path("build")
    made.mkdir(exist_ok=True)
    texts = licences_file(made)  # before setup: it leaves an egg-info here, which would be taken for the wheel's
    picture = icon_file(made)
    setup(
        name=NAME,
        version=__version__,
        description=COMMENT,
        author="The digitpad authors",
        license="MIT",
        cmdclass={"build_exe": Build},
        executables=programs(picture),
        options=options(picture, texts),
    )
