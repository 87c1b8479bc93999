//! `wms.analyze` and `wms.Frames`.

use super::arguments;
use super::params::{Given, PyParams};
use super::warned::warn_of_remarks;
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

/// The features and spectra of the frames of one or more recordings; immutable.
///
/// Made by `analyze`, `Frames.load` or `Store.shards`. The frames of a file are read from it when
/// they are used, so the file must not be written to meanwhile. T is the number of frames (also
/// `len(frames)`), C the number of network inputs, K the number of spectrum bins. Arrays are
/// float32 and read-only unless they are said to be new.
///
/// Examples
/// --------
/// >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
/// >>> frames = wms.analyze(y, sample_rate=16000)
/// >>> frames.f0_hz.shape, frames.mfcc.shape, frames.spectrum.shape
/// ((63,), (63, 8), (63, 80))
#[pyclass(frozen, name = "Frames", module = "wms")]
pub(super) struct PyFrames(pub Frames);

/// Standardisation of the cepstral coefficients: (x - mean) / scale.
#[pyclass(frozen, get_all, name = "Scaler", module = "wms")]
pub(super) struct PyScaler {
    /// Mean of each coefficient, (n_mfcc,).
    mean: Py<PyArray1<f64>>,
    /// Population standard deviation of each coefficient, 1 for a constant one, (n_mfcc,).
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

/// A read-only array of values that `owner` holds, without copying them.
fn borrowed<'py, T: Element, D: Dimension>(
    owner: &Bound<'py, PyFrames>,
    values: &ArrayView<'_, T, D>,
) -> Bound<'py, PyArray<T, D>> {
    // SAFETY: `values` belongs to `owner`, which is frozen, so that its arrays are never resized or
    // written; and the new array keeps `owner` alive.
    let array = unsafe { PyArray::borrow_from_array(values, owner.clone().into_any()) };
    array.readwrite().make_nonwriteable();
    array
}

#[pymethods]
impl PyFrames {
    /// Fundamental frequency in Hz, (T,); the best guess where a frame is unvoiced.
    #[getter]
    fn f0_hz<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray1<f32>> {
        borrowed(slf, &slf.get().0.features.f0_hz.view())
    }

    /// Voicedness, 0 to 1, (T,); 1 where the pitch method gives none.
    #[getter]
    fn voicedness<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray1<f32>> {
        borrowed(slf, &slf.get().0.features.voicedness.view())
    }

    /// Cepstral coefficients, not standardised, (T, n_mfcc).
    #[getter]
    fn mfcc_raw<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray2<f32>> {
        borrowed(slf, &slf.get().0.features.mfcc.view())
    }

    /// log(1 + magnitude) of the cycle frames, (T, K).
    #[getter]
    fn spectrum<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray2<f32>> {
        borrowed(slf, &slf.get().0.features.spectrum.view())
    }

    /// What a network learns to give, `wms_torch`'s Y: the spectra, (T, K).
    #[getter]
    fn targets<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray2<f32>> {
        Self::spectrum(slf)
    }

    /// Time of each frame's centre in its recording, in seconds, (T,).
    #[getter]
    fn times_s<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray1<f32>> {
        borrowed(slf, &slf.get().0.times_s.view())
    }

    /// Recording of each frame as an index into `files`, (T,), int32; it never decreases.
    #[getter]
    fn file_index<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray1<i32>> {
        borrowed(slf, &slf.get().0.file_index.view())
    }

    /// Network inputs, `wms_torch`'s X, (T, C), a new array.
    ///
    /// Standardised coefficients, log(max(f0, f_low) - f_low + 1e-4), and voicedness if the
    /// parameters include it. With `mfcc_dim_reduction` "pacmap" the columns are still the
    /// coefficients: `wms.training.ProjectedFrames` has the coordinates.
    #[getter]
    fn inputs<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f32>> {
        self.0.inputs().into_pyarray(py)
    }

    /// Standardised cepstral coefficients, (T, n_mfcc), a new array.
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

    /// Names of the columns of `inputs`.
    #[getter]
    fn input_names(&self) -> Vec<String> {
        self.0.input_names()
    }

    /// Recordings that were analysed.
    #[getter]
    fn files(&self) -> Vec<String> {
        self.0.files.clone()
    }

