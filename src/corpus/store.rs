//! A folder of analysed recordings: one file of frames each, and an index of them.

use super::builder::{FramesBuilder, frame_times};
use super::failures::split_failures;
use super::fingerprint::is_shard_name;
use super::frames::{Frames, Remark, Skipped};
use super::index::{self, Entry, Index};
use super::reader::FramesReader;
use super::shard::Shards;
use super::workers::for_each_recording;
use super::writer::FramesWriter;
use crate::audio::Channel;
use crate::files::TEMPORARY;
use crate::params::Compatibility;
use crate::timbre::Scaler;
use crate::timbre::scaler::Mean;
use crate::{Error, Params, Result, Watch};
use ndarray::{Array1, Array2};
use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A folder that keeps the frames of analysed recordings.
///
/// Each recording's frames are in a file of their own (a shard). Its name is made of a hash of the
/// recording's bytes and a hash of the parameters that the analysis reads, so that nothing is
/// analysed twice. The index lists the recordings, sorted by path.
///
/// # Examples
/// ```
/// use wms::corpus::Store;
/// use wms::{Params, Watch, audio};
///
/// let folder = tempfile::tempdir().unwrap();
/// let recording = folder.path().join("tone.wav");
/// let tone: Vec<f32> = (0..16000).map(|n| 0.2 * (n as f32 * 0.0864).sin()).collect();
/// audio::write_wav(&recording, &tone, 1, 16000, audio::WavSubtype::default())?;
///
/// let (path, params, watch) = (folder.path().join("store"), Params::default(), Watch::default());
/// let mix = audio::Channel::Mix;
/// let store = Store::update(&path, &[recording.clone()], &params, mix, false, &watch)?;
/// assert_eq!((store.len(), store.kept), (63, 0));
/// // A second update finds the recording analysed.
/// assert_eq!(Store::update(&path, &[recording], &params, mix, false, &watch)?.kept, 1);
/// # Ok::<(), wms::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// The parameters of the analysis.
    pub params: Params,
    /// The recordings, sorted by path.
    pub entries: Vec<Entry>,
    /// Recordings that could not be analysed.
    pub skipped: Vec<Skipped>,
    /// What was left out of folders, see [`Store::warn`].
    listing: Vec<Remark>,
    /// Mean and standard deviation of the coefficients over all frames.
    pub scaler: Scaler,
    /// Number of recordings whose earlier analysis was reused by the update that returned this
    /// store.
    pub kept: usize,
}

impl Store {
    /// Opens an existing store.
    ///
    /// # Errors
    /// [`Error::Io`] if there is no index or it cannot be read, [`Error::FeatureFile`] if it is
    /// damaged or another kind of file.
    pub fn open(folder: &Path) -> Result<Self> {
        let Index { params, entries, skipped, listing, scaler } = index::read(folder)?;
        let kept = entries.len();
        Ok(Self { folder: folder.into(), params, entries, skipped, listing, scaler, kept })
    }

    /// The folder that the store is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes `folder` a store of exactly these recordings. Those that have no shard yet are
    /// analysed; `channel` is taken of those that have several. If `prune` is true, shards of other recordings are removed.
    ///
    /// A recording that cannot be read is left out and listed in `skipped`. Memory grows neither
    /// with the length of recordings nor with their number. If an update is interrupted, the next
    /// one keeps the recordings that were finished.
    ///
    /// # Errors
    /// The same as [`analyze_files`](super::analyze_files); [`Error::Parameter`] if the parameters
    /// ask for compatibility with `wms_torch`, which analyses all recordings as one signal;
    /// [`Error::FeatureFile`] if the folder holds anything but a store; [`Error::Io`] if it cannot
    /// be written.
    pub fn update(
        folder: &Path,
        files: &[PathBuf],
        params: &Params,
        channel: Channel,
        prune: bool,
        watch: &Watch,
    ) -> Result<Self> {
        let shards = Self::prepare(folder, params, channel)?;
        let mut files = files.to_vec();
        files.sort();
        files.dedup();
        let claimed = Mutex::new(HashSet::new());
        let results = for_each_recording(files.len(), |index, passages_at_once| {
            let recording = shards.identify(&files[index], watch)?;
            let name = recording.shard.clone();
            // Two copies of a recording share one shard: the second waits until the first is done.
            let first = claimed.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
            if first {
                shards.ensure(&recording, passages_at_once, watch).map(Some)
            } else {
                Ok(None)
            }
        });
        let results = files.iter().zip(results).map(|(file, result)| match result {
            Ok(Some(done)) => Ok(done),
            Ok(None) => shards.ensure(&shards.identify(file, watch)?, 1, watch),
            Err(error) => Err(error),
        });
        let (done, failures) = split_failures(&files, results)?;
        if done.is_empty() {
            Self::remove_if_empty(folder);
            return Err(failures.into_error());
        }
        let kept = done.iter().filter(|(_, was_there)| *was_there).count();
        let entries = done.into_iter().map(|(entry, _)| entry).collect();
        let skipped = failures.into_skipped();
        Ok(Self { kept, ..Self::finish(folder, params, entries, skipped, prune)? })
    }

