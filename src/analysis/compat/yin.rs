//! YIN as `librosa.yin` computes it.

use super::difference::HalfFrame;
use super::single;
use crate::Result;
use crate::analysis::Watch;
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

/// Fundamental frequency of each centred frame in Hz as `librosa.yin` gives it, shape `(T,)` with
/// `T = 1 + n / hop_length`.
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
