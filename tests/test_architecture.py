"""Who may know whom: shown by a scan of the imports, and in processes where the forbidden cannot be imported."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import DATA, ROOT

SHELL = ROOT / "edge_app" / "gui"
CORE_MAY = {"numpy", "PIL", "tflite_runtime", "ai_edge_litert", "platformdirs", "tomlkit", "edge_app"}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).split(".")[0])
    return found - set(sys.stdlib_module_names)


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def test_the_scan_sees_imports(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("import os\ndef f():\n    from tensorflow.lite import x\n    import keras.layers\n")
    assert imports_of(path) == {"tensorflow", "keras"}


@pytest.mark.parametrize("path", modules("edge_app"), ids=lambda path: path.stem)
def test_the_app_knows_nothing_of_training(path: Path) -> None:
    allowed = CORE_MAY | ({"pygame"} if SHELL in path.parents else set())
    assert imports_of(path) <= allowed


@pytest.mark.parametrize(
    "path", [*modules("train"), *modules("convert")], ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_training_and_conversion_know_nothing_of_pygame(path: Path) -> None:
    found = imports_of(path)
    assert "pygame" not in found
    if path.parent.name == "train":
        assert "convert" not in found


BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {names!r}:
            raise ImportError('forbidden here: ' + name)
sys.meta_path.insert(0, Block())
"""


def run_without(names: set[str], code: str) -> subprocess.CompletedProcess[str]:
    text = BLOCK.format(names=names) + code
    return subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_core_reads_without_pygame_and_tensorflow() -> None:
    code = f"from edge_app.cli import main\nsys.exit(main(['recognize', {str(DATA / '2026.png')!r}]))"
    forbidden = {"pygame", "tensorflow", "keras", "train", "convert", "matplotlib", "scipy", "cv2"}
    done = run_without(forbidden, code)
    assert (done.returncode, done.stdout.strip()) == (0, "2026"), done.stderr
    assert run_without({"numpy"}, code).returncode != 0  # the block works


def test_the_window_opens_without_tensorflow() -> None:
    code = "import edge_app.gui.main, sys\nfrom edge_app.gui.platform.display import Display\n"
    code += "print(Display().surface.get_size(), 'PIL' in sys.modules)"
    done = run_without({"tensorflow", "keras", "train", "convert", "matplotlib"}, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "False"  # ink needs no Pillow, and it takes 4 MB


def test_the_trainer_is_imported_without_pygame() -> None:
    done = run_without({"pygame"}, "import train.fit, convert.tflite, convert.verify")
    assert done.returncode == 0, done.stderr


def test_the_version_is_told_without_numpy() -> None:
    done = run_without({"numpy", "PIL", "pygame"}, "from edge_app import __version__; print(__version__)")
    assert done.returncode == 0, done.stderr


def test_the_wheel_holds_the_app_and_the_int8_model() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    found = re.search(r"^packages = (\[.*?\])", project, re.MULTILINE | re.DOTALL)
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "edge_app").rglob("__init__.py")}
    assert found
    assert set(re.findall(r"\"(.+?)\"", found[1])) == folders | {"edge_app.models"}
    assert '"edge_app.models" = ["digits_int8.tflite", "digits.json"]' in project
    lean = project.split("dependencies = [", 1)[1].split("\n]", 1)[0]
    assert not [name for name in ("tensorflow>", "keras", "scipy", "matplotlib", "opencv") if name in lean]
