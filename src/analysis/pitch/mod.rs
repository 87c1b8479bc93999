//! Fundamental frequency and voicedness.

pub mod crepe;
mod difference;
mod numpy_order;
mod pyin;
#[allow(clippy::inline_always)] // as in `crepe`
mod reach;
mod viterbi;
mod yin;

pub use difference::YinSettings;
pub use pyin::{PyinTrack, pyin};
pub use yin::yin;

use crate::Result;
use crate::Watch;
use crate::analysis::frame::check_size;
use crate::audio::resample::Resampler;
use crate::params::{AnalysisParams, Compatibility, PitchMethod};
use crepe::{Crepe, Decoder, Grid, Track};
use ndarray::Array2;
use std::borrow::Cow;

impl AnalysisParams {
    /// What YIN and pYIN search with these parameters.
    pub fn yin_settings(&self) -> YinSettings {
        YinSettings {
            fmin_hz: self.f_low_hz,
            fmax_hz: self.f_high_hz,
            sample_rate: f64::from(self.sample_rate),
            frame_length: self.window_size,
            hop_length: self.hop_size,
        }
    }
}

/// Fundamental frequency in Hz and voicedness (0 to 1) of each frame, by the parameters' method.
///
/// A frame without a pitch has that of the last frame that had one, or of the first one: its
/// voicedness says that it has none, and the network's pitch input does not leap at every rest.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if the method cannot work with the parameters,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn track(
    signal: &[f32],
    params: &AnalysisParams,
    watch: &Watch,
) -> Result<(Vec<f32>, Vec<f32>)> {
    let (mut f0_hz, voicedness) = track_part(signal, 0, params, watch)?;
    if let Some(mut held) = first_pitch(&f0_hz) {
        hold_pitch(&mut f0_hz, &mut held);
    }
    Ok((f0_hz, voicedness))
}

/// As [`track`] of a part of a recording that begins with frame `first`, whose centre is the first
/// sample of `signal`; frames without a pitch have 0 Hz.
///
/// # Errors
/// As [`track`].
pub(crate) fn track_part(
    signal: &[f32],
    first: usize,
    params: &AnalysisParams,
    watch: &Watch,
) -> Result<(Vec<f32>, Vec<f32>)> {
    let single = |values: Vec<f64>| -> Vec<f32> { values.into_iter().map(|v| v as f32).collect() };
    let settings = params.yin_settings();
    let own = params.compatibility == Compatibility::Own;
    match params.pitch_method {
        PitchMethod::Yin if own => {
            Ok(settle(yin::yin_with_voicedness(signal, &settings, watch)?, &settings))
        }
        PitchMethod::Pyin if own => {
            Ok(settle(pyin::pyin_with_leaps(signal, &settings, watch)?, &settings))
        }
        PitchMethod::Yin => {
            let f0_hz = single(yin(signal, &settings, watch)?);
            let voicedness = vec![1.0; f0_hz.len()];
            Ok((f0_hz, voicedness))
        }
        PitchMethod::Pyin => {
            let track = pyin(signal, &settings, watch)?;
            Ok((single(track.f0_hz), single(track.voiced_probability)))
        }
        PitchMethod::Crepe => {
            let decoder = if own { Decoder::Wms } else { Decoder::Viterbi };
            let range = (params.f_low_hz, params.f_high_hz);
            let (rate, hop) = (params.sample_rate, params.hop_size);
            let track = crepe_part(signal, first, rate, hop, range, decoder, watch)?;
            Ok((track.f0_hz, track.periodicity))
        }
    }
}

/// CREPE's pitch and periodicity of audio at any rate; the network listens to a copy at 16 kHz.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if the hop is 0 or the range is empty or outside
/// the network's; [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn crepe_track(
    signal: &[f32],
    sample_rate: u32,
    hop_length: usize,
    range_hz: (f64, f64),
    decoder: Decoder,
    watch: &Watch,
) -> Result<Track> {
    crepe_part(signal, 0, sample_rate, hop_length, range_hz, decoder, watch)
}

/// As [`crepe_track`] of a part of a recording, see [`track_part`].
fn crepe_part(
    signal: &[f32],
    first: usize,
    sample_rate: u32,
    hop_length: usize,
    range_hz: (f64, f64),
    decoder: Decoder,
    watch: &Watch,
) -> Result<Track> {
    let (copy, grid) = crepe_input(signal, first, sample_rate, hop_length)?;
    Crepe::shared()?.track_frames(&copy, &grid, range_hz, decoder, watch)
}

/// CREPE's probability of every pitch bin, `(T, crepe::BINS)`, of audio at any rate; see
/// [`crepe_track`].
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if the hop is 0;
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn crepe_probabilities(
    signal: &[f32],
    sample_rate: u32,
    hop_length: usize,
    watch: &Watch,
) -> Result<Array2<f32>> {
    let (copy, grid) = crepe_input(signal, 0, sample_rate, hop_length)?;
    Crepe::shared()?.probabilities_of(&copy, &grid, watch)
}

/// The copy that the network listens to, and where its frames lie.
fn crepe_input(
    signal: &[f32],
    first: usize,
    sample_rate: u32,
    hop_length: usize,
) -> Result<(Cow<'_, [f32]>, Grid)> {
    check_size("hop_length", hop_length)?;
    let network_rate = crepe::SAMPLE_RATE_HZ as u32;
    let start = (first * hop_length) as u64;
    let (copy, origin) = if sample_rate == network_rate {
        (Cow::Borrowed(signal), start)
    } else {
        // The samples that the copy of the whole recording has here.
        let resampler = Resampler::new(sample_rate, network_rate)?;
        let wanted = resampler.length(start)..resampler.length(start + signal.len() as u64);
        let origin = wanted.start;
        (Cow::Owned(resampler.part(signal, start, wanted)), origin)
    };
    let grid = Grid {
        frames: 1 + signal.len() / hop_length,
        hop: hop_length as f64 * crepe::SAMPLE_RATE_HZ / f64::from(sample_rate),
        first,
        origin: origin as usize,
    };
    Ok((copy, grid))
}

/// Fundamental frequencies in Hz (0 where there is none) and voicedness (0 to 1) from what YIN or pYIN
/// found in each frame: one that shows no period at all has no pitch of its own.
fn settle(found: Vec<(f64, f64)>, settings: &YinSettings) -> (Vec<f32>, Vec<f32>) {
    let frames = found.into_iter().map(|(f0_hz, voicedness)| {
        // Periods are searched in whole samples, and may lie a little beyond the range.
        let f0_hz = f0_hz.clamp(settings.fmin_hz, settings.fmax_hz);
        (if voicedness > 0.0 { f0_hz as f32 } else { 0.0 }, voicedness as f32)
    });
    frames.unzip()
}

/// The first pitch found.
pub(crate) fn first_pitch(f0_hz: &[f32]) -> Option<f32> {
    f0_hz.iter().copied().find(|&f0| f0 > 0.0)
}

/// Gives frames of 0 Hz the pitch of the frame before, `held` at first, which becomes the last one.
pub(crate) fn hold_pitch(f0_hz: &mut [f32], held: &mut f32) {
    for f0 in f0_hz {
        if *f0 > 0.0 {
            *held = *f0;
        } else {
            *f0 = *held;
        }
    }
}
