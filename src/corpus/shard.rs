//! The files of a store: one recording's frames each.

use super::builder::frame_times;
use super::fingerprint::{self, FileState};
use super::index::Entry;
use super::passage_analysis::{Analyzed, analyze_recording};
use super::reader::FramesReader;
use super::source::Source;
use super::writer::FramesWriter;
use crate::audio::{Channel, ReadOptions};
use crate::{Error, Params, Result, Watch};
use ndarray::Array1;
use std::path::{Path, PathBuf};

/// A recording whose bytes have been hashed.
pub(crate) struct Identified {
    path: PathBuf,
    /// Name of its shard.
    pub shard: String,
    state: FileState,
}

/// What a shard holds.
struct Done {
    /// Number of samples of the recording.
    samples: usize,
    frames: usize,
    /// What is to be said about the recording, each in one line without its name.
    warnings: Vec<String>,
}

/// Makes the shards of a store.
pub(crate) struct Shards {
    folder: PathBuf,
    params: Params,
    /// Hash of the parameters that the analysis reads.
    params_hash: String,
    channel: Channel,
}

impl Shards {
    /// Makes shards in `folder` with these parameters, of this channel of the recordings.
    ///
    /// # Errors
    /// Valid parameters give no error.
    pub fn new(folder: &Path, params: &Params, channel: Channel) -> Result<Self> {
        // Equal names must mean equal files, so a shard may only hold what its name depends on.
        let params = fingerprint::relevant(params)?;
        let params_hash = fingerprint::of_params(params.analysis(), channel);
        Ok(Self { folder: folder.into(), params, params_hash, channel })
    }

    /// Hashes a recording's bytes to find the name of its shard.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Interrupted`] if `watch` was stopped.
    pub fn identify(&self, path: &Path, watch: &Watch) -> Result<Identified> {
        watch.check()?;
        let state = fingerprint::file_state(path)?;
        let content = fingerprint::of_content(path, watch)?;
        let shard = fingerprint::shard_name(&content, &self.params_hash);
        Ok(Identified { path: path.into(), shard, state })
    }

    /// Analyses a recording if its shard is missing or damaged. Returns the recording's entry in
    /// the index, and whether the shard existed already.
    ///
    /// # Errors
    /// The same as [`analyze_files`](super::analyze_files) for one file; [`Error::Io`] if the shard
    /// cannot be written.
    pub fn ensure(
        &self,
        recording: &Identified,
        passages_at_once: usize,
        watch: &Watch,
    ) -> Result<(Entry, bool)> {
        let entry = |done: Done| Entry {
            path: recording.path.display().to_string(),
            shard: recording.shard.clone(),
            frames: done.frames,
            duration_s: done.samples as f64 / f64::from(self.params.analysis().sample_rate),
            warnings: done.warnings,
        };
        if let Some(done) = self.existing(&recording.shard) {
            watch.reuse_bytes(recording.state.0);
            watch.finish_file();
            return Ok((entry(done), true));
        }
        let done = self.analyze(recording, passages_at_once, watch)?;
        watch.finish_file();
        Ok((entry(done), false))
    }

    /// What an existing shard holds; `None` if it is missing or damaged.
    fn existing(&self, shard: &str) -> Option<Done> {
        let header = FramesReader::open(&self.folder.join(shard)).ok()?.header;
        let samples = header.samples.filter(|_| header.params == self.params)?;
        let warnings = header.warnings.into_iter().map(|remark| remark.message).collect();
        Some(Done { samples, frames: header.frames, warnings })
    }

    fn analyze(
        &self,
        recording: &Identified,
        passages_at_once: usize,
        watch: &Watch,
    ) -> Result<Done> {
        let analysis = self.params.analysis();
        let files = [recording.shard.clone()];
        let target = self.folder.join(&recording.shard);
        let mut writer = FramesWriter::new(&target, &self.params, &files, &[], &[])?;
        let options = ReadOptions { channel: self.channel, as_stored: false };
        let analyzed = analyze_recording(
            &|| Source::open(&recording.path, analysis, options),
            analysis,
            passages_at_once,
            watch,
            &mut |features| {
                let (first, count) = (writer.frames(), features.len());
                let times_s: Array1<f32> = frame_times(first, count, analysis).collect();
                let file_index = Array1::zeros(count);
                writer.push(&features.view(), &times_s, &file_index)
            },
        )?;
        if fingerprint::file_state(&recording.path)? != recording.state {
            return Err(Error::audio(&recording.path, "changed while it was read"));
        }
        let Analyzed { samples, warnings } = analyzed;
        let frames = writer.frames();
        writer.warn(&warnings);
        writer.finish(None, Some(samples))?;
        Ok(Done { samples, frames, warnings })
    }
}
