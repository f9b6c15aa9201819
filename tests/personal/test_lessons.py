"""Learning from single digits: at once, locally, and reversibly."""

import dataclasses
import random
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.datasets.allographs import allographs, allographs_of, deform, reference_digits
from edge_app.errors import ModelError
from edge_app.modelfiles.card import FLOAT, INT8, load_model, models_folder
from edge_app.personal import lessons as adaptation
from edge_app.personal.lessons import PersonalClassifier, directions
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.features import FeatureReader
from edge_app.recognition.ink import make_ink
from edge_app.recognition.interpreter import find_runtime
from edge_app.recognition.layers import Tracer
from edge_app.recognition.model import Model
from edge_app.recognition.normalise import DigitImage, normalise_digit
from edge_app.recognition.recognizer import Recognizer
from train.studies import personal
from train.studies.personal import DIGITS, Network, Samples
from train.studies.traces import KINDS

from ..conftest import DATA
from ..modelfiles.test_shipped import RUNTIMES
from ..support.fakes import FakeInterpreter, fake_model, fake_runtime

K = make_ink([[[0, 0], [0, 100]], [[50, 0], [0, 50], [50, 100]]])  # no digit to anybody but who writes 4 like this
REFERENCE, LABELS = reference_digits()
SOME = REFERENCE[::5]


def image_of(label: str, seed: int = 3) -> DigitImage:
    """Return a digit that is not in the reference set."""
    return normalise_digit(deform(allographs_of(label)[0].ink, random.Random(seed)))


def odd(count: int) -> list[DigitImage]:
    rng = random.Random(5)
    return [normalise_digit(deform(K, rng)) for _ in range(count)]


@cache
def shared(runtime: str | None) -> PersonalClassifier:
    """Return a classifier that computes the reference digits only once."""
    return PersonalClassifier(Classifier(load_model(), find_runtime(runtime)))


@pytest.fixture(params=RUNTIMES)
def hand(request: pytest.FixtureRequest) -> PersonalClassifier:
    classifier = shared(request.param)
    classifier.replace([])
    return classifier


@pytest.fixture
def own() -> PersonalClassifier:
    """A classifier for tests that do not depend on the runtime."""
    classifier = shared(None)
    classifier.replace([])
    return classifier


def taught(hand: PersonalClassifier, *examples: tuple[DigitImage, str]) -> NDArray[np.float32]:
    hand.replace(examples)
    return hand.probabilities(SOME)


def correct(hand: PersonalClassifier) -> int:
    """Return how many reference digits are read correctly."""
    return int((hand.answers(hand.logits(REFERENCE)) == np.array(LABELS)).sum())


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize("file", [INT8, FLOAT])
def test_logits_follow_from_features(name: str, file: str) -> None:
    classifier = Classifier(load_model(models_folder() / file), find_runtime(name))
    features, logits = FeatureReader(classifier).read(REFERENCE[::10])
    assert np.array_equal(logits, classifier.logits(REFERENCE[::10]))
    assert (features >= 0).all()
    weights, bias = (dequantised(classifier, index) for index in dense_layer(classifier)["inputs"][1:])
    found, unit = features @ weights.T + bias, 0.25 if file == INT8 else 1e-3
    lowest = logits.min() if file == INT8 else -np.inf  # where int8 clips
    assert np.abs(np.maximum(found, lowest) - logits).max() <= unit


def dense_layer(classifier: Classifier) -> dict[str, Any]:
    return next(step for step in classifier.steps() if step["op_name"] == "FULLY_CONNECTED")


def dequantised(classifier: Classifier, index: int) -> NDArray[np.float32]:
    """Return weights or bias as real numbers."""
    values, scale = classifier._interpreter.get_tensor(index), classifier.tensor(index)["quantization"][0]
    return values.astype(np.float32) * np.float32(scale or 1)


