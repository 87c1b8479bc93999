//! `wms.Store`.

use super::arguments;
use super::frames::{PyFrames, PyScaler};
use super::given::Given;
use super::params::PyParams;
use super::report::PyReport;
use super::warned::warn_of_remarks;
use super::watched::{run, run_quietly};
use crate::audio::Channel;
use crate::corpus::{self, Entry, Remark, Skipped, Store};
use crate::{Result, Watch};
use pyo3::prelude::*;
use pyo3::types::PyType;
use std::path::PathBuf;

/// Analysed recordings in a folder, one file of frames (a shard) for each; immutable.
///
/// A shard is named after its recording's content and the parameters that the analysis reads, so
/// what is there need not be computed again. `index.json` lists the recordings. Made by `update` or
/// `open`; `len(store)` is the number of frames.
///
/// Examples
/// --------
/// >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
/// >>> wms.save_audio("tone.wav", y, 16000)
/// >>> store = wms.Store.update("features", "tone.wav")
/// >>> len(store), store.skipped, wms.Store.update("features", "tone.wav").kept
/// (63, [], 1)
#[pyclass(frozen, name = "Store", module = "wms")]
pub(super) struct PyStore(Store);

/// A recording's path, file of frames, number of frames and duration in s.
type Recording = (String, String, usize, f64);

/// A recording that was analysed, its warnings, and whether its file of frames existed before.
type Analyzed = (Recording, Vec<String>, bool);
/// Files and folders, each with one line about it.
type Lines = Vec<(PathBuf, String)>;

fn recording(entry: Entry) -> Recording {
    (entry.path, entry.shard, entry.frames, entry.duration_s)
}

#[pymethods]
impl PyStore {
    /// Open a store.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     The folder.
    ///
    /// Raises
    /// ------
    /// FileAccessError
    ///     The folder has no index, or it cannot be read.
    /// FeatureFileError
    ///     The index is damaged or is not that of a store.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self(py.detach(|| Store::open(&path))?))
    }

    /// Bring a folder up to date with recordings: what is new or has changed is analysed.
    ///
    /// The memory that this needs does not grow with the length of the recordings or their number.
    /// Ctrl-C stops it; the next update finds the recordings that were finished. A recording that
    /// cannot be read is left out and named in `skipped`.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     A store's folder, or one to be made; a folder that exists must be empty.
    /// source
    ///     A file, a folder, or a list of them as for `list_audio`.
    /// params
    ///     What to compute: `Params` or what stands for them; `Params()` where None.
    ///     "compatibility" must be null, because otherwise all recordings are analysed as one
    ///     signal.
    /// channel
    ///     As for `load_audio`: "mix", "left" or "right".
    /// num_threads
    ///     At least 1; all processors where None. The results do not depend on it.
    /// prune
    ///     Remove the shards of other recordings and other parameters.
    /// progress
    ///     Called about ten times a second and at the end with the number of files done, the number
    ///     of files in all, the number of frames done, and the share, 0 to 1, of the sound to be
    ///     analysed that is done. An exception from it stops the work.
    ///
    /// Returns
    /// -------
    /// store
    ///     The `Store` of all these recordings.
    ///
    /// Raises
    /// ------
    /// AudioFileError
    ///     The only file cannot be read, there is no such file, or a folder holds no audio.
    /// ParameterError
    ///     None of several files can be read, or an argument is not as said here.
    /// FeatureFileError
    ///     The folder holds other things.
    /// FileAccessError
    ///     The folder cannot be written.
    ///
    /// Warns
    /// -----
    /// AudioWarning
    ///     For each of `Store.warnings`.
    #[staticmethod]
    #[pyo3(signature = (
        path, source, params = None, *, channel = "mix", num_threads = None, prune = false,
        progress = None
    ))]
    fn update(
        path: PathBuf,
        source: &Bound<'_, PyAny>,
        params: Option<Given>,
        channel: &str,
        num_threads: Option<usize>,
        prune: bool,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let params = params.map(|params| params.0).unwrap_or_default();
        let channel = arguments::channel(channel)?;
        let (files, remarks) = arguments::audio_files(source)?;
        let size = |file: &PathBuf| std::fs::metadata(file).map_or(0, |metadata| metadata.len());
        let bytes: u64 = files.iter().map(size).sum();
        let watch = Watch::default();
        let report = |watch: &Watch| match progress {
            Some(callback) => {
                let wanted = bytes.saturating_sub(watch.reused_bytes());
                // A file holds more than its sound.
                let over = watch.files() == files.len() || wanted == 0;
                let share = watch.bytes() as f64 / wanted.max(1) as f64;
                let share = if over { 1.0 } else { share.min(1.0) };
                callback.call1((watch.files(), files.len(), watch.frames(), share)).map(|_| ())
            }
            None => Ok(()),
        };
        let work = || {
            let mut store = Store::update(&path, &files, &params, channel, prune, &watch)?;
            store.warn(remarks)?;
            Ok(store)
        };
        let store = run(source.py(), num_threads, &watch, report, work)?;
        warn_of_remarks(source.py(), &store.warnings())?;
        Ok(Self(store))
    }

    /// Recordings, in the order of their paths.
    #[getter]
    fn files(&self) -> Vec<String> {
        self.0.files()
    }

    /// Each recording's path, name of its shard, number of frames, and duration in seconds.
    #[getter]
    fn recordings(&self) -> Vec<Recording> {
        self.0.entries.iter().cloned().map(recording).collect()
    }

    /// Files that could not be analysed, each with the reason in one line.
    #[getter]
    fn skipped(&self) -> Vec<(PathBuf, String)> {
        self.0.skipped.iter().map(|s| (s.path.clone(), s.reason.clone())).collect()
    }

    /// Files and folders that something is to be known of, as `Frames.warnings`.
    #[getter]
    fn warnings(&self) -> Vec<(PathBuf, String)> {
        self.0.warnings().into_iter().map(|r| (r.path, r.message)).collect()
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
    /// Raises
    /// ------
    /// FeatureFileError
    ///     One of the store's files is damaged.
    #[pyo3(signature = (*, channel = "mix"))]
    fn report(&self, py: Python<'_>, channel: &str) -> PyResult<PyReport> {
        let channel = arguments::channel(channel)?;
        Ok(PyReport(run_quietly(py, |watch| self.0.report(channel, watch))?))
    }

    /// Number of recordings that the update that returned this store found already analysed.
    #[getter]
    fn kept(&self) -> usize {
        self.0.kept
    }

    /// Frames of each recording, mapped into memory, standardised over all recordings.
    ///
    /// Raises
    /// ------
    /// FeatureFileError
    ///     A shard is damaged; an update makes it again.
    #[getter]
    fn shards(&self, py: Python<'_>) -> PyResult<Vec<PyFrames>> {
        let shards = || (0..self.0.entries.len()).map(|index| self.0.shard(index));
        let shards = py.detach(|| shards().collect::<Result<Vec<_>>>())?;
        Ok(shards.into_iter().map(PyFrames).collect())
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

    /// Write all frames as one file, as `Frames.save` does, in little memory.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     The file; an existing one is replaced when the new one is complete.
    ///
    /// Raises
    /// ------
    /// FeatureFileError
    ///     A shard is damaged.
    /// FileAccessError
    ///     A file cannot be read or written.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Ok(py.detach(|| self.0.save(&path))?)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    /// The folder is what pickle keeps.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (PathBuf,))> {
        let folder = std::path::absolute(slf.get().0.folder())?;
        Ok((slf.get_type().getattr("_restore")?, (folder,)))
    }

    #[classmethod]
    fn _restore(_class: &Bound<'_, PyType>, path: PathBuf) -> PyResult<Self> {
        Ok(Self(Store::open(&path)?))
    }

    fn __repr__(&self) -> String {
        format!("Store({} frames, {} files)", self.0.len(), self.0.entries.len())
    }
}

