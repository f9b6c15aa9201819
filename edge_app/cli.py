"""The command line: a command is a function whose docstring is its help; `digitpad` alone is `digitpad window`."""

import argparse
import errno
import inspect
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import DataError, DigitpadError, DisplayError, ImageError, SettingsError
from .escape import escape, print_error
from .subprocesses import run_module
from .version import __version__

if TYPE_CHECKING:
    from .datasets.readers import Sample
    from .gui.question import Question
    from .recognition.recognizer import Recognizer

TURNS = (0, 90, 180, 270)
SETTINGS = ("fullscreen", "kiosk", "theme", "text_size", "language", "rotate", "history")
ASKED = ("digits", "least", "most", "prompt", "secret", "timeout")
UNLISTED = (
    "accept a model without a card, if you trust its author: it first runs in a limited process; its outputs mean "
    "0 to 9 and, if there is an eleventh, not a digit"
)
EPILOG = """\
examples:
  digitpad                         open the window
  digitpad --kiosk --rotate 90     full screen, on a turned display
  digitpad recognize note.png      print the number in a picture
  pin=$(digitpad --ask --digits 4) ask for a number in a shell script
  digitpad doctor                  diagnose setup problems
  digitpad recognize --help        explain a command

exit status: 0 success, 1 a problem with a file or the setup, 2 wrong usage,
             3 no display for the window"""