    /// Makes the folder an empty store unless it is a store already. Returns the object that makes
    /// its shards.
    ///
    /// # Errors
    /// The same as [`Store::update`].
    pub(crate) fn prepare(folder: &Path, params: &Params, channel: Channel) -> Result<Shards> {
        if params.analysis().compatibility != Compatibility::Own {
            return Err(Error::Parameter(format!(
                "\"compatibility\" is {}: recordings are analysed as one signal then, which no \
                 store can hold; wanted null, or one file of frames",
                params.get("compatibility").unwrap_or(&Value::Null)
            )));
        }
        let io = |source| Error::io(folder, source);
        std::fs::create_dir_all(folder).map_err(io)?;
        if !index::path_in(folder).exists() {
            if std::fs::read_dir(folder).map_err(io)?.next().is_some() {
                return Err(Error::features(
                    folder,
                    "holds other things, wanted a store or an empty folder",
                ));
            }
            Self::empty(folder, params).write_index()?;
        }
        Shards::new(folder, params, channel)
    }

    fn empty(folder: &Path, params: &Params) -> Self {
        Self {
            folder: folder.into(),
            params: params.clone(),
            entries: Vec::new(),
            skipped: Vec::new(),
            listing: Vec::new(),
            scaler: Scaler::fit(&Array2::zeros((0, params.analysis().n_mfcc))),
            kept: 0,
        }
    }

    fn write_index(&self) -> Result<()> {
        let Self { folder, params, entries, skipped, listing, scaler, .. } = self;
        index::write(folder, params, entries, skipped, listing, scaler)
    }

    /// Removes a store's folder if it contains nothing but an index.
    fn remove_if_empty(folder: &Path) {
        let names = |folder| std::fs::read_dir(folder).map(Iterator::count);
        if names(folder).is_ok_and(|count| count == 1) {
            // If this fails, an empty store is left, which does no harm.
            let _ = std::fs::remove_file(index::path_in(folder));
            let _ = std::fs::remove_dir(folder);
        }
    }

    /// Writes the index of a store whose shards are complete, and opens it.
    ///
    /// # Errors
    /// The same as [`Store::update`]; [`Error::FeatureFile`] if a shard is damaged.
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

    /// Fits the standardisation piece by piece. The result is the same as for all frames in one
    /// array.
    fn fit_scaler(&self) -> Result<Scaler> {
        let mut mean = Mean::new(self.params.analysis().n_mfcc);
        self.for_each_piece(|mfcc| mean.add(mfcc))?;
        let mut spread = mean.spread();
        self.for_each_piece(|mfcc| spread.add(mfcc))?;
        Ok(spread.scaler())
    }

    /// Calls `work` with the coefficients of all frames, piece by piece.
    fn for_each_piece(&self, mut work: impl FnMut(&Array2<f32>)) -> Result<()> {
        for entry in &self.entries {
            let mut reader = self.reader(entry)?;
            for rows in reader.pieces() {
                work(&reader.mfcc(&rows)?);
            }
        }
        Ok(())
    }

