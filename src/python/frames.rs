//! `wms.analyze` and `wms.Frames`.

use super::arguments;
use super::given::Given;
use super::params::PyParams;
use super::report::PyReport;
use super::warned::warn_of_remarks;
use super::watched::{run, run_quietly};
use crate::Error;
use crate::Watch;
use crate::audio::resample;
use crate::corpus::{
    self, Frames, Recording, Remark, Skipped, Stored, StoredFeatures, analyze_files,
    analyze_signals,
};
use crate::timbre::Scaler;
use ndarray::{Array2, ArrayView, Dimension, Ix2};
use numpy::{Element, IntoPyArray, PyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use std::path::PathBuf;

/// The features and spectra of the frames of one or more recordings; immutable.
///
/// Made by `analyze`, `Frames.load` or `Store.shards`. The frames of a file are read from it when
/// they are used, so the file must not be written to meanwhile. T is the number of frames (also
/// `len(frames)`), C the number of network inputs, K the number of spectrum bins. Arrays are
/// float32 and read-only unless they are said to be new.
///
/// `frames[10:20]`, `frames[mask]` and `frames[rows]` are the frames that NumPy would take of an
/// array (T,), in their order; `frames[10]` are frames too, of which there is one. They keep the
/// scaler, so that their `inputs` stay the same. `a + b` has the frames of both, one after another;
/// where the scalers differ, a new one is fitted. Frames are equal if all their arrays, names and
/// params are.
///
/// Examples
/// --------
/// >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
/// >>> frames = wms.analyze(y, sample_rate=16000)
/// >>> frames.f0_hz.shape, frames.mfcc.shape, frames.spectrum.shape
/// ((63,), (63, 8), (63, 80))
/// >>> frames[frames.voicedness > 0.5][:10]
/// Frames(10 frames, 1 file, 10 inputs, 80 bins)
/// >>> frames[:10] + frames[10:] == frames
/// True
#[pyclass(frozen, eq, name = "Frames", module = "wms")]
#[derive(PartialEq)]
pub(super) struct PyFrames(pub Frames);

/// float64 values, (n_mfcc,).
type Array64 = Py<PyArray1<f64>>;

/// The arrays of frames: file_index, times_s, f0_hz, voicedness, mfcc_raw and spectrum.
type Arrays<'py> = (
    Bound<'py, PyArray1<i32>>,
    Bound<'py, PyArray1<f32>>,
    Bound<'py, PyArray1<f32>>,
    Bound<'py, PyArray1<f32>>,
    Bound<'py, PyArray2<f32>>,
    Bound<'py, PyArray2<f32>>,
);

/// Files, each with a line about it.
type Lines = Vec<(PathBuf, String)>;

/// What frames are made of: params, files, those left out, warnings, scaler and arrays.
type Parts<'py> = (PyParams, Vec<String>, Lines, Lines, PyScaler, Arrays<'py>);

/// Standardisation of the cepstral coefficients: (x - mean) / scale.
///
/// Parameters
/// ----------
/// mean
///     Mean of each coefficient, (n_mfcc,).
/// scale
///     Population standard deviation of each coefficient, 1 for a constant one, (n_mfcc,).
///
/// Examples
/// --------
/// >>> wms.Scaler([0.0, 0.5], [1.0, 2.0])
/// Scaler(mean=[0.0, 0.5], scale=[1.0, 2.0])
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

    fn scaler(&self, py: Python<'_>) -> PyResult<Scaler> {
        Ok(Scaler { mean: self.mean.bind(py).to_vec()?, scale: self.scale.bind(py).to_vec()? })
    }
}

