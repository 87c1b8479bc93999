//! All recordings as one signal, as `wms_torch` analyses them.

use super::analyze::Recording;
use super::builder::FramesBuilder;
use super::failures::split_failures;
use super::frames::{Frames, Skipped};
use crate::analysis::analyze_signal;
use crate::{Params, Result, Watch, audio};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Reads files and analyses them as one signal.
///
/// # Errors
/// As [`analyze_files`](super::analyze_files).
pub(super) fn analyze_files_joined(
    paths: &[PathBuf],
    params: &Params,
    watch: &Watch,
) -> Result<Frames> {
    let rate = params.analysis().sample_rate;
    let results: Vec<_> = paths.par_iter().map(|path| read(path, rate, watch)).collect();
    let (recordings, failures) = split_failures(paths, results)?;
    if recordings.is_empty() {
        return Err(failures.into_error());
    }
    analyze_joined(recordings, params, failures.into_skipped(), watch)
}

fn read(path: &Path, sample_rate: u32, watch: &Watch) -> Result<Recording> {
    watch.check()?;
    let mut decoded = audio::decode(path)?;
    if decoded.sample_rate != sample_rate {
        decoded.samples = audio::resample(&decoded.samples, decoded.sample_rate, sample_rate)?;
    }
    Ok(Recording { name: path.display().to_string(), samples: decoded.samples })
}

/// Analyses recordings as one signal, each padded at its end as `wms_torch` pads it.
///
/// # Errors
/// As [`analyze_signal`].
pub(super) fn analyze_joined(
    recordings: Vec<Recording>,
    params: &Params,
    skipped: Vec<Skipped>,
    watch: &Watch,
) -> Result<Frames> {
    let analysis = params.analysis();
    let (signal, starts) = join(&recordings, analysis.window_size);
    let features = analyze_signal(&signal, analysis, watch)?;
    let files = recordings.into_iter().map(|recording| recording.name).collect();
    Ok(FramesBuilder::of_joined(params, files, &starts, features).finish(skipped, None))
}

/// `wms_torch`'s waveform, and the sample at which each recording begins in it. Every recording is
/// followed by zeros up to the next whole window, or by a whole window of them if it ends on one.
fn join(recordings: &[Recording], window_size: usize) -> (Vec<f32>, Vec<usize>) {
    let mut signal = Vec::new();
    let mut starts = Vec::with_capacity(recordings.len());
    for recording in recordings {
        starts.push(signal.len());
        signal.extend_from_slice(&recording.samples);
        let padding = window_size - recording.samples.len() % window_size;
        signal.resize(signal.len() + padding, 0.0);
    }
    (signal, starts)
}
