//! Reading and resampling audio.

use super::arguments;
use super::watched::run_quietly;
use crate::Error;
use crate::audio::{self, WavSubtype};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
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
    let (samples, rate) = run_quietly(py, |_| audio::load(&path, sample_rate))?;
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
    let resampled = run_quietly(py, |_| audio::resample(&signal, orig_sr, target_sr))?;
    Ok(resampled.into_pyarray(py))
}

/// The audio files that a path, a folder or a list of them names; folders recursively, sorted.
#[pyfunction]
pub(super) fn list_audio(source: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    arguments::audio_files(source)?.ok_or_else(|| {
        Error::parameter("the source is not a path, a folder or a list of them").into()
    })
}

/// Write y (n,) or (channels, n), full scale at ±1, as a wav file, whole or not at all.
///
/// subtype is "PCM_16", "PCM_24" or "FLOAT".
#[pyfunction]
#[pyo3(signature = (path, y, sample_rate, *, subtype = "PCM_24"))]
pub(super) fn save_audio(
    path: PathBuf,
    y: &Bound<'_, PyAny>,
    sample_rate: u32,
    subtype: &str,
) -> PyResult<()> {
    let subtype = WavSubtype::from_name(subtype)?;
    let (samples, channels) = arguments::interleaved(y)?;
    let write = || audio::write_wav(&path, &samples, channels, sample_rate, subtype);
    Ok(y.py().detach(write)?)
}

/// The bytes of a wav file of y (n,) or (channels, n), full scale at ±1.
///
/// subtype is "PCM_16", "PCM_24" or "FLOAT".
#[pyfunction]
#[pyo3(signature = (y, sample_rate, *, subtype = "PCM_24"))]
pub(super) fn wav_bytes<'py>(
    y: &Bound<'py, PyAny>,
    sample_rate: u32,
    subtype: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let subtype = WavSubtype::from_name(subtype)?;
    let (samples, channels) = arguments::interleaved(y)?;
    let encode = || audio::encode_wav(&samples, channels, sample_rate, subtype);
    Ok(PyBytes::new(y.py(), &y.py().detach(encode)?))
}

/// Read how many channels an audio file has, and its sample rate in Hz.
#[pyfunction]
pub(super) fn audio_info(py: Python<'_>, path: PathBuf) -> PyResult<(usize, u32)> {
    let info = py.detach(|| audio::info(&path))?;
    Ok((info.channels, info.sample_rate))
}
