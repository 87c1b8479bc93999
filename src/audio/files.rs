//! Finds audio files on disk.

use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// File name extensions that are read as audio, in upper or lower case.
pub const EXTENSIONS: &[&str] =
    &["wav", "wave", "flac", "ogg", "oga", "mp3", "aif", "aiff", "aifc"];

/// How many folders deep the search goes. No library is nested as deeply, and a symbolic link to a
/// parent folder cannot make the search endless.
const MAX_DEPTH: usize = 32;

/// Lists the audio files at `source`: the file itself, or all audio files in the folder and its
/// subfolders, sorted by path.
///
/// # Errors
/// [`Error::AudioFile`] if it does not exist or a folder holds no audio file,
/// [`Error::Io`] if a folder cannot be read.
pub fn list(source: &Path) -> Result<Vec<PathBuf>> {
    if source.is_file() {
        return Ok(vec![source.into()]);
    }
    if !source.is_dir() {
        return Err(Error::audio(source, "no such file or folder"));
    }
    let mut found = Vec::new();
    collect(source, MAX_DEPTH, &mut found)?;
    if found.is_empty() {
        return Err(Error::audio(
            source,
            format!("holds no audio file, wanted at least one of {}", EXTENSIONS.join(", ")),
        ));
    }
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    let io = |source| Error::io(folder, source);
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        // Files such as `._song.wav` are metadata that macOS writes, not sound.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, found)?;
            }
        } else if is_audio(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_audio(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| EXTENSIONS.contains(&ending.to_ascii_lowercase().as_str()))
}
