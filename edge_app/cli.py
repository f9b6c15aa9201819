"""The command line: the window without arguments, and the commands that need none."""

import argparse
import errno
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import DigitpadError, DisplayError, SettingsError
from .escape import escape, print_error
from .subprocesses import run_module
from .system.options import add_commands
from .version import __version__

if TYPE_CHECKING:
    from .datasets.readers import Sample
    from .recognition.recognizer import Recognizer

Command = Callable[[argparse.Namespace], int]
UNLISTED = (
    "take a model that no card names, where you trust who made it: it is tried in a process of its own, with limits, "
    "and its outputs are taken for 0 to 9 and, as the eleventh, no digit"
)


class Parser(argparse.ArgumentParser):
    """A parser, as are those of its commands, that repeats no command to the terminal that stood in an argument."""

    def __init__(self, **options: Any) -> None:
        """Take options by their whole names alone: a mistyped one must not be taken for another."""
        super().__init__(**{**options, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        """Print usage and fault, and exit with status 2."""
        super().error(escape(message))


def make_parser() -> argparse.ArgumentParser:
    """Return the command line of `digitpad`."""
    parser: argparse.ArgumentParser = Parser(
        prog="digitpad",
        description="Reads handwritten digits and numbers. Without a command it opens the window to write in.",
        epilog="Each command explains itself: digitpad recognize --help. "
        "Exit status: 0 done, 1 a fault in a file or the set-up, 2 wrong usage, 3 no display for the window.",
    )
    parser.add_argument("--version", action="version", version=f"digitpad {__version__}")
    parser.add_argument(
        "--model", type=Path, metavar="FILE", help=".tflite file beside its card; default: bundled int8"
    )
    parser.add_argument("--unlisted", action="store_true", help=UNLISTED)
    parser.add_argument("--runtime", choices=("tflite-runtime", "ai-edge-litert"), help="default: the first that works")
    window = _add_window(parser)
    parser.set_defaults(run=run_window, window_options=window)
    commands = parser.add_subparsers(title="commands", metavar="")

    read = commands.add_parser(
        "recognize",
        help="read ink or pictures and print what they say",
        description="Reads ink (.json, .jsonl, each also .gz), pictures (.png, .jpg, .bmp), or ink lines on standard "
        "input, and prints one line a sample, in order: the number, ? for a digit that was refused.",
        epilog='Ink is {"strokes": [[[x, y], ...], ...]}, y downwards, any scale. '
        "example: digitpad recognize note.png pad.jsonl --json",
    )
    read.add_argument("files", nargs="+", metavar="FILE", help="ink or picture; - for ink lines on standard input")
    read.add_argument("--json", action="store_true", help="print confidence, alternatives, boxes and strokes as well")
    read.add_argument("--single", action="store_true", help="take each sample as one digit")
    read.add_argument("--draw", action="store_true", help="print a small picture of each sample first")
    read.set_defaults(run=run_recognize)

    demo = commands.add_parser(
        "demo",
        help="read the sample ink that comes with the program, in the terminal",
        description="Prints each sample that comes with the program as a small picture and reads it; needs no display.",
    )
    demo.set_defaults(run=run_demo)

    compare = commands.add_parser(
        "compare",
        help="what did int8 cost against float, and what did it buy",
        description="Runs two or more .tflite models (float32, float16, dynamic range, int8) over the same labelled "
        "digits through the app's own classifier, without TensorFlow: accuracy with intervals and a paired test, every "
        "answer that flipped, calibration, spoilt digits, layer by layer, latency, memory. Prints ten lines.",
        epilog="MNIST is Keras' mnist.npz; https://keras.io/api/datasets/mnist says where it is. "
        "examples: digitpad compare --mnist mnist.npz --html report.html;  "
        "digitpad compare --data mine.jsonl --baseline last.json --max-drop 0.1",
    )
    compare.add_argument(
        "models",
        type=Path,
        nargs="*",
        metavar="MODEL",
        help="two or more .tflite files, the first is held against the others; default: the project's float and int8",
    )
    compare.add_argument("--mnist", type=Path, metavar="FILE", help="mnist.npz (also the variable DIGITPAD_MNIST)")
    compare.add_argument(
        "--data",
        type=Path,
        nargs="+",
        default=[],
        metavar="PATH",
        help="labelled ink lines, MNIST's IDX images, or a folder with a folder of pictures a digit",
    )
    compare.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    compare.add_argument("--html", type=Path, metavar="FILE", help="write a page with tables, plots and pictures there")
    compare.add_argument("--baseline", type=Path, metavar="FILE", help="an earlier --json; exit 1 if a model got worse")
    compare.add_argument("--max-drop", type=float, default=0.1, metavar="POINTS", help="how much worse it may be (0.1)")
    compare.add_argument("--spoilt", type=int, default=1000, metavar="N", help="digits to spoil in each way (1000)")
    compare.add_argument("--no-cost", action="store_true", help="leave out latency, memory and start")
    compare.set_defaults(run=run_compare, parser=compare)

    check = commands.add_parser(
        "evaluate",
        help="how well labelled ink or MNIST is read",
        description="Reads labelled ink or MNIST's test images as the app does and prints accuracy with its interval, "
        "mistakes by digit and by writer, and how much that is no digit was refused. Needs no TensorFlow.",
        epilog='Labelled ink is {"label": "7", "writer": "name", "strokes": [...]}, one a line.',
    )
    check.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="labelled ink (.jsonl, .jsonl.gz) or mnist.npz"
    )
    check.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    check.add_argument("--picture", type=Path, metavar="FILE", help="write a picture of the mistakes there (.png)")
    check.add_argument(
        "--fold", type=int, choices=range(5), help="only the writers that training held out as that fold"
    )
    check.set_defaults(run=run_evaluate)
    _add_history(commands)
    _add_use_model(commands)
    add_commands(commands)
    return parser


def _add_window(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Add the options of the window; returns their names by where their values are kept."""
    window = parser.add_argument_group("the window", "for this time only; settings in the window are kept")
    window.add_argument("--open", metavar="FILE", dest="file", help="ink or a picture to begin with")
    window.add_argument("--fullscreen", action="store_true", default=None, help="open it on the whole screen")
    window.add_argument(
        "--kiosk", action="store_true", default=None, help="whole screen, no cursor, no files, no end but by holding"
    )
    window.add_argument("--theme", choices=("light", "dark", "contrast"), help="its colours")
    window.add_argument("--text-size", choices=("normal", "large", "huge"), help="how large its words are")
    window.add_argument("--language", metavar="CODE", help="en, de, fr, es, one that was added, or system")
    window.add_argument("--rotate", type=int, choices=(0, 90, 180, 270), help="degrees clockwise, for a turned screen")
    window.add_argument(
        "--no-history", action="store_const", const="off", dest="history", help="keep nothing of what is written"
    )
    window.add_argument("--size", type=window_size, metavar="WxH", help="its width and height in pixels (800x480)")
    window.add_argument("--settings", type=Path, metavar="FILE", help="settings from this file instead of one's own")
    window.add_argument(
        "--compare", action="store_true", help="open the window with float and int8 side by side, which F2 toggles"
    )
    window.add_argument(
        "--float",
        type=Path,
        metavar="FILE",
        dest="float_model",
        help="the float model of that view, beside its card; default: the checkout's",
    )
    return {action.dest: action.option_strings[0] for action in window._group_actions}


def window_size(text: str) -> tuple[int, int]:
    """Return `800x480` as two numbers."""
    found = re.fullmatch(r"([0-9]{2,5})x([0-9]{2,5})", text)
    if not found or not all(100 <= int(side) <= 16384 for side in found.groups()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected width and height from 100 pixels, such as 800x480")
    return int(found[1]), int(found[2])


def _add_history(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    history = commands.add_parser(
        "history",
        help="list, export or forget what was written in the window",
        description="Prints the pages that the window kept, the newest last: time, what was read, and after an arrow "
        "what you made of it. The history is kept only where you switched it on.",
        epilog="What you write stays on this device. DIGITPAD_HOME names another folder to keep everything in. "
        "examples: digitpad history --limit 3;  digitpad history --json | digitpad recognize -;  "
        "digitpad history --export mine.jsonl && digitpad evaluate mine.jsonl",
    )
    history.add_argument("--limit", type=int, metavar="N", help="the newest N pages (20)")
    task = history.add_mutually_exclusive_group()
    task.add_argument("--json", action="store_true", help="print pages as ink lines, with all that is known of them")
    task.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="write corrected pages and examples there as labelled ink, for evaluate and for training",
    )
    task.add_argument("--forget", action="store_true", help="delete all pages and all examples, after asking")
    history.add_argument("--yes", action="store_true", help="with --forget: do not ask")
    history.set_defaults(run=run_history, parser=history)


def _add_use_model(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    use = commands.add_parser(
        "use-model",
        help="read with another model from the next start on, or go back",
        description="Tries a model in a process of its own, with limits on time and memory: its structure is checked, "
        "and it must read clear digits. Then it is kept with its card in your data folder, and window and commands "
        "read with it in place of the bundled one. Should it fail one day, the one before it is used, and said so.",
        epilog="examples: digitpad use-model mine/digits_int8.tflite;  digitpad use-model --back",
    )
    task = use.add_mutually_exclusive_group(required=True)
    task.add_argument("candidate", type=Path, nargs="?", metavar="FILE", help=".tflite file beside its card")
    task.add_argument("--list", action="store_true", help="print which model is in use, and which was before")
    task.add_argument("--back", action="store_true", help="use the model before")
    task.add_argument("--bundled", action="store_true", help="use the bundled model again")
    use.add_argument("--unlisted", action="store_true", default=argparse.SUPPRESS, help=UNLISTED)
    use.set_defaults(run=run_use_model, parser=use)


def main(argv: list[str] | None = None) -> int:
    """Run `digitpad`; returns the exit status, after one line on standard error for what a user can mend."""
    if argv is None and run_module(sys.argv[1:]):  # a child process of a frozen program
        return 0
    parser = make_parser()
    args = parser.parse_args(argv)
    for name, option in args.window_options.items():
        if getattr(args, name) not in (None, False) and args.run is not run_window:
            parser.error(f"{option} is for the window, not for a command")
    if args.file and (args.kiosk or args.file == "-"):
        parser.error("--open takes a file, and no kiosk does")
    if args.run is run_compare:
        if args.model or len(args.models) == 1:
            args.parser.error("compare takes two or more models, named after it, or none for the project's own")
        if args.spoilt < 0 or not 0 <= args.max_drop <= 100:
            args.parser.error("--spoilt must be at least 0, --max-drop from 0 to 100 points")
    if args.run is run_history:
        _check_history(args)
    _check_models(parser, args)
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  closed by who started us: readings go nowhere
    if args.runtime:
        from .recognition.interpreter import VARIABLE

        os.environ[VARIABLE] = args.runtime
    try:
        command: Command = args.run
        return command(args)
    except DigitpadError as error:
        print_error(error)
        return error.exit_status
    except BrokenPipeError:  # `digitpad recognize ... | head`
        _drop_output()
        return 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _drop_output()
        print_error(f"standard output: {error.strerror}; not all readings were written")
        return 1
    except KeyboardInterrupt:
        return 130


def _check_history(args: argparse.Namespace) -> None:
    if args.limit is not None and (args.limit < 1 or args.forget or args.export):
        args.parser.error("--limit takes a number of pages to print, at least 1")
    if args.yes and not args.forget:
        args.parser.error("--yes is for --forget")
    if args.forget and not args.yes and not (sys.stdin and sys.stdin.isatty()):
        args.parser.error("--forget asks on a terminal, and there is none; --yes forgets without asking")


def _check_models(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if args.run is run_use_model and args.model:
        args.parser.error("use-model takes the file after it, not --model")
    takes_files = args.run in (run_window, run_recognize, run_demo, run_evaluate, run_use_model)
    if args.unlisted and not (takes_files and (args.model or args.float_model or getattr(args, "candidate", None))):
        parser.error("--unlisted is for the file of --model, --float or use-model")
    if args.unlisted and args.kiosk:
        parser.error("--unlisted is for trying a model, and no kiosk does")


def _drop_output() -> None:
    """Let what is still buffered go nowhere, so that Python's own flush at exit does not report again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run_window(args: argparse.Namespace) -> int:
    """Open the window."""
    from .modelfiles.card import Wanted

    try:
        from .gui.main import run
    except ImportError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]  # numpy wraps a page of advice around its own
        raise DisplayError(f"the window cannot be loaded ({reason}). What to do says: digitpad doctor") from None

    names = ("fullscreen", "kiosk", "theme", "text_size", "language", "rotate", "history")
    return run(
        Wanted(args.model, args.unlisted),
        changes={name: getattr(args, name) for name in names if getattr(args, name) is not None},
        settings_file=args.settings,
        compare=args.compare,
        float_model=args.float_model,
        file=args.file,
        size=args.size,
    )


def run_recognize(args: argparse.Namespace) -> int:
    """Read files; 1 when any sample could not be read."""
    from .datasets.readers import read_sources

    return _recognize(read_sources(args.files), args, single=args.single, as_json=args.json, draw=args.draw)


def run_demo(args: argparse.Namespace) -> int:
    """Read the bundled samples."""
    from .datasets.readers import bundled_samples

    return _recognize(bundled_samples(), args, single=False, as_json=False, draw=True)


def _recognizer(args: argparse.Namespace) -> "Recognizer":
    """Return a recogniser with the model that was asked for, or the one in use."""
    from .modelfiles.card import Wanted
    from .modelfiles.loader import open_classifier
    from .recognition.recognizer import Recognizer
    from .storage.paths import find_paths

    try:
        folders = find_paths()
    except SettingsError as error:
        folders = None
        print_error(f"{error}. Until then the bundled model is in use")
    return Recognizer(classifier=open_classifier(Wanted(args.model, args.unlisted), folders, print_error))


def _recognize(
    samples: "Iterable[Sample]", args: argparse.Namespace, *, single: bool, as_json: bool, draw: bool
) -> int:
    from .datasets import terminal_art as sketch

    recognizer = _recognizer(args)
    blocks = _can_print("▀▄█")
    status = 0
    for sample in samples:
        content = sample.content
        if isinstance(content, DigitpadError):
            status = _report(sample.where, content)
            continue
        try:
            if isinstance(content, tuple):
                reading = recognizer.read(content, single=single)
                picture = sketch.sketch_ink(content, blocks=blocks) if draw else ""
            else:
                reading = recognizer.read_coverage(content, single=single)
                picture = sketch.sketch_picture(content, blocks=blocks) if draw else ""
        except DigitpadError as error:
            status = _report(sample.where, error)
            continue
        if draw:
            print(picture)
        print(json.dumps(reading.to_json()) if as_json else escape(reading.text))
        if draw:
            print()
    sys.stdout.flush()
    return status


def _report(where: str, error: DigitpadError) -> int:
    sys.stdout.flush()  # the order of lines and complaints is kept where both go to one terminal
    print_error(f"{where}: {error}")
    return 1


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def run_compare(args: argparse.Namespace) -> int:
    """Compare models."""
    from .evaluation.compare.run import Job, compare_command

    return compare_command(
        Job(
            tuple(args.models),
            args.mnist,
            tuple(args.data),
            args.json,
            args.html,
            args.baseline,
            args.max_drop,
            args.spoilt,
            not args.no_cost,
            args.runtime,
        )
    )


def run_evaluate(args: argparse.Namespace) -> int:
    """Evaluate on labelled data."""
    from .evaluation.evaluate import evaluate_command

    return evaluate_command(args.files, _recognizer(args), args.json, args.picture, args.fold)


def run_history(args: argparse.Namespace) -> int:
    """List, export or forget the history."""
    from .storage.history_command import export_history, forget_history, print_history

    if args.forget:
        return forget_history(ask=not args.yes)
    if args.export:
        return export_history(args.export)
    return print_history(args.limit or 20, as_json=args.json)


def run_use_model(args: argparse.Namespace) -> int:
    """Put another model in the bundled one's place, or list, or go back."""
    from .modelfiles.use_model import use_model_command

    return use_model_command(args.candidate, unlisted=args.unlisted, back=args.back, bundled=args.bundled)