    /// Files that could not be analysed, each with the reason in one line.
    #[getter]
    fn skipped(&self) -> Vec<(PathBuf, String)> {
        self.0.skipped.iter().map(|s| (s.path.clone(), s.reason.clone())).collect()
    }

    /// Files and folders that something is to be known of, each with it in one line.
    ///
    /// A part of a damaged recording was lost, samples had to be changed, or something in a folder
    /// was left out. `analyze` issues each line as an `AudioWarning` too.
    #[getter]
    fn warnings(&self) -> Vec<(PathBuf, String)> {
        self.0.warnings.iter().map(|r| (r.path.clone(), r.message.clone())).collect()
    }

    /// Write all arrays and the parameters as one safetensors file, whole or not at all.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     The file; an existing one is replaced when the new one is complete.
    ///
    /// Raises
    /// ------
    /// FileAccessError
    ///     The file cannot be written.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Ok(py.detach(|| self.0.save(&path))?)
    }

    /// Open a file that `save` wrote, or join the recordings of a `Store` in memory.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     The file, which is mapped into memory; or a store's folder.
    ///
    /// Raises
    /// ------
    /// FeatureFileError
    ///     The file is truncated or of another kind, or its arrays do not fit each other; the
    ///     message says which.
    /// FileAccessError
    ///     The file cannot be read.
    ///
    /// Examples
    /// --------
    /// >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    /// >>> wms.analyze(y, sample_rate=16000).save("frames.safetensors")
    /// >>> len(wms.Frames.load("frames.safetensors"))
    /// 63
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
/// The work is spread over files and frames; Ctrl-C stops it. If one of several files cannot be
/// read, it is left out and named in `Frames.skipped`.
///
/// Parameters
/// ----------
/// source
///     A file, a folder, or a list of them as for `list_audio`; or samples, (n,) or (channels, n),
///     floats with full scale at ±1.
/// params
///     What to compute: `Params` or what stands for them; `Params()` where None.
/// sample_rate
///     Rate of the samples, Hz; needed for an array and refused for files.
/// channel
///     Of files, as for `load_audio`: "mix", "left" or "right".
/// num_threads
///     At least 1; all processors where None. The results do not depend on it.
/// progress
///     Called about ten times a second and at the end with the number of files done, the number
///     of files in all, and the number of frames done. An exception from it stops the work.
///
/// Returns
/// -------
/// frames
///     The analysed `Frames`.
///
/// Raises
/// ------
/// AudioFileError
///     The only file cannot be read, there is no such file, or a folder holds no audio.
/// ParameterError
///     None of several files can be read, samples are not finite, or an argument is not as said
///     here.
///
/// Warns
/// -----
/// AudioWarning
///     For each of `Frames.warnings`.
///
/// See Also
/// --------
/// Store.update : keeps the frames of many recordings in a folder and analyses what is new.
///
/// Examples
/// --------
/// >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
/// >>> frames = wms.analyze(y, sample_rate=16000)
/// >>> len(frames), round(float(np.median(frames.f0_hz)))
/// (63, 220)
#[pyfunction]
#[pyo3(signature = (
    source, params = None, *, sample_rate = None, channel = "mix", num_threads = None,
    progress = None
))]
pub(super) fn analyze(
    source: &Bound<'_, PyAny>,
    params: Option<Given>,
    sample_rate: Option<u32>,
    channel: &str,
    num_threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyFrames> {
    let py = source.py();
    let params = params.map(|params| params.0).unwrap_or_default();
    let watch = Watch::default();
    let channel = arguments::channel(channel)?;
    if let Some((files, remarks)) = arguments::maybe_audio_files(source)? {
        if sample_rate.is_some() {
            return Err(Error::parameter(
                "sample_rate is for arrays; a file says its own, and params the one to analyse at",
            )
            .into());
        }
        let report = reporter(progress, files.len());
        let work = || analyze_files(&files, &params, channel, &watch);
        let mut frames = run(py, num_threads, &watch, report, work)?;
        frames.warnings.splice(0..0, remarks);
        warn_of_remarks(py, &frames.warnings)?;
        return Ok(PyFrames(frames));
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
