//! Frames as a safetensors file.

use super::frames::{Frames, Skipped};
use crate::analysis::SignalFeatures;
use crate::files::write_atomic;
use crate::timbre::Scaler;
use crate::{Error, Params, Result};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

const FORMAT: &str = "wms-frames";
const VERSION: &str = "1";

impl Frames {
    /// Writes all arrays, with the parameters as metadata.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; an existing file then stays as it was.
    pub fn save(&self, path: &Path) -> Result<()> {
        let (t, analysis) = (self.len(), self.params.analysis());
        let features = &self.features;
        let columns = vec![analysis.n_mfcc];
        let arrays: [(&str, Dtype, Vec<usize>, Vec<u8>); 8] = [
            ("f0_hz", Dtype::F32, vec![t], bytes(&features.f0_hz, f32::to_le_bytes)),
            ("voicedness", Dtype::F32, vec![t], bytes(&features.voicedness, f32::to_le_bytes)),
            (
                "mfcc_raw",
                Dtype::F32,
                vec![t, analysis.n_mfcc],
                bytes(&features.mfcc, f32::to_le_bytes),
            ),
            (
                "spectrum",
                Dtype::F32,
                vec![t, analysis.n_bins],
                bytes(&features.spectrum, f32::to_le_bytes),
            ),
            ("file_index", Dtype::I32, vec![t], bytes(&self.file_index, i32::to_le_bytes)),
            ("times_s", Dtype::F32, vec![t], bytes(&self.times_s, f32::to_le_bytes)),
            (
                "scaler_mean",
                Dtype::F64,
                columns.clone(),
                bytes(&self.scaler.mean, f64::to_le_bytes),
            ),
            ("scaler_scale", Dtype::F64, columns, bytes(&self.scaler.scale, f64::to_le_bytes)),
        ];
        let views = arrays
            .iter()
            .map(|(name, dtype, shape, data)| {
                TensorView::new(*dtype, shape.clone(), data).map(|view| (*name, view))
            })
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|error| Error::features(path, error.to_string()))?;
        let skipped: Vec<Value> = self
            .skipped
            .iter()
            .map(|s| json!({"path": s.path.display().to_string(), "reason": s.reason}))
            .collect();
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("version".to_owned(), VERSION.to_owned()),
            ("params".to_owned(), Value::Object(self.params.to_map()).to_string()),
            ("files".to_owned(), json!(self.files).to_string()),
            ("skipped".to_owned(), Value::Array(skipped).to_string()),
        ]);
        let buffer = safetensors::serialize(views, Some(metadata))
            .map_err(|error| Error::features(path, error.to_string()))?;
        write_atomic(path, &buffer)
    }

    /// Reads a file that [`Frames::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::FeatureFile`] if it is truncated, foreign or
    /// its arrays do not fit each other.
    pub fn load(path: &Path) -> Result<Self> {
        let buffer = std::fs::read(path).map_err(|source| Error::io(path, source))?;
        let wrong = |message: String| Error::features(path, message);
        let (_, header) = SafeTensors::read_metadata(&buffer)
            .map_err(|error| wrong(format!("not a safetensors file: {error}")))?;
        let metadata = header.metadata().clone().unwrap_or_default();
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

        let tensors = SafeTensors::deserialize(&buffer)
            .map_err(|error| wrong(format!("not a safetensors file: {error}")))?;
        let reader = Reader { path, tensors };
        let f0_hz = reader.values("f0_hz", Dtype::F32, &[None], f32::from_le_bytes)?;
        let (t, analysis) = (f0_hz.len(), params.analysis());
        let rows = |columns| [Some(t), Some(columns)];
        let frames = Self {
            files,
            skipped: skipped
                .iter()
                .map(|s| Skipped {
                    path: s["path"].as_str().unwrap_or_default().into(),
                    reason: s["reason"].as_str().unwrap_or_default().into(),
                })
                .collect(),
            file_index: reader.values("file_index", Dtype::I32, &[Some(t)], i32::from_le_bytes)?,
            times_s: reader.values("times_s", Dtype::F32, &[Some(t)], f32::from_le_bytes)?,
            features: SignalFeatures {
                voicedness: reader.values(
                    "voicedness",
                    Dtype::F32,
                    &[Some(t)],
                    f32::from_le_bytes,
                )?,
                mfcc: reader.values(
                    "mfcc_raw",
                    Dtype::F32,
                    &rows(analysis.n_mfcc),
                    f32::from_le_bytes,
                )?,
                spectrum: reader.values(
                    "spectrum",
                    Dtype::F32,
                    &rows(analysis.n_bins),
                    f32::from_le_bytes,
                )?,
                f0_hz,
            },
            scaler: Scaler {
                mean: reader.values(
                    "scaler_mean",
                    Dtype::F64,
                    &[Some(analysis.n_mfcc)],
                    f64::from_le_bytes,
                )?,
                scale: reader.values(
                    "scaler_scale",
                    Dtype::F64,
                    &[Some(analysis.n_mfcc)],
                    f64::from_le_bytes,
                )?,
            },
            params,
        };
        let known = frames.files.len() as i32;
        match frames.file_index.iter().find(|index| !(0..known).contains(*index)) {
            Some(index) => Err(wrong(format!("a frame names file {index} of {known}"))),
            None => Ok(frames),
        }
    }
}

fn bytes<T: Copy, const N: usize>(values: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&value| to_bytes(value)).collect()
}

struct Reader<'a> {
    path: &'a Path,
    tensors: SafeTensors<'a>,
}

impl Reader<'_> {
    /// The values of an array, whose shape must be `shape`; `None` takes any length.
    fn values<T, const N: usize>(
        &self,
        name: &str,
        dtype: Dtype,
        shape: &[Option<usize>],
        from_bytes: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>> {
        let tensor = self
            .tensors
            .tensor(name)
            .map_err(|_| Error::features(self.path, format!("lacks the array \"{name}\"")))?;
        let fits = tensor.dtype() == dtype
            && tensor.shape().len() == shape.len()
            && tensor.shape().iter().zip(shape).all(|(got, want)| want.is_none_or(|w| w == *got));
        if !fits {
            let want: Vec<String> =
                shape.iter().map(|n| n.map_or("any".into(), |n| n.to_string())).collect();
            return Err(Error::features(
                self.path,
                format!(
                    "array \"{name}\" is {:?} {:?}, wanted {dtype:?} [{}]",
                    tensor.dtype(),
                    tensor.shape(),
                    want.join(", ")
                ),
            ));
        }
        Ok(tensor.data().as_chunks::<N>().0.iter().map(|chunk| from_bytes(*chunk)).collect())
    }
}
