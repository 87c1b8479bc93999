//! Python objects as this crate's arguments, with one line about what is wrong with them.

use crate::Error;
use numpy::{PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;
use std::path::PathBuf;

/// More "channels" than this means that the array's axes are swapped.
const MAX_CHANNELS: usize = 64;

/// A NumPy array of 32-bit floats, converted from other floats if need be.
fn floats<'py>(name: &str, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let numpy = object.py().import("numpy")?;
    let array = numpy.call_method1("asarray", (object,))?;
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    if kind != "f" {
        let dtype = array.getattr("dtype")?.str()?;
        return Err(Error::Parameter(format!(
            "{name} is an array of {dtype}, wanted floats (audio: full scale at ±1)"
        ))
        .into());
    }
    Ok(numpy.call_method1("ascontiguousarray", (array, "float32"))?.cast_into()?)
}

/// Audio: `(n,)`, or `(channels, n)` which is averaged; all samples finite.
pub(super) fn signal(object: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    let array = floats("the signal", object)?;
    let view = array.readonly();
    let view = view.as_array();
    let samples = match view.shape() {
        [_] => view.iter().copied().collect(),
        &[channels, length] if (1..=MAX_CHANNELS).contains(&channels) => {
            let mut mono = vec![0.0; length];
            for channel in view.rows() {
                for (sum, &x) in mono.iter_mut().zip(channel) {
                    *sum += x;
                }
            }
            mono.iter_mut().for_each(|sum| *sum /= channels as f32);
            mono
        }
        shape => {
            return Err(Error::Parameter(format!(
                "the signal has shape {shape:?}, wanted (n,) or (channels, n)"
            ))
            .into());
        }
    };
    crate::analysis::check_finite(&samples)?;
    Ok(samples)
}

/// A vector of floats.
pub(super) fn vector(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    let array = floats(name, object)?;
    let view = array.readonly();
    match view.as_array().shape() {
        [_] => Ok(view.as_array().iter().copied().collect()),
        shape => Err(Error::Parameter(format!("{name} has shape {shape:?}, wanted (T,)")).into()),
    }
}

/// Row-major floats and their shape `(rows, columns)`.
pub(super) fn matrix(name: &str, object: &Bound<'_, PyAny>) -> PyResult<(Vec<f32>, usize, usize)> {
    let array = floats(name, object)?;
    let view = array.readonly();
    match view.as_array().shape() {
        &[rows, columns] => Ok((view.as_array().iter().copied().collect(), rows, columns)),
        shape => {
            Err(Error::Parameter(format!("{name} has shape {shape:?}, wanted two dimensions"))
                .into())
        }
    }
}

/// The audio files that a path, a folder or a list of them names; `None` for anything else.
pub(super) fn audio_files(source: &Bound<'_, PyAny>) -> PyResult<Option<Vec<PathBuf>>> {
    if let Ok(path) = source.extract::<PathBuf>() {
        return Ok(Some(crate::audio::list(&path)?));
    }
    let Ok(paths) = source.extract::<Vec<PathBuf>>() else {
        return Ok(None);
    };
    let mut files = Vec::new();
    for path in paths {
        files.extend(crate::audio::list(&path)?);
    }
    Ok(Some(files))
}
