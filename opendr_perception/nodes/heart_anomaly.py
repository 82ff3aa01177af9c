"""Node `heart_anomaly`: what an electrocardiogram or heart sound shows. Not a medical device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from rclpy.duration import Duration

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.msg import HeartState
from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.signals import AudioSamples, SampleNode, SampleParameters, SampleSource, SignalSamples
from opendr_perception.tasks.signals.heart import HeartModel, HeartWatcher, Judgement

DISCLAIMER = "this is not a medical device: do not diagnose, treat or reassure anybody by what it says"


@dataclass(frozen=True)
class Parameters(SampleParameters):
    """Parameters of `heart_anomaly`."""

    model: str = parameter(
        "heart-beats",
        "A judge of heart signals of the zoo (opendr-perception models list), or an ONNX file that "
        "opendr_perception.training.signals.export has written. It decides whether an electrocardiogram or heart sound "
        "is wanted.",
        read_only=True,
    )
    input: str = parameter(
        "signal", "Where it comes from: the topic signal, or audio (heart sound only).", choices=("signal", "audio")
    )
    signal_type: str = parameter(
        "auto",
        "Type of the messages on signal. auto takes that of whoever publishes it.",
        choices=("auto", "Signal", "Float32MultiArray"),
        read_only=True,
    )
    sample_rate: int = parameter(
        300, "Hz, for messages that do not tell it: Float32MultiArray and AudioData.", minimum=50, maximum=200_000
    )
    channels: int = parameter(1, "Channels, for messages that do not tell it.", minimum=1, maximum=64)
    quality_threshold: float = parameter(
        0.6,
        "Quality of the signal below which there is no label.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    )


class HeartAnomaly(SampleNode):
    """signal or audio -> heart, each second or, by a model that names beats, for each beat."""

    NAME = "heart_anomaly"
    RESULT = (HeartState, "heart")
    Parameters = Parameters

    def load(self) -> None:
        path = zoo.require(self.params.model).path
        self._model = HeartModel(Session(path, device=self.params.device, threads=self.params.threads))
        if self.params.input == "audio" and self._model.kind != "pcg":
            raise ValueError(f"{path}: it takes an electrocardiogram, which is no sound: set input to signal")
        self.get_logger().info(DISCLAIMER)

    @property
    def rate(self) -> int:
        return self._model.rate

    def source(self) -> SampleSource:
        signal = self.params.input == "signal"
        return SignalSamples(self.params, self._model.kind) if signal else AudioSamples(self.params)

    def new_memory(self) -> HeartWatcher:
        return HeartWatcher(self._model, self.params.quality_threshold)

    def hear(
        self, stream: str, samples: np.ndarray, stamp: int, memory: HeartWatcher
    ) -> Iterable[tuple[int, HeartState]]:
        began = memory.heard
        for found in memory.push(samples):
            self.tell(stream, found.problem)
            yield stamp + round((found.end - began) / self.rate * 1e9), _message(found, self._model.labels)


def _message(found: Judgement, labels: tuple[str, ...]) -> HeartState:
    return HeartState(
        label=found.label,
        labels=list(labels),
        probabilities=found.probabilities.tolist(),
        rate=found.rate,
        quality=found.quality,
        window=Duration(nanoseconds=round(found.window * 1e9)).to_msg(),
        warm=found.warm,
    )


if __name__ == "__main__":
    main(HeartAnomaly)
