"""The page for labelling: what it takes, whom it refuses, and, in a real browser, an action that is drawn."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.teach_cli import app
from opendr_perception.training.common import labelling
from opendr_perception.training.common.label_rows import read_labels
from opendr_perception.training.common.labelling import FrameStore, LabellingPage

FRAMES = 20
"""Of a folder of images, which are played at 10 Hz."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films") / "monday"
    folder.mkdir()
    for number in range(FRAMES):
        cv2.imwrite(str(folder / f"{number:03d}.png"), np.full((48, 64, 3), 12 * number, np.uint8))
    return folder


@pytest.fixture
def page(film: Path, tmp_path: Path) -> Iterator[LabellingPage]:
    page = LabellingPage([film], tmp_path / "rows.csv")
    yield page
    page.close()


def post(page: LabellingPage, rows: object, kind: str = "application/json", host: str = "") -> tuple[int, str]:
    headers = {"Content-Type": kind} | ({"Host": host} if host else {})
    request = urllib.request.Request(f"{page.url}rows", json.dumps(rows).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)["error"]
    except HTTPError as error:
        with error:
            text = error.read().decode()
        return error.code, json.loads(text)["error"] if text.startswith("{") else text


def row(begin: str, end: str, label: str = "halt", recording: str = "monday") -> dict[str, str]:
    return {"recording": recording, "begin": begin, "end": end, "label": label}


def test_rows_of_the_page_are_those_that_teaching_reads(page: LabellingPage, film: Path) -> None:
    assert post(page, [row("0.2", "0.9"), row("1.1", "1.6", "salute")]) == (200, "")
    [found] = read_labels(page.output, [film]).values()
    assert [(one.begin, one.end, one.label) for one in found] == [(0.2, 0.9, "halt"), (1.1, 1.6, "salute")]
    assert post(page, [row("0.2", "0.9"), row("0.5", "1.6", "salute")])[1].endswith("overlaps line 2 (halt)")
    assert len(read_labels(page.output, [film])[film]) == 2  # as it was
    again = LabellingPage([film], page.output)
    assert [one["label"] for one in again.rows] == ["halt", "salute"]
    again.close()
    assert post(page, []) == (200, "")
    with pytest.raises(DatasetError, match="has no rows"):
        read_labels(page.output, [film])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("0.2", "0.3")], "is no time"),
        ([row("0.2", "0.9", "")], "names nothing"),
        ([row("0.2", "0.9", recording="tuesday")], "not one of monday"),
        ({"rows": 1}, "rows are a list"),
    ],
)
def test_wrong_rows_are_said_and_not_written(page: LabellingPage, rows: object, said: str) -> None:
    status, error = post(page, rows)
    assert status == 400
    assert said in error
    assert str(page.output.parent) not in error
    assert not page.output.exists()


def test_only_this_machine_and_this_page_may_write(page: LabellingPage) -> None:
    assert post(page, [], host="evil.example")[0] == 403
    assert post(page, [], kind="text/plain")[0] == 403
    for path, status in (("frame?recording=0&number=99", 404), ("frame?recording=x", 404), ("etc", 404)):
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(page.url + path, timeout=30)
        assert refused.value.code == status
        refused.value.close()
    request = urllib.request.Request(page.url, headers={"Host": "evil.example"})
    with pytest.raises(HTTPError, match="403") as foreign:
        urllib.request.urlopen(request, timeout=30)
    foreign.value.close()


def test_frames_are_those_of_the_recording(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelling, "PER_SECOND", 5.0)
    store = FrameStore(film)
    assert store.times == [round(0.2 * number, 1) for number in range(FRAMES // 2)]
    frame = cv2.imdecode(np.frombuffer(store.jpeg(5), np.uint8), cv2.IMREAD_COLOR)
    assert frame is not None
    assert frame.shape == (48, 64, 3)
    assert abs(float(frame.mean()) - 12 * 10) < 3
    store.close()
    monkeypatch.setattr(labelling, "MOST_FRAMES", 3)
    with pytest.raises(DatasetError, match="too long"):
        FrameStore(film)
    with pytest.raises(DatasetError, match="one name"):
        LabellingPage([film, film], tmp_path / "rows.csv")
    result = CliRunner().invoke(app, ["label", str(tmp_path / "no.mp4"), "--output", str(tmp_path / "rows.csv")])
    assert result.exit_code == 1
    [line] = result.stderr.strip().splitlines()
    assert line.startswith("error: ") and "no.mp4" in line


def test_an_action_is_drawn_in_a_browser(page: LabellingPage, film: Path, browser: Any) -> None:
    browser.open(page.url)
    while not browser.run("return window.ready === true"):
        pass
    browser.run("document.getElementById('label').value = 'halt'")
    browser.run(
        """const line = document.getElementById("line"), box = line.getBoundingClientRect();
        line.setPointerCapture = () => {};
        const send = (kind, share) => line.dispatchEvent(new PointerEvent(kind,
            {clientX: box.left + share * box.width, clientY: box.top + 20, pointerId: 1, bubbles: true}));
        send("pointerdown", 0.2); send("pointermove", 0.5); send("pointerup", 0.7);"""
    )
    while not page.rows:
        assert not browser.run("return document.getElementById('said').textContent")
    [found] = read_labels(page.output, [film])[film]
    assert found.label == "halt"
    assert abs(found.begin - 0.2 * 1.9) < 0.1 and abs(found.end - 0.7 * 1.9) < 0.1
    while browser.run("return document.querySelectorAll('tr').length") != 1:
        pass
    browser.run("document.querySelector('tr button').click()")
    while page.rows:
        pass
