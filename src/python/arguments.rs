//! Python objects as this crate's arguments, with one line about what is wrong with them.

use crate::audio::Channel;
use crate::corpus::Remark;
use crate::{Error, Result};
use numpy::{PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// The most channels of a signal.
const MAX_CHANNELS: usize = 64;

/// A real array, row-major.
pub(super) struct Array {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its values.
    pub data: Vec<f32>,
}

impl Array {
    /// Takes anything that NumPy makes a real array of one of these numbers of dimensions from.
    pub fn take(
        value: &Bound<'_, PyAny>,
        name: &str,
        dimensions: RangeInclusive<usize>,
    ) -> PyResult<Self> {
        Self::of_kinds(value, name, dimensions, "fiub")
    }

    fn of_kinds(
        value: &Bound<'_, PyAny>,
        name: &str,
        dimensions: RangeInclusive<usize>,
        kinds: &str,
    ) -> PyResult<Self> {
        let wrong = |message: String| PyErr::from(Error::Parameter(message));
        let py = value.py();
        let numpy = py.import("numpy")?;
        let array = numpy
            .call_method1("asarray", (value,))
            .map_err(|_| wrong(format!("{name} is not an array of numbers")))?;
        let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
        if !kinds.contains(&kind) {
            let dtype = array.getattr("dtype")?.str()?;
            let wanted = if kinds == "f" {
                "floats with full scale at ±1, or samples of 16 or 32 bits (int16, int32) or 8 (uint8)"
            } else {
                "real numbers"
            };
            return Err(wrong(format!("{name} is an array of {dtype}, wanted {wanted}")));
        }
        let shape: Vec<usize> = array.getattr("shape")?.extract()?;
        if !dimensions.contains(&shape.len()) {
            let wanted = dimensions.map(|n| n.to_string()).collect::<Vec<_>>().join(" or ");
            return Err(wrong(format!("{name} has shape {shape:?}, wanted {wanted} dimensions")));
        }
        // Strided arrays and other numbers are copied into order.
        let array = numpy.call_method1("ascontiguousarray", (array, "float32"))?;
        let data = array.cast::<PyArrayDyn<f32>>()?.readonly().as_slice()?.to_vec();
        Ok(Self { shape, data })
    }

    /// Size of the last dimension.
    pub fn width(&self) -> usize {
        self.shape.last().copied().unwrap_or(0)
    }
}

/// Audio of one or more channels: its samples channel by channel, and how many channels.
///
/// Whole numbers are those of sound files: their full scale becomes 1. An array of more rows than
/// columns is one of other programs, which have the channels last.
fn channels(object: &Bound<'_, PyAny>) -> PyResult<(Vec<f32>, usize)> {
    let full_scale = sample_full_scale(object)?;
    let kinds = if full_scale.is_some() { "fiu" } else { "f" };
    let mut array = Array::of_kinds(object, "the signal", 1..=2, kinds)?;
    if let Some((middle, scale)) = full_scale {
        array.data.iter_mut().for_each(|sample| *sample = (*sample - middle) / scale);
    }
    if let [rows, columns] = array.shape[..]
        && rows > columns
        && columns > 0
    {
        let data = &array.data;
        let at = |i: usize| data[i % rows * columns + i / rows];
        array = Array { shape: vec![columns, rows], data: (0..rows * columns).map(at).collect() };
    }
    let channels = if array.shape.len() == 2 { array.shape[0] } else { 1 };
    if !(1..=MAX_CHANNELS).contains(&channels) {
        return Err(Error::Parameter(format!(
            "the signal has shape {:?}, wanted (n,), (channels, n) or (n, channels) of 1 to \
             {MAX_CHANNELS} channels",
            array.shape
        ))
        .into());
    }
    crate::audio::check_finite(&array.data)?;
    Ok((array.data, channels))
}

/// The middle and the full scale of samples that are whole numbers, as sound files have them.
fn sample_full_scale(object: &Bound<'_, PyAny>) -> PyResult<Option<(f32, f32)>> {
    let Ok(dtype) = object.getattr("dtype") else { return Ok(None) };
    Ok(match dtype.str()?.to_str()? {
        "uint8" => Some((128.0, 128.0)),
        "int16" => Some((0.0, 32768.0)),
        "int32" => Some((0.0, 2_147_483_648.0)),
        _ => None,
    })
}

/// Audio as mono: `(n,)`, or `(channels, n)` which is averaged; all samples finite.
pub(super) fn signal(object: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    let (data, channels) = channels(object)?;
    if channels == 1 {
        return Ok(data);
    }
    let length = data.len() / channels;
    let at = |i: usize| (0..channels).map(|channel| data[channel * length + i]).sum::<f32>();
    Ok((0..length).map(|i| at(i) / channels as f32).collect())
}

/// Audio `(n,)` or `(channels, n)` as interleaved samples, and the number of channels.
pub(super) fn interleaved(object: &Bound<'_, PyAny>) -> PyResult<(Vec<f32>, u16)> {
    let (data, channels) = channels(object)?;
    let length = data.len() / channels;
    let frames = (0..length).flat_map(|i| (0..channels).map(move |c| c * length + i));
    Ok((frames.map(|at| data[at]).collect(), channels as u16))
}

/// A vector of numbers.
pub(super) fn vector(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    Ok(Array::take(object, name, 1..=1)?.data)
}

/// A mapping, or an object with `to_dict`, as a dict.
pub(super) fn dict<'py>(value: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyDict>> {
    let mapping =
        if value.hasattr("to_dict")? { value.call_method0("to_dict")? } else { value.clone() };
    if let Ok(dict) = mapping.cast::<PyDict>() {
        return Ok(dict.clone());
    }
    if let Ok(mapping) = mapping.cast::<PyMapping>() {
        let dict = PyDict::new(value.py());
        dict.update(mapping)?;
        return Ok(dict);
    }
    let kind = value.get_type().name()?;
    let wanted = "wanted Params, a dict, the name of a profile or the path of a params.json";
    Err(Error::Parameter(format!("{name} is a {kind}, {wanted}")).into())
}

