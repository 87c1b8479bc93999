//! Finds audio files on disk.

use super::kind::{self, Content};
use crate::{Error, Result};
use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

/// File name endings that are read as audio, in upper or lower case.
pub const ENDINGS: &[&str] = &[
    "wav", "wave", "bwf", "rf64", "flac", "ogg", "oga", "mp3", "mp2", "mp1", "mpga", "aif", "aiff",
    "aifc", "aac", "m4a", "m4b", "mp4", "caf", "mka", "mkv", "webm",
];
/// Endings of sound files of which only some can be read, or none.
const OTHER_ENDINGS: &[&str] = &[
    "opus", "spx", "wma", "asf", "ape", "wv", "tta", "mpc", "au", "snd", "w64", "amr", "3gp",
    "dsf", "dff", "ra", "rm", "voc", "gsm", "ofr", "8svx", "iff", "ac3", "dts", "avi", "mov",
];
/// Names that a message lists; more are counted only.
const NAMES_LISTED: usize = 5;

/// The audio files of a file or folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files, sorted by path.
    pub files: Vec<PathBuf>,
    /// What was left out and why: a file or folder, and one line that names it.
    pub warnings: Vec<(PathBuf, String)>,
}

/// Lists the audio files at `source`: the file itself, or all audio files in the folder and its
/// subfolders.
///
/// Hidden files are left out. Each file is listed once, however many links lead to it. A file
/// without one of the [`ENDINGS`] is listed if its content is audio that can be read.
///
/// # Errors
/// [`Error::AudioFile`] if `source` does not exist or a folder holds no audio file,
/// [`Error::Io`] if it cannot be read.
pub fn list(source: &Path) -> Result<Listing> {
    if source.is_file() {
        return Ok(Listing { files: vec![source.into()], ..Listing::default() });
    }
    if !source.is_dir() {
        let what = if source.exists() {
            "is no file but a device or a pipe, wanted a file or folder"
        } else {
            "no such file or folder"
        };
        return Err(Error::audio(source, what));
    }
    let mut search = Search::default();
    search.folder(source).map_err(|error| Error::io(source, error))?;
    // Links come last, so that what is also there without a link is found under its own name.
    while let Some(folder) = search.folders.pop().or_else(|| search.linked_folders.pop()) {
        if let Err(error) = search.folder(&folder) {
            let line = format!("{}: cannot be read and was left out: {error}", folder.display());
            search.warnings.push((folder, line));
        }
    }
    search.finish(source)
}

/// Identifies a file or folder, whatever link leads to it.
type Identity = PathBuf;

#[derive(Default)]
struct Search {
    folders: Vec<PathBuf>,
    linked_folders: Vec<PathBuf>,
    seen: HashSet<(u64, u64)>,
    seen_paths: HashSet<Identity>,
    files: Vec<Found>,
    /// Sound files that cannot be read.
    unread: Vec<PathBuf>,
    warnings: Vec<(PathBuf, String)>,
}

struct Found {
    is_link: bool,
    path: PathBuf,
    metadata: Metadata,
}

impl Search {
    /// Notes what is in a folder, unless it was looked into before.
    fn folder(&mut self, folder: &Path) -> std::io::Result<()> {
        let metadata = std::fs::metadata(folder)?;
        if !self.is_new(folder, &metadata) {
            return Ok(());
        }
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            // Files such as `._song.wav` are metadata that macOS writes, not sound.
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let is_link = entry.file_type()?.is_symlink();
            match std::fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {
                    let folders =
                        if is_link { &mut self.linked_folders } else { &mut self.folders };
                    folders.push(path);
                }
                Ok(metadata) => self.file(Found { is_link, path, metadata }),
                Err(error) => {
                    if has_ending(&path, ENDINGS) {
                        let line =
                            format!("{}: cannot be read and was left out: {error}", path.display());
                        self.warnings.push((path, line));
                    }
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, found: Found) {
        let named = has_ending(&found.path, ENDINGS);
        if !found.metadata.is_file() {
            if named {
                let line = format!(
                    "{}: is no file but a device or a pipe, and was left out",
                    found.path.display()
                );
                self.warnings.push((found.path, line));
            }
        } else if named || is_readable(&found.path) {
            self.files.push(found);
        } else if has_ending(&found.path, OTHER_ENDINGS) {
            self.unread.push(found.path);
        }
    }

    /// Whether this file or folder was not met before under another name.
    fn is_new(&mut self, path: &Path, metadata: &Metadata) -> bool {
        match number(metadata) {
            Some(number) => self.seen.insert(number),
            None => {
                self.seen_paths.insert(path.canonicalize().unwrap_or_else(|_| path.to_path_buf()))
            }
        }
    }

    fn finish(mut self, source: &Path) -> Result<Listing> {
        let mut found = std::mem::take(&mut self.files);
        found.sort_by(|a, b| (a.is_link, &a.path).cmp(&(b.is_link, &b.path)));
        let mut files = Vec::new();
        for Found { path, metadata, .. } in found {
            if self.is_new(&path, &metadata) {
                files.push(path);
            } else {
                let line = format!(
                    "{}: is the same file as another one in {}, and was taken once",
                    path.display(),
                    source.display()
                );
                self.warnings.push((path, line));
            }
        }
        self.unread.sort();
        if let Some(line) = unread_line(&self.unread) {
            self.warnings.push((source.into(), format!("{}: {line}", source.display())));
        }
        if files.is_empty() {
            let also =
                unread_line(&self.unread).map_or_else(String::new, |line| format!("; {line}"));
            return Err(Error::audio(
                source,
                format!("holds no audio file, wanted at least one of {}{also}", ENDINGS.join(", ")),
            ));
        }
        files.sort();
        self.warnings.sort();
        Ok(Listing { files, warnings: self.warnings })
    }
}

/// "2 files are not audio that can be read: b.wma, c.opus"
fn unread_line(unread: &[PathBuf]) -> Option<String> {
    let name = |path: &PathBuf| {
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    let mut names: Vec<String> = unread.iter().take(NAMES_LISTED).map(name).collect();
    if unread.len() > NAMES_LISTED {
        names.push("...".into());
    }
    let names = names.join(", ");
    match unread.len() {
        0 => None,
        1 => Some(format!("1 file is not audio that can be read: {names}")),
        count => Some(format!("{count} files are not audio that can be read: {names}")),
    }
}

/// The ending of a name that says another kind of audio than wav, in lower case.
pub(super) fn other_ending(path: &Path) -> Option<String> {
    const WAV: [&str; 3] = ["wav", "wave", "bwf"];
    let other = has_ending(path, ENDINGS) || has_ending(path, OTHER_ENDINGS);
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    (other && !WAV.contains(&ending.as_str())).then_some(ending)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| endings.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Whether a file's first bytes are those of sound that can be read.
fn is_readable(path: &Path) -> bool {
    let content = File::open(path).and_then(|mut file| kind::look(&mut file));
    matches!(content, Ok(Content::Readable(..)))
}

/// The numbers of a file's device and of the file on it.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn number(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> Option<(u64, u64)> {
    None
}
