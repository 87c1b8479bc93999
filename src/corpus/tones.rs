//! Spectra of a signal at its own rate: how many pitches sound at once, and how far up it reaches.

use crate::analysis::hann_periodic;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Shortest window, s: semitones of low notes are told apart.
const WINDOW_S: f64 = 0.15;
/// Where peaks are looked for, Hz.
const LOWEST_HZ: f64 = 60.0;
const HIGHEST_HZ: f64 = 5000.0;
/// Peaks this far below the largest count, as a share of power.
const PEAK_RANGE: f64 = 1e-3;
/// A peak stands out from its neighbourhood by this factor, which chance does not reach in noise.
const STANDS_OUT: f64 = 10.0;
/// The neighbourhood: bins on each side, but for the nearest, which belong to the peak.
const NEIGHBOURS: usize = 8;
const OWN_BINS: usize = 2;
/// A peak lasts if the next window has it within this share of its frequency.
const SAME: f64 = 0.02;
/// How far a peak may lie from a partial, as a share of its frequency.
const OUT_OF_TUNE: f64 = 0.03;
/// Partials that the strongest peak may be.
const STRONGEST_PARTIAL: u32 = 8;
/// Of so many first partials, a pitch without its fundamental has at least this many.
const FIRST_PARTIALS: u32 = 6;
const MOST_PARTIALS: usize = 5;
/// Another pitch sounds if so much of the peaks' power is not explained by the best single one.
const UNEXPLAINED: f64 = 0.03;
/// Windows this far below the loudest so far do not count, as a share of power.
const SOFT: f64 = 1e-3;

/// The power at each frequency.
#[derive(Clone)]
pub(super) struct Spectrum {
    /// Power of each bin, from 0 Hz to half of the sample rate.
    pub power: Vec<f64>,
    /// Distance of the bins, Hz.
    pub bin_hz: f64,
}

impl Spectrum {
    /// Mean power from `low_hz` to `high_hz`; `None` if there are no bins.
    pub fn mean_power(&self, low_hz: f64, high_hz: f64) -> Option<f64> {
        let bin = |hz: f64| (hz / self.bin_hz).round() as usize;
        let range = self.power.get(bin(low_hz)..bin(high_hz).min(self.power.len()))?;
        (!range.is_empty()).then(|| range.iter().sum::<f64>() / range.len() as f64)
    }

    /// The highest frequency, at most `top_hz`, with at least this power.
    pub fn highest_hz(&self, least: f64, top_hz: f64) -> Option<f64> {
        let top = ((top_hz / self.bin_hz) as usize).min(self.power.len() - 1);
        let at = self.power[..=top].iter().rposition(|power| *power >= least)?;
        Some(at as f64 * self.bin_hz)
    }

    /// Half of the sample rate, Hz.
    pub fn nyquist_hz(&self) -> f64 {
        (self.power.len() - 1) as f64 * self.bin_hz
    }

    /// Peaks that stand out, from low to high.
    fn peaks(&self) -> Vec<Peak> {
        let bin = |hz: f64| (hz / self.bin_hz) as usize;
        let first = bin(LOWEST_HZ).max(NEIGHBOURS);
        let last = bin(HIGHEST_HZ).min(self.power.len().saturating_sub(NEIGHBOURS + 1));
        let power = &self.power;
        let largest = power.get(first..last).unwrap_or_default().iter().copied();
        let least = largest.fold(0.0, f64::max) * PEAK_RANGE;
        let stands_out = |at: usize| {
            let sum = |reach: usize| power[at - reach..=at + reach].iter().sum::<f64>();
            let around = (sum(NEIGHBOURS) - sum(OWN_BINS)) / (2 * (NEIGHBOURS - OWN_BINS)) as f64;
            power[at] > STANDS_OUT * around
        };
        (first..last)
            .filter(|at| power[*at] > least)
            .filter(|at| power[*at] >= power[at - 1] && power[*at] > power[at + 1])
            .filter(|at| stands_out(*at))
            .map(|at| Peak {
                hz: (at as f64 + offset(&power[at - 1..=at + 1])) * self.bin_hz,
                power: power[at],
            })
            .collect()
    }
}

