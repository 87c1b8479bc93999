//! `wms.Report`.

use super::arguments;
use super::params::to_python;
use super::watched::run_quietly;
use crate::corpus::{self, Report};
use pyo3::prelude::*;
use std::path::PathBuf;

/// Return the frequency in Hz above which recordings hold nothing, with sound up to it.
///
/// Filters, codecs and low sample rates leave such a limit; a model for higher frequencies would
/// learn nothing there. Files that are silent or cannot be read are passed over.
///
/// Parameters
/// ----------
/// paths
///     Audio files.
/// channel
///     The channel to listen to: "mix", "left" or "right".
///
/// Returns
/// -------
/// limit_hz : float or None
///     The highest limit of these recordings; None if one of them has no limit.
///
/// Examples
/// --------
/// >>> noise = np.fft.rfft(np.random.default_rng(0).standard_normal(44100))
/// >>> noise[4000:] = 0
/// >>> wms.save_audio("dull.wav", 0.1 * np.fft.irfft(noise), 44100)
/// >>> round(wms.band_limit(["dull.wav"]), -2)
/// 4000.0
#[pyfunction]
#[pyo3(signature = (paths, *, channel = "mix"))]
pub(super) fn band_limit(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    channel: &str,
) -> PyResult<Option<f64>> {
    let channel = arguments::channel(channel)?;
    run_quietly(py, |watch| corpus::band_limit_hz(&paths, channel, watch))
}

/// What recordings hold and what is wrong with them, made by `Frames.report` and `Store.report`.
///
/// As text it is a summary in one line, and a line for each warning.
#[pyclass(frozen, name = "Report", module = "wms")]
pub(super) struct PyReport(pub Report);

#[pymethods]
impl PyReport {
    /// One line: "1:58 of sound, 81 % pitched, C#3 to A5, soft to loud 34 dB".
    #[getter]
    fn summary(&self) -> String {
        self.0.summary()
    }

    /// What is wrong, each with a word for programs and one line.
    ///
    /// The words are "silent", "mostly_silent", "no_pitch", "two_pitches", "clipped",
    /// "loud_pauses", "too_short", "short_notes", "too_quiet", "band_limited", and "file" for a
    /// line of `Frames.warnings`.
    #[getter]
    fn warnings(&self) -> Vec<(&'static str, String)> {
        self.0.findings.iter().map(|found| (found.kind, found.message.clone())).collect()
    }

    /// Whether no recording holds any sound, so that no model can be made of them.
    #[getter]
    fn is_silent(&self) -> bool {
        self.0.is_silent()
    }

    /// Length of the recordings, s.
    #[getter]
    fn seconds(&self) -> f64 {
        self.0.seconds
    }

    /// Share of the length that is silent, 0 to 1.
    #[getter]
    fn silent_share(&self) -> f64 {
        self.0.silent_share
    }

    /// Share of the time that is not silent in which there is a pitch, 0 to 1.
    #[getter]
    fn pitched_share(&self) -> f64 {
        self.0.pitched_share
    }

    /// Lowest and highest pitch, Hz, but for the outermost fiftieth; None without any pitch.
    #[getter]
    fn range_hz(&self) -> Option<(f32, f32)> {
        self.0.range_hz.map(|[low, high]| (low, high))
    }

    /// From the soft to the loud passages, dB; None if the recordings are not at hand.
    #[getter]
    fn dynamics_db(&self) -> Option<f64> {
        self.0.dynamics_db
    }

    /// All of it as a dict, for programs.
    ///
    /// The keys are "summary", "recordings" (their number), "seconds", "silent_share",
    /// "pitched_share", "range_hz", "dynamics_db", and "warnings", a list of dicts with "kind" and
    /// "message".
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.to_json())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<wms.Report: {}>", self.0.summary())
    }
}
