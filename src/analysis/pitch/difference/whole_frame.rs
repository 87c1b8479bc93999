//! Compares a whole frame with itself, which is this project's way.
//!
//! The frame is compared with a copy of itself one period later, wherever the two overlap. The
//! pitch found is therefore that of the frame's middle, and noise matters less than when half a
//! frame is compared, as librosa does. The frame's mean is removed first: with a large offset,
//! rounding errors would hide soft sounds or look like pitches.

use super::half_lags::HalfLags;
use super::{Comparison, Difference, NEGLIGIBLE};
use crate::Result;
use crate::analysis::fourier::PowerSpectrum;
use crate::analysis::frame::{copy_padded, presence, remove_mean};
use crate::analysis::pitch::YinSettings;
use crate::analysis::sums::{least, running_sum, sum_of_squares};
use multiversion::multiversion;

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
    spectrum: PowerSpectrum,
    correlation: HalfLags,
    /// Energy of the first and the last sample, of the second and the last but one, ...
    ends: Vec<f64>,
    /// Sums of these energies up to periods of 1, 2, 3, ... steps.
    lost: Vec<f64>,
    /// Difference at periods of 1, 2, 3, ... steps, divided by the energies compared.
    apart: Vec<f64>,
    /// Sums of these differences up to each period.
    cumulated: Vec<f64>,
    difference: Difference,
    /// How much of the frame's sound lies in its middle, 0 to 1, see [`presence`].
    pub presence: f64,
}

impl Comparison for WholeFrame {
    fn new(settings: YinSettings) -> Result<Self> {
        settings.check()?;
        // Long enough that the correlation does not wrap around at the longest period.
        let n = (settings.frame_length + settings.max_period()).next_power_of_two();
        let steps = settings.max_period() * STEPS;
        Ok(Self {
            settings,
            frame: vec![0.0; settings.frame_length],
            spectrum: PowerSpectrum::new(n),
            correlation: HalfLags::new(n, steps),
            ends: vec![0.0; settings.max_period()],
            lost: vec![0.0; steps],
            apart: vec![0.0; steps],
            cumulated: vec![0.0; steps],
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
    }

    fn difference(&self) -> &Difference {
        &self.difference
    }
}

impl WholeFrame {
    /// Sets `correlation.values[STEPS * τ]` to the correlation `Σ x[j] x[j + τ]`; the values in
    /// between are interpolated with band limitation.
    fn correlate(&mut self) {
        // The rest of the input stays zero.
        for (to, &from) in self.spectrum.input.iter_mut().zip(&self.frame) {
            *to = f64::from(from);
        }
        let scale = 1.0 / self.spectrum.input.len() as f64;
        self.spectrum.run(scale, &mut self.correlation.power);
        self.correlation.run();
    }

    /// Fills the difference function: `d(τ) = Σ (x[j] - x[j + τ])² / Σ (x[j]² + x[j + τ]²)`
    /// over all j in the frame, divided by its mean over the periods up to τ as in YIN.
    ///
    /// All values are 1, and there is no trough, if the frame's period is shorter than the range.
    fn normalise(&mut self) {
        let low = self.settings.min_period() * STEPS;
        let total = sum_of_squares(&self.frame, 0.0);
        if total < NEGLIGIBLE {
            self.difference.values.fill(1.0);
            return;
        }
        ends(&self.frame, &mut self.ends);
        running_sum(&mut self.ends);
        at_every_step(&self.ends, &mut self.lost);
        differences(total, &self.lost, &self.correlation.values[1..], &mut self.apart);
        self.cumulated.copy_from_slice(&self.apart);
        running_sum(&mut self.cumulated);
        let from = low - 1;
        by_mean(low, &self.apart[from..], &self.cumulated[from..], &mut self.difference.values);
        if is_above_range(&self.apart, low) {
            self.difference.values.fill(1.0);
        }
    }
}

/// Sets `out` to the energies of the samples at both ends, which each further sample of the period
/// takes from the two parts compared: the frame without its end and the frame without its beginning.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn ends(frame: &[f32], out: &mut [f64]) {
    for ((out, &first), &last) in out.iter_mut().zip(frame).zip(frame.iter().rev()) {
        *out = f64::from(first) * f64::from(first) + f64::from(last) * f64::from(last);
    }
}

/// Spreads sums after each sample to all steps: half a sample lies half-way between two sums.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn at_every_step(sums: &[f64], out: &mut [f64]) {
    let (out, _) = out.as_chunks_mut::<STEPS>();
    let Some((first, others)) = out.split_first_mut() else { return };
    *first = [0.5 * sums[0], sums[0]];
    for ((out, before), after) in others.iter_mut().zip(sums).zip(&sums[1..]) {
        *out = [0.5 * (before + after), *after];
    }
}

/// Sets `out` to the differences at all periods: twice the frame's energy `total` less the energy
/// `lost`, less twice the correlation, divided by that energy.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn differences(total: f64, lost: &[f64], correlation: &[f64], out: &mut [f64]) {
    for ((out, lost), correlation) in out.iter_mut().zip(lost).zip(correlation) {
        let energies = 2.0 * total - lost;
        let apart = (energies - 2.0 * correlation) / energies;
        let certain = energies > ROUNDING * total && apart > ROUNDING;
        *out = if certain { apart } else { 0.0 };
    }
}

/// Sets `out` to the differences from `low` steps on, divided by their mean up to there.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn by_mean(low: usize, apart: &[f64], cumulated: &[f64], out: &mut [f64]) {
    for (i, ((out, apart), cumulated)) in out.iter_mut().zip(apart).zip(cumulated).enumerate() {
        *out = apart * (low + i) as f64 / (cumulated + f64::MIN_POSITIVE);
    }
}

/// Whether the frame repeats at some period shorter than `low` steps as well as at any longer one.
///
/// `apart` holds the differences at periods of 1, 2, 3, ... steps.
fn is_above_range(apart: &[f64], low: usize) -> bool {
    let longer = (1.0 - least(&apart[low - 1..])).max(0.0);
    let mut lowest = 1.0;
    apart[..low].windows(3).any(|x| {
        let x = [1.0 - x[0], 1.0 - x[1], 1.0 - x[2]];
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
