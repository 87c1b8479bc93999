//! The crate's single error type. Every message says what was given and what was wanted.

use std::path::{Path, PathBuf};

/// A result whose error is this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter or argument is missing, mistyped or out of range.
    #[error("{0}")]
    Parameter(String),
    /// An audio file cannot be read or decoded.
    #[error("{}: {message}", path.display())]
    AudioFile {
        /// The file given.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file is not a model file, or is damaged.
    #[error("{}: {message}", path.display())]
    ModelFile {
        /// The file given.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file is not a feature file, or is damaged.
    #[error("{}: {message}", path.display())]
    FeatureFile {
        /// The file given.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The operating system refused to read or write a file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file given.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The caller stopped the work, see [`Watch::stop`](crate::Watch::stop).
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// An [`Error::Parameter`] with this message.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::Parameter(message.into())
    }

    /// An [`Error::AudioFile`] about `path`.
    pub fn audio(path: &Path, message: impl Into<String>) -> Self {
        Self::AudioFile { path: path.into(), message: message.into() }
    }

    /// An [`Error::ModelFile`] about `path`.
    pub fn model(path: &Path, message: impl Into<String>) -> Self {
        Self::ModelFile { path: path.into(), message: message.into() }
    }

    /// An [`Error::FeatureFile`] about `path`.
    pub fn features(path: &Path, message: impl Into<String>) -> Self {
        Self::FeatureFile { path: path.into(), message: message.into() }
    }

    /// An [`Error::Io`] about `path`.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }
}
