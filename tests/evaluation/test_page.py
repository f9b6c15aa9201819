"""The HTML page of compare: complete, and safe whatever a name in the report contains."""

import base64
import hashlib
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np

from edge_app.evaluation.compare.report.page import make_page
from edge_app.evaluation.compare.report.schema import Answers, Report
from edge_app.evaluation.compare.report.summary import summarise

MARKUP = """</title></style><script>alert(1)</script>'" onload='x' ]]><!-- &amp; <img src=x onerror=alert(1)>"""
VOID = {"meta", "img", "br", "rect", "line", "polyline", "circle"}


def answers(right: int) -> Answers:
    confusion = np.zeros((10, 11), int)
    confusion[4, [4, 9, 10]] = right, 3 - right, 1
    return {
        "right": right,
        "accuracy": right / 4,
        "interval": [0.1, 0.9],
        "per_class": [{"n": 4 * (d == 4), "right": right * (d == 4), "interval": [0.0, 1.0]} for d in range(10)],
        "confusion": confusion.tolist(),
        "calibration_error": 0.01,
        "read": "4444",
        "reliability": [{"confidence": 0.9, "accuracy": 1.0, "n": 4}],
    }


def make_report() -> Report:
    """Return a report in which every kind of entry occurs."""
    models = [("a.tflite", "float32", 1.5), ("b.tflite", "int8", None), ("c.tflite", "float16", 1.0)]
    flip = {"index": 3, "label": 4, "read": [4, 10], "first_scores": [0.9, 0.0], "second_scores": [0.2, 0.7]}
    pair = {
        "difference": -25.0,
        "only_first_right": 1,
        "only_second_right": 0,
        "mcnemar_p": 0.0004,
        "flipped": 2,
        "agreement": 0.5,
        "logits_snr_db": 31.4,
        "logits_largest_deviation": 2.0,
        "flips": [flip],
    }
    layer = {
        "operator": "CONV_2D",
        "shape": [12, 12, 32],
        "snr_db": None,
        "channel_snr_db": None,
        "clipped": 0.0,
        "outlier": {"channel": 0, "times": 1.0},
        "largest_deviation": 0.0,
        "largest_value": 3,
    }
    latency = {"median": 98.1, "p90": 1200.0, "p99": 1300.0, "n": 9, "throughput_per_s": 9000, "energy_uj": None}
    state = {"frequency_mhz": 2400.4, "temperature_c": None, "throttled": "0x0"}
    cost = {"model": "a.tflite", "load_ms": 1.0, "first_result_ms": 2.0, "delegate": "XNNPACK", "peak_bytes": 3e6}
    report: Any = {
        "digitpad": "1.0",
        "device": {"processor": "CPU", "board": None, "cores": 4, "governor": None},
        "runtime": "tflite-runtime",
        "runtimes": [{"name": "tflite-runtime", "version": "2.14"}],
        "models": [
            {
                "file": file,
                "sha256": file[0] * 64,
                "bytes": 1000,
                "type": kind,
                "interface": "float32",
                "input": "0 to 1",
                "softmax": False,
                "weights": "per channel",
                "open_batch": False,
                "classes": [*"0123456789", "?"],
                "temperature": temperature,
            }
            for file, kind, temperature in models
        ],
        "sets": [
            {
                "name": "mine.jsonl",
                "n": 4,
                "skipped": 1,
                "labels": "4444",
                "models": [answers(3), answers(2), answers(3)],
                "pairs": [pair, {**pair, "flipped": 0, "flips": [], "difference": 0.0, "logits_snr_db": None}],
            }
        ],
        "robustness": {
            "set": "mine.jsonl",
            "n": 4,
            "seed": 1,
            "clean": [1.0, 0.5, 1.0],
            "corruptions": [{"name": "blur", "accuracy": [0.5, 0.25, 0.5], "flipped": [1, 0]}],
        },
        "layers": [
            {"model": "b.tflite", "layers": [{**layer, "operator": "input"}, layer]},
            {"model": "c.tflite", "reason": "other operators"},
        ],
        "warnings": ["warning: b.tflite was trained on all 4 digits of mine.jsonl. Judge on other digits"],
        "why": ["why b.tflite takes 1.50 times as long with tflite-runtime: XNNPACK runs both"],
        "cost": [
            {**cost, "runtime": "tflite-runtime", "latency_us": {"1": latency}},
            {"model": "b.tflite", "runtime": "tflite-runtime", "error": "READ_VARIABLE", "latency_us": {}},
            {
                **cost,
                "model": "c.tflite",
                "runtime": "tflite-runtime",
                "peak_bytes": None,
                "latency_us": {"1": {**latency, "median": 49.0}},
                "state": {"before": state, "after": state},
            },
        ],
        "preprocessing_us": {"median": 80.0, "p90": 90.0, "n": 9},
    }
    return dict(report)  # type: ignore[return-value]


