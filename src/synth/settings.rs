//! Options with which an engine is made, and settings that may change while it plays.

use super::clock::MAX_RATE_HZ;
use super::envelope::EnvelopeTimes;
use crate::model::Precision;
use crate::spelling::nearest;
use crate::{Error, Result};

/// Most notes at a time that an engine can be made for.
pub const MAX_VOICES: usize = 64;
/// Most voices with which one key can sound.
pub const MAX_UNISON: usize = 8;

/// How keys become voices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every key has its own voice.
    #[default]
    Poly,
    /// One note at a time, that of the key pressed last; every key starts a new note.
    Mono,
    /// One note at a time; a key pressed while another is held changes the pitch of the note, which
    /// goes on sounding.
    Legato,
}

/// Settings that may change while an engine plays.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Loudness contour of a note.
    pub envelope: EnvelopeTimes,
    /// Whether all frames are brought to the same level, instead of keeping that of the training
    /// sound.
    pub normalise: bool,
    /// Amplitude factor of the noise part, 0 .. 4; at 0 the partials sound alone.
    pub noise: f64,
    /// Pitch of A4, 100 .. 2000 Hz.
    pub tuning_hz: f64,
    /// Amplitude factor of the output, 0 .. 16; the default of 0.5 leaves room for chords.
    pub gain: f64,
    /// How keys become voices.
    pub mode: Mode,
    /// Time in which the pitch glides from one note to the next, 0 .. 10 s.
    pub glide_s: f64,
    /// Most notes at a time, 1 .. 64; no more than [`EngineOptions::max_voices`] count.
    pub voices: usize,
    /// Number of voices with which one key sounds, 1 .. 8; together they are as loud as one.
    pub unison: usize,
    /// Distance of the outermost of these voices from the key's pitch, 0 .. 100 cents.
    pub detune_cents: f64,
    /// Width over which notes, or the voices of one key, are spread between left and right, 0 .. 1.
    pub spread: f64,
    /// How far the level follows velocity, 0 .. 1: the amplitude is velocity to the power of twice
    /// this.
    pub velocity_level: f64,
    /// How far full velocity moves the timbre up, and the lowest velocity down, -4 .. 4 standard
    /// deviations of the training data: along the direction "loudness" or, in a model without
    /// directions, the first timbre input.
    pub velocity_timbre: f64,
    /// How far full pressure moves the same, -4 .. 4 standard deviations.
    pub pressure_timbre: f64,
    /// How far full brightness or modulation wheel moves the direction "brightness" or, in a model
    /// without directions, the first timbre input, -4 .. 4 standard deviations.
    pub brightness_timbre: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            envelope: EnvelopeTimes::default(),
            normalise: false,
            noise: 1.0,
            tuning_hz: 440.0,
            gain: 0.5,
            mode: Mode::Poly,
            glide_s: 0.0,
            voices: MAX_VOICES,
            unison: 1,
            detune_cents: 10.0,
            spread: 0.0,
            velocity_level: 1.0,
            velocity_timbre: 0.0,
            pressure_timbre: 2.0,
            brightness_timbre: 2.0,
        }
    }
}

/// Options with which an [`Engine`](super::Engine) is made.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineOptions {
    /// Output rate, 1000 .. 1536000 Hz.
    pub sample_rate: f64,
    /// Most notes at a time for which memory is reserved, 1 .. 64.
    pub max_voices: usize,
    /// Chooses the noise: the same seed and the same events give the same samples.
    pub seed: u64,
    /// Precision with which the network is computed.
    pub precision: Precision,
    /// Settings with which the engine begins.
    pub settings: Settings,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            sample_rate: 48_000.0,
            max_voices: 16,
            seed: 0,
            precision: Precision::default(),
            settings: Settings::default(),
        }
    }
}

impl EngineOptions {
    /// Refuses options and settings that are out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first one, its value and its range.
    pub(super) fn validate(&self) -> Result<()> {
        within("sample_rate", self.sample_rate, 1000.0, MAX_RATE_HZ)?;
        within("max_voices", self.max_voices as f64, 1.0, MAX_VOICES as f64)?;
        self.settings.validate()
    }
}

fn within(name: &str, value: f64, low: f64, high: f64) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::parameter(format!("{name} is {value}, wanted {low} to {high}")))
}

