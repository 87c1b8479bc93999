//! What YIN and pYIN make of a recording outside compatibility.
//!
//! Frames are compared as a whole, and one that shows no period has no pitch of its own.

use super::{YinSettings, hold_pitch, pyin};

/// Fundamental frequencies in Hz and voicedness (0 to 1) from what was found in each frame.
pub(super) fn settle(found: Vec<(f64, f64)>, settings: &YinSettings) -> (Vec<f32>, Vec<f32>) {
    let (mut f0_hz, voicedness): (Vec<f32>, Vec<f32>) = found
        .into_iter()
        .map(|(f0_hz, voicedness)| {
            // Periods are searched in whole samples, and may lie a little beyond the range.
            let f0_hz = f0_hz.clamp(settings.fmin_hz, settings.fmax_hz);
            // As much is said of any noise.
            let voiced = voicedness > pyin::NO_TROUGH_PROBABILITY;
            (if voiced { f0_hz as f32 } else { 0.0 }, voicedness as f32)
        })
        .unzip();
    hold_pitch(&mut f0_hz);
    (f0_hz, voicedness)
}