class Parser(argparse.ArgumentParser):
    """A parser that takes whole option names only and escapes what it repeats to the terminal."""

    def __init__(self, **options: Any) -> None:
        """Take the options of ArgumentParser."""
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(**{"formatter_class": layout, **options, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        """Print usage and message, and exit with status 2."""
        super().error(escape(message))


class Options(argparse.Namespace):
    """Parsed arguments, with the defaults of options that are accepted both before and after a command."""

    command = "window"
    model: Path | None = None
    unlisted = False
    runtime: str | None = None
    file: str | None = None
    kiosk = False
    compare = False
    print_pages = False
    float_model: Path | None = None


def make_parser() -> Parser:
    """Return the command line of `digitpad`."""
    models, window = _model_options(), _window_options()
    parser = Parser(
        prog="digitpad",
        usage="%(prog)s [options] [COMMAND ...]",
        description="Reads handwritten digits and numbers. Without a command it opens the window to write in.",
        epilog=EPILOG,
        parents=[models, window],
    )
    parser.add_argument("--version", action="version", version=f"digitpad {__version__}")
    only_window = {action.dest: action.option_strings[0] for action in window._actions}
    parser.set_defaults(run=run_window, parser=parser, only_window=only_window)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", prog="digitpad")

    def command(name: str, run: Callable[[Options], int], *parents: Parser) -> Parser:
        text = inspect.cleandoc(run.__doc__ or "")
        summary = text.partition(".\n")[0].rstrip(".")
        own = commands.add_parser(name, help=summary[0].lower() + summary[1:], description=text, parents=parents)
        own.set_defaults(run=run, parser=own)
        return own

    command("window", run_window, models, window)

    add = command("recognize", run_recognize, models).add_argument
    add("files", nargs="+", metavar="FILE", help="ink or picture; - for ink lines on standard input")
    add("--json", action="store_true", help="print confidence, alternatives, boxes and strokes as well")
    add("--single", action="store_true", help="treat each sample as one digit")
    add("--draw", action="store_true", help="print a small picture of each sample first")
    add("--show", type=Path, metavar="FILE", help="write what was taken for ink, framed and labelled (.png)")

    command("demo", run_demo, models).set_defaults(single=False, json=False, draw=True, show=None)

    add = command("compare", run_compare).add_argument
    add("models", type=Path, nargs="*", metavar="MODEL", help="two or more .tflite files; default: float and int8")
    add("--mnist", type=Path, metavar="FILE", help="mnist.npz; default: the variable DIGITPAD_MNIST")
    data = "labelled ink lines, IDX images, Kaggle's train.csv, or a folder with a folder of pictures for each digit"
    add("--data", type=Path, nargs="+", default=[], metavar="PATH", help=data)
    add("--merge", type=Path, nargs="+", default=[], metavar="JSON", help="reports of several devices, in one table")
    add("--json", type=Path, metavar="FILE", help="write all figures to this file")
    add("--html", type=Path, metavar="FILE", help="write a page with tables, plots and pictures")
    add("--baseline", type=Path, metavar="FILE", help="an earlier --json; exit 1 if a model got worse")
    add("--max-drop", type=float, default=0.1, metavar="POINTS", help="the drop that is tolerated (0.1)")
    add("--spoilt", type=int, default=1000, metavar="N", help="digits to corrupt in each way (1000)")
    add("--no-cost", action="store_true", help="skip latency, memory and start-up time")

    add = command("evaluate", run_evaluate, models).add_argument
    add("files", type=Path, nargs="*", metavar="FILE", help="labelled ink (.jsonl, .jsonl.gz) or mnist.npz")
    lines = 'lines that name a picture and its label: {"file": "a.jpg", "label": "12 345"}'
    add("--pictures", type=Path, nargs="+", default=[], metavar="FILE", help=lines)
    add("--json", type=Path, metavar="FILE", help="write the figures to this file")
    add("--picture", type=Path, metavar="FILE", help="write a picture of the mistakes (.png)")
    add("--fold", type=int, choices=range(5), help="only the writers that training held out as this fold")

    history = command("history", run_history)
    history.add_argument("--limit", type=int, metavar="N", help="the newest N pages (20)")
    add = history.add_mutually_exclusive_group().add_argument
    add("--json", action="store_true", help="print pages as ink lines with all their data")
    add("--export", type=Path, metavar="FILE", help="write corrected pages and examples as labelled ink")
    add("--forget", action="store_true", help="delete all pages and examples, after asking")
    history.add_argument("--yes", action="store_true", help="with --forget: do not ask")

    use = command("use-model", run_use_model)
    add = use.add_mutually_exclusive_group(required=True).add_argument
    add("candidate", type=Path, nargs="?", metavar="FILE", help=".tflite file with its card beside it")
    add("--list", action="store_true", help="print the current and the previous model")
    add("--back", action="store_true", help="use the previous model")
    add("--bundled", action="store_true", help="use the bundled model")
    use.add_argument("--unlisted", action="store_true", default=argparse.SUPPRESS, help=UNLISTED)

    command("doctor", run_doctor).add_argument("--json", action="store_true", help="print the findings as JSON")

    changes = Parser(add_help=False)
    changes.add_argument("--remove", action="store_true", help="remove what was installed")
    changes.add_argument("--dry-run", action="store_true", help="print what would be done, and do nothing")
    add = command("install-launcher", run_launcher, changes).add_argument
    add("--prefix", type=Path, metavar="FOLDER", help="another folder, such as /usr/local/share")

    add = command("install-kiosk", run_kiosk, changes).add_argument
    kinds = ("auto", "labwc", "systemd")
    add("--kind", choices=kinds, default="auto", help="what starts it; default: detected")
    add("--user", metavar="NAME", help="the user it runs as; default: you, also through sudo")
    add("--rotate", type=int, choices=TURNS, dest="kiosk_rotate", help="degrees clockwise, for a turned screen")
    add("--root", type=Path, default=Path("/"), metavar="FOLDER", help="a system's root other than /")
    return parser


def _model_options() -> Parser:
    parent = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    add = parent.add_argument
    add("--model", type=Path, metavar="FILE", help=".tflite file with its card beside it; default: bundled int8")
    add("--unlisted", action="store_true", help=UNLISTED)
    add("--runtime", choices=("tflite-runtime", "ai-edge-litert"), help="default: the first that works")
    return parent


def _window_options() -> Parser:
    parent = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    add = parent.add_argument_group("window options", "for this run only").add_argument
    add("--open", metavar="FILE", dest="file", help="ink or picture to start with")
    add("--fullscreen", action="store_true", help="use the whole screen")
    add("--kiosk", action="store_true", help="full screen, no cursor, no files, and a held button to quit")
    add("--theme", choices=("light", "dark", "contrast"), help="colour theme")
    add("--text-size", choices=("normal", "large", "huge"), help="size of texts")
    add("--language", metavar="CODE", help="en, de, fr, es, a language you added, or system")
    add("--rotate", type=int, choices=TURNS, help="degrees clockwise, for a turned screen")
    add("--no-history", action="store_const", const="off", dest="history", help="do not record what is written")
    add("--size", type=window_size, metavar="WxH", help="width and height in pixels (800x480)")
    add("--display", type=int, choices=range(16), dest="screen", metavar="N", help="screen to open on (0, the first)")
    add("--settings", type=Path, metavar="FILE", dest="settings_file", help="settings file instead of your own")
    add("--compare", action="store_true", help="show float and int8 side by side, which F2 toggles")
    add("--float", type=Path, metavar="FILE", dest="float_model", help="float model for --compare, with its card")
    add("--print", action="store_true", dest="print_pages", help="print each finished page as a line of JSON")
    text = "exit 0 with the number on standard output, or 1 if the window was closed; Enter is OK, Escape closes"
    add = parent.add_argument_group("asking for a number", text).add_argument
    add("--ask", action="store_true", help="ask for a number, print it and exit")
    add("--digits", type=digit_range, metavar="N[-M]", help="as many digits, such as 4 or 3-6")
    add("--min", type=int, metavar="N", dest="least", help="smallest number")
    add("--max", type=int, metavar="N", dest="most", help="largest number")
    add("--prompt", metavar="TEXT", help="what to ask for")
    add("--secret", action="store_true", help="neither show nor store the number")
    add("--timeout", type=seconds, metavar="SECONDS", help="close the window after this time")
    return parent


def digit_range(text: str) -> tuple[int, int]:
    """Return `4` or `3-6` as two numbers, fewest and most."""
    found = re.fullmatch(r"([0-9]{1,2})(?:-([0-9]{1,2}))?", text)
    fewest, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= fewest <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of digits such as 4, or 3-6 from fewest to most")
    return fewest, most


def seconds(text: str) -> float:
    """Return a number of seconds above 0, up to a day."""
    try:
        if 0 < (value := float(text)) <= 86400:
            return value
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r}: expected seconds above 0, up to 86400")


def window_size(text: str) -> tuple[int, int]:
    """Return `800x480` as two numbers."""
    found = re.fullmatch(r"([0-9]{2,5})x([0-9]{2,5})", text)
    if not found or not all(100 <= int(side) <= 16384 for side in found.groups()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected width and height from 100 pixels, such as 800x480")
    return int(found[1]), int(found[2])


def run_window(args: Options) -> int:
    """Open the window to write in (the default).

    Options apply to this run only; settings changed in the window are saved.
    --ask is for scripts that need a number from somebody at the screen. --print
    passes on what is written while the window or kiosk runs as usual: a page is
    finished when it is cleared or has not changed for three seconds.

    examples:
      digitpad window --open note.json
      digitpad --theme dark --text-size large
      pin=$(digitpad --ask --digits 4 --prompt PIN --secret --timeout 30) || exit
      digitpad --print | jq --unbuffered -r .text
    """
    if args.file and (args.kiosk or args.file == "-"):
        args.parser.error("--open takes a file, and is not allowed in kiosk mode")
    if args.unlisted and args.kiosk:
        args.parser.error("--unlisted is not allowed in kiosk mode. First run: digitpad use-model FILE --unlisted")
    from .gui.question import Question
    from .modelfiles.card import ModelOption

    question = None
    changes = {name: value for name, value in vars(args).items() if name in SETTINGS}
    asked = {name: value for name, value in vars(args).items() if name in ASKED}
    if "ask" in args:
        question = _checked(args, Question(**asked))
        changes |= {"history": "off", "learn": False, "speak": False} if question.secret else {}
    elif asked:
        args.parser.error("--digits, --min, --max, --prompt, --secret and --timeout are for --ask")
    try:
        from .gui.main import run
    except ImportError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]  # numpy adds a page of advice
        raise DisplayError(f"the window cannot be loaded ({reason}). Run: digitpad doctor") from None

    places = ("settings_file", "compare", "float_model", "file", "size", "print_pages", "screen")
    return run(
        ModelOption(args.model, args.unlisted),
        changes=changes,
        question=question,
        **{name: value for name, value in vars(args).items() if name in places},
    )


def _checked(args: Options, question: "Question") -> "Question":
    if args.file or args.print_pages or args.compare:
        args.parser.error("--ask goes without --open, --print and --compare")
    least, most = question.least, question.most
    if least is not None and most is not None and least > most:
        args.parser.error(f"--min {least} is above --max {most}")
    if most is not None and most < 0:
        args.parser.error(f"--max {most}: no number that can be written is below 0")
    if least is not None and question.digits and least >= 10 ** question.digits[1]:
        args.parser.error(f"--min {least} has more digits than --digits allows")
    return question


def run_recognize(args: Options) -> int:
    """Read ink or pictures and print the numbers.

    Reads ink (.json, .jsonl, each also .gz) or pictures (.png, .jpg, .tiff, .webp,
    .gif, .bmp) and prints a line for each sample, in order: the number, with ? for
    ink rejected as not a digit and a space between the lines of a page. Ink is
    {"strokes": [[[x, y], ...], ...]} with y downwards, at any scale. Exit status 1:
    some sample could not be read.

    examples:
      digitpad recognize note.png pad.jsonl --json
      digitpad recognize photo.jpg --show seen.png
      digitpad recognize - < pad.jsonl
    """
    from .datasets.readers import read_sources

    return _recognize(read_sources(args.files), args)


def run_demo(args: Options) -> int:
    """Read the bundled sample ink in the terminal.

    Prints each bundled sample as a small picture and reads it; needs no display.
    """
    from .datasets.readers import bundled_samples

    return _recognize(bundled_samples(), args)


def _recognize(samples: "Iterable[Sample]", args: Options) -> int:
    from .datasets.terminal_art import draw_sample
    from .recognition.results import Reading

    recognizer = _recognizer(args)
    status, pages = 0, []
    for sample in samples:
        content = sample.content
        try:
            if isinstance(content, DigitpadError):
                raise content
            if isinstance(content, tuple):
                reading = recognizer.read(content, single=args.single)
            else:
                reading = recognizer.read_coverage(content, single=args.single)
        except DigitpadError as error:
            sys.stdout.flush()  # so that readings and errors stay in order on a terminal
            print_error(f"{sample.where}: {error}")
            status = 1
            if not isinstance(error, ImageError):
                continue
            content, reading = (), Reading()  # keeps its place in the order
        text = json.dumps(reading.to_json()) if args.json else escape(reading.text.replace("\n", " "))
        print(f"{draw_sample(content)}\n{text}\n" if args.draw else text)
        if args.show:
            pages.append((content, reading))
    sys.stdout.flush()
    if pages:
        from .datasets.marked_page import draw_pages

        try:
            draw_pages(pages).save(args.show)
        except (OSError, ValueError) as error:
            raise DataError(f"{escape(args.show)}: cannot be written ({error})") from None
    return status


def _recognizer(args: Options) -> "Recognizer":
    """Return a recogniser with the model named on the command line, or else the installed one."""
    from .modelfiles.card import ModelOption
    from .modelfiles.registry import open_classifier
    from .recognition.recognizer import Recognizer
    from .storage.paths import find_paths

    try:
        paths = find_paths()
    except SettingsError as error:
        paths = None
        print_error(f"{error}. Using the bundled model")
    return Recognizer(classifier=open_classifier(ModelOption(args.model, args.unlisted), paths, print_error))


def run_compare(args: Options) -> int:
    """Compare models: accuracy, speed and size of int8 against float.

    Runs two or more .tflite models (float32, float16, dynamic range, int8, uint8,
    16x8) over the same labelled digits through the app's own classifier, without TensorFlow:
    accuracy with intervals and a paired test, every flipped answer, calibration,
    corrupted digits, each layer, latency and memory. Prints ten lines. MNIST is
    Keras' mnist.npz: https://keras.io/api/datasets/mnist

    examples:
      digitpad compare --mnist mnist.npz --html report.html
      digitpad compare float.tflite mine.tflite --data mine.jsonl train.csv
      digitpad compare --data mine.jsonl --baseline last.json --max-drop 0.1
      digitpad compare --merge pi4.json laptop.json --html boards.html
    """
    from .evaluation.compare.run import Job, compare_command, merge_command

    if args.merge:
        if args.models or args.baseline or len(args.merge) < 2:
            args.parser.error("--merge takes two or more reports of compare --json; --mnist and --data add pictures")
        sets = Job(mnist=args.mnist, data=args.data)
        return merge_command(args.merge, sets, json_file=args.json, html_file=args.html)
    from .evaluation.compare.models import is_model

    named = [*args.models, *args.data]  # --data takes all that follows it, models too
    models, data = ([path for path in named if is_model(path) == wanted] for wanted in (True, False))
    if args.model or len(models) == 1:
        args.parser.error("compare takes two or more models as arguments, or none for the project's own")
    if args.spoilt < 0 or not 0 <= args.max_drop <= 100:
        args.parser.error("--spoilt must be at least 0, --max-drop from 0 to 100 points")
    return compare_command(
        Job(models, args.mnist, data, args.spoilt, not args.no_cost, args.runtime),
        json_file=args.json,
        html_file=args.html,
        baseline=args.baseline,
        max_drop=args.max_drop,
    )


def run_evaluate(args: Options) -> int:
    """Measure accuracy on labelled ink, MNIST or pictures.

    Reads labelled ink, MNIST's test images or pictures as the app does and prints
    accuracy with its interval, mistakes by digit, writer and kind of picture, and
    how much of what is not a digit was rejected. Needs no TensorFlow. Labelled
    ink is {"label": "7", "writer": "name", "strokes": [...]}, one object per line.
    Pictures are named by lines of {"file": "a.jpg", "label": "12 345", "kind":
    "photo"}: a space stands between lines of writing, and all must be right.

    examples:
      digitpad evaluate mine.jsonl --picture mistakes.png
      digitpad evaluate mnist.npz --json figures.json
      digitpad evaluate --pictures pictures.jsonl --picture mistakes.png
    """
    if not args.files and not args.pictures:
        args.parser.error("evaluate takes a FILE, or --pictures with one")
    from .evaluation.evaluate import evaluate_command

    return evaluate_command(args.files, _recognizer(args), args.json, args.picture, args.fold, args.pictures)


def run_history(args: Options) -> int:
    """List, export or delete what was written in the window.

    Prints the recorded pages, newest last: time, reading, and after an arrow your
    correction. Pages are recorded only if you switched the history on, and stay
    on this device. DIGITPAD_HOME names another folder for all of digitpad's data.

    examples:
      digitpad history --limit 3
      digitpad history --json | digitpad recognize -
      digitpad history --export mine.jsonl && digitpad evaluate mine.jsonl
    """
    if args.limit is not None and (args.limit < 1 or args.forget or args.export):
        args.parser.error("--limit takes the number of pages to print, at least 1")
    if args.yes and not args.forget:
        args.parser.error("--yes is for --forget")
    if args.forget and not args.yes and not (sys.stdin and sys.stdin.isatty()):
        args.parser.error("--forget asks on a terminal, and there is none; --yes deletes without asking")
    from .storage.history_command import export_history, forget_history, print_history

    if args.forget:
        return forget_history(ask=not args.yes)
    if args.export:
        return export_history(args.export)
    return print_history(args.limit or 20, as_json=args.json)


def run_use_model(args: Options) -> int:
    """Install another model, or go back to the one before.

    Runs the model in a process with limits on time and memory, where it must read
    clear digits, then copies it with its card to your data folder and uses it
    instead of the bundled model. If it later fails, digitpad reports that and
    falls back to the previous model.

    examples:
      digitpad use-model mine/digits_int8.tflite
      digitpad use-model --back
    """
    if args.model:
        args.parser.error("use-model takes the file as its argument, not as --model")
    from .modelfiles.registry import use_model_command

    return use_model_command(args.candidate, unlisted=args.unlisted, back=args.back, bundled=args.bundled)


def run_doctor(args: Options) -> int:
    """Diagnose setup problems, with a fix for each.

    Checks display, touch, permissions, interpreter, model, fonts, speech and disk.
    Exit status: 0 no problems, 1 problems found.
    """
    from .system.doctor.run import doctor_command

    return doctor_command(as_json=args.json, model=args.model)


def run_launcher(args: Options) -> int:
    """Add digitpad to the desktop's menu (Linux).

    Writes a menu entry, icons and metadata below ~/.local/share for this user,
    and lists the files.
    """
    from .system.desktop.launcher import launcher_command

    return launcher_command(args.prefix, remove=args.remove, dry_run=args.dry_run)


def run_kiosk(args: Options) -> int:
    """Start digitpad full screen at boot (Raspberry Pi OS).

    On a desktop (labwc) it adds digitpad to the session's autostart.
    Without a desktop it writes a systemd service on KMS/DRM with a watchdog,
    restarts after failures and a restricted file system. It lists the files, and
    needs root only for those that require it.

    examples:
      digitpad install-kiosk --dry-run
      sudo digitpad install-kiosk --kind systemd --user pi
    """
    from .system.kiosk.install import kiosk_command

    return kiosk_command(
        args.root, kind=args.kind, user=args.user, rotate=args.kiosk_rotate, remove=args.remove, dry_run=args.dry_run
    )


def main(argv: list[str] | None = None) -> int:
    """Run `digitpad`; returns the exit status, after one line on standard error for what a user can fix."""
    if argv is None and run_module(sys.argv[1:]):  # a child process of a frozen program
        return 0
    args = make_parser().parse_args(argv, Options())
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  started with standard output closed
    if args.runtime:
        from .recognition.interpreter import VARIABLE

        os.environ[VARIABLE] = args.runtime
    try:
        _check_shared(args)
        return int(args.run(args))
    except DigitpadError as error:
        print_error(error)
        return error.exit_status
    except BrokenPipeError:  # `digitpad recognize ... | head`
        _discard_output()
        return 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _discard_output()
        print_error(f"standard output: {error.strerror}; the output is incomplete")
        return 1
    except KeyboardInterrupt:
        return 130


def _check_shared(args: Options) -> None:
    """Reject options given before a command that does not take them."""
    if args.command != "window":
        for name, option in args.only_window.items():
            if name in args:
                args.parser.error(f"{option} is an option of the window, not of {args.command}")
    takes_models = args.command in ("window", "recognize", "demo", "evaluate", "use-model")
    if args.unlisted and not (takes_models and (args.model or args.float_model or getattr(args, "candidate", None))):
        args.parser.error("--unlisted needs a file named with --model, --float or use-model")


def _discard_output() -> None:
    """Send buffered output nowhere, so that Python's own flush at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
