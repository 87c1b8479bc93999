//! The files of a store: one recording's frames each.

use super::builder::frame_times;
use super::fingerprint::{self, FileState};
use super::index::Entry;
use super::passage_analysis::analyze_recording;
use super::reader::FramesReader;
use super::source::Source;
use super::writer::FramesWriter;
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

/// Makes the shards of a store.
pub(crate) struct Shards {
    folder: PathBuf,
    params: Params,
    /// Hash of the parameters that the analysis reads.
    params_hash: String,
}

impl Shards {
    /// Makes shards in `folder` with these parameters.
    ///
    /// # Errors
    /// Valid parameters give no error.
    pub fn new(folder: &Path, params: &Params) -> Result<Self> {
        // Equal names must mean equal files, so a shard may only hold what its name depends on.
        let params = fingerprint::relevant(params)?;
        let params_hash = fingerprint::of_params(params.analysis());
        Ok(Self { folder: folder.into(), params, params_hash })
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
        let entry = |samples: usize, frames: usize| Entry {
            path: recording.path.display().to_string(),
            shard: recording.shard.clone(),
            frames,
            duration_s: samples as f64 / f64::from(self.params.analysis().sample_rate),
        };
        if let Some((samples, frames)) = self.existing(&recording.shard) {
            watch.reuse_bytes(recording.state.0);
            watch.finish_file();
            return Ok((entry(samples, frames), true));
        }
        let (samples, frames) = self.analyze(recording, passages_at_once, watch)?;
        watch.finish_file();
        Ok((entry(samples, frames), false))
    }

    /// Numbers of samples and frames of an existing shard; `None` if it is missing or damaged.
    fn existing(&self, shard: &str) -> Option<(usize, usize)> {
        let reader = FramesReader::open(&self.folder.join(shard)).ok()?;
        let fits = reader.header.params == self.params;
        reader.header.samples.filter(|_| fits).map(|samples| (samples, reader.header.frames))
    }

    fn analyze(
        &self,
        recording: &Identified,
        passages_at_once: usize,
        watch: &Watch,
    ) -> Result<(usize, usize)> {
        let analysis = self.params.analysis();
        let files = [recording.shard.clone()];
        let target = self.folder.join(&recording.shard);
        let mut writer = FramesWriter::new(&target, &self.params, &files, &[])?;
        let samples = analyze_recording(
            &|| Source::open(&recording.path, analysis),
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
        let frames = writer.frames();
        writer.finish(None, Some(samples))?;
        Ok((samples, frames))
    }
}
