"""`python tools/animate.py FILE.gif`: the animation in README, drawn by the app itself: a number written and read."""

import os
import sys
from pathlib import Path

os.environ["SDL_VIDEODRIVER"] = "dummy"
sys.path.insert(0, str(Path(__file__).parent.parent))

import pygame
from PIL import Image

from edge_app.recognition.recognizer import Recognizer
from tests.support.pilot import Pilot, mouse

SIZE = (800, 480)  # the least with room for the layers
SHOWN = (560, 336)
SAMPLE = 4  # 2026
EVERY = 6  # points a picture
STEP = 120  # milliseconds a picture
POINTER = (230, 120, 40)


class Film:
    """Pictures of the app's window with their durations."""

    def __init__(self, pilot: Pilot) -> None:
        """Begin without a picture."""
        self.pilot = pilot
        self.pictures: list[Image.Image] = []
        self.durations: list[int] = []

    def take(self, milliseconds: int, pointer: tuple[float, float] | None = None) -> None:
        """Keep the window as it is now, with the pointer where it is."""
        surface = self.pilot.app.surface.copy()
        if pointer:
            pygame.draw.circle(surface, POINTER, pointer, 7)
        pixels = pygame.surfarray.array3d(surface).swapaxes(0, 1)
        self.pictures.append(Image.fromarray(pixels).resize(SHOWN, Image.Resampling.LANCZOS))
        self.durations.append(milliseconds)

    def write(self, sample: int) -> None:
        """Take pictures while a sample is written."""
        for stroke in self.pilot.strokes_of(sample):
            for i, at in enumerate(stroke):
                self.pilot.handle(mouse(pygame.MOUSEMOTION if i else pygame.MOUSEBUTTONDOWN, at))
                if i % EVERY == 0:
                    self.take(STEP, at)
            self.pilot.handle(mouse(pygame.MOUSEBUTTONUP, stroke[-1]))
            self.pilot.now += 600
            self.take(2 * STEP)

    def tap(self, at: tuple[float, float], milliseconds: int) -> None:
        """Take a picture of the pointer, and one of what its tap did."""
        self.take(400, at)
        self.pilot.tap(at)
        self.take(milliseconds, at)

    def save(self, path: Path) -> None:
        """Write the pictures as an animation that goes round."""
        palette = self.pictures[-1].quantize(32, dither=Image.Dither.NONE)
        first, *rest = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in self.pictures]
        first.save(path, save_all=True, append_images=rest, duration=self.durations, loop=0, optimize=True)


def main() -> None:
    """Film a number with the layers beside it, a look inside a digit, and what mattered in it."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    film = Film(Pilot(Recognizer(), SIZE, layers=True))
    film.take(800)
    film.write(SAMPLE)
    film.take(1200)
    area = film.pilot.app.ctx.view.scene().frames[3].area
    film.tap((area.left + area.width / 2, area.top + area.height / 2), 1500)
    area = film.pilot.button("map", 3).area
    film.tap((area.left + area.width / 2, area.top + area.height / 2), 2500)
    film.save(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
