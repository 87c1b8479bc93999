//! `wms.frame_loudness`, and `wms.find_notes` without the frames.

use super::arguments;
use super::given::Given;
use super::watched::run_quietly;
use crate::Error;
use crate::corpus::{Note, find_notes_in, frame_loudness_db};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A-weighted level of frames in dB, where 0 dB is a full-scale sine of 1 kHz.
///
/// Parameters
/// ----------
/// spectrum
///     log(1 + magnitude) of the cycle frames, (T, K), float32.
/// f0_hz
///     Fundamental frequency in Hz, (T,), float32.
/// params
///     Parameters of the analysis.
///
/// Returns
/// -------
/// loudness_db
///     dB, (T,), not below -120.
///
/// Raises
/// ------
/// ParameterError
///     The numbers of frames differ.
///
/// See Also
/// --------
/// wms.metrics.loudness : the same of sound.
///
/// Examples
/// --------
/// >>> y = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
/// >>> frames = wms.analyze(y, sample_rate=16000)
/// >>> loudness_db = wms.frame_loudness(frames.spectrum, frames.f0_hz, frames.params)
/// >>> round(float(np.median(loudness_db)))
/// -20
#[pyfunction]
pub(super) fn frame_loudness<'py>(
    py: Python<'py>,
    spectrum: PyReadonlyArray2<'py, f32>,
    f0_hz: PyReadonlyArray1<'py, f32>,
    params: Given,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let (spectra, f0_hz) = (spectrum.as_array(), f0_hz.as_array());
    if spectra.nrows() != f0_hz.len() {
        return Err(Error::Parameter(format!(
            "spectrum has {} frames and f0_hz {}, wanted the same number",
            spectra.nrows(),
            f0_hz.len()
        ))
        .into());
    }
    let levels = run_quietly(py, |_| Ok(frame_loudness_db(&spectra, &f0_hz, params.0.analysis())))?;
    Ok(levels.into_pyarray(py))
}

/// Find the notes of frames whose features are given, as `wms.find_notes` does of frames.
///
/// Parameters
/// ----------
/// file_index
///     Recording of each frame, (T,); the frames of a recording are consecutive.
/// f0_hz
///     Fundamental frequency in Hz, (T,).
/// voicedness
///     Probability of a pitch, 0 to 1, (T,).
/// loudness_db
///     Loudness in dB, (T,).
/// frame_rate
///     Frames in a second.
///
/// Returns
/// -------
/// columns
///     The columns of `wms.find_notes`, (N,) each, by name.
///
/// Raises
/// ------
/// ParameterError
///     The numbers of frames differ, or the rate is not above 0.
#[pyfunction]
#[pyo3(name = "_note_columns")]
pub(super) fn note_columns<'py>(
    py: Python<'py>,
    file_index: PyReadonlyArray1<'py, i32>,
    f0_hz: &Bound<'py, PyAny>,
    voicedness: &Bound<'py, PyAny>,
    loudness_db: &Bound<'py, PyAny>,
    frame_rate: f64,
) -> PyResult<Bound<'py, PyDict>> {
    let files = file_index.as_array().to_vec();
    let f0_hz = arguments::vector("f0_hz", f0_hz)?;
    let voicedness = arguments::vector("voicedness", voicedness)?;
    let loudness_db = arguments::vector("loudness_db", loudness_db)?;
    let counts = [files.len(), f0_hz.len(), voicedness.len(), loudness_db.len()];
    if counts.iter().any(|&count| count != files.len()) {
        return Err(Error::Parameter(format!(
            "file_index, f0_hz, voicedness and loudness_db have {counts:?} frames, wanted the same \
             number of each"
        ))
        .into());
    }
    if !(frame_rate.is_finite() && frame_rate > 0.0) {
        return Err(Error::Parameter(format!(
            "frame_rate is {frame_rate}, wanted a number above 0"
        ))
        .into());
    }
    let notes = py.detach(|| find_notes_in(&files, &f0_hz, &voicedness, &loudness_db, frame_rate));
    let columns = PyDict::new(py);
    let whole = |of: fn(&Note) -> usize| -> Bound<'py, PyArray1<i64>> {
        notes.iter().map(|note| of(note) as i64).collect::<Vec<_>>().into_pyarray(py)
    };
    let real = |of: fn(&Note) -> f32| -> Bound<'py, PyArray1<f32>> {
        notes.iter().map(of).collect::<Vec<_>>().into_pyarray(py)
    };
    columns.set_item("file", whole(|note| note.file))?;
    columns.set_item("first", whole(|note| note.first))?;
    columns.set_item("settled", whole(|note| note.settled))?;
    columns.set_item("release", whole(|note| note.release))?;
    columns.set_item("stop", whole(|note| note.stop))?;
    columns.set_item("key", real(|note| note.key))?;
    columns.set_item("loudness_db", real(|note| note.loudness_db))?;
    let slurred = notes.iter().map(|note| note.slurred).collect::<Vec<_>>();
    columns.set_item("slurred", slurred.into_pyarray(py))?;
    Ok(columns)
}
