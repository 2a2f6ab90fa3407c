"""Practice, calibration and enrolment before a page's camera."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")

from clips import some
from serving import Finder, Readers, Running, ask, jpeg, pictures, running, until
from websockets.sync.client import ClientConnection

from livevision import recognizers
from livevision.frame import Findings, Frame, Result
from livevision.recognizers.faces.activities import people
from livevision.recognizers.faces.gallery import Gallery
from livevision.recognizers.signs import lesson as lesson_of_signs
from livevision.recognizers.signs import personal
from livevision.recognizers.signs.activities import calibrate, practice
from livevision.recognizers.signs.coach import HOW
from livevision.server import readers as real
from livevision.server.doing import Doing, Place, offered
from livevision.server.roles import Role

RECORDINGS = Path(__file__).parents[1] / "recordings"
FACES = Path(__file__).parents[2] / "shared" / "data" / "faces" / "people"


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))


def result(text: str, time_: float, image: Any = None) -> Result:
    picture = np.zeros((48, 64, 3), np.uint8) if image is None else image
    return Result(Frame(picture, round(time_ * 30), time_), text=text)


def test_practice_asks_praises_and_reports() -> None:
    sent: list[str] = []
    lesson = practice.begin({"words": "ab, 3c!"}, sent.append)
    assert practice.words("ab, 3c!") == ["AB", "C"]
    first = lesson.see(result("", 0.0))
    assert (first["word"], first["letter"], first["done"]) == ("AB", "A", False)
    assert "thumb" in str(first["how"])
    assert lesson.see(result("A", 1.0))["letter"] == "B"
    wrong = [lesson.see(result("AE", time_)) for time_ in (1.5, 2.0, 2.6)][-1]
    assert (wrong["good"], wrong["message"]) == (False, "Bent fingers make E; stretch them for B.")
    lesson.see(result("AEB", 3.0))
    assert sent == ["clear", "clear"]
    lesson.ask("skip", None)
    last = lesson.see(result("", 4.0))
    assert lesson.done
    assert last["done"]
    weak = last["weak"]
    assert isinstance(weak, list)
    assert {each[0] for each in weak} == {"B", "C"}


def test_what_was_signed_before_a_lesson_is_no_part_of_it() -> None:
    lesson = practice.begin({"words": "cub"}, lambda command: None)
    assert lesson.see(result("JAWSCLU", 5.0))["letter"] == "C"
    assert lesson.see(result("", 5.1))["letter"] == "C"
    assert lesson.see(result("C", 5.5))["letter"] == "U"


def test_practice_surprises() -> None:
    words = practice.words("")
    assert len(words) == practice.SURPRISE
    assert all(3 <= len(word) <= 6 and word.isalpha() for word in words)
    assert practice.words("!? 12") != []


def test_guests_may_practise_and_nothing_else() -> None:
    assert set(offered(["signs", "faces"], Role.GUEST)) == {"practice"}
    assert set(offered(["signs", "faces"], Role.OWNER)) == {"practice", "calibrate", "people"}
    assert offered(["signs", "faces"], Role.WATCH) == {}


class Named(Finder):
    name = "signs"


def test_what_is_not_offered_cannot_begin() -> None:
    doing = Doing(offered(["signs"], Role.GUEST), lambda command: None)
    for bad in (
        {"activity": "calibrate"},
        {"activity": 3},
        {"activity": "practice", "wishes": 3},
        {"ask": 3},
        {},
    ):
        assert not doing.ask(bad), bad
    assert doing.ask({"activity": "practice"})
    assert doing.ask({"ask": "skip"})
    doing.close()


def test_a_place_is_given_and_given_back() -> None:
    made: list[Finder] = []

    def make() -> Finder:
        made.append(Finder())
        return made[-1]

    place = Place("signs", make)
    frame = Frame(np.zeros((48, 64, 3), np.uint8), 0, 0.0)
    assert place.recognize(frame).text == "A"

    class Guest(Finder):
        def recognize(self, frame: Frame) -> Findings:
            return Findings(text="guest")

    place.give(Guest())
    assert place.recognize(frame).text == "guest"
    place.give(None)
    assert place.recognize(frame).text == "AA"
    place.renew()
    assert place.recognize(frame).text == "A"
    place.close()
    assert len(made) == 2


def told(socket: ClientConnection, clip: Iterator[tuple[float, bytes]], until: str) -> list[Any]:
    """Send a clip until the activity says that `until` is true; all that it said."""
    said: list[Any] = []
    for number, (milliseconds, picture) in enumerate(clip):
        answer = ask(socket, number, milliseconds, picture)
        if "activity" in answer:
            said.append(answer["activity"])
            if said[-1] is not None and said[-1].get(until):
                break
    return said


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    recognizers.add_arguments(parser)
    return parser.parse_args(list(words))


def test_a_hand_is_practised_and_calibrated_through_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lesson_of_signs, "COUNTDOWN", 0.6)  # seconds: some pictures
    signs = real.Readers(["signs"], arguments())
    # letters held for long: one picture of the recording, again and again
    clip = list(pictures(RECORDINGS / "jawsclub.mp4"))
    other, still = clip[50][1], clip[-8][1]  # W, B
    with running(signs) as server, server.stream() as socket:
        me = server.get("/api/me").json()
        assert me["activities"] == ["calibrate", "practice"]
        socket.send('{"activity": "practice", "wishes": {"words": "B"}}')
        said = told(socket, ((n * 66.0, other if n < 10 else still) for n in range(90)), "done")
        assert said[0]["letter"] == "B"
        assert said[-1]["done"]
        assert (said[-1]["asked"], said[-1]["right"]) == (1, 1)
        socket.send('{"activity": "calibrate", "wishes": {"letters": "B"}}')
        said = told(socket, ((9000 + n * 130.0, still) for n in range(120)), "done")
        assert "Get ready for B" in said[1]["prompt"]
        assert said[-1]["shown"] == "B"
        assert said[-1]["missing"] == ""
        # W is asked for, and B shown
        for number, (keep, letters) in enumerate(((False, ("B",)), (True, ("B", "W")))):
            socket.send('{"activity": "calibrate", "wishes": {"letters": "W"}}')
            begun = 30_000 * (number + 1)
            said = told(socket, ((begun + n * 130.0, still) for n in range(120)), "asking")
            assert (said[-1]["done"], said[-1]["letter"]) == (False, "")
            assert said[-1]["wrong"] == [["W", "B", HOW["W"]]]
            socket.send(json.dumps({"ask": "keep", "value": keep}))
            said = told(socket, ((begun + 20_000 + n * 130.0, still) for n in range(9)), "done")
            assert [each[0] for each in said[-1]["wrong"]] == ([] if keep else ["W"])
            assert (said[-1]["shown"], said[-1]["missing"]) == ("W", "")
            assert personal.read().letters == letters


def looked_at(work: people.People) -> None:
    """Wait until the enrolment has taken the newest frame, or is over."""
    adding = some(work._adding)
    until(lambda: not (work._frames and adding.is_alive()))


def test_people_are_listed_enrolled_and_removed(tmp_path: Path) -> None:
    folder = next((each for each in sorted(FACES.glob("*")) if len(list(each.iterdir())) > 3), None)
    if folder is None:
        pytest.skip("the photos of ../shared are not here")
    import cv2

    photos = [cv2.imread(str(each)) for each in sorted(folder.iterdir())]
    work = people.begin({}, lambda command: None)
    assert work.see(result("", 0.0))["names"] == []
    work.ask("add", "  ")
    assert "name" in str(work.see(result("", 0.0))["error"]).lower()
    work.ask("add", "Zoë")
    state: Any = {}
    for number in range(1000):
        state = work.see(result("", number * 0.3, photos[number % len(photos)]))
        if not state["adding"]:
            break
        looked_at(work)
    assert state["error"] == "", state
    assert state["names"] == ["Zoë"]
    assert work.changed
    with Gallery() as gallery:
        assert [person.name for person in gallery.people()] == ["Zoë"]
    work.ask("remove", "nobody")
    assert work.see(result("", 0.0))["error"]
    work.ask("remove", "Zoë")
    assert work.see(result("", 0.0))["names"] == []
    work.close()


def test_enrolling_ends_with_its_stream() -> None:
    work = people.begin({}, lambda command: None)
    work.ask("add", "Zoë")
    work.see(result("", 0.0))
    work.close()
    with Gallery() as gallery:
        assert gallery.people() == []


def test_a_session_that_ends_ends_its_activity() -> None:
    closed: list[str] = []

    class Watched(practice.Practice):
        def close(self) -> None:
            closed.append("closed")

    readers = Readers(lambda role: [Named()])
    honest = practice.begin
    try:
        practice.begin = lambda wishes, send: Watched(honest(wishes, send)._coach, send)
        with running(readers) as server:
            with server.stream() as socket:
                socket.send('{"activity": "practice", "wishes": {"words": "B"}}')
                assert ask(socket, 0, 0.0, jpeg())["activity"]["word"] == "B"
                socket.send(json.dumps({"activity": None}))
                assert ask(socket, 1, 40.0, jpeg())["activity"] is None
                socket.send('{"activity": "practice", "wishes": {"words": "B"}}')
                ask(socket, 2, 80.0, jpeg())
            server.empty()
    finally:
        practice.begin = honest
    assert closed == ["closed", "closed"]


def test_calibration_keeps_nothing_of_what_was_not_shown() -> None:
    lesson = calibrate.begin({"letters": "ab"}, lambda command: None)
    lesson.see(result("", 0.0))
    lesson.ask("finish", None)
    state = lesson.see(result("", 1.0))
    assert (state["done"], state["missing"], state["shown"]) == (True, "AB", "")
    assert personal.read().examples == ()
    assert isinstance(Running, type)
