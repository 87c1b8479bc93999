//! Compares a whole frame with itself, which is this project's way.
//!
//! The frame is compared with a copy of itself one period later, wherever the two overlap. The
//! pitch found is therefore that of the frame's middle, and noise matters less than when half a
//! frame is compared, as librosa does. The frame's mean is removed first: with a large offset,
//! rounding errors would hide soft sounds or look like pitches.

use super::{Comparison, Difference, NEGLIGIBLE};
use crate::Result;
use crate::analysis::fourier::{Forward, Inverse};
use crate::analysis::frame::{copy_padded, presence, remove_mean};
use crate::analysis::pitch::YinSettings;

/// Differences this small, relative to the energies compared, are rounding errors.
const ROUNDING: f64 = 1e-6;
/// Similarity above which a period shorter than the range is considered at all: noise is somewhat
/// similar to itself at any short period.
const CLEAR: f64 = 0.7;
/// A period shorter than the range is the true one if its similarity is at least this share of the
/// best similarity within the range.
const AS_WELL: f64 = 0.95;
/// Between period 0 and the peak of a true period, the similarity falls below this share of the
/// peak.
const VALLEY: f64 = 0.5;

/// Periods searched per sample: the true period of a bright high tone lies between two samples,
/// while one of its multiples may fall on a sample and look better.
const STEPS: usize = 2;

/// Compares whole frames.
#[derive(Clone)]
pub(crate) struct WholeFrame {
    settings: YinSettings,
    frame: Vec<f32>,
    forward: Forward,
    inverse: Inverse,
    difference: Difference,
    /// How much of the frame's sound lies in its middle, 0 to 1, see [`presence`].
    pub presence: f64,
}

impl Comparison for WholeFrame {
    fn new(settings: YinSettings) -> Result<Self> {
        settings.check()?;
        // Long enough that the correlation does not wrap around at the longest period.
        let n = (settings.frame_length + settings.max_period()).next_power_of_two();
        Ok(Self {
            settings,
            frame: vec![0.0; settings.frame_length],
            forward: Forward::new(n),
            inverse: Inverse::new(n * STEPS),
            difference: Difference::new(&settings, STEPS),
            presence: 0.0,
        })
    }

    fn settings(&self) -> &YinSettings {
        &self.settings
    }

    fn compare(&mut self, signal: &[f32], index: usize) {
        copy_padded(signal, self.settings.framing().start(index), &mut self.frame);
        remove_mean(&mut self.frame);
        self.presence = presence(&self.frame);
        self.correlate();
        self.normalise();
        self.difference.refine_periods();
    }

    fn difference(&self) -> &Difference {
        &self.difference
    }
}

impl WholeFrame {
    /// Sets `inverse.output[STEPS * τ]` to the correlation `Σ x[j] x[j + τ]`; the values in between
    /// are interpolated with band limitation.
    fn correlate(&mut self) {
        for (to, &from) in self.forward.input.iter_mut().zip(&self.frame) {
            *to = f64::from(from);
        }
        self.forward.input[self.frame.len()..].fill(0.0);
        self.forward.run();
        let scale = STEPS as f64 / self.inverse.output.len() as f64;
        self.inverse.input.fill(0.0.into());
        for (to, x) in self.inverse.input.iter_mut().zip(&self.forward.output) {
            *to = (x.norm_sqr() * scale).into();
        }
        // In the longer transform, the bin at the old Nyquist frequency has a mirror image.
        self.inverse.input[self.forward.output.len() - 1] *= 0.5;
        self.inverse.run();
    }

    /// Fills the difference function: `d(τ) = Σ (x[j] - x[j + τ])² / Σ (x[j]² + x[j + τ]²)`
    /// over all j in the frame, divided by its mean over the periods up to τ as in YIN.
    ///
    /// All values are 1, and there is no trough, if the frame's period is shorter than the range.
    fn normalise(&mut self) {
        let (low, high) = (self.settings.min_period() * STEPS, self.settings.max_period() * STEPS);
        let (frame, values) = (&self.frame, &mut self.difference.values);
        let total: f64 = frame.iter().map(|&x| f64::from(x).powi(2)).sum();
        if total < NEGLIGIBLE {
            values.fill(1.0);
            return;
        }
        // Energy of the two parts compared: the frame without its end plus the frame without its
        // beginning.
        let mut energies = 2.0 * total;
        let mut cumulated = 0.0;
        for at in 1..=high {
            let passed = (at - 1) / STEPS;
            let ends = f64::from(frame[passed]).powi(2)
                + f64::from(frame[frame.len() - 1 - passed]).powi(2);
            energies -= ends / STEPS as f64;
            let apart = (energies - 2.0 * self.inverse.output[at]) / energies;
            let difference =
                if energies > ROUNDING * total && apart > ROUNDING { apart } else { 0.0 };
            // The correlation is not needed any more: similarity takes its place.
            self.inverse.output[at] = 1.0 - difference;
            cumulated += difference;
            if at >= low {
                let mean = cumulated / at as f64;
                values[at - low] = difference / (mean + f64::MIN_POSITIVE);
            }
        }
        if is_above_range(&self.inverse.output[..=high], low) {
            values.fill(1.0);
        }
    }
}

