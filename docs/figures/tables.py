"""Tables and sentences of the documents, made of the JSON beside this file; called by cog: `make docs`.

Each function returns Markdown. `python docs/figures/tables.py` trims each JSON file to what is cited here.
"""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
INK = {
    "pendigits-train.jsonl.gz": "pen digits",
    "unipen-digits.jsonl.gz": "UNIPEN digits",
    "unipen-numbers.jsonl.gz": "UNIPEN numbers, all digits right",
}
COMPARISON: dict[str, Any] = {
    "digitpad": ...,
    "device": ...,
    "runtimes": ...,
    "models": {"file": ..., "sha256": ..., "bytes": ..., "type": ...},
    "sets": {
        "name": ...,
        "n": ...,
        "models": {"right": ..., "accuracy": ..., "interval": ..., "calibration_error": ...},
        "pairs": {"difference": ..., "mcnemar_p": ..., "flipped": ..., "logits_snr_db": ...},
    },
    "cost": {"model": ..., "runtime": ..., "delegate": ..., "load_ms": ..., "peak_bytes": ..., "latency_us": ...},
}
KEPT: dict[str, Any] = {
    "compare.json": COMPARISON,
    "quantisers.json": COMPARISON,
    "crossvalidation.json": {
        "folds": {"*": {"n": ..., "right": ..., "accuracy": ..., "interval": ..., "calibration_error": ...}},
        "refusal": ...,
        "mnist": {"mean": ..., "deviation": ...},
        "seeds": {"*": {"mean": ..., "deviation": ...}},
        "first_fold": {"*": ...},
    },
    "hands.json": {"*": {"*": {"n": ..., "accuracy": ..., "interval": ..., "calibration_error": ...}}},
    "traces.json": {"rejected": ...},
    "pictures.json": {"model": ..., "sets": {"*": {"kinds": {"*": {"n": ..., "right": ...}}}}},
    "mnist.json": {"model": ..., "runtime": ..., "sets": {"*": {"n": ..., "right": ..., "accuracy": ...}}},
    "lessons.json": {
        "*": {
            "writers": ...,
            "n": ...,
            "numbers": ...,
            "ways": {
                "*": {"rest": ..., "better": ..., "same": ..., "worse": ..., "met": ..., "harm": ..., "aside": ...}
            },
        },
        "writers": ...,
    },
    "bench.json": {
        "runtime": ...,
        "device": ...,
        "figures": {"*": {"unit": ..., "n": ..., "median": ..., "p99": ..., "goal": ...}},
    },
}


def read(name: str) -> Any:
    """Return the content of a file beside this one."""
    return json.loads((HERE / name).read_text())


def keep(value: Any, wanted: Any) -> Any:
    """Return the parts of `value` that `wanted` names; "*" stands for every other key, ... for all below."""
    if wanted is ... or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        return [keep(item, wanted) for item in value]
    below = {key: wanted[key] if key in wanted else wanted.get("*") for key in value}
    return {key: keep(value[key], part) for key, part in below.items() if part is not None}


def table(header: str, *rows: list[str]) -> str:
    """Return a Markdown table; `header` has its columns separated by bars."""
    columns = [name.strip() for name in header.split("|")]
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def share(value: float, digits: int = 2) -> str:
    """Return a share as a percentage."""
    return f"{100 * value:.{digits}f} %"


def spread(figures: dict[str, float]) -> str:
    """Return a mean with its standard deviation."""
    return f"{100 * figures['mean']:.2f} ± {share(figures['deviation'])}"


def processor() -> str:
    """Return the processor on which the models were timed."""
    return str(read("compare.json")["device"]["processor"])


def headline() -> str:
    """Return what README says of accuracy and of int8."""
    hands, compared = read("hands.json")["digits"], read("compare.json")
    float_model, int8 = compared["models"]
    mnist = compared["sets"][0]
    cost = {(one["model"], one["runtime"]): one["latency_us"]["1"]["median"] for one in compared["cost"]}
    speed = cost[int8["file"], "ai-edge-litert"]
    photos = read("pictures.json")["sets"]["pictures-dev.jsonl"]["kinds"]["one digit, photo"]
    digits, numbers = (share(hands[file]["accuracy"], 1) for file in ("ink-dev.jsonl.gz", "numbers-dev.jsonl.gz"))
    return (
        f"- **Accurate on unseen writers**: {digits} of digits and {numbers} of numbers from twelve collections\n"
        f"  of ink that no training saw, {share(mnist['models'][1]['accuracy'], 1)} on MNIST.\n"
        f"- **Small and fast**: int8 in {int8['bytes'] / 1000:.0f} KB (float32 {float_model['bytes'] / 1000:.0f} KB), "
        f"{speed:.0f} µs a digit; {mnist['pairs'][0]['flipped']} of {mnist['n']:,} answers differ\n"
        "  from float32. `digitpad compare` measures it on your device.\n"
        f"- **Reads photos of paper**: {photos['right']} of {photos['n']} single digits that other projects took."
    )


