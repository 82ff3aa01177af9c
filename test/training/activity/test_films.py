"""Rendered films show people of whom the label is true, and clips of others are split so that nothing leaks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception.sim.people import load_people
from opendr_perception.training.activity.bodies import HELD_OUT, cloud
from opendr_perception.training.activity.recordings import BLOCK, FOLDS, find_clips, read_clip, read_clips
from opendr_perception.training.activity.simulate import FRAME_RATE, Cast, film
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED


@pytest.fixture(scope="module")
def cast() -> Cast:
    return Cast([cloud(load_people()[0], 600, np.random.default_rng(0))], {}, held_out=False)


def test_a_film_has_labels_and_is_the_same_each_time(cast: Cast) -> None:
    images, labels = film(np.random.default_rng(3), cast, 6, 32)
    assert images.shape == (6, 32, 32, 3) and images.dtype == np.uint8
    assert labels.shape == (6,) and set(labels) <= {UNLABELLED, *range(len(ACTIONS))}
    assert np.array_equal(images, film(np.random.default_rng(3), cast, 6, 32)[0])
    assert np.ptp(images) > 20


def test_a_body_stands_on_its_feet_and_bends_at_its_joints(cast: Cast) -> None:
    [body] = cast.people
    straight = np.zeros((1, 16, 4))
    straight[..., 0] = 1.0
    points, _ = body.pose(straight, np.array([[0.0, 0.53 * load_people()[0].height, 0.0]]))
    assert np.ptp(points[0, :, 1]) == pytest.approx(load_people()[0].height, abs=0.12)
    raised = straight.copy()
    raised[:, 6] = np.cos(np.pi / 4), 0, 0, np.sin(np.pi / 4)  # the right arm to the front
    moved, _ = body.pose(raised, np.array([[0.0, 0.9, 0.0]]))
    assert moved[0, :, 0].max() > 0.45


def test_people_of_the_evaluation_are_others() -> None:
    assert len(set(HELD_OUT)) == 4 and max(HELD_OUT) < len(load_people())


def write(path: Path, frames: int, rate: float = 30.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (32, 24))
    for number in range(frames):
        writer.write(np.full((24, 32, 3), 5 * number % 256, np.uint8))
    writer.release()


def test_clips_are_read_at_the_rate_of_the_network(tmp_path: Path) -> None:
    write(tmp_path / "a.avi", 60)
    images = read_clip(tmp_path / "a.avi", 12, 16)
    assert images.shape == (12, 16, 16, 3)
    steps = np.diff(images.mean((1, 2, 3)))
    assert np.allclose(steps[:9], 5 * 30 / FRAME_RATE, atol=4)
    assert np.array_equal(read_clip(tmp_path / "a.avi", 20, 16)[-1], read_clip(tmp_path / "a.avi", 13, 16)[-2])


def test_neighbouring_fights_stay_together(tmp_path: Path) -> None:
    for number in range(1, 2 * BLOCK + 1):
        for name in (f"fi{number:03d}.avi", f"nofi{number:03d}.avi"):
            (tmp_path / name).touch()
    clips = find_clips(tmp_path, "fight_surv")
    groups = {(clip.label, clip.path.stem[-3:]): clip.group for clip in clips}
    assert {group for (_, number), group in groups.items() if int(number) <= BLOCK} == {0}
    assert {clip.label for clip in clips} == {"fight", "no fight"}


@pytest.mark.parametrize(
    ("name", "together", "apart", "label"),
    [
        ("ucf101", ("Golf/v_Golf_g03_c01.avi", "Golf/v_Golf_g03_c04.avi"), "Golf/v_Golf_g04_c01.avi", "Golf"),
        ("hmdb51", ("run/Rad_run_f_cm_np1_ba_med_0.avi", "run/Rad_run_h_nm_np2_fr_goo_7.avi"),
         "run/Boden_run_f_cm_np1_ba_med_0.avi", "run"),
        ("kth", ("boxing/person01_boxing_d1_uncomp.avi", "person01_boxing_d4_uncomp.avi"),
         "person02_boxing_d1_uncomp.avi", "boxing"),
    ],
)  # fmt: skip
def test_what_belongs_together_in_public_sets_stays_together(
    name: str, together: tuple[str, str], apart: str, label: str, tmp_path: Path
) -> None:
    for each in (*together, apart, "readme.avi"):
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).touch()
    clips = {str(clip.path.relative_to(tmp_path)): clip for clip in find_clips(tmp_path, name)}
    assert {*clips} == {*together, apart}
    assert {clip.label for clip in clips.values()} == {label}
    one, other = (clips[each].group for each in together)
    assert one == other != clips[apart].group


def test_a_folder_of_labels_is_split_and_what_is_wrong_is_said(tmp_path: Path) -> None:
    for label in ("wave", "walk"):
        for number in range(FOLDS):
            write(tmp_path / label / f"clip{number}.avi", 8)
    train, test, labels = read_clips(tmp_path, "folder", 2, 16, 1)
    assert labels == ["walk", "wave"]
    assert (len(train), len(test)) == (2 * (FOLDS - 1), 2)
    with pytest.raises(ValueError, match="there are folder, ucf101"):
        find_clips(tmp_path, "ava")
    with pytest.raises(FileNotFoundError, match="no clips of the set 'kth'"):
        find_clips(tmp_path, "kth")
    with pytest.raises(ValueError, match="fold must be"):
        read_clips(tmp_path, "folder", 2, 16, 9)
    (tmp_path / "wave" / "broken.avi").write_bytes(b"no film")
    with pytest.raises(ValueError, match="has no images that can be read"):
        read_clips(tmp_path, "folder", 2, 16, 0)
