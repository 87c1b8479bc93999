//! Analyses all recordings as one signal, as `wms_torch` does.

use super::builder::FramesBuilder;
use super::failures::split_failures;
use super::frames::{Frames, Remark, Skipped};
use super::recording::Recording;
use crate::analysis::analyze_signal;
use crate::analysis::compat::Joined;
use crate::audio::{Channel, ReadOptions};
use crate::{Params, Result, Watch, audio};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Reads files and analyses them as one signal.
///
/// # Errors
/// The same as [`analyze_files`](super::analyze_files).
pub(super) fn analyze_files_joined(
    paths: &[PathBuf],
    params: &Params,
    channel: Channel,
    watch: &Watch,
) -> Result<Frames> {
    let rate = params.analysis().sample_rate;
    let results: Vec<_> = paths.par_iter().map(|path| read(path, rate, channel, watch)).collect();
    let (done, failures) = split_failures(paths, results)?;
    if done.is_empty() {
        return Err(failures.into_error());
    }
    let (recordings, remarks): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    let mut frames = analyze_joined(recordings, params, failures.into_skipped(), watch)?;
    frames.warnings = remarks.concat();
    Ok(frames)
}

fn read(
    path: &Path,
    sample_rate: u32,
    channel: Channel,
    watch: &Watch,
) -> Result<(Recording, Vec<Remark>)> {
    watch.check()?;
    let mut decoded = audio::decode(path, ReadOptions { channel, as_stored: true })?;
    if decoded.sample_rate != sample_rate {
        decoded.samples = audio::resample(&decoded.samples, decoded.sample_rate, sample_rate)?;
    }
    let name = path.display().to_string();
    let remarks = Remark::about(&name, &decoded.warnings);
    Ok((Recording { name, samples: decoded.samples }, remarks))
}

/// Analyses recordings as one signal, each padded at its end as `wms_torch` pads it.
///
/// # Errors
/// The same as [`analyze_signal`].
pub(super) fn analyze_joined(
    recordings: Vec<Recording>,
    params: &Params,
    skipped: Vec<Skipped>,
    watch: &Watch,
) -> Result<Frames> {
    let analysis = params.analysis();
    let mut joined = Joined::default();
    for recording in &recordings {
        joined.push(&recording.samples, analysis.window_size);
    }
    let features = analyze_signal(&joined.signal, analysis, watch)?;
    let places = (0..features.len()).map(|frame| joined.place(frame, analysis));
    let files = recordings.into_iter().map(|recording| recording.name).collect();
    Ok(FramesBuilder::of_joined(params, files, places, features).finish(skipped, Vec::new(), None))
}
