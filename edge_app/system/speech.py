"""Numbers read aloud by the speech command that the system has, where it has one."""

import re
import subprocess
import sys
from collections.abc import Callable

from ..errors import Notice
from ..subprocesses import find_program

WHOLE = 6  # digits that are read as one number; longer ones, and those with a leading 0, digit by digit
COMMANDS = {"darwin": ("say",), "win32": ("powershell",)}
ELSEWHERE = ("spd-say", "espeak-ng", "espeak")
# `say` knows voices, not languages: these come with macOS; for any other language the voice that the user chose
MAC_VOICES = {"de": "Anna", "en": "Samantha", "es": "Mónica", "fr": "Thomas", "it": "Alice", "ja": "Kyoko"}
# as SSML, which takes another voice where the language has none, while choosing a voice by language would fail
POWERSHELL = (
    "Add-Type -AssemblyName System.Speech; (New-Object System.Speech.Synthesis.SpeechSynthesizer).SpeakSsml("
    '\'<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="{language}">{text}</speak>\')'
)
KEY = "fault_speech"  # of the text that says what `problem` is
PATIENCE = 1.0  # seconds for a command to end when it is told to, when digitpad closes


def find_speaker(which: Callable[[str], str | None] = find_program, platform: str = sys.platform) -> "Speaker | None":
    """Return the first speech command of this platform that is installed, or None."""
    for name in COMMANDS.get(platform, ELSEWHERE):
        if path := which(name):
            return Speaker(name, path)
    return None


def spoken(text: str) -> str:
    """Return how a reading is said: "1995" whole, "007" as "0 0 7"; nothing for a refused digit.

    What surrounds a refused digit is no number, so "1?5" is "1 5", not fifteen.
    """
    digits = re.sub("[^0-9]", "", text)
    if digits == text and len(digits) <= WHOLE and not digits.startswith("0"):
        return digits
    return " ".join(digits)


class Speaker:
    """A speech command; at most one number is being said."""

    def __init__(self, name: str, path: str) -> None:
        """Take the command `name`, one of those in COMMANDS and ELSEWHERE, that lies at `path`."""
        self.name, self.path = name, path
        self.problem = ""  # a sentence about the last number, where the command failed
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped: list[subprocess.Popen[bytes]] = []

    def say(self, text: str, language: str) -> bool:
        """Start saying the reading `text` in `language`, a code such as `de` or `de_AT`; returns whether it began.

        Returns at once. A number that is still being said is broken off; False without `problem` is nothing to say.
        """
        interrupts = self.is_speaking()
        self._stop()
        self.problem = ""
        words = spoken(text)
        if not words:
            return False
        try:
            self._running = _start([self.path, *_arguments(self.name, words, language, interrupts)])
        except OSError as error:
            said = f"{self.path}: cannot be started ({error.strerror}). Install it again, or switch reading off"
            self.problem = Notice(said, KEY)
        return self._running is not None

    def is_speaking(self) -> bool:
        """Return whether a number is still being said; takes note of commands that ended and how."""
        self._stopped = [process for process in self._stopped if process.poll() is None]
        if self._running is None:
            return False
        status = self._running.poll()
        if status is None:
            return True
        self._running = None
        if status:
            said = f"{self.path}: ended with status {status}. Try it in a terminal: {self.name} 123"
            self.problem = Notice(said, KEY)
        return False

    def close(self) -> None:
        """Break off what is being said, and leave no process behind."""
        self._stop()
        for process in self._stopped:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._stopped = []

    def _stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            self._stopped.append(self._running)  # asked for its status later: nobody waits for it here
            self._running = None


def _start(command: list[str]) -> "subprocess.Popen[bytes]":
    """Start a command without a shell, a terminal or, on Windows, a console window."""
    nothing = subprocess.DEVNULL
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, creationflags=flags)


def _arguments(name: str, words: str, language: str, interrupts: bool) -> list[str]:
    """Return the arguments with which a command says `words`, which are digits and spaces, as one of them."""
    found = re.match("[a-z]{2,3}(?![a-z])", language.lower())
    code = found[0] if found else "en"
    if name == "spd-say":
        # a server speaks: --wait tells how long, and only --cancel ends it. That silences screen readers as well, so
        # it is there only when a number of our own is to be broken off
        return ["--wait", *(["--cancel"] if interrupts else []), "--language", code, words]
    if name == "say":
        return [*(["-v", MAC_VOICES[code]] if code in MAC_VOICES else []), words]
    if name == "powershell":
        return ["-NoProfile", "-NonInteractive", "-Command", POWERSHELL.format(language=code, text=words)]
    return ["-v", code, words]
