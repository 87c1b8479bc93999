//! The files of `wms_torch`: state dicts without a word about what they mean.

mod archive;
mod describe;
mod pickle;
mod pth;
mod rt_json;

use std::path::Path;

use serde_json::Value;

use super::network::StateDict;
pub use describe::describe;

/// What a file's first bytes say it is.
enum Kind {
    Pth,
    OldPth,
    RtJson,
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    // A safetensors file begins with the length of its header, in eight bytes that may look like
    // anything; the header itself cannot be taken for something else.
    if bytes.get(8) == Some(&b'{') {
        return None;
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Some(Kind::Pth);
    }
    if bytes.starts_with(b"\x80\x02\x8a") {
        return Some(Kind::OldPth);
    }
    (bytes.trim_ascii_start().first() == Some(&b'{')).then_some(Kind::RtJson)
}

/// The tensors of a `.pth` file or an `rt_model` JSON; `None` for the bytes of anything else.
///
/// # Errors
/// One line saying what is wrong with the file.
pub fn state_dict(bytes: &[u8]) -> Option<Result<StateDict, String>> {
    Some(match kind(bytes)? {
        Kind::Pth => pth::read(bytes),
        Kind::OldPth => {
            Err("written by torch before 1.6: save it again with a newer one".to_owned())
        }
        Kind::RtJson => rt_json::read(bytes),
    })
}

/// The params.json that belongs to a file of `wms_torch`: beside it, or in the folder above, where
/// `wms_torch` keeps it.
///
/// # Errors
/// One line if there is one that cannot be read.
pub fn params_beside(path: &Path) -> Result<Option<Value>, String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    for candidate in [folder.join("params.json"), folder.join("..").join("params.json")] {
        let text = match std::fs::read_to_string(&candidate) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{}: {error}", candidate.display())),
        };
        return serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| format!("{}: no JSON ({error})", candidate.display()));
    }
    Ok(None)
}

/// A text from a file as part of a one-line message.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut line: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}