/// Where between the bins a peak lies: the top of the parabola through three levels.
fn offset(powers: &[f64]) -> f64 {
    let [left, top, right] = [0, 1, 2].map(|i| powers[i].max(f64::MIN_POSITIVE).ln());
    let bend = left - 2.0 * top + right;
    if bend < 0.0 { (0.5 * (left - right) / bend).clamp(-0.5, 0.5) } else { 0.0 }
}

#[derive(Clone, Copy)]
struct Peak {
    hz: f64,
    power: f64,
}

/// The peaks that two windows have in common.
fn lasting(earlier: &[Peak], later: &[Peak], bin_hz: f64) -> Vec<Peak> {
    let same = |peak: &Peak| {
        let distance = |other: &Peak| (other.hz - peak.hz).abs();
        let nearest = later.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        (distance(nearest) <= (SAME * peak.hz).max(bin_hz))
            .then(|| Peak { hz: peak.hz, power: peak.power.min(nearest.power) })
    };
    earlier.iter().filter_map(same).collect()
}

/// Whether the peaks are more than the partials of a single pitch.
fn is_of_several(peaks: &[Peak], bin_hz: f64) -> bool {
    let Some(strongest) = peaks.iter().max_by(|a, b| a.power.total_cmp(&b.power)) else {
        return false;
    };
    let all: f64 = peaks.iter().map(|peak| peak.power).sum();
    let explained = |f0_hz: f64| {
        let mut present = [false; FIRST_PARTIALS as usize];
        let mut power = 0.0;
        for peak in peaks {
            let partial = (peak.hz / f0_hz).round();
            let tolerance_hz = (OUT_OF_TUNE * peak.hz).max(1.5 * bin_hz).min(0.25 * f0_hz);
            if partial >= 1.0 && (peak.hz - partial * f0_hz).abs() <= tolerance_hz {
                power += peak.power;
                if let Some(present) = present.get_mut(partial as usize - 1) {
                    *present = true;
                }
            }
        }
        let is_pitch = present[0] || present.iter().filter(|p| **p).count() >= MOST_PARTIALS;
        if is_pitch { power } else { 0.0 }
    };
    let best = (1..=STRONGEST_PARTIAL)
        .map(|partial| strongest.hz / f64::from(partial))
        .filter(|f0_hz| *f0_hz >= LOWEST_HZ * 0.8)
        .map(explained)
        .fold(0.0, f64::max);
    all - best > UNEXPLAINED * all
}

/// Cuts a signal into windows that overlap by half, and looks at their spectra.
pub(super) struct Tones {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// Samples that the next window begins with.
    held: Vec<f32>,
    windowed: Vec<f32>,
    bins: Vec<Complex<f32>>,
    now: Spectrum,
    /// Sum of the spectra of all windows.
    pub sum: Spectrum,
    peaks: Vec<Peak>,
    loudest: f64,
    /// Windows in which a tone goes on that sounded in the one before.
    pub tonal: usize,
    /// Those of them in which several pitches go on.
    pub several: usize,
}

impl Tones {
    pub fn new(rate: u32) -> Self {
        let length = ((f64::from(rate) * WINDOW_S) as usize).next_power_of_two().max(64);
        let fft = RealFftPlanner::new().plan_fft_forward(length);
        let bins = fft.make_output_vec();
        let bin_hz = f64::from(rate) / length as f64;
        let spectrum = Spectrum { power: vec![0.0; bins.len()], bin_hz };
        Self {
            window: hann_periodic(length).into_iter().map(|w| w as f32).collect(),
            held: Vec::new(),
            windowed: vec![0.0; length],
            bins,
            now: spectrum.clone(),
            sum: spectrum,
            peaks: Vec::new(),
            loudest: 0.0,
            tonal: 0,
            several: 0,
            fft,
        }
    }

