"""The package's exceptions: every message says what was given and what was wanted."""


class WmsError(Exception):
    """Base of everything that this package raises."""


class ParameterError(WmsError, ValueError):
    """A parameter or argument is missing, mistyped or out of range."""


class FileAccessError(WmsError, OSError):
    """A file cannot be read or written."""


class AudioFileError(FileAccessError):
    """An audio file cannot be read or decoded."""


class FeatureFileError(WmsError, ValueError):
    """A feature file is truncated, foreign or inconsistent."""


class ModelFileError(WmsError, ValueError):
    """A model file is truncated, foreign, or does not fit what it is used with."""


class MidiFileWarning(UserWarning):
    """A MIDI file is damaged, and a part of it is lost, or it has nothing to play."""
