//! Reading and resampling audio.

use super::arguments;
use super::watched::run_quietly;
use crate::Error;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use std::path::PathBuf;

/// Read an audio file as mono samples (n,), full scale at ±1, and their rate in Hz.
///
/// Wav, flac, ogg, mp3 and aiff; channels are averaged. A `sample_rate` in Hz resamples.
#[pyfunction]
#[pyo3(signature = (path, sample_rate = None))]
pub(super) fn load_audio(
    py: Python<'_>,
    path: PathBuf,
    sample_rate: Option<u32>,
) -> PyResult<(Bound<'_, PyArray1<f32>>, u32)> {
    let (samples, rate) = run_quietly(py, |_| crate::audio::load(&path, sample_rate))?;
    Ok((samples.into_pyarray(py), rate))
}

/// Resample y (n,) from `orig_sr` to `target_sr`, Hz: (ceil(n * `target_sr` / `orig_sr`),).
///
/// Windowed sinc, as torchaudio's default.
#[pyfunction]
#[pyo3(signature = (y, *, orig_sr, target_sr))]
pub(super) fn resample<'py>(
    y: &Bound<'py, PyAny>,
    orig_sr: u32,
    target_sr: u32,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let signal = arguments::signal(y)?;
    let py = y.py();
    let resampled = run_quietly(py, |_| crate::audio::resample(&signal, orig_sr, target_sr))?;
    Ok(resampled.into_pyarray(py))
}

/// The audio files that a path, a folder or a list of them names; folders recursively, sorted.
#[pyfunction]
pub(super) fn list_audio(source: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    arguments::audio_files(source)?.ok_or_else(|| {
        Error::parameter("the source is not a path, a folder or a list of them").into()
    })
}

/// Write y (n,) or (channels, n), full scale at ±1, as a 24-bit wav file.
#[pyfunction]
pub(super) fn save_audio(path: PathBuf, y: &Bound<'_, PyAny>, sample_rate: u32) -> PyResult<()> {
    let (samples, channels) = arguments::interleaved(y)?;
    Ok(crate::audio::write_wav(&path, &samples, channels, sample_rate)?)
}
