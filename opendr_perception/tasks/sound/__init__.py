"""Sound: features and what is heard in it."""

from opendr_perception.tasks.signals import FLOOR, MelConfig
from opendr_perception.tasks.sound.bag import sound_topics
from opendr_perception.tasks.sound.build import (
    HeardSpeech,
    VoiceMemory,
    VoiceParameters,
    VoiceRecogniser,
    build,
)
from opendr_perception.tasks.sound.classify import UNKNOWN, SoundClassifier, SoundModel, SoundSettings
from opendr_perception.tasks.sound.messages import BARE, TYPES, Format, SampleSettings, read, read_info
from opendr_perception.tasks.sound.mfcc import MFCC_RATE, MfccConfig, mfcc
from opendr_perception.tasks.sound.mouth import MouthReader
from opendr_perception.tasks.sound.pcm import ENCODINGS, MOST_CHANNELS, RATES, decode, encode
from opendr_perception.tasks.sound.recording import SoundError, SoundFile, read_sound
from opendr_perception.tasks.sound.source import BAGS, SoundChunk, SoundSource, open_source
from opendr_perception.tasks.sound.speaker import SpeakerFinder, SpeakerSettings
from opendr_perception.tasks.sound.voice import RATE, SpeechModel, VoiceDetector, VoiceSettings

__all__ = [
    "BAGS",
    "BARE",
    "ENCODINGS",
    "FLOOR",
    "MFCC_RATE",
    "MOST_CHANNELS",
    "RATE",
    "RATES",
    "TYPES",
    "UNKNOWN",
    "Format",
    "HeardSpeech",
    "MelConfig",
    "MfccConfig",
    "MouthReader",
    "SampleSettings",
    "SoundChunk",
    "SoundClassifier",
    "SoundError",
    "SoundFile",
    "SoundModel",
    "SoundSettings",
    "SoundSource",
    "SpeakerFinder",
    "SpeakerSettings",
    "SpeechModel",
    "VoiceDetector",
    "VoiceMemory",
    "VoiceParameters",
    "VoiceRecogniser",
    "VoiceSettings",
    "build",
    "decode",
    "encode",
    "mfcc",
    "open_source",
    "read",
    "read_info",
    "read_sound",
    "sound_topics",
    "voice",
]