def accuracy() -> str:
    """Return the table of accuracies: MNIST with the shipped network, ink by cross-validation."""
    found, mnist = read("crossvalidation.json"), read("mnist.json")["sets"]["mnist.npz"]
    rows = [["MNIST test images", f"{mnist['n']:,}", share(mnist["accuracy"]), "", ""]]
    for file, title in INK.items():
        own = found["folds"][file]
        low, high = own["interval"]
        interval, error = f"{100 * low:.2f} to {share(high)}", f"{own['calibration_error']:.3f}"
        rows.append([title, f"{own['n']:,}", share(own["accuracy"]), interval, error])
    refusal = found["refusal"]
    title = "letters and symbols rejected, at 1 % of pen digits rejected"
    rows.append([title, f"{refusal['n']:,}", share(refusal["share"]), "", ""])
    return table("data | n | right | 95 % interval | calibration error", *rows)


def pictures() -> str:
    """Return the table of how many pictures of each kind are read without a mistake."""
    sets = read("pictures.json")["sets"].values()
    kinds = [(kind, found) for own in sets for kind, found in own["kinds"].items()]
    rows = [
        [kind, f"{found['right']:,} of {found['n']:,}", share(found["right"] / found["n"], 1)] for kind, found in kinds
    ]
    return table("pictures | right | share", *rows)


def hands() -> str:
    """Return the table of accuracies on collections that no training saw, by network."""
    found = read("hands.json")
    titles = {"mnist.npz": "MNIST test images", "ink-dev.jsonl.gz": "digits", "numbers-dev.jsonl.gz": "numbers"}
    rows = []
    for file, title in titles.items():
        own = found["digits"][file]
        low, high = own["interval"]
        cells = [share(found[name][file]["accuracy"]) for name in ("average", "wide", "pupil", "digits")]
        rows.append(
            [title, f"{own['n']:,}", *cells, f"{100 * low:.2f} to {share(high)}", f"{own['calibration_error']:.3f}"]
        )
    header = "data | n | average | wide | pupil | their mean: ships | 95 % interval"
    return table(f"{header} | calibration error", *rows)


def traces() -> str:
    """Return the shares of digits read and of scribbles rejected, without and with the pen's way."""
    found = read("traces.json")["rejected"]
    rows = [
        [name, *(share(found[way][name], 1) for way in ("without", "with traces"))]
        for name in found["without"]
        if name not in ("n", "digits right")
    ]
    right = [share(found[way]["digits right"]) for way in ("without", "with traces")]
    return table("rejected | network alone | with the trace", *rows, ["digits of other people, right", *right])


def forms() -> str:
    """Return the table of accuracies by way of writing a digit, of strangers and of the training's writers."""
    strangers, *known = read("forms.json").values()
    rows = []
    for form in sorted(set(strangers).union(*known)):
        cells = ["0", "", "", ""]
        if own := strangers.get(form):
            low, high = own["interval"]
            right, interval = share(own["accuracy"], 1), f"{100 * low:.1f} to {share(high, 1)}"
            cells = [f"{own['n']:,}", right, interval, str(own["refused"])]
        seen = [file[form] for file in known if form in file]
        count = sum(one["n"] for one in seen)
        learned = share(sum(one["right"] for one in seen) / count, 1) if count else ""
        rows.append([form, *cells, f"{count:,}", learned])
    return table("way | n | right | 95 % interval | rejected | n, writers of the training | right", *rows)


def seeds() -> str:
    """Return the table of what seed, ink, distillation and time bring."""
    found = read("crossvalidation.json")
    others = ("mnist-only", "pupil-fold-0", "twin")
    rows = [
        [title, spread(found["seeds"][key]), *(share(found["first_fold"][name][key]) for name in others)]
        for key, title in {"mnist": "MNIST test images", **INK}.items()
        if key != "unipen-numbers.jsonl.gz"
    ]
    return table("data | three seeds | MNIST alone | pupil | twin", *rows)


def cost(name: str = "compare.json") -> str:
    """Return the table of sizes, accuracies and times by model."""
    found = read(name)
    times = {(one["model"], one["runtime"]): one["latency_us"]["1"] for one in found["cost"]}
    labels = _numbered([one["file"] for one in found["models"]])  # as compare names files of one name
    makers = ["", ", TensorFlow", ", ai-edge-quantizer"] if len(labels) == 3 else [""] * len(labels)
    rows = []
    for label, maker, model, own in zip(labels, makers, found["models"], found["sets"][0]["models"], strict=True):
        cells = [f"{model['type']}{maker}", f"{model['bytes'] / 1000:.0f} KB", share(own["accuracy"])]
        cells += [f"{times[label, runtime['name']]['median']:.0f} µs" for runtime in found["runtimes"]]
        rows.append(cells)
    runtimes = " | ".join(f"{one['name']} {one['version']}" for one in found["runtimes"])
    return table(f"model | size | MNIST right | {runtimes}", *rows)


