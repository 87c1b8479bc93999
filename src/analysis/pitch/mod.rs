//! Fundamental frequency and voicedness.

mod difference;
mod numpy_order;
mod pyin;
mod viterbi;
mod yin;

pub use difference::YinSettings;
pub use pyin::{PyinTrack, pyin};
pub use yin::yin;

use crate::Result;
use crate::analysis::Watch;
use crate::params::{AnalysisParams, PitchMethod};

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
    let single = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
    match params.pitch_method {
        PitchMethod::Yin => {
            let f0_hz: Vec<f32> = single(yin(signal, &params.yin_settings(), watch)?);
            let voicedness = vec![1.0; f0_hz.len()];
            Ok((f0_hz, voicedness))
        }
        PitchMethod::Pyin | PitchMethod::Crepe => {
            let track = pyin(signal, &params.yin_settings(), watch)?;
            Ok((single(track.f0_hz), single(track.voiced_probability)))
        }
    }
}
