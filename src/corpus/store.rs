//! A folder of analysed recordings: one file of frames each, and an index of them.

use super::analyze::none_left;
use super::file::Reader;
use super::frames::{Features, Frames, Skipped};
use super::header::{skipped_from, skipped_to};
use super::shard::{Entry, Shards};
use super::writer::{Rows, Writer};
use super::{analyze::frame_time, lanes};
use crate::analysis::{SignalFeatures, Watch};
use crate::files::{TEMPORARY, write_atomic};
use crate::params::Compatibility;
use crate::timbre::Scaler;
use crate::timbre::scaler::Mean;
use crate::{Error, Params, Result};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const FORMAT: &str = "wms-store";
const VERSION: u64 = 1;
const INDEX: &str = "index.json";
/// Frames that are copied at a time.
const PIECE: usize = 4096;

/// Analysed recordings in a folder.
///
/// Each recording's frames are a file of their own (a shard), named by a hash of the recording's
/// bytes and one of the parameters that the analysis reads: what is there need not be computed
/// again. The index lists the recordings in the order of their paths.
///
/// # Examples
/// ```
/// use wms::audio::write_wav;
/// use wms::corpus::Store;
/// use wms::{Params, Watch};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("tone.wav");
/// let tone: Vec<f32> = (0..8000).map(|i| 0.5 * (i as f32 * 0.1).sin()).collect();
/// write_wav(&path, &tone, 1, 16_000)?;
///
/// let features = folder.path().join("features");
/// let update = || Store::update(&features, &[path.clone()], &Params::default(), false, &Watch::default());
/// assert_eq!(update()?.kept, 0);
/// // The second time there is nothing to analyse.
/// assert_eq!(update()?.kept, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// The parameters of the analysis.
    pub params: Params,
    /// The recordings.
    pub entries: Vec<Entry>,
    /// Recordings that could not be analysed.
    pub skipped: Vec<Skipped>,
    /// Standardisation of the coefficients over all frames.
    pub scaler: Scaler,
    /// Recordings that the update that returned this found analysed already.
    pub kept: usize,
}

