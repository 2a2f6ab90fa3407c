import time
from dataclasses import replace
from typing import Any, Literal

import cv2
import numpy as np
import pytest

from livevision.frame import Box, Detection, Frame, Image, Place, Result, Stats
from livevision.sinks import overlay
from livevision.sinks.overlay import Look, Status, annotate

HAND = np.array(
    [
        *[(320, 360), (280, 340), (255, 310), (245, 280), (240, 255)],
        *[(290, 265), (285, 225), (282, 200), (280, 180)],
        *[(315, 260), (315, 215), (315, 185), (315, 160)],
        *[(338, 265), (342, 225), (345, 200), (347, 180)],
        *[(360, 280), (370, 250), (377, 230), (382, 215)],
    ],
    np.float32,
)


def grey(height: int = 480, width: int = 640) -> Image:
    return np.full((height, width, 3), 90, np.uint8)


def result(image: Image | None = None, **changes: Any) -> Result:
    image = grey() if image is None else image
    image.setflags(write=False)
    plain = Result(
        Frame(image, 7, 3.2),
        (
            Detection("hand", Box(220, 140, 400, 380), "A", 0.93, 2, HAND),
            Detection("face", Box(450, 100, 560, 240), "Zoë", 0.88, 1),
        ),
        (),
        "HELLO",
        stats=Stats(29.7, 0.0123, 4),
    )
    return replace(plain, **changes)


def changed(one: Image, other: Image) -> Box:
    """The smallest box around all that differs."""
    rows, columns = np.abs(one.astype(int) - other).max(axis=2).nonzero()
    return Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_draws_on_a_copy() -> None:
    image = grey()
    drawn = annotate(result(image))
    assert drawn is not image
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    assert (image == 90).all()
    assert not (drawn == 90).all()


def test_same_result_same_picture() -> None:
    assert np.array_equal(annotate(result()), annotate(result()))


@pytest.mark.parametrize(
    ("without", "where"),
    [
        ({"text": ""}, Box(0, 420, 640, 480)),
        ({"stats": Stats()}, Box(0, 0, 300, 40)),
        ({"detections": ()}, Box(200, 60, 640, 420)),
    ],
)
def test_everything_has_its_place(without: dict[str, Any], where: Box) -> None:
    box = changed(annotate(result()), annotate(result(**without)))
    assert where.left <= box.left
    assert where.top <= box.top
    assert box.right <= where.right
    assert box.bottom <= where.bottom


def test_captions_can_stand_at_the_top() -> None:
    look = Look(captions="top")
    box = changed(annotate(result(), look), annotate(result(text=""), look))
    assert box.top == 0
    assert box.bottom < 120


@pytest.mark.parametrize("captions", ["top", "bottom"])
@pytest.mark.parametrize("box", [Box(20, 2, 400, 300), Box(20, 470, 400, 480)])
def test_a_label_never_covers_the_text_or_the_rates(
    captions: Literal["top", "bottom"], box: Box
) -> None:
    """Whatever the letter is called, text and rates look the same."""
    look = Look(captions=captions)
    hand = Detection("hand", box, "A", 0.93, 2)
    one, other = (
        annotate(result(detections=(replace(hand, label=label),)), look) for label in ("M", "I")
    )
    place = changed(one, other)
    words = changed(
        annotate(result(detections=()), look), annotate(result(detections=(), text=""), look)
    )
    rates = changed(
        annotate(result(detections=()), look),
        annotate(result(detections=(), stats=Stats()), look),
    )
    assert place.top >= rates.bottom
    assert place.top >= words.bottom or place.bottom <= words.top


def test_each_part_of_a_detection_is_drawn() -> None:
    full = result().detections[0]
    seen = annotate(result(detections=(full,)))
    for less in (
        replace(full, landmarks=None),
        replace(full, label=""),
        replace(full, confidence=0),
    ):
        assert not np.array_equal(seen, annotate(result(detections=(less,))))
    for name in ("A", "B", "李", "محمد"):
        other = annotate(result(detections=(replace(full, label=name),)))
        assert np.array_equal(seen, other) == (name == "A")


def test_hints_are_shown_whole() -> None:
    hint = "The hand is far away: come closer, so that it fills a quarter of the picture or so."
    box = changed(annotate(result(hints=(hint,))), annotate(result()))
    assert box.right < 640
    assert box.height > 30  # broken into lines
    assert box.bottom < 440  # above the running text