/// What a mapping, or an object with `to_dict`, holds, as JSON.
pub(super) fn json(value: &Bound<'_, PyAny>, name: &str) -> PyResult<serde_json::Value> {
    let wrong = |message: String| PyErr::from(Error::Parameter(message));
    let py = value.py();
    let dict = dict(value, name)?;
    let text: String = py
        .import("json")?
        .call_method1("dumps", (dict,))
        .and_then(|text| text.extract())
        .map_err(|error| wrong(format!("{name} cannot be written as JSON: {error}")))?;
    serde_json::from_str(&text)
        .map_err(|error| wrong(format!("{name} cannot be written as JSON: {error}")))
}

/// Audio files, and remarks about the folders that they were found in.
pub(super) type Listed = (Vec<PathBuf>, Vec<Remark>);

/// The audio files that a path, a folder or a list of them stands for.
pub(super) fn audio_files(source: &Bound<'_, PyAny>) -> PyResult<Listed> {
    match maybe_audio_files(source)? {
        Some(files) => Ok(files),
        None => Err(Error::Parameter(format!(
            "the source is not a path, a folder or a list of them, but of type {}",
            source.get_type().name()?
        ))
        .into()),
    }
}

/// The audio files that a path, a folder or a list of them stands for; `None` for anything else.
pub(super) fn maybe_audio_files(source: &Bound<'_, PyAny>) -> PyResult<Option<Listed>> {
    if let Ok(path) = source.extract::<PathBuf>() {
        return Ok(Some(list(&[path])?));
    }
    // An empty array would pass for an empty list of paths.
    if source.hasattr("dtype")? {
        return Ok(None);
    }
    let Ok(paths) = source.extract::<Vec<PathBuf>>() else {
        return Ok(None);
    };
    Ok(Some(list(&paths)?))
}

fn list(sources: &[PathBuf]) -> Result<Listed> {
    let (mut files, mut remarks) = (Vec::new(), Vec::new());
    for source in sources {
        let found = crate::audio::list(source)?;
        files.extend(found.files);
        let remark = |(path, message)| Remark { path, message };
        remarks.extend(found.warnings.into_iter().map(remark));
    }
    Ok((files, remarks))
}

/// The channel of this name.
pub(super) fn channel(name: &str) -> Result<Channel> {
    name.parse()
}
