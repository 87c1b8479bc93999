//! Writing files whole or not at all.

use crate::{Error, Result};
use std::io::Write;
use std::path::Path;

/// Writes `bytes` beside `path` and renames the result, so that no half-written file is ever seen.
///
/// # Errors
/// [`Error::Io`] if the folder does not exist or cannot be written.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let io = |source| Error::io(path, source);
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    let_others_read(&file).map_err(io)?;
    file.persist(path).map_err(|error| Error::io(path, error.error))?;
    Ok(())
}

/// Temporary files are private to their owner; the finished file gets the usual permissions.
#[cfg(unix)]
fn let_others_read(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn let_others_read(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}
