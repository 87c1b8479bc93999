//! A pitch track, the result of every method of finding the pitch.

use super::settings::YinSettings;

/// Pitch of a recording, one value per frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PitchTrack {
    /// Fundamental frequency in Hz, shape `(T,)`.
    pub f0_hz: Vec<f32>,
    /// Confidence that there is a pitch, 0 to 1, shape `(T,)`.
    pub voicedness: Vec<f32>,
}

/// Pitch of one frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pitch {
    pub f0_hz: f64,
    /// Probability that this is a pitch, 0 to 1.
    pub voicedness: f64,
}

impl PitchTrack {
    /// The track of the pitches that YIN or pYIN found, limited to the range of `settings`. Frames
    /// without any period have 0 Hz.
    pub(crate) fn within_range(found: Vec<Pitch>, settings: &YinSettings) -> Self {
        let frames = found.into_iter().map(|Pitch { f0_hz, voicedness }| {
            // Periods are searched in whole samples, so a pitch may lie a little beyond the range.
            let f0_hz = f0_hz.clamp(settings.fmin_hz, settings.fmax_hz);
            (if voicedness > 0.0 { f0_hz as f32 } else { 0.0 }, voicedness as f32)
        });
        let (f0_hz, voicedness) = frames.unzip();
        Self { f0_hz, voicedness }
    }
}

/// The first pitch in Hz that is not 0; `None` if no frame has a pitch.
pub(crate) fn first_pitch(f0_hz: &[f32]) -> Option<f32> {
    f0_hz.iter().copied().find(|&f0| f0 > 0.0)
}

/// Replaces 0 Hz by the pitch of the frame before. `held` is the pitch before the first frame, and
/// is set to the pitch of the last one.
pub(crate) fn hold_pitch(f0_hz: &mut [f32], held: &mut f32) {
    for f0 in f0_hz {
        if *f0 > 0.0 {
            *held = *f0;
        } else {
            *f0 = *held;
        }
    }
}
