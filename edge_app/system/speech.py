"""Numbers read aloud by the system's speech command, if it has one."""

import re
import subprocess
import sys
from collections.abc import Callable

from ..errors import Notice
from ..subprocesses import find_program

WHOLE = 6  # digits that are read as one number; longer ones, and those with a leading 0, digit by digit
COMMANDS = {"darwin": ("say",), "win32": ("powershell",)}
LINUX_COMMANDS = ("spd-say", "espeak-ng", "espeak")
# `say` knows voices, not languages: these come with macOS; any other language gets the voice that the user chose
MAC_VOICES = {"de": "Anna", "en": "Samantha", "es": "Mónica", "fr": "Thomas", "it": "Alice", "ja": "Kyoko"}
# SSML falls back to another voice if the language has none; selecting a voice by language would fail
POWERSHELL = (
    "Add-Type -AssemblyName System.Speech; (New-Object System.Speech.Synthesis.SpeechSynthesizer).SpeakSsml("
    '\'<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="{language}">{text}</speak>\')'
)
KEY = "fault_speech"  # the window's text for a `problem`


def find_speaker(which: Callable[[str], str | None] = find_program, platform: str = sys.platform) -> "Speaker | None":
    """Return the first installed speech command of this platform."""
    for name in COMMANDS.get(platform, LINUX_COMMANDS):
        if path := which(name):
            return Speaker(name, path)
    return None


def spoken(text: str) -> str:
    """Return a reading as it is spoken: "1995" whole, "007" as "0 0 7", and "1?5" as "1 5", not fifteen.

    Several lines are several numbers, with a comma between them.
    """
    return ", ".join(filter(None, map(_spoken_line, text.split("\n"))))


def _spoken_line(text: str) -> str:
    digits = re.sub("[^0-9]", "", text)
    if digits == text and len(digits) <= WHOLE and not digits.startswith("0"):
        return digits
    return " ".join(digits)


class Speaker:
    """A speech command, which says one number at a time."""

    def __init__(self, name: str, path: str) -> None:
        """Use the command `name`, which is installed at `path`."""
        self.name, self.path = name, path
        self.problem = ""  # why the last number could not be said
        self._running: subprocess.Popen[bytes] | None = None

    def say(self, text: str, language: str) -> bool:
        """Start saying a reading in a language such as `de` or `de_AT`; returns at once whether it began.

        A number that is still being said is cut off. False without a `problem`: there is nothing to say.
        """
        interrupts = self.is_speaking()
        self.close()
        self.problem = ""
        words = spoken(text)
        if not words:
            return False
        try:
            self._running = _start([self.path, *_arguments(self.name, words, language, interrupts)])
        except OSError as error:
            message = f"{self.path}: cannot be started ({error.strerror}). Reinstall it, or turn reading aloud off"
            self.problem = Notice(message, KEY)
            return False
        return True

    def is_speaking(self) -> bool:
        """Return whether a number is being said."""
        return self._running is not None and self._running.poll() is None

    def close(self) -> None:
        """Cut off what is being said; no process remains."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None


def _start(command: list[str]) -> "subprocess.Popen[bytes]":
    """Start a command without a shell, a terminal or, on Windows, a console window."""
    nothing, flags = subprocess.DEVNULL, getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, creationflags=flags)


def _arguments(name: str, words: str, language: str, interrupts: bool) -> list[str]:
    """Return the arguments with which a command says `words`, which are digits, spaces and commas, as one of them."""
    found = re.match("[a-z]{2,3}(?![a-z])", language.lower())
    code = found[0] if found else "en"
    if name == "spd-say":
        # A server speaks: --wait runs as long as it does, and only --cancel silences it, and screen readers with it.
        return ["--wait", *(["--cancel"] if interrupts else []), "--language", code, words]
    if name == "say":
        return [*(["-v", MAC_VOICES[code]] if code in MAC_VOICES else []), words]
    if name == "powershell":
        return ["-NoProfile", "-NonInteractive", "-Command", POWERSHELL.format(language=code, text=words)]
    return ["-v", code, words]
