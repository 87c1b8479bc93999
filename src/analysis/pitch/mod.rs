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
use crate::analysis::Watch;
use crate::analysis::frame::check_size;
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
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if the method cannot work with the parameters,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn track(
    signal: &[f32],
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
            let mut track = crepe_track(
                signal,
                params.sample_rate,
                params.hop_size,
                (params.f_low_hz, params.f_high_hz),
                decoder,
                watch,
            )?;
            hold_pitch(&mut track.f0_hz);
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
    (fmin_hz, fmax_hz): (f64, f64),
    decoder: Decoder,
    watch: &Watch,
) -> Result<Track> {
    let (copy, grid) = crepe_input(signal, sample_rate, hop_length)?;
    Crepe::shared()?.track_frames(&copy, &grid, (fmin_hz, fmax_hz), decoder, watch)
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
    let (copy, grid) = crepe_input(signal, sample_rate, hop_length)?;
    Crepe::shared()?.probabilities_of(&copy, &grid, watch)
}

/// The copy that the network listens to, and where its frames lie.
fn crepe_input(
    signal: &[f32],
    sample_rate: u32,
    hop_length: usize,
) -> Result<(Cow<'_, [f32]>, Grid)> {
    check_size("hop_length", hop_length)?;
    let network_rate = crepe::SAMPLE_RATE_HZ as u32;
    let copy = if sample_rate == network_rate {
        Cow::Borrowed(signal)
    } else {
        Cow::Owned(crate::audio::resample(signal, sample_rate, network_rate)?)
    };
    let grid = Grid {
        frames: 1 + signal.len() / hop_length,
        hop: hop_length as f64 * crepe::SAMPLE_RATE_HZ / f64::from(sample_rate),
    };
    Ok((copy, grid))
}

/// Fundamental frequencies in Hz and voicedness (0 to 1) from what YIN or pYIN found in each frame:
/// one that shows no period at all has no pitch of its own.
fn settle(found: Vec<(f64, f64)>, settings: &YinSettings) -> (Vec<f32>, Vec<f32>) {
    let (mut f0_hz, voicedness): (Vec<f32>, Vec<f32>) = found
        .into_iter()
        .map(|(f0_hz, voicedness)| {
            // Periods are searched in whole samples, and may lie a little beyond the range.
            let f0_hz = f0_hz.clamp(settings.fmin_hz, settings.fmax_hz);
            (if voicedness > 0.0 { f0_hz as f32 } else { 0.0 }, voicedness as f32)
        })
        .unzip();
    hold_pitch(&mut f0_hz);
    (f0_hz, voicedness)
}

/// Gives frames without a pitch that of the last frame that had one, or of the first one: their
/// voicedness says that they have none, and the network's pitch input does not leap at every rest.
fn hold_pitch(f0_hz: &mut [f32]) {
    let Some(first) = f0_hz.iter().copied().find(|&f0| f0 > 0.0) else {
        return;
    };
    let mut held = first;
    for f0 in f0_hz {
        if *f0 > 0.0 {
            held = *f0;
        } else {
            *f0 = held;
        }
    }
}
