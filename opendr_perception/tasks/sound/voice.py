"""Voice activity: Silero's detector, step by step, and a decision that does not flicker."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from opendr_perception.engine.session import Session, Tensor

RATE = 16000
STEP = 512
"""Samples of a step, 32 ms."""
CONTEXT = 64
"""Samples before those of a step that the model sees again."""
STATE = (2, 1, 128)


@dataclass(frozen=True)
class VoiceSettings:
    """Settings of the decision.

    Args:
        threshold: probability from which on sound is speech.
        hysteresis: speech goes on until the probability is lower by this.
        min_speech: seconds of speech before somebody is said to speak; shorter is a cough.
        min_silence: seconds of silence before they are said to be silent; shorter is a pause between words.
        forget: seconds of silence after which nothing is said of them any more.

    Raises:
        ValueError: a value is out of range.
    """

    threshold: float = 0.5
    hysteresis: float = 0.15
    min_speech: float = 0.1
    min_silence: float = 0.4
    forget: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1 or not 0 <= self.hysteresis < self.threshold:
            raise ValueError(f"0 <= hysteresis ({self.hysteresis}) < threshold ({self.threshold}) < 1 is needed")
        if not all(0 <= seconds < math.inf for seconds in (self.min_speech, self.min_silence, self.forget)):
            raise ValueError("durations must be numbers of seconds, 0 or more")


@dataclass(frozen=True)
class Voice:
    """State of speech.

    Attributes:
        number: of this stretch of speech, and the silence after it.
        speaking: now.
        score: probability of speech of the last step, in [0, 1].
        since: seconds for which they have been speaking, or silent.
    """

    number: int
    speaking: bool
    score: float
    since: float


class SpeechModel:
    """The network, shared by all streams.

    Args:
        session: of silero-vad.

    Raises:
        EngineError: it is another model.
    """

    def __init__(self, session: Session) -> None:
        floats = np.dtype(np.float32)
        session.expect(
            inputs=[
                Tensor("input", (None, STEP + CONTEXT), floats),
                Tensor("state", (STATE[0], None, STATE[2]), floats),
            ],
            outputs=["output", "stateN"],
        )
        self._session = session

    def step(self, samples: np.ndarray, state: np.ndarray) -> tuple[float, np.ndarray]:
        """Probability of speech in the last STEP of samples (CONTEXT + STEP,), and the next state (2, 1, 128)."""
        found = self._session.run({"input": samples[None], "state": state})
        return float(found["output"][0, 0]), found["stateN"]


class SpeechDecision:
    """Turns probabilities into stretches of speech, with hysteresis in value and in time.

    Args:
        settings: how.
        numbers: gives each stretch its number.
    """

    def __init__(self, settings: VoiceSettings, numbers: Iterator[int]) -> None:
        self._settings, self._numbers = settings, numbers
        self._number = 0
        self._speaking = False
        self._since = 0.0  # seconds since it changed
        self._other = 0.0  # seconds for which it has been otherwise

    def step(self, score: float, seconds: float) -> Voice | None:
        """Take the probability of the next seconds; give the voice, None while nobody has spoken lately."""
        settings = self._settings
        level = settings.threshold - settings.hysteresis if self._speaking else settings.threshold
        needed = settings.min_silence if self._speaking else settings.min_speech
        self._since += seconds
        self._other = self._other + seconds if (score >= level) != self._speaking else 0.0
        if self._other > 0 and self._other >= needed - 1e-9:
            self._speaking = not self._speaking
            self._since, self._other = self._other, 0.0  # it began when it was first otherwise
            if self._speaking:
                self._number = next(self._numbers)
        if not self._speaking and (not self._number or self._since > settings.forget):
            self._number = 0
            return None
        return Voice(self._number, self._speaking, score, self._since)


@dataclass(frozen=True)
class VoiceResult:
    """Result of a step.

    Attributes:
        end: samples of the stream that have been heard.
        voice: None while nobody has spoken lately.
    """

    end: int
    voice: Voice | None


class VoiceDetector:
    """Hears one stream at 16 kHz; what it says does not depend on how the stream is cut.

    Args:
        model: the network.
        settings: of the decision.
        numbers: gives each stretch of speech its number.
    """

    def __init__(self, model: SpeechModel, settings: VoiceSettings, numbers: Iterator[int] | None = None) -> None:
        self._model = model
        self._decision = SpeechDecision(settings, numbers if numbers is not None else count(1))
        self._heard: np.ndarray = np.zeros(CONTEXT, np.float32)
        self._state = np.zeros(STATE, np.float32)
        self._end = 0

    @property
    def heard(self) -> int:
        """Samples of the stream that have been taken."""
        return self._end + len(self._heard) - CONTEXT

    def push(self, samples: np.ndarray, deaf: bool = False) -> Iterator[VoiceResult]:
        """Take the next samples (n,); give a judgement for each step of 32 ms that they complete.

        Args:
            samples: float32 in [-1, 1].
            deaf: what is heard is no matter, such as the robot's own speech: nobody speaks, and it is forgotten.
        """
        self._heard = np.concatenate([self._heard, np.asarray(samples, np.float32)])
        while len(self._heard) >= CONTEXT + STEP:
            frame, self._heard = self._heard[: CONTEXT + STEP], self._heard[STEP:]
            self._end += STEP
            if deaf:
                score, self._state = 0.0, np.zeros(STATE, np.float32)
            else:
                score, self._state = self._model.step(frame, self._state)
            yield VoiceResult(self._end, self._decision.step(score, STEP / RATE))