class Page(HTMLParser):
    """The elements of a page with their attributes, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text.removeprefix("<!doctype html>"))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open += [tag] if tag not in VOID else []

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def shape(self) -> list[tuple[str, list[str]]]:
        """Return the elements with the names of their attributes."""
        return [(tag, sorted(attributes)) for tag, attributes in self.elements]


def with_all_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a report with every text changed that is a value, not a key."""
    if isinstance(value, dict):
        return {key: with_all_texts(own, change) for key, own in value.items()}
    if isinstance(value, list):
        return [with_all_texts(own, change) for own in value]
    return change(value) if isinstance(value, str) else value


def page_of(change: Callable[[str], str] = str) -> tuple[str, Page]:
    report = with_all_texts(make_report(), change)
    text = make_page(report, {(report["sets"][0]["name"], 1): [np.full((28, 28), 99, np.uint8)]})
    return text, Page(text)


def test_page_shows_the_figures() -> None:
    _, page = page_of()
    shown = {" ".join(text.split()) for text in page.texts}
    headline = next(text for text in page.texts if "against a.tflite" in text)
    assert headline == (
        "b.tflite against a.tflite: -25.00 points on mine.jsonl (n = 4, p < 0.001), answers flipped: 2; "
        "1.0 times smaller. c.tflite against a.tflite: +0.00 points on mine.jsonl (n = 4, p < 0.001), "
        "answers flipped: 0; 1.0 times smaller, 2.0 times faster with tflite-runtime."
    )
    assert {"75.00 %", "10.00 to 90.00 %", "-25.00", "31.4 dB", "the same", "2 (50.00 %)", "1 (no card)"} <= shown
    assert {"98 µs", "1.2 ms", "9,000", "3.0 MB", "does not run: READ_VARIABLE", "2400", "0x0", "not measured"} <= shown
    assert {"1. CONV_2D", "12 × 12 × 32", "1 more are not shown; --json lists up to 10,000."} <= shown
    assert "They read every sample alike." in shown
    (picture,) = [attributes for tag, attributes in page.elements if tag == "img"]
    assert picture["alt"] == "sample 3, labelled 4. a.tflite: 4 (0.90, right); b.tflite: ? (0.70, wrong)"


def test_summary_has_a_line_for_each_figure() -> None:
    lines = summarise(make_report()).splitlines()
    assert lines[0] == "CPU, governor unknown"
    assert [line.split("  ")[0] for line in lines[2:-2]] == [
        "type",
        "size",
        "mine.jsonl, n = 4, 1 left out",
        "corrupted in 1 ways, n = 4",
        "calibration error, mine.jsonl",
        "logits, signal to noise, mine.jsonl",
        "tflite-runtime 2.14",
    ]
    assert "50.00 % (-25.00, p < 0.001, 2 flipped)" in lines[4]
    assert lines[-3].split("  ")[-1] == "49 µs, memory not measured"
    assert "98 µs, 3.0 MB more memory  does not run" in lines[-3]
    assert lines[-2].startswith("warning: b.tflite was trained on all 4")
    assert lines[-1] == "why b.tflite takes 1.50 times as long with tflite-runtime: XNNPACK runs both"


def test_markup_in_names_does_not_change_the_page() -> None:
    _, honest = page_of()
    text, page = page_of(lambda text: text + MARKUP)
    assert page.shape() == honest.shape()
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "iframe", "object", "link", "base", "form", "a"})
    assert sum(MARKUP in own for own in page.texts) > 50
    assert "<script" not in text
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "href", "srcset")]
        assert str(attributes.get("src", "data:image/png;")).startswith("data:image/png;")


def test_an_added_element_changes_the_shape() -> None:
    text, honest = page_of()
    assert Page(text.replace("<h2>", "<h2><b></b>", 1)).shape() != honest.shape()


def test_policy_allows_only_the_style_and_embedded_pictures() -> None:
    _, page = page_of()
    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in str(policy).split("; "))
    style = next(text for text in page.texts if text.startswith(":root"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    places = [attributes.get("http-equiv") or tag for tag, attributes in page.elements]
    assert places.index("Content-Security-Policy") < places.index("style")
