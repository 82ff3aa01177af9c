"""Microphones of this machine, by PortAudio, which is asked for only when one is."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Protocol

import numpy as np

from opendr_perception.tasks.sound.recording import SoundError


class Microphone(Protocol):
    """Interface that is used of `sounddevice.InputStream`."""

    def start(self) -> None: ...

    def read(self, frames: int) -> tuple[np.ndarray, bool]: ...

    def close(self) -> None: ...


def open_microphone(name: str, rate: int, channels: int) -> Microphone:
    """Open a microphone.

    Args:
        name: of the device, a part of it, or its number; '' for the default one.
        rate: Hz.
        channels: of the device.

    Raises:
        SoundError: sounddevice or PortAudio is missing, or there is no such microphone; the text says what to do.
    """
    try:
        sounddevice = importlib.import_module("sounddevice")
    except ImportError as error:
        raise SoundError("microphones need the Python package sounddevice: pip install sounddevice") from error
    except OSError as error:  # it loads the library when it is imported
        raise SoundError("microphones need PortAudio: sudo apt install libportaudio2") from error
    device = int(name) if name.isdecimal() else name or None
    try:
        stream: Microphone = sounddevice.InputStream(samplerate=rate, channels=channels, device=device, dtype="float32")
    except (sounddevice.PortAudioError, ValueError, OSError) as error:
        raise SoundError(
            f"microphone {name or '(default)'}: {_line(error)}; there are: {_list(sounddevice)}"
        ) from error
    return stream


def _list(sounddevice: ModuleType) -> str:
    """The names of all microphones."""
    names = [str(each["name"]) for each in sounddevice.query_devices() if each["max_input_channels"] > 0]
    return ", ".join(names) or "none"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
