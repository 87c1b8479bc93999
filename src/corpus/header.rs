//! The header of a file of frames.

use super::frames::{Remark, Skipped};
use crate::params::AnalysisParams;
use crate::{Error, Params, Result};
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

const FORMAT: &str = "wms-frames";
const VERSION: &str = "1";
/// Longest header that is read, in bytes: enough to list a million recordings.
const MAX_HEADER: u64 = 100_000_000;

/// The arrays in the order in which they are written. Those with eight bytes per value come first,
/// so that all are aligned.
const ARRAYS: [(&str, Dtype, Shape); 8] = [
    ("scaler_mean", Dtype::F64, Shape::Scaler),
    ("scaler_scale", Dtype::F64, Shape::Scaler),
    ("spectrum", Dtype::F32, Shape::Bins),
    ("mfcc_raw", Dtype::F32, Shape::Coefficients),
    ("f0_hz", Dtype::F32, Shape::Frames),
    ("voicedness", Dtype::F32, Shape::Frames),
    ("times_s", Dtype::F32, Shape::Frames),
    ("file_index", Dtype::I32, Shape::Frames),
];

/// The shape of an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `(n_mfcc,)`.
    Scaler,
    /// `(T, n_bins)`.
    Bins,
    /// `(T, n_mfcc)`.
    Coefficients,
    /// `(T,)`.
    Frames,
}

impl Shape {
    /// Lengths of the dimensions, for `frames` frames.
    fn lengths(self, frames: usize, params: &AnalysisParams) -> Vec<usize> {
        match self {
            Self::Scaler => vec![params.n_mfcc],
            Self::Bins => vec![frames, params.n_bins],
            Self::Coefficients => vec![frames, params.n_mfcc],
            Self::Frames => vec![frames],
        }
    }
}

/// The checked header of a file of frames: all arrays lie within the file and fit each other.
pub(super) struct Header {
    pub params: Params,
    pub files: Vec<String>,
    pub skipped: Vec<Skipped>,
    /// Remarks about the recordings; of a shard, without the recording's name.
    pub warnings: Vec<Remark>,
    /// Number of samples of the recording, if the file is a shard of a store.
    pub samples: Option<usize>,
    /// Number of frames.
    pub frames: usize,
    /// The range of the file's bytes that holds each array.
    places: HashMap<&'static str, Range<usize>>,
}

impl Header {
    /// Reads a file's header.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::FeatureFile`] if the file is truncated, another
    /// kind of file, or its arrays do not fit each other.
    pub fn read(path: &Path, file: &mut File) -> Result<Self> {
        let wrong = |message: String| Error::features(path, message);
        let io = |source| Error::io(path, source);
        let length = file.metadata().map_err(io)?.len();
        let mut size = [0; 8];
        if length < 8 {
            return Err(wrong("not a safetensors file: too short".into()));
        }
        file.read_exact(&mut size).map_err(io)?;
        let size = u64::from_le_bytes(size);
        if size > MAX_HEADER || size > length - 8 {
            return Err(wrong("not a safetensors file, or truncated: no whole header".into()));
        }
        let mut text = vec![0; size as usize];
        file.read_exact(&mut text).map_err(io)?;
        let header: Metadata = serde_json::from_slice(&text)
            .map_err(|error| wrong(format!("not a safetensors file: {error}")))?;
        let end = header.tensors().values().map(|info| info.data_offsets.1).max().unwrap_or(0);
        if (end as u64).checked_add(8 + size) != Some(length) {
            return Err(wrong(format!(
                "not a safetensors file of its full length: {length} bytes, wanted {}",
                (end as u64).saturating_add(8 + size)
            )));
        }
        Self::parse(path, &header, 8 + size as usize)
    }

