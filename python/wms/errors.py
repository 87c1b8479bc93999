"""The exceptions of this package. Every message says what was given and what was wanted."""


class WmsError(Exception):
    """Base class of all exceptions of this package."""


class ParameterError(WmsError, ValueError):
    """A parameter or argument is missing, of the wrong type, or out of range."""


class FileAccessError(WmsError, OSError):
    """A file cannot be read or written."""


class AudioFileError(FileAccessError):
    """An audio file cannot be read or decoded."""


class FeatureFileError(WmsError, ValueError):
    """A file of features is truncated, inconsistent, or not a file of features at all."""


class ModelFileError(WmsError, ValueError):
    """A model file is truncated, not a model file, or does not fit what it is used with."""


class AudioWarning(UserWarning):
    """A part of a recording is lost, its samples were changed, or a file was left out."""


class MidiFileWarning(UserWarning):
    """A MIDI file is damaged, and a part of it is lost, or it has nothing to play."""
