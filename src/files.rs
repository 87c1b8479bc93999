//! Writing files whole or not at all.

use crate::error::{Error, Result};
use std::io::{ErrorKind, Write};
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// Prefix of the names of temporary files. A process that is killed leaves such files behind.
pub const TEMPORARY: &str = ".wms-";

/// Writes `bytes` to a temporary file in `path`'s folder and renames it to `path`, so that nobody
/// ever sees a half-written file.
///
/// # Errors
/// [`Error::Io`] if the folder does not exist or cannot be written.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = beside(path)?;
    file.write_all(bytes).map_err(|source| Error::io(path, source))?;
    persist(file, path)
}

/// Creates a temporary file in `path`'s folder. Write to it, then pass it to [`persist`].
///
/// # Errors
/// [`Error::Io`] if the folder does not exist or cannot be written.
pub fn beside(path: &Path) -> Result<NamedTempFile> {
    let folder = folder_of(path);
    Builder::new().prefix(TEMPORARY).tempfile_in(folder).map_err(|source| {
        // The text of this error would name the temporary file.
        let text = match source.kind() {
            ErrorKind::NotFound => {
                format!("there is no folder {}; make it first", folder.display())
            }
            kind => kind.to_string(),
        };
        Error::io(path, std::io::Error::new(source.kind(), text))
    })
}

/// Renames a complete temporary file to `path`, and replaces any file of that name.
///
/// # Errors
/// [`Error::Io`] if it cannot be renamed.
pub fn persist(file: NamedTempFile, path: &Path) -> Result<()> {
    let_others_read(&file).map_err(|source| Error::io(path, source))?;
    file.persist(path).map_err(|error| Error::io(path, error.error))?;
    Ok(())
}

/// The folder that contains `path`; `.` if `path` is a bare file name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Lets everybody read the file (mode 644), because only their owner can read temporary files.
#[cfg(unix)]
fn let_others_read(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn let_others_read(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_named_and_no_temporary_file_is() {
        let there = tempfile::tempdir().unwrap();
        let missing = there.path().join("none");
        let text = write_atomic(&missing.join("x.wav"), b"x").unwrap_err().to_string();
        let wanted = format!("there is no folder {}; make it first", missing.display());
        assert!(text.contains(&wanted) && !text.contains(TEMPORARY), "{text}");
        write_atomic(&there.path().join("y"), b"y").unwrap();
        let text = write_atomic(&there.path().join("y/x.wav"), b"x").unwrap_err().to_string();
        assert!(text.contains("y/x.wav") && !text.contains(TEMPORARY), "{text}");
    }
}