    fn parse(path: &Path, header: &Metadata, start: usize) -> Result<Self> {
        let wrong = |message: String| Error::features(path, message);
        let empty = HashMap::new();
        let metadata = header.metadata().as_ref().unwrap_or(&empty);
        if metadata.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(wrong("not a file of frames written by wms".into()));
        }
        if metadata.get("version").map(String::as_str) != Some(VERSION) {
            return Err(wrong(format!(
                "version {} of the format, wanted {VERSION}",
                metadata.get("version").map_or("none", String::as_str)
            )));
        }
        let text = |key: &str| {
            metadata.get(key).ok_or_else(|| wrong(format!("its metadata lacks \"{key}\"")))
        };
        let params = Params::from_json(text("params")?)
            .map_err(|error| wrong(format!("its params: {error}")))?;
        let files: Vec<String> = serde_json::from_str(text("files")?)
            .map_err(|error| wrong(format!("its list of files: {error}")))?;
        let skipped: Vec<Value> = serde_json::from_str(text("skipped")?)
            .map_err(|error| wrong(format!("its list of skipped files: {error}")))?;
        // Files of earlier versions have no warnings.
        let warnings: Vec<Value> = match metadata.get("warnings") {
            None => Vec::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|error| wrong(format!("its list of warnings: {error}")))?,
        };
        let samples = match metadata.get("samples") {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                wrong(format!("its metadata \"samples\" is {text:?}, wanted a whole number"))
            })?),
        };
        let info = |name: &str| {
            header.info(name).ok_or_else(|| wrong(format!("lacks the array \"{name}\"")))
        };
        // The other arrays must have as many frames as this one.
        let f0_hz = info("f0_hz")?;
        let &[frames] = f0_hz.shape.as_slice() else {
            return Err(wrong(format!(
                "array \"f0_hz\" is {:?} {:?}, wanted F32 [any]",
                f0_hz.dtype, f0_hz.shape
            )));
        };
        let mut places = HashMap::new();
        // From the last to the first, so that if both the frames and the scaler are wrong, the
        // error is about the frames.
        for (name, dtype, shape) in ARRAYS.into_iter().rev() {
            let info = info(name)?;
            let wanted = shape.lengths(frames, params.analysis());
            if info.dtype != dtype || info.shape != wanted {
                return Err(wrong(format!(
                    "array \"{name}\" is {:?} {:?}, wanted {dtype:?} {wanted:?}",
                    info.dtype, info.shape,
                )));
            }
            places.insert(name, start + info.data_offsets.0..start + info.data_offsets.1);
        }
        let skipped = skipped_from_json(&skipped);
        let warnings = remarks_from_json(&warnings);
        Ok(Self { params, files, skipped, warnings, samples, frames, places })
    }

    /// The range of the file's bytes that holds the array of this name.
    pub fn place(&self, name: &str) -> Range<usize> {
        self.places.get(name).cloned().unwrap_or_default()
    }

    /// Length of the file in bytes, up to the end of the last array.
    pub fn end(&self) -> usize {
        self.places.values().map(|place| place.end).max().unwrap_or_default()
    }
}

/// The header of a new file, as JSON text.
pub(super) fn text(
    params: &Params,
    files: &[String],
    skipped: &[Skipped],
    warnings: &[Remark],
    samples: Option<usize>,
    frames: usize,
) -> String {
    let mut metadata = json!({
        "format": FORMAT,
        "version": VERSION,
        "params": Value::Object(params.to_map()).to_string(),
        "files": json!(files).to_string(),
        "skipped": skipped_to_json(skipped).to_string(),
    });
    if !warnings.is_empty() {
        metadata["warnings"] = remarks_to_json(warnings).to_string().into();
    }
    if let Some(samples) = samples {
        metadata["samples"] = samples.to_string().into();
    }
    let mut header = Map::from_iter([("__metadata__".to_owned(), metadata)]);
    let mut start = 0;
    for (name, dtype, shape) in ARRAYS {
        let shape = shape.lengths(frames, params.analysis());
        let end = start + shape.iter().product::<usize>() * dtype.bitsize() / 8;
        let info = json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]});
        header.insert(name.into(), info);
        start = end;
    }
    Value::Object(header).to_string()
}

/// Recordings that were left out, as JSON.
pub(super) fn skipped_to_json(skipped: &[Skipped]) -> Value {
    skipped
        .iter()
        .map(|s| json!({"path": s.path.display().to_string(), "reason": s.reason}))
        .collect()
}

/// Recordings that were left out, from JSON.
pub(super) fn skipped_from_json(values: &[Value]) -> Vec<Skipped> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    values
        .iter()
        .map(|s| Skipped { path: text(&s["path"]).into(), reason: text(&s["reason"]) })
        .collect()
}

/// Remarks, as JSON.
pub(super) fn remarks_to_json(remarks: &[Remark]) -> Value {
    remarks
        .iter()
        .map(|r| json!({"path": r.path.display().to_string(), "message": r.message}))
        .collect()
}

/// Remarks, from JSON.
pub(super) fn remarks_from_json(values: &[Value]) -> Vec<Remark> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    values
        .iter()
        .map(|r| Remark { path: text(&r["path"]).into(), message: text(&r["message"]) })
        .collect()
}