#[pymethods]
impl PyScaler {
    #[new]
    fn create(py: Python<'_>, mean: Vec<f64>, scale: Vec<f64>) -> PyResult<Self> {
        let wrong = |bad: &f64| !bad.is_finite() || *bad <= 0.0;
        if mean.len() != scale.len() || mean.iter().any(|x| !x.is_finite()) {
            return Err(Error::parameter(format!(
                "{} means for {} scales, wanted as many of each, all finite",
                mean.len(),
                scale.len()
            ))
            .into());
        }
        if let Some(bad) = scale.iter().find(|&bad| wrong(bad)) {
            return Err(Error::parameter(format!("scale has {bad}, wanted above 0")).into());
        }
        Ok(Self::new(py, &Scaler { mean, scale }))
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(other) => Ok(self.scaler(py)? == other.get().scaler(py)?),
            Err(_) => Ok(false),
        }
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyType>, (Array64, Array64)) {
        let (py, own) = (slf.py(), slf.get());
        (slf.get_type(), (own.mean.clone_ref(py), own.scale.clone_ref(py)))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let Scaler { mean, scale } = self.scaler(py)?;
        Ok(format!("Scaler(mean={mean:?}, scale={scale:?})"))
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

    /// Judge the recordings before a model is trained on them.
    ///
    /// Their files are read once more, as far as they are still there; frames of arrays are judged
    /// by themselves.
    ///
    /// Parameters
    /// ----------
    /// channel
    ///     The channel that was analysed: "mix", "left" or "right".
    ///
    /// Examples
    /// --------
    /// >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(32000) / 16000)
    /// >>> report = wms.analyze(y, sample_rate=16000).report()
    /// >>> report.summary
    /// '2.0 s of sound, 99 % pitched, A3'
    /// >>> [kind for kind, _ in report.warnings]
    /// ['too_short']
    #[pyo3(signature = (*, channel = "mix"))]
    fn report(&self, py: Python<'_>, channel: &str) -> PyResult<PyReport> {
        let channel = arguments::channel(channel)?;
        Ok(PyReport(run_quietly(py, |watch| self.0.report(channel, watch))?))
    }

    /// The frames of each recording, in the order of `files`.
    fn by_file(&self) -> PyResult<Vec<Self>> {
        let index = self.0.file_index.view();
        let mut found = Vec::with_capacity(self.0.files.len());
        let mut start = 0;
        while let Some(&file) = index.get(start) {
            let count = index.iter().skip(start).take_while(|&&other| other == file).count();
            found.push(Self(self.0.select(&(start..start + count).collect::<Vec<_>>())?));
            start += count;
        }
        Ok(found)
    }

    /// The features as columns of a table, (T,) each, in a new dict, as for `pandas.DataFrame`.
    ///
    /// Parameters
    /// ----------
    /// spectrum
    ///     Whether the spectra are in it, with a column for each bin.
    ///
    /// Returns
    /// -------
    /// columns
    ///     "file", "time_s", "f0_hz", "voicedness", then the coefficients, which are not
    ///     standardised, as "mfcc_0" and so on, and with `spectrum` "bin_0" and so on.
    ///
    /// Examples
    /// --------
    /// >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    /// >>> columns = wms.analyze(y, sample_rate=16000).to_dict()
    /// >>> list(columns)[:5], columns["f0_hz"].shape
    /// (['file', 'time_s', 'f0_hz', 'voicedness', 'mfcc_0'], (63,))
    #[pyo3(signature = (*, spectrum = false))]
    fn to_dict<'py>(slf: &Bound<'py, Self>, spectrum: bool) -> PyResult<Bound<'py, PyDict>> {
        let (py, frames) = (slf.py(), &slf.get().0);
        let columns = PyDict::new(py);
        let names: Vec<&str> = frames
            .file_index
            .view()
            .iter()
            .map(|&file| frames.files[file as usize].as_str())
            .collect();
        columns.set_item("file", py.import("numpy")?.call_method1("array", (names, "object"))?)?;
        columns.set_item("time_s", frames.times_s.view().to_owned().into_pyarray(py))?;
        let features = frames.features.view();
        columns.set_item("f0_hz", features.f0_hz.to_owned().into_pyarray(py))?;
        columns.set_item("voicedness", features.voicedness.to_owned().into_pyarray(py))?;
        for (number, column) in features.mfcc.columns().into_iter().enumerate() {
            columns.set_item(format!("mfcc_{number}"), column.to_owned().into_pyarray(py))?;
        }
        let bins = features.spectrum.columns().into_iter().filter(|_| spectrum);
        for (number, column) in bins.enumerate() {
            columns.set_item(format!("bin_{number}"), column.to_owned().into_pyarray(py))?;
        }
        Ok(columns)
    }

    fn __getitem__(&self, index: &Bound<'_, PyAny>) -> PyResult<Self> {
        let numpy = index.py().import("numpy")?;
        let rows = numpy.call_method1("arange", (self.0.len(),))?.get_item(index)?;
        let rows = numpy.call_method1("atleast_1d", (rows,))?.call_method1("astype", ("int64",))?;
        let rows: PyReadonlyArray1<'_, i64> = rows.extract().map_err(|_| {
            Error::parameter("frames were indexed in two dimensions, wanted one, that of time")
        })?;
        let rows: Vec<usize> = rows.as_array().iter().map(|&row| row as usize).collect();
        Ok(Self(self.0.select(&rows)?))
    }

    fn __add__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let joined = Self(Frames::join(&[&self.0, &other.get().0])?);
        Ok(Bound::new(py, joined)?.into_any().unbind())
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Parts<'py>)> {
        let own = slf.get();
        let parts = (
            own.params(),
            own.files(),
            own.skipped(),
            own.warnings(),
            own.scaler(slf.py()),
            (
                Self::file_index(slf),
                Self::times_s(slf),
                Self::f0_hz(slf),
                Self::voicedness(slf),
                Self::mfcc_raw(slf),
                Self::spectrum(slf),
            ),
        );
        Ok((slf.get_type().getattr("_restore")?, parts))
    }

    /// Frames from their parts, which are what pickle keeps.
    #[classmethod]
    fn _restore(
        class: &Bound<'_, PyType>,
        params: Given,
        files: Vec<String>,
        skipped: Lines,
        warnings: Lines,
        scaler: &Bound<'_, PyScaler>,
        arrays: Arrays<'_>,
    ) -> PyResult<Self> {
        let (file_index, times_s, f0_hz, voicedness, mfcc, spectrum) = arrays;
        let column = |array: Bound<'_, PyArray1<f32>>| array.readonly().to_owned_array().into();
        // Arrays without rows may have strides that a copy must not keep.
        let table = |array: Bound<'_, PyArray2<f32>>| -> PyResult<Stored<f32, Ix2>> {
            let array = array.readonly();
            let (shape, values) =
                (array.as_array().raw_dim(), array.as_array().iter().copied().collect());
            let table = Array2::from_shape_vec(shape, values);
            Ok(table.map_err(|error| Error::parameter(error.to_string()))?.into())
        };
        let frames = Frames {
            params: params.0,
            files,
            skipped: skipped.into_iter().map(|(path, reason)| Skipped { path, reason }).collect(),
            warnings: warnings
                .into_iter()
                .map(|(path, message)| Remark { path, message })
                .collect(),
            file_index: file_index.readonly().to_owned_array().into(),
            times_s: column(times_s),
            features: StoredFeatures {
                f0_hz: column(f0_hz),
                voicedness: column(voicedness),
                mfcc: table(mfcc)?,
                spectrum: table(spectrum)?,
            },
            scaler: scaler.get().scaler(class.py())?,
        };
        frames.check()?;
        Ok(Self(frames))
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

    /// What Jupyter shows.
    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("wms._html")?.call_method1("frames_html", (slf,))
    }

    fn __repr__(&self) -> String {
        let analysis = self.0.params.analysis();
        format!(
            "Frames({} frames, {} {}, {} inputs, {} bins)",
            self.0.len(),
            self.0.files.len(),
            if self.0.files.len() == 1 { "file" } else { "files" },
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
///     A file, a folder, or a list of them as for `list_audio`; or samples, (n,),
///     (channels, n) or (n, channels): floats with full scale at ±1, or int16, int32 or uint8.
/// params
///     What to compute: `Params` or what stands for them, such as the `Model` that is to play the
///     frames; `Params()` where None.
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
    let signal = arguments::signal(source)?;
    let Some(rate) = sample_rate else {
        return Err(Error::parameter(
            "sample_rate is missing: an array of samples does not say its own",
        )
        .into());
    };
    let target = params.analysis().sample_rate;
    let work = || {
        let samples = if rate == target { signal } else { resample(&signal, rate, target)? };
        let recording = Recording { name: "array".into(), samples };
        analyze_signals(vec![recording], &params, &watch)
    };
    Ok(PyFrames(run(py, num_threads, &watch, reporter(progress, 1), work)?))
}
