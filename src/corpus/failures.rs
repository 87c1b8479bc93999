//! Separates recordings that could not be analysed from those that could.

use super::frames::Skipped;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Recordings that could not be analysed, and why.
pub(super) struct Failures(Vec<(PathBuf, Error)>);

/// Separates the results for `files` into those that succeeded and the recordings that failed.
///
/// # Errors
/// The first error that does not concern a single recording.
pub(super) fn split_failures<T>(
    files: &[PathBuf],
    results: impl IntoIterator<Item = Result<T>>,
) -> Result<(Vec<T>, Failures)> {
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for (file, result) in files.iter().zip(results) {
        match result {
            Ok(value) => done.push(value),
            Err(error) if is_about(&error, file) => failures.push((file.clone(), error)),
            Err(error) => return Err(error),
        }
    }
    Ok((done, Failures(failures)))
}

impl Failures {
    /// The recordings as a list for the user.
    pub fn into_skipped(self) -> Vec<Skipped> {
        let skipped = |(path, error): (PathBuf, Error)| Skipped { path, reason: error.to_string() };
        self.0.into_iter().map(skipped).collect()
    }

    /// The error to report if no recording could be analysed.
    pub fn into_error(self) -> Error {
        let count = self.0.len();
        match self.0.into_iter().next() {
            None => Error::parameter("no audio file was given, wanted at least one"),
            Some((_, error)) if count == 1 => error,
            Some((_, first)) => Error::Parameter(format!(
                "none of the {count} audio files can be read; the first: {first}"
            )),
        }
    }
}

/// Whether an error concerns this recording, as opposed to a store, the parameters or the caller.
pub(crate) fn is_about(error: &Error, recording: &Path) -> bool {
    match error {
        Error::AudioFile { .. } => true,
        Error::Io { path, .. } => path == recording,
        _ => false,
    }
}
