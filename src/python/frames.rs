//! `wms.analyze` and `wms.Frames`.

use super::arguments;
use super::params::PyParams;
use super::watched::run;
use crate::Error;
use crate::Watch;
use crate::audio::resample;
use crate::corpus::{self, Frames, Recording, analyze_files, analyze_signals};
use crate::timbre::Scaler;
use ndarray::{ArrayView, Dimension};
use numpy::{Element, IntoPyArray, PyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use std::path::PathBuf;

/// The features and spectra of `T` frames of one or more recordings.
///
/// Those of a file are read from it when they are used.
#[pyclass(frozen, name = "Frames", module = "wms")]
pub(super) struct PyFrames(pub Frames);

/// Standardisation of the coefficients.
#[pyclass(frozen, get_all, name = "Scaler", module = "wms")]
pub(super) struct PyScaler {
    /// Mean of each coefficient, (`n_mfcc`,).
    mean: Py<PyArray1<f64>>,
    /// Population standard deviation of each coefficient, 1 for a constant one, (`n_mfcc`,).
    scale: Py<PyArray1<f64>>,
}

impl PyScaler {
    pub fn new(py: Python<'_>, scaler: &Scaler) -> Self {
        Self {
            mean: scaler.mean.clone().into_pyarray(py).unbind(),
            scale: scaler.scale.clone().into_pyarray(py).unbind(),
        }
    }
}

/// An array over memory that `owner` keeps; Python may read it only.
fn borrowed<'py, T: Element, D: Dimension>(
    owner: &Bound<'py, PyFrames>,
    values: &ArrayView<'_, T, D>,
) -> Bound<'py, PyArray<T, D>> {
    // SAFETY: `values` belongs to `owner`, which is frozen: its arrays are never resized or
    // written, and the array keeps `owner` alive.
    let array = unsafe { PyArray::borrow_from_array(values, owner.clone().into_any()) };
    array.readwrite().make_nonwriteable();
    array
}

#[pymethods]
impl PyFrames {
    /// Fundamental frequency, Hz, (T,); the best guess where a frame is unvoiced.
    #[getter]
    fn f0_hz<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray1<f32>> {
        borrowed(slf, &slf.get().0.features.f0_hz.view())
    }

    /// Voicedness, 0 to 1, (T,).
    #[getter]
    fn voicedness<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray1<f32>> {
        borrowed(slf, &slf.get().0.features.voicedness.view())
    }

    /// Cepstral coefficients, not standardised, (T, `n_mfcc`).
    #[getter]
    fn mfcc_raw<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray2<f32>> {
        borrowed(slf, &slf.get().0.features.mfcc.view())
    }

    /// log(1 + magnitude) of the cycle frames, (T, K).
    #[getter]
    fn spectrum<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray2<f32>> {
        borrowed(slf, &slf.get().0.features.spectrum.view())
    }

    /// What a network learns to give: the spectra, (T, K).
    #[getter]
    fn targets<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray2<f32>> {
        Self::spectrum(slf)
    }

    /// Time of each frame's centre in its recording, s, (T,).
    #[getter]
    fn times_s<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray1<f32>> {
        borrowed(slf, &slf.get().0.times_s.view())
    }

    /// Recording of each frame, a place in files, (T,).
    #[getter]
    fn file_index<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray1<i32>> {
        borrowed(slf, &slf.get().0.file_index.view())
    }

    /// Network inputs: standardised coefficients, log pitch, voicedness if included, (T, C).
    #[getter]
    fn inputs<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f32>> {
        self.0.inputs().into_pyarray(py)
    }

    /// Standardised cepstral coefficients, (T, `n_mfcc`).
    #[getter]
    fn mfcc<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f32>> {
        self.0.standardised_mfcc().into_pyarray(py)
    }

    /// Standardisation of the coefficients over all frames.
    #[getter]
    fn scaler(&self, py: Python<'_>) -> PyScaler {
        PyScaler::new(py, &self.0.scaler)
    }

    /// Parameters of the analysis.
    #[getter]
    fn params(&self) -> PyParams {
        PyParams(self.0.params.clone())
    }

    /// Names of the columns of inputs.
    #[getter]
    fn input_names(&self) -> Vec<String> {
        self.0.input_names()
    }

    /// Recordings that were analysed.
    #[getter]
    fn files(&self) -> Vec<String> {
        self.0.files.clone()
    }

    /// Files that could not be analysed, each with the reason.
    #[getter]
    fn skipped(&self) -> Vec<(PathBuf, String)> {
        self.0.skipped.iter().map(|s| (s.path.clone(), s.reason.clone())).collect()
    }

    /// Write all arrays and the parameters as one safetensors file, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Ok(py.detach(|| self.0.save(&path))?)
    }

    /// Open a file that save wrote, or join the recordings of a store's folder in memory.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self(py.detach(|| corpus::load(&path))?))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        let analysis = self.0.params.analysis();
        format!(
            "Frames({} frames, {} files, {} inputs, {} bins)",
            self.0.len(),
            self.0.files.len(),
            self.0.input_names().len(),
            analysis.n_bins
        )
    }
}

/// Reports `(files done, files in all, frames done)` to a Python callable.
fn reporter<'py>(
    progress: Option<&Bound<'py, PyAny>>,
    total: usize,
) -> impl FnMut(&Watch) -> PyResult<()> + use<'py> {
    let callback = progress.cloned();
    move |watch| match &callback {
        Some(callback) => callback.call1((watch.files(), total, watch.frames())).map(|_| ()),
        None => Ok(()),
    }
}

/// Analyse recordings into frames of features and spectra.
///
/// source is a file, a folder, a list of them, or samples (n,) or (channels, n) with their
/// `sample_rate` in Hz. progress is called with (files done, files in all, frames done).
#[pyfunction]
#[pyo3(signature = (source, params = None, *, sample_rate = None, num_threads = None, progress = None))]
pub(super) fn analyze(
    source: &Bound<'_, PyAny>,
    params: Option<PyParams>,
    sample_rate: Option<u32>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyFrames> {
    let py = source.py();
    let params = params.map(|params| params.0).unwrap_or_default();
    let watch = Watch::default();
    if let Some(files) = arguments::audio_files(source)? {
        if sample_rate.is_some() {
            return Err(Error::parameter(
                "sample_rate is for arrays; a file says its own, and params the one to analyse at",
            )
            .into());
        }
        let report = reporter(progress, files.len());
        let work = || analyze_files(&files, &params, &watch);
        return Ok(PyFrames(run(py, num_threads, &watch, report, work)?));
    }
    let Some(rate) = sample_rate else {
        return Err(Error::parameter(
            "sample_rate is missing: an array of samples does not say its own",
        )
        .into());
    };
    let signal = arguments::signal(source)?;
    let target = params.analysis().sample_rate;
    let work = || {
        let samples = if rate == target { signal } else { resample(&signal, rate, target)? };
        let recording = Recording { name: "array".into(), samples };
        analyze_signals(vec![recording], &params, &watch)
    };
    Ok(PyFrames(run(py, num_threads, &watch, reporter(progress, 1), work)?))
}
