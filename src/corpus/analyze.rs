//! From recordings to frames.

use super::frames::{Frames, Skipped};
use super::lanes;
use super::passages::Source;
use super::recording::analyze_recording;
use crate::analysis::compat::Joined;
use crate::analysis::{SignalFeatures, Watch, analyze_signal, check_finite};
use crate::audio;
use crate::params::{AnalysisParams, Compatibility};
use crate::timbre::Scaler;
use crate::{Error, Params, Result};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// A recording in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What to call it.
    pub name: String,
    /// Mono samples at the parameters' sample rate, full scale at ±1.
    pub samples: Vec<f32>,
}

/// Analyses audio files, in parallel over files and frames.
///
/// A file that cannot be read is left out and named in [`Frames::skipped`]. All frames are held in
/// memory; [`Store`](super::Store) keeps them in files.
///
/// # Errors
/// The file's own error if there is only one, or if none can be read; [`Error::Parameter`] if the
/// parameters cannot be worked with; [`Error::Interrupted`] if `watch` was stopped.
///
/// # Examples
/// ```
/// use wms::audio::write_wav;
/// use wms::corpus::analyze_files;
/// use wms::{Params, Watch};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("tone.wav");
/// let tone: Vec<f32> = (0..8000).map(|i| 0.5 * (i as f32 * 0.1).sin()).collect();
/// write_wav(&path, &tone, 1, 16_000)?;
///
/// let frames = analyze_files(&[path], &Params::default(), &Watch::default())?;
/// let hop = Params::default().analysis().hop_size;
/// assert_eq!(frames.len(), 1 + tone.len() / hop);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn analyze_files(paths: &[PathBuf], params: &Params, watch: &Watch) -> Result<Frames> {
    let analysis = params.analysis();
    let compatible = analysis.compatibility != Compatibility::Own;
    let results: Vec<Result<Part>> = if compatible {
        paths.par_iter().map(|path| load(path, params, watch).map(Part::loaded)).collect()
    } else {
        lanes::for_each(paths.len(), |index, at_once| {
            let open = || Source::open(&paths[index], analysis);
            let part =
                Part::analyzed(paths[index].display().to_string(), &open, params, at_once, watch)?;
            watch.finish_file();
            Ok(part)
        })
    };
    let mut parts = Vec::new();
    let mut failures: Vec<(PathBuf, Error)> = Vec::new();
    for (path, result) in paths.iter().zip(results) {
        match result {
            Ok(part) => parts.push(part),
            Err(error @ (Error::AudioFile { .. } | Error::Io { .. })) => {
                failures.push((path.clone(), error));
            }
            Err(error) => return Err(error),
        }
    }
    if parts.is_empty() {
        return Err(none_left(failures));
    }
    let skipped = failures
        .into_iter()
        .map(|(path, error)| Skipped { path, reason: error.to_string() })
        .collect();
    if compatible {
        let recordings = parts.into_iter().map(|part| part.recording).collect();
        joined(recordings, params, skipped, watch)
    } else {
        Ok(assemble(parts, params, skipped))
    }
}

/// Why no recording is left.
pub(super) fn none_left(failures: Vec<(PathBuf, Error)>) -> Error {
    let count = failures.len();
    match failures.into_iter().next() {
        None => Error::parameter("no audio file was given, wanted at least one"),
        Some((_, error)) if count == 1 => error,
        Some((_, first)) => Error::Parameter(format!(
            "none of the {count} audio files can be read; the first: {first}"
        )),
    }
}

fn load(path: &Path, params: &Params, watch: &Watch) -> Result<Recording> {
    watch.check()?;
    let rate = params.analysis().sample_rate;
    let mut decoded = audio::decode(path)?;
    if decoded.sample_rate != rate {
        decoded.samples = audio::resample(&decoded.samples, decoded.sample_rate, rate)?;
    }
    Ok(Recording { name: path.display().to_string(), samples: decoded.samples })
}

