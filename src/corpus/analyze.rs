//! Analyses recordings into frames in memory.

use super::builder::{FramesBuilder, no_features};
use super::failures::split_failures;
use super::frames::{Frames, Remark, Skipped};
use super::joined::{analyze_files_joined, analyze_joined};
use super::passage_analysis::analyze_recording;
use super::recording::Recording;
use super::source::Source;
use super::workers::for_each_recording;
use crate::analysis::Features;
use crate::audio::{Channel, ReadOptions, check_finite};
use crate::params::{AnalysisParams, Compatibility};
use crate::{Params, Result, Watch};
use std::path::PathBuf;

/// Analyses audio files, in parallel over files and frames. `channel` is taken of files that have
/// several.
///
/// Of a damaged file all is analysed that is there, see [`Frames::warnings`]. A file that cannot be read is left out and listed in [`Frames::skipped`]. All frames are held in
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
/// let channel = audio::Channel::Mix;
/// let frames = analyze_files(&[path], &Params::default(), channel, &Watch::default())?;
/// let f0_hz = frames.features.f0_hz.view();
/// assert_eq!(frames.len(), 63); // one every 256 samples
/// assert!((f0_hz[30] - 220.0).abs() < 1.0);
/// # Ok::<(), wms::Error>(())
/// ```
pub fn analyze_files(
    paths: &[PathBuf],
    params: &Params,
    channel: Channel,
    watch: &Watch,
) -> Result<Frames> {
    let analysis = params.analysis();
    if analysis.compatibility != Compatibility::Own {
        return analyze_files_joined(paths, params, channel, watch);
    }
    let options = ReadOptions { channel, as_stored: false };
    let results = for_each_recording(paths.len(), |index, passages_at_once| {
        let open = || Source::open(&paths[index], analysis, options);
        let part = collect(&open, analysis, passages_at_once, watch)?;
        watch.finish_file();
        Ok((paths[index].display().to_string(), part))
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
        Ok((name.clone(), collect(&open, analysis, passages_at_once, watch)?))
    });
    assemble(results.into_iter().collect::<Result<_>>()?, params, Vec::new())
}

/// The features of a recording, and what is to be said about it.
type Part = (Features, Vec<String>);

/// Analyses one recording and keeps all of its frames in memory.
fn collect<'a>(
    open: &(dyn Fn() -> Result<Source<'a>> + Sync),
    analysis: &AnalysisParams,
    passages_at_once: usize,
    watch: &Watch,
) -> Result<Part> {
    let mut all = no_features(analysis);
    let mut append = |features: &Features| all.append(&features.view());
    let analyzed = analyze_recording(open, analysis, passages_at_once, watch, &mut append)?;
    Ok((all, analyzed.warnings))
}

/// Joins the frames of recordings that were analysed one by one.
fn assemble(parts: Vec<(String, Part)>, params: &Params, skipped: Vec<Skipped>) -> Result<Frames> {
    let mut frames = FramesBuilder::new(params);
    let mut warnings = Vec::new();
    for (file, (features, lines)) in parts {
        warnings.extend(Remark::about(&file, &lines));
        frames.push(file, &features.view())?;
    }
    Ok(frames.finish(skipped, warnings, None))
}
