//! Analyses recordings into frames in memory.

use super::builder::{FramesBuilder, no_features};
use super::failures::split_failures;
use super::frames::{Frames, Skipped};
use super::joined::{analyze_files_joined, analyze_joined};
use super::passage_analysis::analyze_recording;
use super::recording::Recording;
use super::source::Source;
use super::workers::for_each_recording;
use crate::analysis::Features;
use crate::audio::check_finite;
use crate::params::{AnalysisParams, Compatibility};
use crate::{Params, Result, Watch};
use std::path::PathBuf;

/// Analyses audio files, in parallel over files and frames.
///
/// A file that cannot be read is left out and listed in [`Frames::skipped`]. All frames are held in
/// memory; use [`Store`](super::Store) to keep them in files instead.
///
/// # Errors
/// The file's own error if there is only one file and it cannot be read;
/// [`Error::Parameter`](crate::Error::Parameter) if no file is given, none of several can be read,
/// or the parameters do not permit an analysis; [`Error::Interrupted`](crate::Error::Interrupted)
/// if `watch` was stopped.
///
/// # Examples
/// ```
/// use wms::corpus::analyze_files;
/// use wms::{Params, Watch, audio};
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("tone.wav");
/// let tone: Vec<f32> = (0..16000).map(|n| 0.2 * (n as f32 * 0.0864).sin()).collect();
/// audio::write_wav(&path, &tone, 1, 16000, audio::WavSubtype::default())?;
///
/// let frames = analyze_files(&[path], &Params::default(), &Watch::default())?;
/// let f0_hz = frames.features.f0_hz.view();
/// assert_eq!(frames.len(), 63); // one every 256 samples
/// assert!((f0_hz[30] - 220.0).abs() < 1.0);
/// # Ok::<(), wms::Error>(())
/// ```
pub fn analyze_files(paths: &[PathBuf], params: &Params, watch: &Watch) -> Result<Frames> {
    let analysis = params.analysis();
    if analysis.compatibility != Compatibility::Own {
        return analyze_files_joined(paths, params, watch);
    }
    let results = for_each_recording(paths.len(), |index, passages_at_once| {
        let open = || Source::open(&paths[index], analysis);
        let features = collect_features(&open, analysis, passages_at_once, watch)?;
        watch.finish_file();
        Ok((paths[index].display().to_string(), features))
    });
    let (parts, failures) = split_failures(paths, results)?;
    if parts.is_empty() {
        return Err(failures.into_error());
    }
    assemble(parts, params, failures.into_skipped())
}

/// Analyses recordings that are in memory already.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if a sample is not finite, a recording is empty, or
/// the parameters do not permit an analysis; [`Error::Interrupted`](crate::Error::Interrupted) if
/// `watch` was stopped.
pub fn analyze_signals(
    recordings: Vec<Recording>,
    params: &Params,
    watch: &Watch,
) -> Result<Frames> {
    for recording in &recordings {
        check_finite(&recording.samples)?;
    }
    let analysis = params.analysis();
    if analysis.compatibility != Compatibility::Own {
        return analyze_joined(recordings, params, Vec::new(), watch);
    }
    let results = for_each_recording(recordings.len(), |index, passages_at_once| {
        let Recording { name, samples } = &recordings[index];
        let open = || Ok(Source::Memory { name, unread: samples });
        let features = collect_features(&open, analysis, passages_at_once, watch)?;
        Ok((name.clone(), features))
    });
    assemble(results.into_iter().collect::<Result<_>>()?, params, Vec::new())
}

/// Analyses one recording and keeps all of its frames in memory.
fn collect_features<'a>(
    open: &(dyn Fn() -> Result<Source<'a>> + Sync),
    analysis: &AnalysisParams,
    passages_at_once: usize,
    watch: &Watch,
) -> Result<Features> {
    let mut all = no_features(analysis);
    let mut append = |features: &Features| all.append(&features.view());
    analyze_recording(open, analysis, passages_at_once, watch, &mut append)?;
    Ok(all)
}

/// Joins the frames of recordings that were analysed one by one.
fn assemble(
    parts: Vec<(String, Features)>,
    params: &Params,
    skipped: Vec<Skipped>,
) -> Result<Frames> {
    let mut frames = FramesBuilder::new(params);
    for (file, features) in parts {
        frames.push(file, &features.view())?;
    }
    Ok(frames.finish(skipped, None))
}
