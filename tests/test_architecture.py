"""What the import contracts in pyproject.toml cannot show: processes in which forbidden modules cannot be imported."""

import subprocess
import sys
import tomllib
from pathlib import Path

from .conftest import DATA, ROOT

BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {names!r}:
            raise ImportError('forbidden here: ' + name)
sys.meta_path.insert(0, Block())
"""


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def run_without(names: set[str], code: str) -> subprocess.CompletedProcess[str]:
    text = BLOCK.format(names=names) + code
    return subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)


def test_recognize_works_without_pygame_and_tensorflow() -> None:
    code = f"from edge_app.cli import main\nsys.exit(main(['recognize', {str(DATA / '2026.png')!r}]))"
    forbidden = {"pygame", "tensorflow", "keras", "train", "convert", "matplotlib", "scipy", "cv2"}
    done = run_without(forbidden, code)
    assert (done.returncode, done.stdout.strip()) == (0, "2026"), done.stderr
    assert run_without({"numpy"}, code).returncode != 0  # the block works


def test_window_opens_without_tensorflow_and_does_not_load_pillow() -> None:
    code = "import edge_app.gui.main, sys\nfrom edge_app.gui.platform.display import Display\n"
    code += "print(Display().surface.get_size(), 'PIL' in sys.modules)"
    done = run_without({"tensorflow", "keras", "train", "convert", "matplotlib"}, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "False"  # ink needs no Pillow, and it takes 4 MB


def test_version_is_importable_without_numpy() -> None:
    done = run_without({"numpy", "PIL", "pygame"}, "from edge_app import __version__; print(__version__)")
    assert done.returncode == 0, done.stderr


def test_wheel_lists_every_package_and_only_the_int8_model() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tool = project["tool"]["setuptools"]
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "edge_app").rglob("__init__.py")}
    assert set(tool["packages"]) == folders | {"edge_app.models"}
    assert tool["package-data"]["edge_app.models"] == ["digits_int8.tflite", "digits.json"]


def test_app_dependencies_stay_lean() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = {line.split("=")[0].split(">")[0] for line in project["project"]["dependencies"]}
    allowed = {"tflite-runtime", "ai-edge-litert", "numpy", "pillow", "pygame-ce", "platformdirs", "tomlkit"}
    assert names == allowed