/// Whether the frame repeats at some period shorter than `low` steps as well as at any longer one.
fn is_above_range(similarity: &[f64], low: usize) -> bool {
    let longer = similarity[low..].iter().copied().fold(0.0, f64::max);
    let mut lowest = 1.0;
    similarity[1..=low].windows(3).any(|x| {
        lowest = x[0].min(lowest);
        let is_peak = x[1] > x[0] && x[1] >= x[2];
        // The peak of a narrow ridge lies between samples and is higher than they are.
        let slope = x[2] - x[0];
        let height = x[1] - slope * slope / (8.0 * (x[0] + x[2] - 2.0 * x[1]));
        // A low sound with a little hiss has bumps at short periods, but no valley before them.
        is_peak && height > CLEAR && height > AS_WELL * longer && lowest < VALLEY * height
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Watch;
    use crate::analysis::pitch::{Pitch, pyin, yin};
    use std::f64::consts::TAU;

    const RATE: f64 = 16_000.0;
    const SETTINGS: YinSettings = YinSettings {
        fmin_hz: 46.0,
        fmax_hz: 1600.0,
        sample_rate: RATE,
        frame_length: 1024,
        hop_length: 256,
    };

    /// Five partials whose pitch follows `hz(seconds)`.
    fn tone(seconds: f64, hz: impl Fn(f64) -> f64) -> Vec<f32> {
        let mut turn = 0.0;
        let sample = |n: i32| {
            let f0_hz = hz(f64::from(n) / RATE);
            turn += f0_hz / RATE;
            let partials = (1..6).map(f64::from).filter(|k| k * f0_hz < 0.5 * RATE);
            partials.map(|k| 0.2 * (TAU * k * turn).sin() / k).sum::<f64>() as f32
        };
        (0..(seconds * RATE) as i32).map(sample).collect()
    }

    /// The pitches that YIN and pYIN find.
    fn tracks(signal: &[f32]) -> [Vec<Pitch>; 2] {
        let watch = Watch::default();
        [yin::find, pyin::find].map(|find| find(signal, SETTINGS, &watch).unwrap())
    }

    #[test]
    fn a_vibrato_is_followed_without_delay() {
        for centre_hz in [150.0, 440.0] {
            let pitch = |t: f64| centre_hz * (1.0 + 0.02 * (TAU * 4.0 * t).sin());
            for found in tracks(&tone(3.0, pitch)) {
                // Vibrato's phase over two whole seconds, 125 frames.
                let (mut a, mut b) = (0.0, 0.0);
                for (i, Pitch { f0_hz, .. }) in found.iter().enumerate().skip(31).take(125) {
                    let angle = TAU * 4.0 * i as f64 * 256.0 / RATE;
                    a += f0_hz * angle.sin();
                    b -= f0_hz * angle.cos();
                }
                let delay_ms = b.atan2(a) / (TAU * 4.0) * 1e3;
                assert!(delay_ms.abs() < 0.3, "{centre_hz} Hz: {delay_ms} ms");
            }
        }
    }

    #[test]
    fn leaps_are_followed() {
        let pitch = |t: f64| [110.0, 880.0, 220.0, 440.0, 55.0][((t / 0.2) as usize).min(4)];
        for found in tracks(&tone(1.0, pitch)) {
            let right = found.iter().enumerate().filter(|(i, found)| {
                let truth = pitch(*i as f64 * 256.0 / RATE);
                (found.f0_hz / truth - 1.0).abs() < 0.01
            });
            // A frame that holds two notes may give the pitch of either.
            assert!(right.count() >= 50, "{found:?}");
        }
    }

    #[test]
    fn what_has_no_pitch_in_range_has_none() {
        let mut noise = 1_u32;
        let mut dithered = |offset: f32| {
            (0..8000)
                .map(|_| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    offset + (noise >> 16) as f32 / 65536.0 / 32768.0
                })
                .collect()
        };
        for signal in [
            vec![0.0; 8000],
            vec![0.5; 8000],
            dithered(0.0),
            dithered(0.5),
            tone(0.5, |_| 1750.0),
            tone(0.5, |_| 2637.0),
            tone(0.5, |_| 5000.0),
        ] {
            for found in tracks(&signal) {
                let voiced = found.iter().filter(|pitch| pitch.voicedness > 0.05).count();
                assert_eq!(voiced, 0, "{found:?}");
            }
        }
    }

    #[test]
    fn a_soft_tone_on_an_offset_is_heard() {
        let signal: Vec<f32> = tone(0.5, |_| 220.0).iter().map(|x| 0.5 + 1e-3 * x).collect();
        for found in tracks(&signal) {
            for pitch in &found[2..found.len() - 2] {
                let off = pitch.f0_hz / 220.0 - 1.0;
                assert!(off.abs() < 1e-3 && pitch.voicedness > 0.9, "{found:?}");
            }
        }
    }
}