impl Store {
    /// Opens a store.
    ///
    /// # Errors
    /// [`Error::Io`] if there is no index or it cannot be read, [`Error::FeatureFile`] if it is
    /// not one.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(INDEX);
        let wrong = |message: &str| Error::features(&path, message);
        let text = std::fs::read_to_string(&path).map_err(|source| Error::io(&path, source))?;
        let index: Value = serde_json::from_str(&text)
            .map_err(|error| wrong(&format!("not the index of a store: {error}")))?;
        if index["format"] != FORMAT {
            return Err(wrong("not the index of a store written by wms"));
        }
        if index["version"] != VERSION {
            let version = &index["version"];
            return Err(wrong(&format!("version {version} of the format, wanted {VERSION}")));
        }
        let params = index["params"].as_object().ok_or_else(|| wrong("lacks params"))?;
        let params = Params::from_map(params.clone())
            .map_err(|error| wrong(&format!("its params: {error}")))?;
        let recordings = index["recordings"].as_array().ok_or_else(|| wrong("lacks recordings"))?;
        let entries: Vec<Entry> = recordings
            .iter()
            .map(|recording| Entry::from_json(recording).ok_or_else(|| wrong("a damaged index")))
            .collect::<Result<_>>()?;
        let column = |name: &str| {
            let values = index["scaler"][name].as_array()?;
            values.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>()
        };
        let scaler = match (column("mean"), column("scale")) {
            (Some(mean), Some(scale)) => Scaler { mean, scale },
            _ => return Err(wrong("lacks the scaler")),
        };
        let columns = params.analysis().n_mfcc;
        if scaler.mean.len() != columns || scaler.scale.len() != columns {
            return Err(wrong(&format!("its scaler is not of {columns} coefficients")));
        }
        let skipped = index["skipped"].as_array().map(|values| skipped_from(values));
        let skipped = skipped.ok_or_else(|| wrong("lacks skipped"))?;
        let kept = entries.len();
        Ok(Self { folder: folder.into(), params, entries, skipped, scaler, kept })
    }

    /// Brings a folder up to date with recordings: analyses those of which it has no shard, and
    /// lists them all. With `prune`, shards that are no longer listed are removed.
    ///
    /// A recording that cannot be read is left out and named in `skipped`. Memory grows neither
    /// with the length of recordings nor with their number. What an interrupted update has
    /// finished, the next finds.
    ///
    /// # Errors
    /// As [`analyze_files`](super::analyze_files); [`Error::Parameter`] if the parameters ask for
    /// compatibility, in which recordings are no analyses of their own; [`Error::FeatureFile`] if
    /// the folder holds anything else; [`Error::Io`] if it cannot be written.
    pub fn update(
        folder: &Path,
        files: &[PathBuf],
        params: &Params,
        prune: bool,
        watch: &Watch,
    ) -> Result<Self> {
        let shards = Self::prepare(folder, params)?;
        let mut files = files.to_vec();
        files.sort();
        files.dedup();
        let claimed = Mutex::new(HashSet::new());
        let results = lanes::for_each(files.len(), |index, at_once| {
            let recording = shards.identify(&files[index], watch)?;
            let name = recording.shard.clone();
            // A copy of a recording that is being analysed waits for it, see below.
            let first = claimed.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
            if first { shards.ensure(&recording, at_once, watch).map(Some) } else { Ok(None) }
        });
        let results = files.iter().zip(results).map(|(file, result)| match result {
            Ok(Some(done)) => Ok(done),
            Ok(None) => shards.ensure(&shards.identify(file, watch)?, 1, watch),
            Err(error) => Err(error),
        });
        let (mut entries, mut failures, mut kept) = (Vec::new(), Vec::new(), 0);
        for (file, result) in files.iter().zip(results) {
            match result {
                Ok((entry, was_there)) => {
                    entries.push(entry);
                    kept += usize::from(was_there);
                }
                Err(error) if concerns(&error, file) => failures.push((file.clone(), error)),
                Err(error) => return Err(error),
            }
        }
        if entries.is_empty() {
            Self::leave(folder);
            return Err(none_left(failures));
        }
        let skipped = failures
            .into_iter()
            .map(|(path, error)| Skipped { path, reason: error.to_string() })
            .collect();
        Ok(Self { kept, ..Self::finish(folder, params, entries, skipped, prune)? })
    }

    /// Makes the folder a store, if need be an empty one, and returns where its shards go.
    ///
    /// # Errors
    /// As [`Store::update`].
    pub(crate) fn prepare(folder: &Path, params: &Params) -> Result<Shards> {
        if params.analysis().compatibility != Compatibility::Own {
            return Err(Error::Parameter(format!(
                "\"compatibility\" is {}: recordings are analysed as one signal then, which no \
                 store can hold; wanted null, or one file of frames",
                params.get("compatibility").unwrap_or(&Value::Null)
            )));
        }
        let io = |source| Error::io(folder, source);
        std::fs::create_dir_all(folder).map_err(io)?;
        if !folder.join(INDEX).exists() {
            if std::fs::read_dir(folder).map_err(io)?.next().is_some() {
                return Err(Error::features(
                    folder,
                    "holds other things, wanted a store or an empty folder",
                ));
            }
            Self::empty(folder, params).write_index()?;
        }
        Shards::new(folder, params)
    }

    fn empty(folder: &Path, params: &Params) -> Self {
        Self {
            folder: folder.into(),
            params: params.clone(),
            entries: Vec::new(),
            skipped: Vec::new(),
            scaler: Scaler::fit(&[], params.analysis().n_mfcc),
            kept: 0,
        }
    }

    /// Removes a store that nothing was ever put into.
    fn leave(folder: &Path) {
        let names = |folder| std::fs::read_dir(folder).map(Iterator::count);
        if names(folder).is_ok_and(|count| count == 1) {
            // Best effort: an empty store does no harm.
            let _ = std::fs::remove_file(folder.join(INDEX));
            let _ = std::fs::remove_dir(folder);
        }
    }

    /// Writes the index of recordings whose shards are there.
    ///
    /// # Errors
    /// As [`Store::update`]; [`Error::FeatureFile`] if a shard is not what it should be.
    pub(crate) fn finish(
        folder: &Path,
        params: &Params,
        mut entries: Vec<Entry>,
        mut skipped: Vec<Skipped>,
        prune: bool,
    ) -> Result<Self> {
        entries.sort_by(|a, b| Path::new(&a.path).cmp(Path::new(&b.path)));
        skipped.sort_by(|a, b| a.path.cmp(&b.path));
        let mut store = Self { entries, skipped, ..Self::empty(folder, params) };
        store.scaler = store.fit_scaler()?;
        store.write_index()?;
        if prune {
            store.prune()?;
        }
        Ok(store)
    }

    fn write_index(&self) -> Result<()> {
        let recordings: Vec<Value> = self.entries.iter().map(Entry::to_json).collect();
        let index = json!({
            "format": FORMAT,
            "version": VERSION,
            "params": self.params.to_map(),
            "scaler": {"mean": self.scaler.mean, "scale": self.scaler.scale},
            "recordings": recordings,
            "skipped": skipped_to(&self.skipped),
        });
        let mut text = serde_json::to_string_pretty(&index).unwrap_or_default();
        text.push('\n');
        write_atomic(&self.folder.join(INDEX), text.as_bytes())
    }

    /// The same numbers as over all frames in one array.
    fn fit_scaler(&self) -> Result<Scaler> {
        let mut mean = Mean::new(self.params.analysis().n_mfcc);
        self.each_piece(|reader, first, count| {
            mean.add(&reader.mfcc(first, count)?);
            Ok(())
        })?;
        let mut spread = mean.spread();
        self.each_piece(|reader, first, count| {
            spread.add(&reader.mfcc(first, count)?);
            Ok(())
        })?;
        Ok(spread.scaler())
    }

    fn each_piece(
        &self,
        mut work: impl FnMut(&mut Reader, usize, usize) -> Result<()>,
    ) -> Result<()> {
        for entry in &self.entries {
            let mut reader = self.reader(entry)?;
            for first in (0..entry.frames).step_by(PIECE) {
                work(&mut reader, first, PIECE.min(entry.frames - first))?;
            }
        }
        Ok(())
    }

    fn reader(&self, entry: &Entry) -> Result<Reader> {
        let path = self.folder.join(&entry.shard);
        let reader = Reader::open(&path)?;
        self.check(entry, &path, reader.header.frames, &reader.header.params)?;
        Ok(reader)
    }

    /// Refuses a shard that is not the one that the index means.
    fn check(&self, entry: &Entry, path: &Path, frames: usize, params: &Params) -> Result<()> {
        let (theirs, ours) = (params.analysis(), self.params.analysis());
        if frames == entry.frames && (theirs.n_mfcc, theirs.n_bins) == (ours.n_mfcc, ours.n_bins) {
            return Ok(());
        }
        Err(Error::features(
            path,
            format!(
                "{frames} frames of {} coefficients and {} bins, wanted {} of {} and {} as in the \
                 index",
                theirs.n_mfcc, theirs.n_bins, entry.frames, ours.n_mfcc, ours.n_bins
            ),
        ))
    }

    fn prune(&self) -> Result<()> {
        let io = |source| Error::io(&self.folder, source);
        let listed: HashSet<&str> = self.entries.iter().map(|e| e.shard.as_str()).collect();
        for file in std::fs::read_dir(&self.folder).map_err(io)? {
            let name = file.map_err(io)?.file_name().to_string_lossy().into_owned();
            let old = Shards::is_name(&name) && !listed.contains(name.as_str());
            if old || name.starts_with(TEMPORARY) {
                std::fs::remove_file(self.folder.join(&name)).map_err(io)?;
            }
        }
        Ok(())
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.entries.iter().map(|entry| entry.frames).sum()
    }

    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The frames of recording `index`, mapped into memory, as the store's parameters and
    /// standardisation have them.
    ///
    /// # Errors
    /// As [`Frames::load`]; [`Error::Parameter`] if there is no such recording.
    pub fn shard(&self, index: usize) -> Result<Frames> {
        let entry = self.entries.get(index).ok_or_else(|| {
            Error::Parameter(format!("recording {index}, wanted one of {}", self.entries.len()))
        })?;
        let path = self.folder.join(&entry.shard);
        let frames = Frames::load(&path)?;
        self.check(entry, &path, frames.len(), &frames.params)?;
        Ok(Frames {
            params: self.params.clone(),
            files: vec![entry.path.clone()],
            scaler: self.scaler.clone(),
            ..frames
        })
    }

    /// All frames, joined in memory.
    ///
    /// # Errors
    /// As [`Store::shard`].
    pub fn load(&self) -> Result<Frames> {
        let mut all = SignalFeatures::default();
        let (mut file_index, mut times_s) = (Vec::new(), Vec::new());
        for index in 0..self.entries.len() {
            let Frames { features: Features { f0_hz, voicedness, mfcc, spectrum }, .. } =
                self.shard(index)?;
            all.f0_hz.extend(&f0_hz);
            all.voicedness.extend(&voicedness);
            all.mfcc.extend(&mfcc);
            all.spectrum.extend(&spectrum);
            file_index.resize(all.f0_hz.len(), index as i32);
            times_s.extend(self.times(0, f0_hz.len()));
        }
        Ok(Frames {
            params: self.params.clone(),
            files: self.files(),
            skipped: self.skipped.clone(),
            file_index: file_index.into(),
            times_s: times_s.into(),
            features: all.into(),
            scaler: self.scaler.clone(),
        })
    }

    /// Writes all frames as one file, as [`Frames::save`] of [`Store::load`] would.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written; an existing file then stays as it was. As
    /// [`Store::shard`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let files = self.files();
        let mut writer = Writer::new(path, &self.params, &files, &self.skipped)?;
        for (index, entry) in self.entries.iter().enumerate() {
            let mut reader = self.reader(entry)?;
            for first in (0..entry.frames).step_by(PIECE) {
                let count = PIECE.min(entry.frames - first);
                let features = reader.features(first, count)?;
                writer.push(&Rows {
                    f0_hz: &features.f0_hz,
                    voicedness: &features.voicedness,
                    mfcc: &features.mfcc,
                    spectrum: &features.spectrum,
                    times_s: &self.times(first, count),
                    file_index: &vec![index as i32; count],
                })?;
            }
        }
        writer.finish(Some(&self.scaler), None)
    }

    /// Paths of the recordings.
    pub fn files(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.path.clone()).collect()
    }

    fn times(&self, first: usize, count: usize) -> Vec<f32> {
        let analysis = self.params.analysis();
        (first..first + count).map(|frame| frame_time(frame, analysis) as f32).collect()
    }
}

/// Whether an error is about a recording, and not about the store, the parameters or the caller.
pub(crate) fn concerns(error: &Error, recording: &Path) -> bool {
    match error {
        Error::AudioFile { .. } => true,
        Error::Io { path, .. } => path == recording,
        _ => false,
    }
}