    /// Takes in samples.
    pub fn push(&mut self, samples: &[f32]) {
        self.held.extend_from_slice(samples);
        let length = self.window.len();
        let mut at = 0;
        while at + length <= self.held.len() {
            let samples = &self.held[at..at + length];
            for ((out, x), w) in self.windowed.iter_mut().zip(samples).zip(&self.window) {
                *out = x * w;
            }
            // The buffers have the lengths that the plan asks for.
            if self.fft.process(&mut self.windowed, &mut self.bins).is_ok() {
                self.look();
            }
            at += length / 2;
        }
        self.held.drain(..at);
    }

    fn look(&mut self) {
        let mut total = 0.0;
        for (k, bin) in self.bins.iter().enumerate() {
            let power = f64::from(bin.norm_sqr());
            self.now.power[k] = power;
            self.sum.power[k] += power;
            total += power;
        }
        self.loudest = self.loudest.max(total);
        let peaks = if total > SOFT * self.loudest { self.now.peaks() } else { Vec::new() };
        let bin_hz = self.now.bin_hz;
        let lasting = lasting(&self.peaks, &peaks, bin_hz);
        self.tonal += usize::from(!lasting.is_empty());
        self.several += usize::from(is_of_several(&lasting, bin_hz));
        self.peaks = peaks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Harmonic tones, each with partials that fall by 6 dB an octave from partial `first` on.
    fn tones(f0s_hz: &[f64], first: u32, rate: u32) -> Vec<f32> {
        let tone = |f0: f64, n: u32| {
            let phase = f64::from(n) * f0 / f64::from(rate) * TAU;
            (first..10).map(|k| (phase * f64::from(k)).sin() / f64::from(k)).sum::<f64>()
        };
        (0..rate).map(|n| f0s_hz.iter().map(|f0| 0.2 * tone(*f0, n)).sum::<f64>() as f32).collect()
    }

    fn heard(signal: &[f32], rate: u32) -> (usize, usize) {
        let mut tones = Tones::new(rate);
        tones.push(signal);
        (tones.tonal, tones.several)
    }

    #[test]
    fn a_second_pitch_is_heard() {
        for f0_hz in [65.0, 110.0, 220.0, 659.0, 1500.0] {
            let (tonal, several) = heard(&tones(&[f0_hz], 1, 44_100), 44_100);
            assert!(tonal >= 8 && several == 0, "{several} of {tonal} at {f0_hz} Hz");
            // Low notes are told apart from a fourth on.
            let intervals =
                if f0_hz < 100.0 { &[1.34, 1.5, 1.7][..] } else { &[1.26, 1.5, 0.8, 1.7] };
            for interval in intervals {
                let both = tones(&[f0_hz, f0_hz * interval], 1, 44_100);
                let (tonal, several) = heard(&both, 44_100);
                assert_eq!(tonal, several, "{f0_hz} Hz and {interval} times that");
            }
        }
    }

    #[test]
    fn a_pitch_without_its_fundamental_is_one() {
        let (tonal, several) = heard(&tones(&[110.0], 2, 44_100), 44_100);
        assert!(tonal >= 8 && several == 0, "{several} of {tonal}");
    }

    #[test]
    fn noise_and_silence_have_no_pitches() {
        let mut seed = 1_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed as f32 / u32::MAX as f32 - 0.5
        };
        let noise: Vec<f32> = (0..100_000).map(|_| random()).collect();
        let (tonal, several) = heard(&noise, 44_100);
        assert!(tonal <= 2 && several == 0, "{several} of {tonal}");
        assert_eq!(heard(&[0.0; 4000], 8000), (0, 0));
    }

    #[test]
    fn it_does_not_matter_how_samples_come() {
        let signal = tones(&[220.0], 1, 8000);
        let sum = |piece: usize| {
            let mut tones = Tones::new(8000);
            signal.chunks(piece).for_each(|part| tones.push(part));
            (tones.tonal, tones.sum.power)
        };
        assert!(sum(1) == sum(8000) && sum(777) == sum(8000));
    }
}