def test_mirror_flips_the_picture_and_what_is_drawn_but_not_the_text() -> None:
    image = grey()
    image[:, :100] = (200, 30, 30)
    look = Look(mirror=True)
    mirrored = annotate(result(image, detections=(), text=""), look)
    assert (mirrored[300, -100:] == (200, 30, 30)).all()
    assert (mirrored[300, 100:200] == 90).all()
    face = (replace(result().detections[1], label="", landmarks=None),)
    box = changed(
        annotate(result(detections=face), look)[100:240],
        annotate(result(detections=()), look)[100:240],
    )
    assert abs((box.left + box.right) / 2 - (640 - 505)) < 3
    # the text's pixels are those of the unmirrored picture
    assert np.array_equal(annotate(result(), look)[430:], annotate(result())[430:])


def test_mirrored_landmarks_stay_on_the_hand() -> None:
    hand = replace(result().detections[0], label="")
    plain = annotate(result(detections=(hand,)))
    mirrored = annotate(result(detections=(hand,)), Look(mirror=True))
    part = np.s_[145:375]
    assert np.abs(mirrored[part, ::-1].astype(int) - plain[part]).mean() < 1


def test_stage_view_shows_the_stages_as_the_model_sees_them() -> None:
    rng = np.random.default_rng(1)
    small = rng.integers(0, 255, (28, 28), dtype=np.uint8)
    crop = rng.integers(0, 255, (200, 180, 3), dtype=np.uint8)
    shown = result(detections=(), stages=(("crop", crop), ("downscale", small)))
    # below the picture, never on it
    assert np.array_equal(
        annotate(shown, Look(stages=True)), annotate(result(detections=()), Look(stages=True))
    )
    picture = overlay.strip(shown, 640)
    assert picture.shape[1] == 640
    assert overlay.strip(result(), 640).shape == (0, 640, 3)
    side = 480 // 5
    large = cv2.resize(small, (side, side), interpolation=cv2.INTER_NEAREST)[2:-2, 2:-2]
    best = cv2.matchTemplate(picture, cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), cv2.TM_SQDIFF)
    # a sum of squares of 90x90x3 differences in floats: one grey level off would be 24,300
    assert best.min() < 1000


@pytest.mark.parametrize("label", ["", "unknown"])
def test_faces_without_a_name_are_blurred_on_demand(label: str) -> None:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 255, (480, 640, 3), dtype=np.uint8)
    box = Box(450, 100, 560, 240)
    known = Detection("face", box, "Zoë", 0.9)
    stranger = Detection("face", box, label)
    inner = np.s_[130:230, 470:540]
    look = Look(blur_others=True)
    assert np.array_equal(annotate(result(image, detections=(known,)), look)[inner], image[inner])
    blurred = annotate(result(image, detections=(stranger,)), look)[inner]
    assert blurred.std() < image[inner].std() / 5
    mirrored = annotate(result(image, detections=(stranger,)), replace(look, mirror=True))
    assert mirrored[inner[0], 640 - 540 : 640 - 470].std() < image[inner].std() / 5


def test_status_of_the_window() -> None:
    plain = annotate(result())
    recording = annotate(result(), status=Status(recording=True))
    box = changed(plain, recording)
    assert box.left > 500
    assert box.bottom < 60
    red = (recording[..., 2].astype(int) - recording[..., 1]) > 120
    assert red[:60, 500:].sum() > 50
    for status in (
        Status(paused=True),
        Status(notice="Saved a.png"),
        Status(panel=(("q", "quit"), ("h", "help"))),
    ):
        assert not np.array_equal(plain, annotate(result(), status=status))


@pytest.mark.parametrize(("height", "width"), [(480, 640), (1080, 1920), (1280, 720)])
def test_text_grows_with_the_picture(height: int, width: int) -> None:
    image = grey(height, width)
    box = changed(
        annotate(result(image, detections=())), annotate(result(image, detections=(), text=""))
    )
    assert box.height > min(height, width) / 15
    twice = annotate(result(image, detections=()), Look(text_size=2))
    without = annotate(result(image, detections=(), text=""))
    assert changed(twice, without).height > 1.8 * box.height


@pytest.mark.parametrize("background", [0, 90, 255])
@pytest.mark.parametrize("contrast", [0.0, 0.7, 1.0])
def test_text_stands_out_from_any_ground(background: int, contrast: float) -> None:
    image = np.full((480, 640, 3), background, np.uint8)
    picture = annotate(result(image, detections=()), Look(contrast=contrast))
    line = cv2.cvtColor(picture[435:], cv2.COLOR_BGR2GRAY)
    letters = line > 250
    around = cv2.dilate(letters.astype(np.uint8), np.ones((5, 5))) > 0
    assert letters.sum() > 100
    assert np.percentile(line[around & ~letters], 25) < 100


def test_long_text_shows_its_end() -> None:
    words = " ".join(f"WORD{number}" for number in range(2000))
    shown = annotate(result(text=words))
    assert not np.array_equal(shown, annotate(result(text=words[:-1])))
    assert changed(shown, annotate(result(text=""))).top > 340


