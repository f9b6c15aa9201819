"""The window's colours by role, in three themes."""

from dataclasses import dataclass

from .lines import Colour


@dataclass(frozen=True)
class Theme:
    """Colours by role; tests check their contrast, also for colour-blind users."""

    desk: Colour  # the window behind everything
    paper: Colour  # the pad, cards and fields
    ink: Colour  # what is written on paper
    text: Colour  # on paper and desk
    quiet: Colour  # text of less weight, on paper and desk
    line: Colour  # hairlines and frames
    button: Colour
    button_pressed: Colour
    button_text: Colour  # on a button, pressed or not
    disabled: Colour  # text of a button that does nothing now
    focus: Colour  # the ring around what the keyboard acts on
    accent: Colour  # sure, selected; on paper or as a ground of its own
    on_accent: Colour  # text on accent
    rejected: Colour  # a digit that was not read
    good: Colour  # practice: right
    bad: Colour  # practice: wrong
    bar: Colour  # how sure a reading is, as a bar on paper
    shade: Colour  # dims the window behind a card


THEMES = {
    "light": Theme(
        desk=(232, 235, 240),
        paper=(255, 255, 252),
        ink=(24, 38, 66),
        text=(24, 38, 66),
        quiet=(88, 97, 115),
        line=(206, 212, 222),
        button=(250, 251, 253),
        button_pressed=(206, 212, 222),
        button_text=(24, 38, 66),
        disabled=(164, 171, 184),
        focus=(20, 98, 190),
        accent=(20, 98, 190),
        on_accent=(255, 255, 255),
        rejected=(176, 92, 0),
        good=(0, 116, 122),
        bad=(190, 44, 24),
        bar=(74, 138, 210),
        shade=(40, 46, 58),
    ),
    "dark": Theme(
        desk=(27, 29, 34),
        paper=(40, 43, 50),
        ink=(240, 237, 228),
        text=(236, 235, 230),
        quiet=(170, 176, 187),
        line=(76, 82, 94),
        button=(54, 58, 67),
        button_pressed=(80, 86, 98),
        button_text=(236, 235, 230),
        disabled=(110, 116, 128),
        focus=(130, 190, 255),
        accent=(122, 182, 246),
        on_accent=(14, 24, 40),
        rejected=(242, 172, 84),
        good=(96, 204, 196),
        bad=(255, 138, 116),
        bar=(92, 150, 214),
        shade=(8, 9, 12),
    ),
    "contrast": Theme(
        desk=(0, 0, 0),
        paper=(0, 0, 0),
        ink=(255, 255, 255),
        text=(255, 255, 255),
        quiet=(255, 255, 255),
        line=(255, 255, 255),
        button=(0, 0, 0),
        button_pressed=(72, 72, 72),
        button_text=(255, 255, 255),
        disabled=(128, 128, 128),
        focus=(255, 255, 0),
        accent=(0, 255, 255),
        on_accent=(0, 0, 0),
        rejected=(255, 255, 0),
        good=(0, 255, 255),
        bad=(255, 255, 0),
        bar=(0, 255, 255),
        shade=(0, 0, 0),
    ),
}
