//! The files of `wms_torch`: state dicts that do not say what their inputs and outputs mean.

mod archive;
mod describe;
mod pickle;
mod pth;
mod rt_json;

use std::path::Path;

use serde_json::Value;

use super::network::StateDict;
use crate::{Error, Result};
pub use describe::describe;

/// The key under which a description keeps everything that is not a parameter. Readers of a
/// params.json skip it as a note, so both `wms_torch` and this project accept the description as a
/// params.json.
pub const MODEL_KEY: &str = "___NOT_TO_EDIT_model";

/// The formats that a file's first bytes tell apart.
enum Kind {
    Pth,
    OldPth,
    RtJson,
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    // A safetensors file begins with the length of its header in eight bytes, which can look like
    // any of the others; the header behind them cannot.
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
/// [`Error::Parameter`] saying what is wrong with the file.
pub fn state_dict(bytes: &[u8]) -> Option<Result<StateDict>> {
    let tensors = match kind(bytes)? {
        Kind::Pth => pth::read(bytes),
        Kind::OldPth => {
            Err("written by torch before 1.6: save it again with a newer one".to_owned())
        }
        Kind::RtJson => rt_json::read(bytes),
    };
    Some(tensors.map_err(Error::Parameter))
}

/// The params.json that belongs to a file of `wms_torch`: beside it, or in the folder above, where
/// `wms_torch` keeps it.
///
/// # Errors
/// [`Error::Parameter`] if there is one that cannot be read.
pub fn params_beside(path: &Path) -> Result<Option<Value>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    for candidate in [folder.join("params.json"), folder.join("..").join("params.json")] {
        if let Some(params) = read_json(&candidate)? {
            return Ok(Some(params));
        }
    }
    Ok(None)
}

/// The configuration that `wms convert` wrote beside a file of `wms_torch`, as
/// `<file name>.params.json`: params with everything else under [`MODEL_KEY`].
///
/// # Errors
/// [`Error::Parameter`] if there is one that cannot be read.
pub fn description_beside(path: &Path) -> Result<Option<Value>> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".params.json");
    let beside = path.with_file_name(name);
    let Some(kept) = read_json(&beside)? else { return Ok(None) };
    let wrong =
        || Error::parameter(format!("{}: lacks the object \"{MODEL_KEY}\"", beside.display()));
    let Value::Object(mut params) = kept else { return Err(wrong()) };
    let Some(Value::Object(mut config)) = params.shift_remove(MODEL_KEY) else {
        return Err(wrong());
    };
    config.insert("params".into(), Value::Object(params));
    Ok(Some(Value::Object(config)))
}

/// The content of a JSON file, if there is such a file.
fn read_json(path: &Path) -> Result<Option<Value>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::parameter(format!("{}: {error}", path.display()))),
    };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| Error::parameter(format!("{}: no JSON ({error})", path.display())))
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