impl Settings {
    /// Every real-valued setting with its name and its range.
    fn numbers(&mut self) -> [(&'static str, &mut f64, f64, f64); 14] {
        let EnvelopeTimes { attack_s, decay_s, sustain, release_s } = &mut self.envelope;
        [
            ("attack_s", attack_s, 0.0, 60.0),
            ("decay_s", decay_s, 0.0, 60.0),
            ("sustain", sustain, 0.0, 1.0),
            ("release_s", release_s, 0.0, 60.0),
            ("noise", &mut self.noise, 0.0, 4.0),
            ("tuning_hz", &mut self.tuning_hz, 100.0, 2000.0),
            ("gain", &mut self.gain, 0.0, 16.0),
            ("glide_s", &mut self.glide_s, 0.0, 10.0),
            ("detune_cents", &mut self.detune_cents, 0.0, 100.0),
            ("spread", &mut self.spread, 0.0, 1.0),
            ("velocity_level", &mut self.velocity_level, 0.0, 1.0),
            ("velocity_timbre", &mut self.velocity_timbre, -4.0, 4.0),
            ("pressure_timbre", &mut self.pressure_timbre, -4.0, 4.0),
            ("brightness_timbre", &mut self.brightness_timbre, -4.0, 4.0),
        ]
    }

    /// Every whole-number setting with its name and its largest value; the smallest is 1.
    fn counts(&mut self) -> [(&'static str, &mut usize, usize); 2] {
        [("voices", &mut self.voices, MAX_VOICES), ("unison", &mut self.unison, MAX_UNISON)]
    }

    /// The real-valued setting of that name.
    ///
    /// # Errors
    /// [`Error::Parameter`] if there is no such setting, with the name that it is most like.
    pub fn number_mut(&mut self, name: &str) -> Result<&mut f64> {
        let counts = self.counts().map(|(known, ..)| known);
        let numbers = self.numbers().map(|(known, ..)| known);
        let known = numbers.into_iter().chain(counts).chain(["mode", "normalise"]);
        let meant = nearest(name, known);
        let found = self.numbers().into_iter().find(|(known, ..)| *known == name);
        found.map(|(_, slot, ..)| slot).ok_or_else(|| {
            Error::parameter(format!("there is no setting \"{name}\"; did you mean \"{meant}\"?"))
        })
    }

    /// The whole-number setting of that name, if there is one.
    pub fn count_mut(&mut self, name: &str) -> Option<&mut usize> {
        self.counts().into_iter().find(|(known, ..)| *known == name).map(|(_, slot, _)| slot)
    }

    /// Every setting that has a range: its name, its default, and its lowest and highest value. The
    /// two that have none are `mode` and `normalise`.
    pub fn ranges() -> Vec<(&'static str, f64, f64, f64)> {
        let mut settings = Self::default();
        let mut found: Vec<_> = settings
            .numbers()
            .into_iter()
            .map(|(name, value, low, high)| (name, *value, low, high))
            .collect();
        let counts = settings.counts();
        found.extend(counts.map(|(name, value, high)| (name, *value as f64, 1.0, high as f64)));
        found
    }

    /// Refuses settings that are out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first such setting, its value and its range.
    pub fn validate(&self) -> Result<()> {
        let mut copy = self.clone();
        for (name, value, low, high) in copy.numbers() {
            within(name, *value, low, high)?;
        }
        for (name, value, high) in copy.counts() {
            within(name, *value as f64, 1.0, high as f64)?;
        }
        Ok(())
    }

    /// Brings every setting into its range; NaN becomes the lowest value.
    #[must_use]
    pub fn clamped(mut self) -> Self {
        for (_, value, low, high) in self.numbers() {
            // In this order, NaN becomes `low`.
            *value = value.max(low).min(high);
        }
        for (_, value, high) in self.counts() {
            *value = (*value).clamp(1, high);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_range_is_named_or_brought_into_range() {
        assert!(Settings::default().validate().is_ok());
        let wrong = Settings {
            noise: f64::NAN,
            unison: 0,
            voices: 1000,
            glide_s: -1.0,
            spread: 1e30,
            ..Settings::default()
        };
        let message = wrong.validate().unwrap_err().to_string();
        assert!(message.contains("noise is NaN, wanted 0 to 4"), "{message}");
        let right = wrong.clamped();
        assert!(right.validate().is_ok());
        assert_eq!((right.unison, right.voices), (1, MAX_VOICES));
        assert_eq!((right.noise, right.glide_s, right.spread), (0.0, 0.0, 1.0));
    }

    #[test]
    fn ranges_hold_the_defaults() {
        let ranges = Settings::ranges();
        assert!(ranges.contains(&("gain", 0.5, 0.0, 16.0)));
        assert!(ranges.contains(&("unison", 1.0, 1.0, MAX_UNISON as f64)));
        for (name, default, low, high) in ranges {
            assert!((low..=high).contains(&default), "{name}");
        }
    }
}
