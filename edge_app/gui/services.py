"""Services that the app uses: store, worker, speech, clipboard, clock, random numbers."""

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
from .side_by_side import Comparison


@dataclass
class Services:
    """The services of one app; tests pass their own."""

    worker: Worker
    recorder: HistoryRecorder
    personalization: Personalization
    comparison: Comparison
    rng: random.Random
    now: Callable[[], datetime]
    copy: Callable[[str], bool]  # to the clipboard; returns whether there is one
    log: Callable[[str], None]
    folders: Paths | None = None  # None: nothing is written to disk
    speaker: Speaker | None = None
    write_settings: Callable[[Mapping[str, Any]], list[str]] | None = None

    def keep_history(self, keep: bool) -> list[Notice]:
        """Switch to the store on disk, or to one in memory; returns notices for the owner.

        What was written and learned in memory is copied to disk, but nothing from there to memory. Once there is a
        classifier, call this through `Reader.update`.
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
        """Delete history and lessons, also those on disk while the history is off; raises StoreError.

        Returns damaged files set aside earlier, which may hold some of it and are the owner's to delete.
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
        """Close the store and the speaker."""
        self.personalization.store.close()
        if self.speaker:
            self.speaker.close()
