"""Reports of several devices in one table."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge_app.cli import main
from edge_app.evaluation.compare.report.markup import data_uri
from edge_app.recognition.ink import ink_of_record
from edge_app.recognition.normalise import normalise_digit

from .test_page import Page, make_report


def write(path: Path, change: Any = None) -> str:
    report: Any = make_report()
    if change:
        change(report)
    path.write_text(json.dumps(report))
    return str(path)


def slower_and_otherwise(report: Any) -> None:
    report["device"]["board"] = "Raspberry Pi 4"
    report["cost"][0]["latency_us"]["1"]["median"] = 1960.0
    report["sets"][0]["models"][0]["read"] = "4494"


def test_devices_are_one_table_with_their_differing_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    laptop, board = write(tmp_path / "laptop.json"), write(tmp_path / "pi4.json", slower_and_otherwise)
    output, page = tmp_path / "m.json", tmp_path / "m.html"
    assert main(["compare", "--merge", laptop, board, "--json", str(output), "--html", str(page)]) == 0
    merged = json.loads(output.read_text())
    found = {(row["device"], row["model"]): row for row in merged["rows"]}
    assert len(found) == 6
    assert found["laptop", "a.tflite"]["median_us"] == 98.1
    assert found["pi4", "a.tflite"] | {"accuracy": None} == {
        "device": "pi4",
        "processor": "Raspberry Pi 4",
        "runtime": "tflite-runtime 2.14",
        "model": "a.tflite",
        "type": "float32",
        "accuracy": None,
        "median_us": 1960.0,
        "peak_bytes": 3e6,
    }
    assert found["pi4", "b.tflite"]["median_us"] is None  # it does not run there
    assert merged["set"] == {"name": "mine.jsonl", "n": 4}
    [unlike] = [own for own in merged["differences"] if own["different"]]
    assert unlike["devices"] == ["laptop", "pi4"]
    assert (unlike["model"], unlike["digits"]) == ("a.tflite", [{"index": 2, "label": "4", "read": ["4", "9"]}])
    shown = capsys.readouterr().out
    assert "a.tflite on mine.jsonl: laptop and pi4 read 1 of 4 digits differently" in shown
    assert "b.tflite on mine.jsonl: laptop and pi4 read none of 4 digits differently" in shown
    assert "2.0 ms" in shown
    texts = Page(page.read_text()).texts
    assert {"Raspberry Pi 4", "2.0 ms", "#2, a 4", "pi4: 9"} <= {text.strip() for text in texts}


def test_the_digits_of_a_set_at_hand_are_shown(tmp_path: Path) -> None:
    reports = [write(tmp_path / "laptop.json"), write(tmp_path / "pi4.json", slower_and_otherwise)]
    ink, page = tmp_path / "mine.jsonl", tmp_path / "m.html"
    lines = [json.dumps({"label": "4", "strokes": [[[0, 0], [9, i]], [[5, 0], [5, 9]]]}) for i in range(5)]
    for count, shown in ((4, 1), (5, 0)):  # the set of the reports, and another of that name
        ink.write_text("\n".join(lines[:count]))
        assert main(["compare", "--merge", *reports, "--data", str(ink), "--html", str(page)]) == 0
        pictures = [own for tag, own in Page(page.read_text()).elements if tag == "img"]
        assert [own["alt"] for own in pictures] == shown * ["sample 2, labelled 4. laptop: 4, right; pi4: 9, wrong"]
        if shown:
            expected = data_uri(normalise_digit(ink_of_record(json.loads(lines[2]))))
            assert pictures[0]["src"] == expected


def test_three_devices_share_one_line_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [write(tmp_path / f"{name}.json") for name in ("a", "b")]
    paths.append(write(tmp_path / "c.json", slower_and_otherwise))
    assert main(["compare", "--merge", *paths]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "differently" in line]
    assert len(lines) == 3
    assert lines[0] == "a.tflite on mine.jsonl: a, b and c read 1 of 4 digits differently"


def other_labels(report: Any) -> None:
    report["sets"][0]["labels"] = "4445"


def other_file_of_the_same_name(report: Any) -> None:
    report["models"][0]["sha256"] = "9" * 64


def test_what_is_not_the_same_is_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = write(tmp_path / "one.json")
    output = tmp_path / "m.json"
    assert main(["compare", "--merge", one, write(tmp_path / "x.json", other_labels), "--json", str(output)]) == 0
    merged = json.loads(output.read_text())
    assert (merged["set"], merged["differences"]) == (None, [])
    assert {row["accuracy"] for row in merged["rows"]} == {None}
    assert "no set of digits and model in common" in capsys.readouterr().out
    other = write(tmp_path / "y.json", other_file_of_the_same_name)
    assert main(["compare", "--merge", one, other, "--json", str(output)]) == 0
    merged = json.loads(output.read_text())
    assert [own["model"] for own in merged["differences"]] == ["b.tflite", "c.tflite"]
    assert [row["model"] for row in merged["rows"]][::3] == ["a.tflite (aaaaaaaa)", "a.tflite (99999999)"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda report: [model.update(sha256="1" * 64) for model in report["models"]], "no model in common"),
        (lambda report: report["sets"][0]["models"][0].pop("read"), "earlier version, which has no 'read'"),
        (lambda report: report.update(sets=None), "not a report of compare --json"),
        (lambda report: report["cost"][0].update(latency_us={}), "earlier version, which has no '1'"),
    ],
)
def test_reports_that_cannot_be_merged_are_one_line(
    change: Any, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = write(tmp_path / "one.json"), write(tmp_path / "other.json", change)
    assert main(["compare", "--merge", one, other]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert reason in line


def test_a_merge_takes_reports_alone(tmp_path: Path) -> None:
    for words in (["x.json"], ["x.json", "y.json", "--baseline", "m.json"]):
        with pytest.raises(SystemExit) as ended:
            main(["compare", "--merge", *words])
        assert ended.value.code == 2