    fn reader(&self, entry: &Entry) -> Result<FramesReader> {
        let path = self.folder.join(&entry.shard);
        let reader = FramesReader::open(&path)?;
        self.check(entry, &path, reader.header.frames, &reader.header.params)?;
        Ok(reader)
    }

    /// Refuses a shard whose frames are not those that the index lists.
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

    /// Removes shards that are not listed, and temporary files that a killed process left.
    fn prune(&self) -> Result<()> {
        let io = |source| Error::io(&self.folder, source);
        let listed: HashSet<&str> = self.entries.iter().map(|e| e.shard.as_str()).collect();
        for file in std::fs::read_dir(&self.folder).map_err(io)? {
            let name = file.map_err(io)?.file_name().to_string_lossy().into_owned();
            let unlisted = is_shard_name(&name) && !listed.contains(name.as_str());
            if unlisted || name.starts_with(TEMPORARY) {
                std::fs::remove_file(self.folder.join(&name)).map_err(io)?;
            }
        }
        Ok(())
    }

    /// Number of frames of all recordings.
    pub fn len(&self) -> usize {
        self.entries.iter().map(|entry| entry.frames).sum()
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Opens the frames of recording `index` (into `entries`), mapped into memory, with the store's
    /// parameters and standardisation.
    ///
    /// # Errors
    /// The same as [`Frames::load`]; [`Error::Parameter`] if there is no such recording.
    pub fn shard(&self, index: usize) -> Result<Frames> {
        let entry = self.entries.get(index).ok_or_else(|| {
            Error::Parameter(format!(
                "recording number {index}, wanted one below {}, the number of recordings",
                self.entries.len()
            ))
        })?;
        let path = self.folder.join(&entry.shard);
        let frames = Frames::load(&path)?;
        self.check(entry, &path, frames.len(), &frames.params)?;
        Ok(Frames {
            params: self.params.clone(),
            files: vec![entry.path.clone()],
            warnings: Remark::about(&entry.path, &entry.warnings),
            scaler: self.scaler.clone(),
            ..frames
        })
    }

    /// Loads the frames of all recordings and joins them in memory.
    ///
    /// # Errors
    /// The same as [`Store::shard`].
    pub fn load(&self) -> Result<Frames> {
        let mut frames = FramesBuilder::new(&self.params);
        for (index, entry) in self.entries.iter().enumerate() {
            frames.push(entry.path.clone(), &self.shard(index)?.features.view())?;
        }
        Ok(frames.finish(self.skipped.clone(), self.warnings(), Some(self.scaler.clone())))
    }

    /// Writes all frames to one file. It is the same file that [`Store::load`] followed by
    /// [`Frames::save`] would write, but memory does not grow with the number of frames.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; an existing file then stays as it was.
    /// Otherwise the same as [`Store::shard`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let analysis = self.params.analysis();
        let files = self.files();
        let warnings = self.warnings();
        let mut writer = FramesWriter::new(path, &self.params, &files, &self.skipped, &warnings)?;
        for (index, entry) in self.entries.iter().enumerate() {
            let mut reader = self.reader(entry)?;
            for rows in reader.pieces() {
                let features = reader.features(&rows)?;
                let times_s: Array1<f32> = frame_times(rows.start, rows.len(), analysis).collect();
                let file_index = Array1::from_elem(rows.len(), index as i32);
                writer.push(&features.view(), &times_s, &file_index)?;
            }
        }
        writer.finish(Some(&self.scaler), None)
    }

    /// What was left out of folders, and what was wrong with recordings that were analysed or had
    /// to be changed in them.
    pub fn warnings(&self) -> Vec<Remark> {
        let of_entry = |entry: &Entry| Remark::about(&entry.path, &entry.warnings);
        self.listing.iter().cloned().chain(self.entries.iter().flat_map(of_entry)).collect()
    }

    /// Lists remarks about the folders that the recordings were found in, in the index too.
    ///
    /// # Errors
    /// [`Error::Io`] if the index cannot be written.
    pub fn warn(&mut self, remarks: Vec<Remark>) -> Result<()> {
        if self.listing != remarks {
            self.listing = remarks;
            self.write_index()?;
        }
        Ok(())
    }

    /// Paths of the recordings.
    pub fn files(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.path.clone()).collect()
    }
}
