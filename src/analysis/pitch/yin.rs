//! YIN as `librosa.yin` computes it.

use super::difference::{Difference, YinSettings, for_each_frame};
use crate::Result;
use crate::analysis::Watch;

/// A dip of the normalised difference below this is taken as the period.
const TROUGH_THRESHOLD: f64 = 0.1;

/// Fundamental frequency of each centred frame in Hz, shape `(T,)` with `T = 1 + n / hop_length`.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if no period can be found with these settings,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn yin(signal: &[f32], settings: &YinSettings, watch: &Watch) -> Result<Vec<f64>> {
    let difference = Difference::new(*settings)?;
    let frames = 0..settings.framing().count(signal.len());
    for_each_frame(signal, &difference, frames, watch, |difference| {
        settings.sample_rate / difference.period(pick(difference))
    })
}

/// The first trough below the threshold, else the deepest value.
fn pick(difference: &Difference) -> usize {
    let values = &difference.values;
    (0..values.len())
        .find(|&at| values[at] < TROUGH_THRESHOLD && difference.is_trough(at))
        .unwrap_or_else(|| first_minimum(values))
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
