//! `wms.Store`.

use super::arguments;
use super::frames::{PyFrames, PyScaler};
use super::params::PyParams;
use super::watched::run;
use crate::corpus::{self, Entry, Skipped, Store};
use crate::{Error, Result, Watch};
use pyo3::prelude::*;
use std::path::PathBuf;

/// Analysed recordings in a folder, one file of frames each.
#[pyclass(frozen, name = "Store", module = "wms")]
pub(super) struct PyStore(Store);

/// A recording's path, file of frames, number of frames and duration in s.
type Recording = (String, String, usize, f64);

fn recording(entry: Entry) -> Recording {
    (entry.path, entry.shard, entry.frames, entry.duration_s)
}

/// The audio files that a source names.
fn files(source: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    arguments::audio_files(source)?.ok_or_else(|| {
        Error::parameter("the source is not a path, a folder or a list of them").into()
    })
}

#[pymethods]
impl PyStore {
    /// Open a store.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self(py.detach(|| Store::open(&path))?))
    }

    /// Bring a folder up to date with recordings: what is new or changed is analysed.
    ///
    /// source is a file, a folder or a list of them. prune removes shards of recordings that are
    /// no longer given. progress is called with (files done, files in all, frames done, share of
    /// the sound to be analysed that is done).
    #[staticmethod]
    #[pyo3(signature = (path, source, params = None, *, num_threads = None, prune = false, progress = None))]
    fn update(
        path: PathBuf,
        source: &Bound<'_, PyAny>,
        params: Option<PyParams>,
        num_threads: Option<usize>,
        prune: bool,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let params = params.map(|params| params.0).unwrap_or_default();
        let files = files(source)?;
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
        let work = || Store::update(&path, &files, &params, prune, &watch);
        Ok(Self(run(source.py(), num_threads, &watch, report, work)?))
    }

    /// Recordings, in the order of their paths.
    #[getter]
    fn files(&self) -> Vec<String> {
        self.0.files()
    }

    /// Each recording's path, file of frames in the folder, number of frames and duration in s.
    #[getter]
    fn recordings(&self) -> Vec<Recording> {
        self.0.entries.iter().cloned().map(recording).collect()
    }

    /// Files that could not be analysed, each with the reason.
    #[getter]
    fn skipped(&self) -> Vec<(PathBuf, String)> {
        self.0.skipped.iter().map(|s| (s.path.clone(), s.reason.clone())).collect()
    }

    /// Recordings that were analysed before the update that returned this.
    #[getter]
    fn kept(&self) -> usize {
        self.0.kept
    }

    /// Frames of each recording, mapped into memory; standardised over all recordings.
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

    /// Write all frames as one safetensors file, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Ok(py.detach(|| self.0.save(&path))?)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!("Store({} frames, {} files)", self.0.len(), self.0.entries.len())
    }
}

/// Make a folder a store, if need be an empty one.
#[pyfunction]
#[pyo3(name = "_prepare_store")]
pub(super) fn prepare_store(path: PathBuf, params: PyParams) -> PyResult<()> {
    Ok(Store::prepare(&path, &params.0).map(|_| ())?)
}

/// Analyse one recording into a store's folder on one thread, without listing it.
///
/// Returns what Store.recordings has of it and whether it was there, or why it cannot be read.
#[pyfunction]
#[pyo3(name = "_analyze_into")]
pub(super) fn analyze_into(
    py: Python<'_>,
    path: PathBuf,
    file: PathBuf,
    params: PyParams,
) -> PyResult<(Option<(Recording, bool)>, String)> {
    let watch = Watch::default();
    let result = run(
        py,
        Some(1),
        &watch,
        |_| Ok(()),
        || {
            let shards = Store::prepare(&path, &params.0)?;
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
        Ok((entry, was_there)) => (Some((recording(entry), was_there)), String::new()),
        Err(reason) => (None, reason),
    })
}

/// List recordings that `_analyze_into` analysed in the store's index.
#[pyfunction]
#[pyo3(name = "_finish_store", signature = (path, params, recordings, skipped, *, prune, kept))]
pub(super) fn finish_store(
    py: Python<'_>,
    path: PathBuf,
    params: PyParams,
    recordings: Vec<Recording>,
    skipped: Vec<(PathBuf, String)>,
    prune: bool,
    kept: usize,
) -> PyResult<PyStore> {
    let entry = |(path, shard, frames, duration_s)| Entry { path, shard, frames, duration_s };
    let entries = recordings.into_iter().map(entry).collect();
    let skipped = skipped.into_iter().map(|(path, reason)| Skipped { path, reason }).collect();
    let mut store = py.detach(|| Store::finish(&path, &params.0, entries, skipped, prune))?;
    store.kept = kept;
    Ok(PyStore(store))
}
