"""What the app needs of the world outside: the store, files, speech, the clipboard, a clock, chance."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import DigitpadError, Notice
from ..storage.history import HistoryStore, open_history
from ..storage.paths import Paths
from ..system.speech import Speaker
from .background import Worker
from .history_recorder import HistoryRecorder
from .personalization import Personalization
from .side_by_side import Duel


@dataclass
class Services:
    """The world outside, as the app was started in it."""

    worker: Worker
    recorder: HistoryRecorder
    personalization: Personalization
    duel: Duel
    rng: random.Random
    now: Callable[[], datetime]
    copy: Callable[[str], bool]  # puts a text on the clipboard; returns whether there is one
    log: Callable[[str], None]
    folders: Paths | None = None  # None: nothing is kept on the disk
    speaker: Speaker | None = None
    write_settings: Callable[[Mapping[str, Any]], list[str]] | None = None

    def keep_history(self, keep: bool) -> list[Notice]:
        """Go on with the store on the disk, or one in memory; returns sentences for the owner.

        What was written and learned until then is taken along to the disk; from there it stays where it is. Once there
        is a classifier, call this through `Reader.update`.
        """
        on_disk = self.personalization.store.path is not None
        if keep == on_disk or self.folders is None:
            return []
        self.recorder.flush()
        old, notices, numbers = self.personalization.store, list[Notice](), dict[int, int]()
        if keep:
            store, notices = open_history(self.folders.store_file)
            try:
                numbers = store.adopt(old)
            except DigitpadError as error:
                notices.append(error.notice)
        else:
            store = HistoryStore.in_memory()
        self.recorder.moved(store, numbers)
        self.personalization.store = store
        self.personalization.attach(self.personalization.classifier)
        old.close()
        return notices

    def forget_everything(self) -> list[Path]:
        """Delete history and lessons, also those on the disk of a history that is off now; raises StoreError.

        Returns files that hold some of it and are left to the owner: damaged ones, set aside.
        """
        store, left = self.personalization.store, list[Path]()
        if store.path is None and self.folders and self.folders.store_file.exists():
            on_disk = HistoryStore(self.folders.store_file)
            try:
                left = on_disk.forget_everything()
            finally:
                on_disk.close()
        return [*store.forget_everything(), *left]

    def close(self) -> None:
        """Close what is open."""
        self.personalization.store.close()
        if self.speaker:
            self.speaker.close()