/// Make a folder a store, with an empty index if it has none.
#[pyfunction]
#[pyo3(name = "_prepare_store")]
pub(super) fn prepare_store(path: PathBuf, params: Given) -> PyResult<()> {
    Ok(Store::prepare(&path, &params.0, Channel::Mix).map(|_| ())?)
}

/// Analyse one recording into a store's folder on one thread, without listing it in the index.
///
/// Returns the recording as in `Store.recordings`, its warnings, and whether its file of frames
/// existed before. If the recording cannot be read, returns None and the reason.
#[pyfunction]
#[pyo3(name = "_analyze_into")]
pub(super) fn analyze_into(
    py: Python<'_>,
    path: PathBuf,
    file: PathBuf,
    params: Given,
    channel: &str,
) -> PyResult<(Option<Analyzed>, String)> {
    let channel = arguments::channel(channel)?;
    let watch = Watch::default();
    let result = run(
        py,
        Some(1),
        &watch,
        |_| Ok(()),
        || {
            let shards = Store::prepare(&path, &params.0, channel)?;
            let done =
                shards.identify(&file, &watch).and_then(|known| shards.ensure(&known, 1, &watch));
            match done {
                Ok(done) => Ok(Ok(done)),
                Err(error) if corpus::is_about(&error, &file) => Ok(Err(error.to_string())),
                Err(error) => Err(error),
            }
        },
    )?;
    Ok(match result {
        Ok((mut entry, was_there)) => {
            let warnings = std::mem::take(&mut entry.warnings);
            (Some((recording(entry), warnings, was_there)), String::new())
        }
        Err(reason) => (None, reason),
    })
}

/// The audio files that a source names, and what was left out of its folders.
#[pyfunction]
#[pyo3(name = "_list_with_remarks")]
pub(super) fn list_with_remarks(source: &Bound<'_, PyAny>) -> PyResult<(Vec<PathBuf>, Lines)> {
    let (files, remarks) = arguments::audio_files(source)?;
    Ok((files, remarks.into_iter().map(|r| (r.path, r.message)).collect()))
}

/// List recordings that `_analyze_into` analysed in the store's index, each with what is to be
/// known of it; `remarks` is what was left out of folders.
#[pyfunction]
#[pyo3(
    name = "_finish_store",
    signature = (path, params, recordings, skipped, remarks, *, prune, kept)
)]
#[expect(clippy::too_many_arguments, reason = "the arguments of a Python function")]
pub(super) fn finish_store(
    py: Python<'_>,
    path: PathBuf,
    params: Given,
    recordings: Vec<(Recording, Vec<String>)>,
    skipped: Lines,
    remarks: Lines,
    prune: bool,
    kept: usize,
) -> PyResult<PyStore> {
    let entry = |((path, shard, frames, duration_s), warnings)| Entry {
        path,
        shard,
        frames,
        duration_s,
        warnings,
    };
    let entries = recordings.into_iter().map(entry).collect();
    let skipped = skipped.into_iter().map(|(path, reason)| Skipped { path, reason }).collect();
    let remarks = remarks.into_iter().map(|(path, message)| Remark { path, message }).collect();
    let mut store = py.detach(|| {
        let mut store = Store::finish(&path, &params.0, entries, skipped, prune)?;
        store.warn(remarks)?;
        Ok::<_, crate::Error>(store)
    })?;
    store.kept = kept;
    warn_of_remarks(py, &store.warnings())?;
    Ok(PyStore(store))
}
