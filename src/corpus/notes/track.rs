//! What notes are found in: pitch, voicedness and loudness of consecutive frames.

use crate::corpus::loudness::SILENCE_DB;

/// Frames that are this much softer than the loud ones of their recording are silent, dB.
const SILENT_BELOW_LOUD_DB: f32 = 50.0;
/// The loud frames of a recording are the upper part of this size.
const LOUD_PART: f64 = 0.05;
/// Of a recording in which half the frames that sound have less voicedness than this, what is
/// typical there counts as voiced. The pitch methods disagree about what the number means.
const VOICED: f32 = 0.5;

/// Frames of one recording, with what can be told about them at once.
pub(super) struct Track {
    /// Pitch, fractional MIDI keys.
    pub keys: Vec<f32>,
    /// How sure it is that a frame has this pitch, 0 to 1; 0 where it is silent.
    pub certainty: Vec<f32>,
    /// Loudness, dB.
    pub loudness_db: Vec<f32>,
    /// Loudness up to which a frame is silent, dB.
    pub silent_db: f32,
    frame_rate_hz: f64,
}

impl Track {
    /// Takes the frames of one recording. What is not finite counts as silent.
    pub fn new(f0_hz: &[f32], voicedness: &[f32], loudness_db: &[f32], frame_rate_hz: f64) -> Self {
        let known = |db: &f32| if db.is_finite() { *db } else { SILENCE_DB };
        let loudness_db: Vec<f32> = loudness_db.iter().map(known).collect();
        let loud_db = quantile(loudness_db.clone(), 1.0 - LOUD_PART).unwrap_or(SILENCE_DB);
        let silent_db = (loud_db - SILENT_BELOW_LOUD_DB).max(SILENCE_DB);
        let sounding = voicedness.iter().zip(&loudness_db).filter(|(_, db)| **db > silent_db);
        let typical = quantile(sounding.map(|(voiced, _)| *voiced).collect(), 0.5);
        let enough = typical.map_or(VOICED, |typical| typical.clamp(1e-3, VOICED));
        let certainty = f0_hz
            .iter()
            .zip(voicedness)
            .zip(&loudness_db)
            .map(|((&f0, &voiced), &db)| {
                let sounds = db > silent_db && f0.is_finite() && f0 > 0.0 && voiced.is_finite();
                if sounds { (VOICED * voiced / enough).clamp(0.0, 1.0) } else { 0.0 }
            })
            .collect();
        let keys = f0_hz.iter().map(|&f0| key_of(f0)).collect();
        Self { keys, certainty, loudness_db, silent_db, frame_rate_hz }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether something sounds in a frame.
    pub fn sounds(&self, frame: usize) -> bool {
        self.loudness_db[frame] > self.silent_db
    }

    /// The whole number of frames, at least one, that is nearest to some seconds.
    pub fn frames(&self, seconds: f64) -> usize {
        ((seconds * self.frame_rate_hz).round() as usize).max(1)
    }

    /// Seconds from one frame to the next.
    pub fn step_s(&self) -> f32 {
        (1.0 / self.frame_rate_hz) as f32
    }

    /// Median loudness of some frames, dB; silence if there are none.
    pub fn median_db(&self, frames: std::ops::Range<usize>) -> f32 {
        let frames = frames.start.min(self.len())..frames.end.min(self.len());
        let some = self.loudness_db.get(frames).unwrap_or(&[]);
        quantile(some.to_vec(), 0.5).unwrap_or(SILENCE_DB)
    }
}

/// MIDI key of a frequency, 69 at 440 Hz; 0 for what is not a frequency.
fn key_of(hz: f32) -> f32 {
    if hz.is_finite() && hz > 0.0 { 69.0 + 12.0 * (hz / 440.0).log2() } else { 0.0 }
}

/// The value that a part of all values is at most equal to; none of no values.
pub(super) fn quantile(mut values: Vec<f32>, part: f64) -> Option<f32> {
    let last = values.len().checked_sub(1)?;
    let place = (part * last as f64).round() as usize;
    let (_, value, _) = values.select_nth_unstable_by(place.min(last), f32::total_cmp);
    Some(*value)
}