/// Analyses recordings in memory.
///
/// # Errors
/// [`Error::Parameter`] if a sample is not finite, a recording is empty, or the parameters cannot
/// be worked with; [`Error::Interrupted`] if `watch` was stopped.
pub fn analyze_signals(
    recordings: Vec<Recording>,
    params: &Params,
    watch: &Watch,
) -> Result<Frames> {
    for recording in &recordings {
        check_finite(&recording.samples)?;
    }
    if params.analysis().compatibility != Compatibility::Own {
        return joined(recordings, params, Vec::new(), watch);
    }
    let parts = lanes::for_each(recordings.len(), |index, at_once| {
        let Recording { name, samples } = &recordings[index];
        let open = || Ok(Source::Memory { name, rest: samples });
        Part::analyzed(name.clone(), &open, params, at_once, watch)
    });
    Ok(assemble(parts.into_iter().collect::<Result<_>>()?, params, Vec::new()))
}

/// A recording and what was found in it.
struct Part {
    recording: Recording,
    features: SignalFeatures,
}

impl Part {
    fn loaded(recording: Recording) -> Self {
        Self { recording, features: SignalFeatures::default() }
    }

    fn analyzed<'a>(
        name: String,
        open: &(dyn Fn() -> Result<Source<'a>> + Sync),
        params: &Params,
        at_once: usize,
        watch: &Watch,
    ) -> Result<Self> {
        let mut all = SignalFeatures::default();
        analyze_recording(open, params.analysis(), at_once, watch, &mut |features| {
            all.f0_hz.extend_from_slice(&features.f0_hz);
            all.voicedness.extend_from_slice(&features.voicedness);
            all.mfcc.extend_from_slice(&features.mfcc);
            all.spectrum.extend_from_slice(&features.spectrum);
            Ok(())
        })?;
        Ok(Self { recording: Recording { name, samples: Vec::new() }, features: all })
    }
}

/// Puts recordings that were analysed one by one side by side.
fn assemble(parts: Vec<Part>, params: &Params, skipped: Vec<Skipped>) -> Frames {
    let analysis = params.analysis();
    let mut files = Vec::with_capacity(parts.len());
    let mut features = SignalFeatures::default();
    let (mut file_index, mut times_s) = (Vec::new(), Vec::new());
    for (index, part) in parts.into_iter().enumerate() {
        for frame in 0..part.features.f0_hz.len() {
            file_index.push(index as i32);
            times_s.push(frame_time(frame, analysis) as f32);
        }
        files.push(part.recording.name);
        features.f0_hz.extend(part.features.f0_hz);
        features.voicedness.extend(part.features.voicedness);
        features.mfcc.extend(part.features.mfcc);
        features.spectrum.extend(part.features.spectrum);
    }
    let scaler = Scaler::fit(&features.mfcc, analysis.n_mfcc);
    Frames {
        params: params.clone(),
        files,
        skipped,
        file_index: file_index.into(),
        times_s: times_s.into(),
        features: features.into(),
        scaler,
    }
}

/// Time of a frame's centre in its recording, s.
pub(super) fn frame_time(frame: usize, analysis: &AnalysisParams) -> f64 {
    (frame * analysis.hop_size) as f64 / f64::from(analysis.sample_rate)
}

/// Analyses all recordings as one signal, as `wms_torch` does.
fn joined(
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
    let places = (0..features.f0_hz.len()).map(|frame| joined.place(frame, analysis));
    let (file_index, times_s): (Vec<i32>, Vec<f32>) =
        places.map(|(file, time_s)| (file as i32, time_s as f32)).unzip();
    let scaler = Scaler::fit(&features.mfcc, analysis.n_mfcc);
    let files = recordings.into_iter().map(|recording| recording.name).collect();
    Ok(Frames {
        params: params.clone(),
        files,
        skipped,
        file_index: file_index.into(),
        times_s: times_s.into(),
        features: features.into(),
        scaler,
    })
}
