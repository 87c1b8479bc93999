//! YIN as `librosa.yin` computes it.

use super::difference::HalfFrame;
use super::single;
use crate::Result;
use crate::Watch;
use crate::analysis::pitch::difference::{Comparison, Difference, for_each_frame};
use crate::analysis::pitch::yin::TROUGH_THRESHOLD;
use crate::analysis::pitch::{PitchTrack, PitchTracker, YinSettings};

/// Tracks pitch by [`yin()`]; every frame counts as voiced.
pub(super) struct LibrosaYin(pub YinSettings);

impl PitchTracker for LibrosaYin {
    fn track(&self, signal: &[f32], _first: usize, watch: &Watch) -> Result<PitchTrack> {
        let f0_hz = single(yin(signal, &self.0, watch)?);
        let voicedness = vec![1.0; f0_hz.len()];
        Ok(PitchTrack { f0_hz, voicedness })
    }
}

/// Fundamental frequency in Hz of each centred frame, as `librosa.yin` computes it.
///
/// The result has `1 + n / hop_length` values for a signal of n samples.
///
/// # Examples
/// ```
/// use wms::Watch;
/// use wms::analysis::compat::yin;
/// use wms::analysis::pitch::YinSettings;
///
/// let settings = YinSettings {
///     fmin_hz: 46.0,
///     fmax_hz: 1600.0,
///     sample_rate: 16_000.0,
///     frame_length: 1024,
///     hop_length: 256,
/// };
/// let step = std::f32::consts::TAU * 220.0 / 16_000.0;
/// let signal: Vec<f32> = (0..4000).map(|n| 0.5 * (step * n as f32).sin()).collect();
/// let f0_hz = yin(&signal, &settings, &Watch::default())?;
/// assert!((f0_hz[8] - 220.0).abs() < 0.5);
/// # Ok::<(), wms::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if no period can be found with these settings,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn yin(signal: &[f32], settings: &YinSettings, watch: &Watch) -> Result<Vec<f64>> {
    let comparison = HalfFrame::new(*settings)?;
    let frames = 0..comparison.frames(signal.len());
    for_each_frame(signal, &comparison, frames, watch, |frame| {
        let difference = frame.difference();
        settings.sample_rate / difference.period(choose(difference))
    })
}

/// Index of the first trough below the threshold, else of the lowest value.
fn choose(difference: &Difference) -> usize {
    let values = &difference.values;
    (0..values.len())
        .find(|&at| values[at] < TROUGH_THRESHOLD && difference.is_trough(at))
        .unwrap_or_else(|| difference.minimum())
}