def _numbered(names: list[str]) -> list[str]:
    return [f"{name} ({names[: i + 1].count(name)})" if names.count(name) > 1 else name for i, name in enumerate(names)]


def size() -> str:
    """Return what the app and its dependencies take on disk."""
    return f"{read('lean.json')['bytes'] / 1e6:.0f} MB on Linux x86-64."


def flips() -> str:
    """Return how often float and int8 disagree."""
    mnist, *ink = read("compare.json")["sets"]
    n, flipped = sum(one["n"] for one in ink), sum(one["pairs"][0]["flipped"] for one in ink)
    mnist_flips = f"{mnist['pairs'][0]['flipped']} of {mnist['n']:,} MNIST images"
    return f"float32 and int8 disagree on {mnist_flips} and on {flipped} of {n:,} digits of ink."


def speed() -> str:
    """Return the table of the bench."""
    figures = read("bench.json")["figures"]
    rows = {
        "first picture after process start": ("first_frame", "median", "ms"),
        "pointer event to changed pixel, reading along": ("event_to_pixel", "p99", "ms"),
        "pen lifted to label, five digits": ("lift_to_label", "p99", "ms"),
        "resident memory after a number and every panel": ("resident_memory", "p99", "MB"),
        "processor when idle": ("idle_cpu", "p99", "%"),
    }
    return table(
        "what | | figure | goal",
        *(
            [
                title,
                kind if unit == "ms" else "",
                f"{figures[name][kind]:.1f} {unit}",
                f"{figures[name]['goal']:g} {unit}",
            ]
            for title, (name, kind, unit) in rows.items()
        ),
    )


def lessons() -> str:
    """Return the table of what corrections bring to their writer."""
    found = read("lessons.json")
    rows = []
    for way, own in found["all"]["ways"].items():
        cells = [found[group]["ways"][way]["rest"] for group in ("all", "untuned", "strange")]
        texts = [f"{one['before']} → {one['after']} of {one['n']:,}" for one in cells]
        rows.append([way, *texts, f"{own['better']} / {own['same']} / {own['worse']}"])
    return table("way | all | folds 3 and 4 | strange | better / same / worse", *rows)


def harm() -> str:
    """Return the table of what corrections cost everybody else, in points of error."""
    ways = read("lessons.json")["all"]["ways"]
    rows = []
    for way in ("corrected 5", "shown 5", "slips 5"):
        own = ways[way]
        values = [own["harm"][name][key] for name in ("others", "mnist", "letters") for key in ("mean", "worst")]
        rows.append([way, *(f"{100 * value:+.3f}" for value in values), str(own["aside"])])
    return table("way | others' digits | worst | MNIST | worst | letters read as digits | worst | set aside", *rows)


def writers() -> str:
    """Return the table of the writers with most misread digits."""
    rows = []
    for row in sorted(read("lessons.json")["writers"], key=lambda row: -row["wrong"]):
        met = [str(row["met"][f"corrected {count}"]) for count in (1, 3, 5)]
        rest = [row["rest"][f"shown {count}"] for count in (1, 3, 5)]
        arrows = [f"{before} → {after}" for _, before, after in rest]
        rows.append([row["writer"], f"{row['wrong']} of {row['n']:,}", *met, *arrows])
    return table("writer | misread | corrected 1 | 3 | 5 | shown 1 | 3 | 5", *rows)


def met() -> str:
    """Return how many misread digits corrections leave, each read before it could be corrected."""
    found = read("lessons.json")
    counts = {group: found[group]["ways"]["corrected 5"]["met"] for group in ("all", "untuned", "strange")}
    numbers = found["all"]["numbers"]
    arrows = {group: f"{own['before']} became {own['after']}" for group, own in counts.items()}
    return (
        f"Each digit read before it could be corrected, with up to five corrections a digit: of {found['all']['n']:,}\n"
        f"digits, {arrows['all']} misread; {arrows['untuned']} in folds 3 and 4; {arrows['strange']} with the strange "
        f"network.\nNumbers of held-out writers, read with everyone's five shown digits: {numbers['before']} misread "
        f"before, {numbers['after']} after,\nof {numbers['n']:,}."
    )


if __name__ == "__main__":
    for file, parts in KEPT.items():
        content = keep(read(file), parts)
        if file == "lessons.json":
            content["writers"] = [row for row in content["writers"] if row["wrong"] >= 6]
        (HERE / file).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
