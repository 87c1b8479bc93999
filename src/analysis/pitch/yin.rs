//! YIN on whole frames, with a voicedness.

use super::difference::{Comparison, Difference, WholeFrame, for_each_frame};
use super::pyin::period_probability;
use super::{Pitch, PitchTrack, PitchTracker, YinSettings};
use crate::Result;
use crate::Watch;

/// The first trough of the normalised difference below this is taken as the period.
pub(crate) const TROUGH_THRESHOLD: f64 = 0.1;

/// Tracks pitch by YIN.
pub(crate) struct Yin(pub YinSettings);

impl PitchTracker for Yin {
    fn track(&self, signal: &[f32], _first: usize, watch: &Watch) -> Result<PitchTrack> {
        Ok(PitchTrack::within_range(find(signal, self.0, watch)?, &self.0))
    }
}

/// Pitch of each centred frame. The voicedness is the probability, by pYIN's distribution of
/// thresholds, that the frame repeats with the period found; it is reduced if the frame's middle is
/// silent.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if no period can be found with these settings,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub(super) fn find(signal: &[f32], settings: YinSettings, watch: &Watch) -> Result<Vec<Pitch>> {
    let comparison = WholeFrame::new(settings)?;
    let frames = 0..comparison.frames(signal.len());
    for_each_frame(signal, &comparison, frames, watch, |frame| {
        let difference = frame.difference();
        let at = choose(difference);
        // The difference of silence, or of a single step, has no trough: there is no period.
        let voicedness =
            if difference.is_trough(at) { period_probability(difference.values[at]) } else { 0.0 };
        Pitch {
            f0_hz: settings.sample_rate / difference.period(at),
            voicedness: voicedness * frame.presence,
        }
    })
}

/// Index of the first trough that is almost as low as the deepest one.
///
/// Noise raises all troughs. The threshold therefore lies above the deepest value, by a fixed share
/// of the distance from there to 1. In a frame without noise this is YIN's threshold.
fn choose(difference: &Difference) -> usize {
    let values = &difference.values;
    let deepest = difference.minimum();
    let threshold = values[deepest] + TROUGH_THRESHOLD * (1.0 - values[deepest]);
    (0..deepest).find(|&at| values[at] < threshold && difference.is_trough(at)).unwrap_or(deepest)
}
