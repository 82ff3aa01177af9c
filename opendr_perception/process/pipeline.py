"""A stream of frames through stages: networks look ahead in threads, memories go on in order.

    frames -> look (any thread, a few frames ahead) -> answer (in order, stage after stage) -> results

What comes out does not depend on how many threads there are: a look knows nothing but its frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from opendr_perception.process.stage import Late, Occasion, Stage, View

AHEAD = 2
"""Frames that are looked at ahead, for each thread: memory is bounded by them, however long the recording is."""


@dataclass(frozen=True)
class Rejected:
    """A frame that a node did not answer, and why."""

    frame: int
    node: str
    reason: str


@dataclass(frozen=True)
class Answered:
    """Answers of all stages to a frame, or one answer to sound.

    Args:
        frame: its number in the recording, from 0; of sound, the number of the answer.
        view: the frame, or the end of the sound.
        results: messages by topic, in the order of the stages.
        rejected: stages that have no result.
    """

    frame: int
    view: Occasion
    results: Mapping[str, Any]
    rejected: Sequence[Rejected]


def answers(
    views: Iterable[tuple[int, View]],
    stages: Sequence[Stage],
    threads: int = 1,
) -> Iterator[Answered]:
    """Take frames, in order, through all stages.

    Args:
        views: frames and their numbers.
        stages: each after those whose results it takes.
        threads: for the networks of stages that can look ahead; with 1 everything happens in this thread.
    """
    if threads <= 1:
        for frame, view in views:
            yield _answer(frame, view, stages, _looks(view, stages, lambda look: look))
        return
    waiting: deque[tuple[int, View, dict[str, Callable[[], Any]]]] = deque()
    with ThreadPoolExecutor(threads, "look") as pool:

        def soon(look: Callable[[], Any]) -> Callable[[], Any]:
            future: Future[Any] = pool.submit(look)
            return future.result

        try:
            for frame, view in views:
                waiting.append((frame, view, _looks(view, stages, soon)))
                if len(waiting) > AHEAD * threads:
                    yield _answer_next(waiting, stages)
            while waiting:
                yield _answer_next(waiting, stages)
        finally:
            pool.shutdown(cancel_futures=True)


def _answer_next(waiting: deque[tuple[int, View, dict[str, Callable[[], Any]]]], stages: Sequence[Stage]) -> Answered:
    frame, view, looks = waiting.popleft()
    return _answer(frame, view, stages, looks)


def _looks(
    view: View, stages: Sequence[Stage], begin: Callable[[Callable[[], Any]], Callable[[], Any]]
) -> dict[str, Callable[[], Any]]:
    """For each stage that can look ahead, what gives the look at a frame."""
    return {stage.name: begin(partial(stage.look, view)) for stage in stages if stage.look is not None}


def _answer(frame: int, view: View, stages: Sequence[Stage], looks: Mapping[str, Callable[[], Any]]) -> Answered:
    results: dict[str, Any] = {}
    rejected: list[Rejected] = []
    for stage in stages:
        source = stage.source
        if source and source not in results:
            rejected.append(Rejected(frame, stage.name, f"there are no {source} of this frame"))
            continue
        try:
            results[stage.topic] = stage.answer(view, results, looks.get(stage.name))
        except Late as error:
            rejected.append(Rejected(frame, stage.name, str(error)))
        except Exception as error:  # noqa: BLE001 - as in a node, a frame that cannot be taken costs the others nothing
            rejected.append(
                Rejected(frame, stage.name, f"{type(error).__name__}: {' '.join(str(error).split())}"[:300])
            )
    return Answered(frame, view, results, rejected)
