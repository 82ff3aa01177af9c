"""Readers of sets of skeletons that are used to train and to measure action recognition.

Each is a compact .npz; the tables say which of a set's actions is which of ours. Actions that are nobody's are UNKNOWN.
Persons are split by fixed lists. The test persons were drawn before anything was trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from opendr_perception.arrays import open_arrays
from opendr_perception.evaluate.action.bodies import coco_world, pinhole, place_of
from opendr_perception.evaluate.action.recordings import FRAME_SIDE, UNKNOWN, ActionRecording, part_of, recording
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks.action import MIN_SCORE

TEST = {"utd": ("3", "6", "8"), "others": ("3", "6", "9")}
VALIDATION = ("5",)

UTD = {
    3: "wave", 4: "clap", 13: "punch", 21: "bend", 22: "run", 23: "walk", 24: "stand up", 25: "sit down",
}  # fmt: skip
"""Walk and jog are on the spot."""
THEN_THROWS = {"utd": 21, "msr": 20}
PICKED = 0.55
"""Share of pick up and throw that is picking up."""
MSR: dict[int, str | tuple[str, ...]] = {
    1: "wave", 2: ("wave", UNKNOWN), 5: "punch", 10: "clap", 11: "wave", 12: "punch", 13: "bend", 14: "kick",
    15: "kick", 16: "run", 20: "bend",
}  # fmt: skip
"""2, the horizontal arm wave, is one slow sweep: who calls it unknown is right too."""
KARD: dict[str, str | tuple[str, ...]] = {
    "horizontal_arm_wave": ("wave", UNKNOWN), "high_arm_wave": "wave", "two_hand_wave": "wave", "forward_kick": "kick",
    "side_kick": "kick", "bend": "bend", "hand_clap": "clap", "walk": "walk", "sit_down": "sit down",
    "stand_up": "stand up",
}  # fmt: skip
FLORENCE = {
    "wave": "wave", "clap": "clap", "tie_lace": "bend", "sit_down": "sit down", "stand_up": "stand up", "bow": "bend",
}  # fmt: skip
CDTA = {"hello": "wave", "still": "stand"}
JHMDB = {
    "clap": "clap", "jump": "jump", "pick": "bend", "run": "run", "sit": "sit down", "stand": "stand up",
    "walk": "walk", "wave": "wave",
}  # fmt: skip

UTD_JOINTS = [
    "head", "neck", "spine", "hips", "l shoulder", "l elbow", "l wrist", "l hand", "r shoulder", "r elbow", "r wrist",
    "r hand", "l hip", "l knee", "l ankle", "l foot", "r hip", "r knee", "r ankle", "r foot",
]  # fmt: skip
MSR_JOINTS = [
    "r shoulder", "l shoulder", "neck", "spine", "r hip", "l hip", "hips", "r elbow", "l elbow", "r wrist", "l wrist",
    "r hand", "l hand", "r knee", "l knee", "r ankle", "l ankle", "r foot", "l foot", "head",
]  # fmt: skip
JHMDB_JOINTS = [
    "neck", "belly", "face", "r shoulder", "l shoulder", "r hip", "l hip", "r elbow", "l elbow", "r knee", "l knee",
    "r wrist", "l wrist", "r ankle", "l ankle",
]  # fmt: skip
UNIT = 0.0002
"""Metres, of UTD-MHAD and MSRAction3D here."""
KINECT, KINECT_CENTRE = 525.0, (320.0, 240.0)
OPENNI = 575.0
"""Focal lengths, pixels of 640 x 480."""


def utd(path: Path) -> Iterator[ActionRecording]:
    """UTD-MHAD [Chen 2015]."""
    with open_arrays(path) as data:
        ends = np.cumsum(data["length"])
        joints = data["joints"]
        for end, length, action, subject in zip(ends, data["length"], data["action"], data["subject"], strict=True):
            clip = joints[end - length : end].astype(float)[..., [2, 1, 0]] * [UNIT, UNIT, -UNIT]
            yield _of_depth(
                clip, UTD_JOINTS, UTD.get(int(action), UNKNOWN), str(subject), TEST["utd"], 30.0, KINECT, str(action),
                share=PICKED if action == THEN_THROWS["utd"] else 1.0,
            )  # fmt: skip


def msr(path: Path) -> Iterator[ActionRecording]:
    """MSRAction3D [Li 2010]."""
    with open_arrays(path) as data:
        ends = np.cumsum(data["length"])
        joints = data["joints"]
        for end, length, action, subject in zip(ends, data["length"], data["action"], data["subject"], strict=True):
            clip = joints[end - length : end].astype(float)[..., [2, 1, 0]] * UNIT
            lost = clip[..., 0] <= 0  # the confidence beside says nothing: a third of it is 0
            yield _of_depth(
                clip, MSR_JOINTS, MSR.get(int(action), UNKNOWN), str(subject), TEST["others"], 15.0, KINECT,
                str(action), lost, share=PICKED if action == THEN_THROWS["msr"] else 1.0,
            )  # fmt: skip


def kard(path: Path) -> Iterator[ActionRecording]:
    """KARD [Gaglio 2015], in its own image coordinates."""
    with open_arrays(path) as data:
        names = _openni(data["joints"])
        limbs = place_of(names)
        for name, pixels, millimetres in zip(data["names"], *(_clips(data, k) for k in ("uv4", "xyz_mm")), strict=True):
            kind, subject = str(data["actions"][int(name[1:3]) - 1]), str(int(name[5:7]))
            joints = millimetres.astype(float)[..., [2, 1, 0]] / 1000
            world = coco_world(joints, limbs, names.index("head"))
            image = pinhole(world, OPENNI, KINECT_CENTRE)
            head = pixels[:, names.index("head"), None] / 4
            image[:, :5] += head - pinhole(joints[:, names.index("head"), None], OPENNI, KINECT_CENTRE)
            image[:, 5:] = pixels[:, limbs] / 4
            yield recording(
                KARD.get(kind, UNKNOWN), image, np.ones(image.shape[:2], bool), world=_grounded(world), rate=30.0,
                subject=subject, part=part_of(subject, TEST["others"], VALIDATION), kind=kind,
            )  # fmt: skip


def florence(path: Path) -> Iterator[ActionRecording]:
    """Florence 3D Actions [Seidenari 2013]."""
    with open_arrays(path) as data:
        names = [str(name).replace("_", " ") for name in data["joints"]]
        for name, millimetres in zip(data["names"], _clips(data, "xyz_mm"), strict=True):
            action, subject, _ = str(name).split("_")
            kind = str(data["actions"][int(action[1:]) - 1])
            clip = millimetres.astype(float)[..., [2, 1, 0]] * [0.001, 0.001, -0.001]
            yield _of_depth(
                clip, names, FLORENCE.get(kind, UNKNOWN), subject[1:], TEST["others"], 12.0, KINECT, kind,
                trimmed=False,
            )  # fmt: skip


def cdta(path: Path) -> Iterator[ActionRecording]:
    """CDTA: gestures towards a robot; there is nothing about persons, so all are for training."""
    with open_arrays(path) as data:
        names = _openni(data["joints"])
        for name, label, millimetres in zip(data["names"], data["labels"], _clips(data, "xyz_mm"), strict=True):
            kind = str(data["actions"][int(label)])
            clip = millimetres.astype(float)[..., [2, 1, 0]] / 1000
            yield _of_depth(
                clip, names, CDTA.get(kind, UNKNOWN), str(name).split("#")[0], (), 30.0, OPENNI, kind, trimmed=False,
                validation=(),
            )  # fmt: skip


HELD_BACK = 10
"""Every n-th training clip of JHMDB is for validation."""


def jhmdb(path: Path) -> Iterator[ActionRecording]:
    """JHMDB [Jhuang 2013]: real films, moving cameras. Each clip is somebody else."""
    with open_arrays(path) as data:
        limbs = place_of(JHMDB_JOINTS)
        ends = np.cumsum(data["length"])
        for number, (end, length, label, split) in enumerate(
            zip(ends, data["length"], data["label"], data["split"], strict=True)
        ):
            joints = data["joints"][end - length : end].astype(float) * FRAME_SIDE
            image = np.zeros((length, 17, 2))
            image[:, 0], image[:, 5:] = joints[:, JHMDB_JOINTS.index("face")], joints[:, limbs]
            seen = np.ones((length, 17), bool)
            seen[:, 1:5] = False
            part = "validation" if split == "train" and number % HELD_BACK == 0 else str(split)
            yield recording(
                JHMDB.get(str(label), UNKNOWN), image, seen, rate=30.0, subject=str(number), part=part,
                kind=str(label), trimmed=False,
            )  # fmt: skip


READERS: dict[str, Callable[[Path], Iterator[ActionRecording]]] = {
    "utd_mhad": utd, "msr_action3d": msr, "kard": kard, "florence3d": florence, "cdta": cdta, "jhmdb": jhmdb,
}  # fmt: skip


def own(path: Path) -> Iterator[ActionRecording]:
    """A set of the user's own: `keypoints` (frames, 17, 3) in pixels, and for each clip `length`, `action`, `subject`.

    `rate` is one number, or one for each clip. Everybody is for testing; actions are named as the network names them.
    """
    with open_arrays(path) as data:
        missing = {"keypoints", "length", "action", "subject", "rate"} - data.keys()
        if missing:
            raise DatasetError(f"{path} has no {', '.join(sorted(missing))}; known sets are {', '.join(READERS)}")
        keypoints, lengths = np.asarray(data["keypoints"], float), data["length"]
        if keypoints.shape[1:] != (17, 3) or lengths.sum() != len(keypoints):
            raise DatasetError(f"{path}: keypoints are (frames, 17, 3), and the lengths sum to the frames")
        rates = np.broadcast_to(data["rate"], lengths.shape)
        clips = np.split(keypoints, np.cumsum(lengths)[:-1])
        for clip, action, subject, rate in zip(clips, data["action"], data["subject"], rates, strict=True):
            yield recording(
                str(action), clip[..., :2], (clip[..., 2] >= MIN_SCORE) & np.isfinite(clip).all(-1), rate=float(rate),
                subject=str(subject), part="test", kind=str(action),
            )  # fmt: skip


def recordings_in(path: Path) -> Iterator[ActionRecording]:
    """Read a set: one of READERS by its name, or one of the user's own.

    Raises:
        DatasetError: This is no such file.
    """
    if not path.is_file() or path.suffix != ".npz":
        raise DatasetError(f"{path} is not a file of skeletons (.npz); known sets are {', '.join(READERS)}")
    try:
        yield from READERS.get(path.stem, own)(path)
    except (KeyError, ValueError, OSError) as error:
        raise DatasetError(f"{path} cannot be read as '{path.stem}': {error}") from error


OPEN = ("kard", "jhmdb")
"""Sets whose terms are open; the others are for research."""


def _openni(joints: np.ndarray) -> list[str]:
    """Names of the joints, as `bodies.LIMBS` has them: hands and feet stand for wrists and ankles."""
    return [str(name).replace("_", " ").replace("hand", "wrist").replace("foot", "ankle") for name in joints]


def _clips(data: Mapping[str, np.ndarray], key: str) -> list[np.ndarray]:
    return np.split(data[key], data["offsets"][1:-1])


FOOT = 0.08
"""Metres from the ground to an ankle."""


def _grounded(world: np.ndarray) -> np.ndarray:
    """The same places with the ground at y = 0."""
    ground = np.percentile(world[:, 15:].min(1)[:, 1], 10) - FOOT
    return world - [0.0, ground, 0.0]


def _of_depth(
    joints: np.ndarray,
    names: list[str],
    action: str | tuple[str, ...],
    subject: str,
    test: tuple[str, ...],
    rate: float,
    focal: float,
    kind: str,
    lost: np.ndarray | None = None,
    *,
    trimmed: bool = True,
    share: float = 1.0,
    validation: tuple[str, ...] = VALIDATION,
) -> ActionRecording:
    """A recording of a depth camera, seen as its own image."""
    limbs, head = place_of(names), names.index("head")
    world = coco_world(joints, limbs, head)
    seen = np.ones(world.shape[:2], bool)
    if lost is not None:
        seen[:, :5], seen[:, 5:] = ~lost[:, head, None], ~lost[:, limbs]
        seen &= (world[..., 0] > 0.3) & np.isfinite(world).all(-1)
    return recording(
        action, pinhole(world, focal, KINECT_CENTRE), seen, world=_grounded(world), rate=rate, subject=subject,
        part=part_of(subject, test, validation), kind=kind, trimmed=trimmed, share=share,
    )  # fmt: skip