@pytest.mark.parametrize("name", RUNTIMES)
def test_features_of_a_model_with_one_output_are_those_of_a_traced_run(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = Classifier(load_model(), find_runtime(name))
    features, logits = FeatureReader(classifier).read(SOME)
    monkeypatch.setattr(classifier, "_features", [])
    traced, same = FeatureReader(classifier).read(SOME)
    assert np.array_equal(same, logits)
    # a delegated run rounds otherwise; tflite-runtime delegates no int8
    assert np.abs(traced - features).max() <= (0 if name == "tflite-runtime" else 4 * features.max() / 255)


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize("file", ["classic_int8", "classic_dynamic", "open_int8"])  # the last ends in a softmax
def test_a_model_with_one_output_learns(name: str, file: str) -> None:
    path = DATA / "models" / f"{file}.tflite"
    plain = Classifier(Model(path, path.read_bytes(), "", DIGITS, refuse_below=0.0), find_runtime(name))
    assert not plain.has_features
    hand = PersonalClassifier(plain, lambda: (SOME, LABELS[::5]))
    image = normalise_digit(K)
    wrong = hand.answers(hand.logits(image[None]))[0]
    other = "4" if wrong != "4" else "7"
    assert hand.learn(image, other).used
    assert hand.answers(hand.logits(image[None])).tolist() == [other]


def test_a_runtime_that_does_not_list_operators_cannot_learn() -> None:
    plain = Classifier(fake_model(), fake_runtime(FakeInterpreter()))
    with pytest.raises(ModelError, match=r"fake does not list the operators"):
        PersonalClassifier(plain)


def test_a_model_without_a_final_dense_layer_cannot_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    path = DATA / "models" / "classic_int8.tflite"
    plain = Classifier(Model(path, path.read_bytes(), "", DIGITS))
    trace = Tracer.trace
    monkeypatch.setattr(Tracer, "trace", lambda *own: trace(*own)[:-1])
    with pytest.raises(ModelError, match=r"classic_int8\.tflite: cannot learn handwriting, since it does not end in"):
        FeatureReader(plain)


def test_a_correction_takes_effect_at_once(hand: PersonalClassifier) -> None:
    recognizer = Recognizer(classifier=hand)
    assert recognizer.read(K, single=True).text == "?"
    lesson = hand.learn(normalise_digit(K), "4")
    recognizer.clear_cache()
    assert lesson.used
    assert recognizer.read(K, single=True).text == "4"
    again = [str(name) for name in hand.answers(hand.logits(np.stack(odd(12))))]
    before = [str(name) for name in hand.answers(hand.plain.logits(np.stack(odd(12))))]
    assert (before.count("4"), again.count("4") >= 8) == (0, True)


def test_a_lesson_improves_grouping(own: PersonalClassifier) -> None:
    recognizer, rng = Recognizer(classifier=own), random.Random(4)
    digits = [
        [100 * stroke for stroke in deform(ink, rng)]
        for ink in (allographs_of("2")[0].ink, K, allographs_of("3")[0].ink)
    ]
    number = [stroke + np.array([120 * place, 0]) for place, digit in enumerate(digits) for stroke in digit]
    assert recognizer.read(number).text not in ("243", "2?3")  # the two strokes of a K come apart
    own.learn(normalise_digit(K), "4")
    recognizer.clear_cache()
    assert recognizer.read(number).text == "243"


def test_a_taught_digit_is_not_doubted_for_its_trace(own: PersonalClassifier) -> None:
    recognizer, rng = Recognizer(classifier=own), np.random.default_rng(1)
    taught = 0
    for scribble in [KINDS["waves"](rng) for _ in range(40)]:
        first = recognizer.read([scribble], single=True).digits[0]
        name, _ = first.alternatives[0]
        assert first.image is not None
        row = own.probabilities(first.image[None])[0]
        if not first.rejected or row.max() < 0.6 or own.model.classes[row.argmax()] != name:
            continue  # the network rejects it as well
        lesson = own.learn(first.image, name)
        recognizer.clear_cache()
        assert recognizer.read([scribble], single=True).text == (name if lesson.used else "?")
        taught += lesson.used
        own.forget(lesson)
        recognizer.clear_cache()
    assert taught >= 2


def test_a_lesson_can_be_not_a_digit(own: PersonalClassifier) -> None:
    box = normalise_digit(make_ink([[[0, 0], [60, 0], [60, 80], [0, 80], [0, 0]]]))
    assert own.answers(own.logits(box[None])).tolist() == ["0"]
    assert own.learn(box, "?").used
    assert own.answers(own.logits(box[None])).tolist() == ["?"]


def test_a_lesson_does_not_affect_other_digits(own: PersonalClassifier) -> None:
    own.learn(normalise_digit(K), "4")
    features, _ = own._reader.read(REFERENCE)
    evidence = own.evidence(directions(features))
    assert not evidence[np.array(LABELS) != "4"].any()
    assert evidence[np.array(LABELS) == "4"].min() == 0
    assert not np.delete(evidence, 4, axis=1).any()


def test_the_newer_of_two_conflicting_lessons_wins(own: PersonalClassifier) -> None:
    image = normalise_digit(K)
    for label in "47?4":
        own.learn(image, label)
        assert own.answers(own.logits(image[None])).tolist() == [label]


def test_the_guard_rejects_a_wrong_label(hand: PersonalClassifier) -> None:
    before = hand.probabilities(SOME)
    seven = image_of("7", seed=11)
    lessons = [hand.learn(seven, "1") for _ in range(30)]
    assert {(lesson.used, lesson.like) for lesson in lessons[-5:]} == {(False, "7")}
    assert np.array_equal(hand.probabilities(SOME), before)
    assert hand.learn(seven, "7").used  # the same digit with its right name is welcome


def test_reference_digits_stay_correct_whatever_is_taught(own: PersonalClassifier) -> None:
    rng, before = random.Random(13), correct(own)
    for one in allographs():  # all of them under wrong names
        wrong = rng.choice([label for label in "0123456789?" if label != one.label])
        own.learn(normalise_digit(deform(one.ink, rng)), wrong)
    used = [lesson for lesson in own.lessons if lesson.used]
    assert len(used) >= 15  # the guard does not simply refuse everything
    assert correct(own) >= before


def test_without_the_guard_reference_digits_become_wrong(
    own: PersonalClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adaptation, "LEAST_REACH", -1.0)
    monkeypatch.setattr(adaptation, "JUST_UNDER", 1e6)
    before = correct(own)
    for number in range(5):
        own.learn(image_of("7", seed=number), "1")
    assert correct(own) < before


def test_forgetting_restores_probabilities_bit_for_bit(hand: PersonalClassifier) -> None:
    examples = [(image, "4") for image in odd(3)] + [(image_of("3"), "3"), (odd(4)[3], "7")]
    for out in range(len(examples)):
        kept = examples[:out] + examples[out + 1 :]
        expected = taught(hand, *kept)
        hand.replace(examples)
        hand.forget(hand.lessons[out])
        assert np.array_equal(hand.probabilities(SOME), expected)
        assert [lesson.label for lesson in hand.lessons] == [label for _, label in kept]
    with pytest.raises(ValueError, match="not in list"):
        hand.forget(adaptation.Lesson(odd(1)[0], "4"))


def test_disabled_or_without_lessons_it_equals_the_plain_classifier(hand: PersonalClassifier) -> None:
    plain = Classifier(hand.model, hand.runtime).probabilities(SOME)
    assert np.array_equal(hand.probabilities(SOME), plain)
    adapted = taught(hand, (normalise_digit(K), "4"), (image_of("4"), "4"))
    assert not np.array_equal(adapted, plain)
    hand.enabled = False
    assert np.array_equal(hand.probabilities(SOME), plain)
    hand.enabled = True
    assert np.array_equal(hand.probabilities(SOME), adapted)
    assert np.array_equal(taught(hand), plain)
    assert (hand.number_type, hand.is_int8, hand.logits(REFERENCE[:0]).shape) == ("int8", True, (0, 11))


def test_a_float_model_learns_too() -> None:
    hand = PersonalClassifier(Classifier(load_model(models_folder() / FLOAT)))
    before = correct(hand)
    assert before > 0.99 * len(LABELS)
    assert hand.learn(normalise_digit(K), "4").used
    assert hand.answers(hand.logits(normalise_digit(K)[None])).tolist() == ["4"]
    assert correct(hand) >= before


def test_only_the_newest_lessons_are_active(own: PersonalClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptation, "USED", 3)
    monkeypatch.setattr(adaptation, "KEPT", 5)
    fours = odd(7)
    before = taught(own, *[(image, "4") for image in fours[:5]])
    assert [lesson.used for lesson in own.lessons] == [False, False, True, True, True]
    newest = own.learn(image_of("8"), "8")
    assert len(own.lessons) == 6  # of another class
    own.forget(newest)
    assert np.array_equal(own.probabilities(SOME), before)
    own.forget(own.lessons[-1])
    assert [lesson.used for lesson in own.lessons] == [False, True, True, True]  # the second counts again
    for image in fours:
        own.learn(image, "4")
    assert len(own.lessons) == 5


def test_a_rejected_lesson_displaces_no_other(own: PersonalClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptation, "USED", 2)
    first, second = own.learn(odd(2)[0], "1"), own.learn(odd(2)[1], "1")
    assert not own.learn(image_of("7", seed=11), "1").used
    assert first.used
    assert second.used


def test_a_label_without_a_class_is_inactive() -> None:
    model = dataclasses.replace(load_model(), classes=(*DIGITS, "no digit"))
    hand = PersonalClassifier(Classifier(model))
    lesson = hand.learn(normalise_digit(K), "?")
    assert (lesson.used, lesson.like) == (False, "")


@pytest.mark.parametrize(
    ("image", "label"),
    [
        (np.zeros((28, 28), np.uint8), "10"),
        (np.zeros((28, 28), np.uint8), ""),
        (np.zeros((28, 28), np.float32), "1"),
        (np.zeros((20, 20), np.uint8), "1"),
    ],
)
def test_an_invalid_lesson_changes_nothing(own: PersonalClassifier, image: Any, label: str) -> None:
    expected = taught(own, (normalise_digit(K), "4"))
    with pytest.raises(ValueError, match="expected"):
        own.replace([(image_of("5"), "5"), (image, label)])
    with pytest.raises(ValueError, match="expected"):
        own.learn(image, label)
    assert np.array_equal(own.probabilities(SOME), expected)


def test_a_lesson_copies_its_image(own: PersonalClassifier) -> None:
    image = normalise_digit(K)
    own.learn(image, "4")
    image[:] = 0
    assert own.lessons[0].image.any()
    with pytest.raises(ValueError, match="read-only"):
        own.lessons[0].image[:] = 0


def samples(hand: PersonalClassifier, images: list[DigitImage], labels: str, writer: str = "w") -> Samples:
    features, logits = hand._reader.read(np.stack(images))
    return Samples(np.stack(images), np.array(list(labels)), np.full(len(images), writer), directions(features), logits)


@pytest.fixture
def network(own: PersonalClassifier) -> Network:
    """A writer who writes K for 4, and an ordinary one."""
    mine = samples(own, [*odd(9), *(image_of(digit) for digit in DIGITS)], "4" * 9 + "0123456789", "odd")
    other = samples(own, [image_of(digit, seed=8) for digit in DIGITS], "".join(DIGITS), "plain")
    both = Samples(*(np.concatenate(pair) for pair in zip(vars(mine).values(), vars(other).values(), strict=True)))
    return Network(own, both, samples(own, odd(2), "??"), samples(own, list(REFERENCE[:20]), "".join(LABELS[:20])), [])


@pytest.mark.parametrize("count", [1, 3])
def test_simulated_corrections_equal_a_sample_by_sample_run(network: Network, count: int) -> None:
    mine = network.digits.where(network.digits.writers == "odd")
    found = personal.correct(network, mine, count)
    network.hand.replace([])
    taught: list[int] = []
    met = 0  # the same, sample by sample through the pixels
    for at, (image, label) in enumerate(zip(mine.images, mine.labels.tolist(), strict=True)):
        if network.hand.answers(network.hand.logits(image[None]))[0] != label:
            met += 1
            if sum(mine.labels[one] == label for one in taught) < count:
                network.hand.learn(image, label)
                taught.append(at)
    assert found == (taught, met)
    assert taught[0] == 0
    assert met < 9


def test_figures_of_two_writers(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "numbers_wrong", lambda _: 0)
    rows = personal.by_writer(network)
    assert [(row["writer"], row["n"], row["wrong"]) for row in rows] == [("odd", 19, 9), ("plain", 10, 0)]
    one = rows[0]["ways"]["corrected 1"]
    assert one["rest"][:2] == [19 - one["lessons"], 9 - one["lessons"]]
    assert one["rest"][2] < one["rest"][1]
    assert one["harm"]["others"] == 0.0
    shown = rows[0]["ways"]["shown 3"]
    assert (shown["lessons"], shown["rest"][:2]) == (3 + 9, [7, 6])  # one sample of every digit but 4
    total = personal.summary(rows)
    assert (total["writers"], total["n"], total["wrong"]) == (2, 29, 9)
    gain = total["ways"]["corrected 1"]
    assert (gain["better"], gain["same"], gain["worse"]) == (1, 1, 0)
    assert gain["met"]["before"] == gain["hard"]["met"]["before"] == 9
    assert gain["hard"]["writers"] == 1
    assert total["numbers"] == {"n": 0, "before": 0, "after": 0}


def test_slips_are_taught_under_a_wrong_label(network: Network) -> None:
    mine = network.digits.where(network.digits.writers == "odd")
    taught, _ = personal.slip(network, mine, 1)
    wrong = [at for at, own in zip(taught, network.hand.lessons, strict=True) if mine.labels[at] != own.label]
    assert wrong == [1]  # 4 alone has a second sample
