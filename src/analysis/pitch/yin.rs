//! YIN as `librosa.yin` computes it.

use super::difference::{Difference, YinSettings, for_each_frame};
use super::pyin;
use crate::Result;
use crate::Watch;

/// A dip of the normalised difference below this is taken as the period.
const TROUGH_THRESHOLD: f64 = 0.1;

/// Fundamental frequency of each centred frame in Hz, shape `(T,)` with `T = 1 + n / hop_length`.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if no period can be found with these settings,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn yin(signal: &[f32], settings: &YinSettings, watch: &Watch) -> Result<Vec<f64>> {
    let difference = Difference::new(*settings, false)?;
    let frames = 0..difference.frames(signal.len());
    for_each_frame(signal, &difference, frames, watch, |difference| {
        settings.sample_rate / difference.period(pick(difference))
    })
}

/// Fundamental frequency in Hz of each centred frame, compared as a whole, and its voicedness, 0
/// to 1: the chance by pYIN's thresholds that the period is one, in the middle of the frame.
///
/// # Errors
/// As [`yin`].
pub(super) fn yin_with_voicedness(
    signal: &[f32],
    settings: &YinSettings,
    watch: &Watch,
) -> Result<Vec<(f64, f64)>> {
    let difference = Difference::new(*settings, true)?;
    let frames = 0..difference.frames(signal.len());
    for_each_frame(signal, &difference, frames, watch, |difference| {
        let at = pick_in_noise(difference);
        let f0_hz = settings.sample_rate / difference.period(at);
        // What never dips has no period: silence, or a single step.
        let voicedness =
            if difference.is_trough(at) { pyin::chance(difference.values[at]) } else { 0.0 };
        (f0_hz, voicedness * difference.presence)
    })
}

/// The first trough below the threshold, else the deepest value.
fn pick(difference: &Difference) -> usize {
    let values = &difference.values;
    (0..values.len())
        .find(|&at| values[at] < TROUGH_THRESHOLD && difference.is_trough(at))
        .unwrap_or_else(|| first_minimum(values))
}

/// The first trough that is as low as the deepest, but for the threshold's share of what noise
/// leaves of the height: without noise, the first below the threshold.
fn pick_in_noise(difference: &Difference) -> usize {
    let values = &difference.values;
    let deepest = first_minimum(values);
    let threshold = values[deepest] + TROUGH_THRESHOLD * (1.0 - values[deepest]);
    (0..deepest).find(|&at| values[at] < threshold && difference.is_trough(at)).unwrap_or(deepest)
}

fn first_minimum(values: &[f64]) -> usize {
    let mut best = 0;
    for (at, value) in values.iter().enumerate() {
        if *value < values[best] {
            best = at;
        }
    }
    best
}