@pytest.mark.parametrize("text", ["X" * 20_000, "X" * 4_321 + " AND MORE", "WORDS " * 4_000])
def test_a_text_of_hours_is_measured_at_its_end_alone(text: str) -> None:
    end = overlay._tail(text)
    assert text.endswith(end)
    assert 100 < len(end) < 500 or end == "AND MORE"


def test_every_hands_text_is_shown() -> None:
    both = annotate(result(text="ONE\nTWO"))
    assert not np.array_equal(both, annotate(result(text="ONE")))
    assert not np.array_equal(both, annotate(result(text="TWO")))


@pytest.mark.parametrize("shape", [(1, 1), (1, 640), (480, 1), (3, 5), (33, 47), (4320, 7680)])
def test_odd_sizes(shape: tuple[int, int]) -> None:
    image = grey(*shape)
    crop = np.zeros((0, 12, 3), np.uint8)
    odd = result(
        image,
        stages=(("crop", crop), ("small", np.zeros((28, 28), np.uint8))),
        hints=("more light",),
    )
    look = Look(stages=True, blur_others=True, mirror=True)
    status = Status(True, True, "a notice", (("q", "quit"),))
    assert annotate(odd, look, status).shape == image.shape
    assert overlay.strip(odd, shape[1], look).shape[1:] == (shape[1], 3)


def test_grey_frames_and_boxes_outside() -> None:
    image = np.full((480, 640), 90, np.uint8)
    far = np.array([(np.nan, 1e9), (-1e9, 0)], np.float32)
    detections = (
        Detection("hand", Box(-500, -500, -20, -20), "A", 0.5, 1, HAND - 5000),
        Detection("face", Box(600, 440, 900, 700), "a very long name that does not fit " * 3, 0.5),
        Detection("leaf", Box(10, 10, 5, 5), "oak", 0.5, landmarks=far),
        Detection("face", Box(2000, 10, 2100, 50), ""),
    )
    assert annotate(result(image, detections=detections), Look(blur_others=True)).shape == (
        480,
        640,
        3,
    )


def test_costs_little() -> None:
    results = [
        result(stats=Stats(25 + number % 6, 0.010 + number % 9 / 1000, number % 3))
        for number in range(60)
    ]
    for each in results:
        annotate(each)
    times = []
    for each in results * 3:
        start = time.perf_counter()
        annotate(each)
        times.append(time.perf_counter() - start)
    # the quickest tenth, so that a busy machine does not fail it
    assert sorted(times)[len(times) // 10] < 0.0007
    assert overlay._stamp.cache_info().currsize <= 128


def test_strangers_have_no_confidence() -> None:
    one, other = (
        annotate(result(detections=(Detection("face", Box(50, 90, 200, 300), "unknown", sure),)))
        for sure in (0.2, 0.9)
    )
    assert np.array_equal(one, other)


def test_a_bar_shows_where_in_a_recording_the_picture_is() -> None:
    def shown(seconds: float) -> Image:
        frame = Frame(grey(), 7, 3.2, place=Place(seconds, 10.0))
        return annotate(Result(frame, text="HELLO"), status=Status(bar=True))

    one, other = shown(2.0), shown(5.0)
    moved = changed(one[450:], other[450:])
    assert 0.18 * 640 < moved.left < 0.22 * 640
    assert 0.48 * 640 < moved.right < 0.52 * 640
    assert moved.top + 450 >= 480 - overlay.bar_height(480, 640)
    # the text stands above it, and other streams have none
    assert not np.array_equal(one[430:466], annotate(result(detections=()))[430:466])
    live = annotate(result(), status=Status(bar=True))
    assert np.array_equal(live, annotate(result()))


def test_points_of_a_face_are_no_specks() -> None:
    face = Detection("face", Box(450, 100, 560, 240), "Zoë", 0.9)
    points = np.array([(480, 150), (530, 150)], np.float32)
    assert np.array_equal(
        annotate(result(detections=(face,))),
        annotate(result(detections=(replace(face, landmarks=points),))),
    )


def test_a_result_is_drawn_in_another_size() -> None:
    half = overlay.resized(result(), 320, 240)
    assert half.frame.image.shape == (240, 320, 3)
    assert half.detections[0].box == Box(110, 70, 200, 190)
    assert half.detections[0].landmarks is not None
    assert np.allclose(half.detections[0].landmarks, HAND / 2)
    mask = np.ones((240, 180), bool)
    whole = result(detections=(replace(result().detections[0], mask=mask),))
    small = overlay.resized(whole, 320, 240).detections[0].mask
    assert small is not None
    assert small.shape == (120, 90)
