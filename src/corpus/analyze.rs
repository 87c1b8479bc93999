//! From recordings to frames.

use super::frames::{Frames, Skipped};
use crate::analysis::{SignalFeatures, Watch, analyze_signal, check_finite};
use crate::audio;
use crate::params::{AnalysisParams, Compatibility};
use crate::timbre::Scaler;
use crate::{Error, Params, Result};
use rayon::prelude::*;
use std::path::PathBuf;

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
/// A file that cannot be read is left out and named in [`Frames::skipped`].
///
/// # Errors
/// The file's own error if there is only one, or if none can be read; [`Error::Parameter`] if the
/// parameters cannot be worked with; [`Error::Interrupted`] if `watch` was stopped.
pub fn analyze_files(paths: &[PathBuf], params: &Params, watch: &Watch) -> Result<Frames> {
    check_supported(params)?;
    let analysis = params.analysis();
    let compatible = analysis.compatibility != Compatibility::Own;
    let load = |path: &PathBuf| -> Result<Recording> {
        watch.check()?;
        let mut decoded = audio::decode(path)?;
        if decoded.samples.is_empty() && !compatible {
            return Err(Error::audio(path, "holds no samples, wanted at least one"));
        }
        if decoded.sample_rate != analysis.sample_rate {
            decoded.samples =
                audio::resample(&decoded.samples, decoded.sample_rate, analysis.sample_rate)?;
        }
        Ok(Recording { name: path.display().to_string(), samples: decoded.samples })
    };

    let results: Vec<Result<Part>> = if compatible {
        paths.par_iter().map(|path| load(path).map(Part::loaded)).collect()
    } else {
        paths
            .par_iter()
            .map(|path| {
                let recording = load(path)?;
                let features = analyze_signal(&recording.samples, analysis, watch)?;
                watch.finish_file();
                Ok(Part { recording: Recording { samples: Vec::new(), ..recording }, features })
            })
            .collect()
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
        let count = failures.len();
        return Err(match failures.into_iter().next() {
            None => Error::parameter("no audio file was given, wanted at least one"),
            Some((_, error)) if count == 1 => error,
            Some((_, first)) => Error::Parameter(format!(
                "none of the {count} audio files can be read; the first: {first}"
            )),
        });
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
    check_supported(params)?;
    let compatible = params.analysis().compatibility != Compatibility::Own;
    for recording in &recordings {
        check_finite(&recording.samples)?;
        if recording.samples.is_empty() && !compatible {
            return Err(Error::Parameter(format!(
                "{} holds no samples, wanted at least one",
                recording.name
            )));
        }
    }
    if compatible {
        return joined(recordings, params, Vec::new(), watch);
    }
    let parts = recordings
        .into_par_iter()
        .map(|recording| {
            let features = analyze_signal(&recording.samples, params.analysis(), watch)?;
            Ok(Part { recording, features })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(assemble(parts, params, Vec::new()))
}

/// Refuses what a params.json may say but this analysis does not do.
fn check_supported(params: &Params) -> Result<()> {
    match params.get("mfcc_dim_reduction").and_then(|value| value.as_str()) {
        Some("") | None => Ok(()),
        Some(method) => Err(Error::Parameter(format!(
            "\"mfcc_dim_reduction\" is \"{method}\", which the analysis does not do; wanted \"\""
        ))),
    }
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
    Frames { params: params.clone(), files, skipped, file_index, times_s, features, scaler }
}

fn frame_time(frame: usize, analysis: &AnalysisParams) -> f64 {
    (frame * analysis.hop_size) as f64 / f64::from(analysis.sample_rate)
}

/// Analyses all recordings as one signal, each padded at its end as `wms_torch` pads it.
fn joined(
    recordings: Vec<Recording>,
    params: &Params,
    skipped: Vec<Skipped>,
    watch: &Watch,
) -> Result<Frames> {
    let analysis = params.analysis();
    let (signal, starts) = join(&recordings, analysis.window_size);
    let features = analyze_signal(&signal, analysis, watch)?;
    let (mut file_index, mut times_s) = (Vec::new(), Vec::new());
    for frame in 0..features.f0_hz.len() {
        let centre = frame * analysis.hop_size;
        let file = starts.partition_point(|&start| start <= centre).saturating_sub(1);
        let start_s = starts[file] as f64 / f64::from(analysis.sample_rate);
        file_index.push(file as i32);
        times_s.push((frame_time(frame, analysis) - start_s) as f32);
    }
    let scaler = Scaler::fit(&features.mfcc, analysis.n_mfcc);
    let files = recordings.into_iter().map(|recording| recording.name).collect();
    Ok(Frames { params: params.clone(), files, skipped, file_index, times_s, features, scaler })
}

/// `wms_torch`'s waveform: every recording followed by zeros up to the next whole window, a whole
/// extra window where it ends on one; and where each begins.
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
