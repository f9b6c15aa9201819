"""What is fuzzed: each name is a module of this package with a function `fuzz(run)`; `_guided` ones need atheris."""

TARGETS = {
    "ink": "ink as JSON, as lines, gzipped, labelled",
    "ink_guided": "the same, guided by coverage",
    "images": "PNG, JPEG and BMP, with every field an encoder has",
    "images_guided": "the same, guided by coverage",
    "models": "model files, against the check, the gate and both runtimes",
    "texts": "settings and languages",
    "data": "IDX, npz, folders of pictures, cards, reports",
    "history": "the history's database, spoilt and planted",
    "window": "lives of the window of 4,000 random events each",
    "window_long": "lives of 200,000 events",
    "desktop": "the window's process on an X server, driven by xdotool; needs Xvfb",
}
