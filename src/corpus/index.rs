//! The index of a store: the list of its recordings, and the standardisation over all of them.

use super::fingerprint::is_shard_name;
use super::frames::{Remark, Skipped};
use super::header::{remarks_from_json, remarks_to_json, skipped_from_json, skipped_to_json};
use crate::files::write_atomic;
use crate::timbre::Scaler;
use crate::{Error, Params, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const FORMAT: &str = "wms-store";
const VERSION: u64 = 1;

/// A recording in a store's index.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Path of the recording.
    pub path: String,
    /// Name of its file of frames (its shard) in the store's folder.
    pub shard: String,
    /// Number of frames.
    pub frames: usize,
    /// Duration of the recording, s.
    pub duration_s: f64,
    /// What was wrong with it or had to be changed in it, each in one line without its name.
    pub warnings: Vec<String>,
}

impl Entry {
    fn to_json(&self) -> Value {
        let mut entry = json!({
            "path": self.path,
            "shard": self.shard,
            "frames": self.frames,
            "duration_s": self.duration_s,
        });
        if !self.warnings.is_empty() {
            entry["warnings"] = self.warnings.as_slice().into();
        }
        entry
    }

    /// Reads an entry from JSON; `None` if it is damaged.
    fn from_json(value: &Value) -> Option<Self> {
        let text = |key: &str| Some(value[key].as_str()?.to_owned());
        let line = |line: &Value| line.as_str().map(str::to_owned);
        let warnings = value["warnings"].as_array();
        Some(Self {
            path: text("path")?,
            // Any other name could point to a file outside the store's folder.
            shard: text("shard").filter(|name| is_shard_name(name))?,
            frames: value["frames"].as_u64()? as usize,
            duration_s: value["duration_s"].as_f64()?,
            warnings: warnings.map_or_else(Vec::new, |w| w.iter().filter_map(line).collect()),
        })
    }
}

/// The content of a store's index.
pub(super) struct Index {
    pub params: Params,
    pub entries: Vec<Entry>,
    pub skipped: Vec<Skipped>,
    /// Remarks about folders.
    pub listing: Vec<Remark>,
    pub scaler: Scaler,
}

/// Path of the index of the store in `folder`.
pub(super) fn path_in(folder: &Path) -> PathBuf {
    folder.join("index.json")
}

/// Reads the index of a store.
///
/// # Errors
/// [`Error::Io`] if there is none or it cannot be read, [`Error::FeatureFile`] if it is damaged or
/// another kind of file.
pub(super) fn read(folder: &Path) -> Result<Index> {
    let path = path_in(folder);
    let wrong = |message: &str| Error::features(&path, message);
    let text = std::fs::read_to_string(&path).map_err(|source| Error::io(&path, source))?;
    let index: Value = serde_json::from_str(&text)
        .map_err(|error| wrong(&format!("not the index of a store: {error}")))?;
    if index["format"] != FORMAT {
        return Err(wrong("not the index of a store written by wms"));
    }
    if index["version"] != VERSION {
        let version = &index["version"];
        return Err(wrong(&format!("version {version} of the format, wanted {VERSION}")));
    }
    let params = index["params"].as_object().ok_or_else(|| wrong("lacks \"params\""))?;
    let params =
        Params::from_map(params.clone()).map_err(|error| wrong(&format!("its params: {error}")))?;
    let recordings = index["recordings"].as_array().ok_or_else(|| wrong("lacks \"recordings\""))?;
    let entries: Vec<Entry> = recordings
        .iter()
        .map(|recording| {
            Entry::from_json(recording).ok_or_else(|| {
                wrong("a damaged index: an entry of \"recordings\" is not as wms writes it")
            })
        })
        .collect::<Result<_>>()?;
    let column = |name: &str| {
        let values = index["scaler"][name].as_array()?;
        values.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>()
    };
    let scaler = match (column("mean"), column("scale")) {
        (Some(mean), Some(scale)) => Scaler { mean, scale },
        _ => return Err(wrong("lacks \"scaler\", or it is damaged")),
    };
    let columns = params.analysis().n_mfcc;
    if scaler.mean.len() != columns || scaler.scale.len() != columns {
        return Err(wrong(&format!("its scaler is not of {columns} coefficients")));
    }
    let skipped = index["skipped"].as_array().map(|values| skipped_from_json(values));
    let skipped = skipped.ok_or_else(|| wrong("lacks \"skipped\""))?;
    let listing = index["warnings"].as_array().map_or_else(Vec::new, |w| remarks_from_json(w));
    Ok(Index { params, entries, skipped, listing, scaler })
}

/// Writes the index. If that fails, the old one stays as it was.
///
/// # Errors
/// [`Error::Io`] if it cannot be written.
pub(super) fn write(
    folder: &Path,
    params: &Params,
    entries: &[Entry],
    skipped: &[Skipped],
    listing: &[Remark],
    scaler: &Scaler,
) -> Result<()> {
    let recordings: Vec<Value> = entries.iter().map(Entry::to_json).collect();
    let mut index = json!({
        "format": FORMAT,
        "version": VERSION,
        "params": params.to_map(),
        "scaler": {"mean": scaler.mean, "scale": scaler.scale},
        "recordings": recordings,
        "skipped": skipped_to_json(skipped),
    });
    if !listing.is_empty() {
        index["warnings"] = remarks_to_json(listing);
    }
    let mut text = serde_json::to_string_pretty(&index).unwrap_or_default();
    text.push('\n');
    write_atomic(&path_in(folder), text.as_bytes())
}
