"""Errors about weights; each message is one clear line that says what to do."""


class ZooError(Exception):
    """A model or sample cannot be provided."""


class ModelMissing(ZooError):
    """The model has not been fetched, or was converted by another version of this package."""


class ModelCorrupt(ZooError):
    """The file is there, but it is not what was stored, or does not compute what it should."""


class DownloadError(ZooError):
    """A package client failed or delivered something else than the pinned archive."""
