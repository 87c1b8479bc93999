//! One recording's frames in a store.

use super::analyze::frame_time;
use super::file::Reader;
use super::key;
use super::passages::Source;
use super::recording::analyze_recording;
use super::writer::{Rows, Writer};
use crate::analysis::Watch;
use crate::{Error, Params, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const ENDING: &str = ".safetensors";

/// A recording in a store's index.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where it was.
    pub path: String,
    /// Name of its file of frames.
    pub shard: String,
    /// Number of its frames.
    pub frames: usize,
    /// Its duration, s.
    pub duration_s: f64,
}

impl Entry {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "path": self.path,
            "shard": self.shard,
            "frames": self.frames,
            "duration_s": self.duration_s,
        })
    }

    /// None where it is damaged.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let text = |key: &str| Some(value[key].as_str()?.to_owned());
        Some(Self {
            path: text("path")?,
            // A path would lead out of the store.
            shard: text("shard").filter(|name| Shards::is_name(name))?,
            frames: value["frames"].as_u64()? as usize,
            duration_s: value["duration_s"].as_f64()?,
        })
    }
}

/// A recording whose content is known.
pub(crate) struct Identified {
    path: PathBuf,
    /// Name of its file of frames.
    pub shard: String,
    state: (u64, Option<std::time::SystemTime>),
}

/// Where the frames of recordings go.
pub(crate) struct Shards {
    folder: PathBuf,
    params: Params,
    key: String,
}

impl Shards {
    pub fn new(folder: &Path, params: &Params) -> Result<Self> {
        // Equal names mean equal files: a shard holds nothing that its name does not depend on.
        let params = key::relevant(params)?;
        let key = key::of_params(params.analysis());
        Ok(Self { folder: folder.into(), params, key })
    }

    /// Whether a file of this name may be a shard.
    pub fn is_name(name: &str) -> bool {
        let key = name.strip_suffix(ENDING).unwrap_or_default();
        !key.is_empty() && key.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
    }

    /// Reads a recording for its name.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Interrupted`] if `watch` was stopped.
    pub fn identify(&self, path: &Path, watch: &Watch) -> Result<Identified> {
        watch.check()?;
        let state = key::state(path)?;
        let shard = format!("{}-{}{ENDING}", key::of_content(path, watch)?, self.key);
        Ok(Identified { path: path.into(), shard, state })
    }

    /// Analyses a recording if its shard is missing or damaged; says whether it was there.
    ///
    /// # Errors
    /// As [`analyze_files`](super::analyze_files) of one file; [`Error::Io`] if the shard cannot be
    /// written.
    pub fn ensure(
        &self,
        recording: &Identified,
        at_once: usize,
        watch: &Watch,
    ) -> Result<(Entry, bool)> {
        let entry = |samples: usize, frames: usize| Entry {
            path: recording.path.display().to_string(),
            shard: recording.shard.clone(),
            frames,
            duration_s: samples as f64 / f64::from(self.params.analysis().sample_rate),
        };
        if let Some((samples, frames)) = self.known(&recording.shard) {
            watch.spare_bytes(recording.state.0);
            watch.finish_file();
            return Ok((entry(samples, frames), true));
        }
        let (samples, frames) = self.analyze(recording, at_once, watch)?;
        watch.finish_file();
        Ok((entry(samples, frames), false))
    }

    /// Samples and frames of a shard that is there and sound.
    fn known(&self, shard: &str) -> Option<(usize, usize)> {
        let reader = Reader::open(&self.folder.join(shard)).ok()?;
        let fits = reader.header.params == self.params;
        reader.header.samples.filter(|_| fits).map(|samples| (samples, reader.header.frames))
    }

    fn analyze(
        &self,
        recording: &Identified,
        at_once: usize,
        watch: &Watch,
    ) -> Result<(usize, usize)> {
        let analysis = self.params.analysis();
        let files = [recording.shard.clone()];
        let target = self.folder.join(&recording.shard);
        let mut writer = Writer::new(&target, &self.params, &files, &[])?;
        let samples = analyze_recording(
            &|| Source::open(&recording.path, analysis),
            analysis,
            at_once,
            watch,
            &mut |features| {
                let first = writer.frames();
                let frames = first..first + features.f0_hz.len();
                writer.push(&Rows {
                    f0_hz: &features.f0_hz,
                    voicedness: &features.voicedness,
                    mfcc: &features.mfcc,
                    spectrum: &features.spectrum,
                    file_index: &vec![0; frames.len()],
                    times_s: &frames.map(|f| frame_time(f, analysis) as f32).collect::<Vec<_>>(),
                })
            },
        )?;
        if key::state(&recording.path)? != recording.state {
            return Err(Error::audio(&recording.path, "changed while it was read"));
        }
        let frames = writer.frames();
        writer.finish(None, Some(samples))?;
        Ok((samples, frames))
    }
}
