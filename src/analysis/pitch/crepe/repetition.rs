//! How well a frame of audio repeats at the period of each pitch bin.
//!
//! Two correlations of the frame with itself answer this. The plain one, [`similarity`], tells how
//! much of the sound's power a period explains, but it is ruled by the strongest partials. In the
//! other one, of a spectrum whose magnitudes are compressed, weak partials count nearly as much as
//! strong ones: a period that fits only the strong ones does not stand out.
//! T. Tolonen, M. Karjalainen: "A computationally efficient multipitch analysis model", IEEE
//! Transactions on Speech and Audio Processing 8 (2000).
//!
//! [`similarity`]: Repetition::similarity

use super::bins::bin_to_hz;
use super::{BINS, FRAME, SAMPLE_RATE_HZ};
use crate::analysis::frame::{copy_finite, presence, remove_mean};
use crate::analysis::sums::{running_sum, sum_of_squares};
use multiversion::multiversion;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex};
use std::array::from_fn;
use std::f64::consts::PI;
use std::sync::Arc;

/// Lags measured, in samples; the lowest bin's period is 505.
pub(super) const LAGS: usize = 512;
/// Length of the transforms: no lag wraps around.
const LEN: usize = 2 * FRAME;
/// Bins of a spectrum.
const SPECTRUM: usize = LEN / 2 + 1;
/// Weights of the samples before and after the middle between two samples, nearest first: a sinc
/// under a Hann window.
const HALF_WAY: [f32; 4] = [0.6106, -0.1463, 0.0392, -0.0035];
/// Lags at every half sample. The last one is never reached.
const HALF_LAGS: usize = 2 * LAGS;
/// Maxima of 1, 2, 4 and 8 half lags in a row.
const WIDTHS: usize = 4;

/// How well one frame repeats.
#[derive(Clone)]
pub(super) struct Repetition {
    /// Similarity of the frame with itself each whole lag later: `2 Σ a b / Σ (a² + b²)` over all
    /// samples a that have a partner b, after the frame's mean is removed. 1 is a perfect
    /// repetition; silence gives 0.
    ///
    /// This is 1 - d' of the difference function d of YIN (de Cheveigné and Kawahara 2002),
    /// normalised by both energies.
    pub similarity: [f32; LAGS],
    /// The highest similarity within each bin.
    pub waveform: [f32; BINS],
    /// The highest correlation of the compressed spectrum within each bin.
    pub spectrum: [f32; BINS],
    /// The frame's [`presence`].
    pub presence: f32,
}

impl Repetition {
    /// Of silence.
    pub const NONE: Self = Self {
        similarity: [0.0; LAGS],
        waveform: [0.0; BINS],
        spectrum: [0.0; BINS],
        presence: 0.0,
    };
}

/// Measures frames; holds the transforms and their memory.
pub(super) struct Analyzer {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    signal: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// `1 / (2 sin(2π lag / LEN))`.
    cosecants: [f32; LAGS],
    lookup: Lookup,
}

impl Analyzer {
    pub fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(LEN), planner.plan_fft_inverse(LEN));
        let scratch_len = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            signal: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            scratch: vec![Complex::default(); scratch_len],
            cosecants: from_fn(|lag| (0.5 / (2.0 * PI * lag as f64 / LEN as f64).sin()) as f32),
            lookup: Lookup::new(),
            forward,
            inverse,
        }
    }

    /// Measures the frame that begins at sample `start`.
    pub fn measure(&mut self, audio: &[f32], start: isize, out: &mut Repetition) {
        let mut frame = [0.0_f32; FRAME];
        copy_finite(audio, start, &mut frame);
        remove_mean(&mut frame);
        let energy = sum_of_squares(&frame, 0.0);
        if !(energy > f64::from(f32::MIN_POSITIVE) && energy.is_finite()) {
            *out = Repetition::NONE;
            return;
        }
        out.presence = presence(&frame) as f32;
        let mut compressed = [0.0; LAGS];
        self.correlate(&frame, energy, &mut out.similarity, &mut compressed);
        by_energy(&frame, energy, &mut out.similarity);
        self.lookup.highest(&out.similarity, &mut out.waveform);
        self.lookup.highest(&compressed, &mut out.spectrum);
    }

    /// Sets `plain` and `compressed` to the correlations of a frame and of its compressed spectrum,
    /// both 1 at lag 0.
    ///
    /// One transform yields both. The spectra of both are real, so that the correlations are the
    /// same before and after lag 0. The second, times a sine whose period is the transform's
    /// length, changes its sign there; its spectrum is then imaginary. Of the sum of the two, what
    /// is the same before and after lag 0 is the first, and the rest is the second.
    fn correlate(
        &mut self,
        frame: &[f32; FRAME],
        energy: f64,
        plain: &mut [f32; LAGS],
        compressed: &mut [f32; LAGS],
    ) {
        let gain = (1.0 / energy.sqrt()) as f32;
        let (filled, rest) = self.signal.split_at_mut(FRAME);
        for (filled, x) in filled.iter_mut().zip(frame) {
            *filled = x * gain;
        }
        rest.fill(0.0);
        let forward = self.forward.process_with_scratch(
            &mut self.signal,
            &mut self.spectrum,
            &mut self.scratch,
        );
        merge_spectra(&mut self.spectrum);
        let inverse = self.inverse.process_with_scratch(
            &mut self.spectrum,
            &mut self.signal,
            &mut self.scratch,
        );
        debug_assert!(forward.is_ok() && inverse.is_ok(), "buffers come from the plans");
        let (after, before) = self.signal.split_at(LEN - LAGS);
        split_correlations(after, before, &self.cosecants, plain, compressed);
        (plain[0], compressed[0]) = (1.0, 1.0);
    }
}

/// Where the correlation of each bin is looked up, and the memory for that.
struct Lookup {
    /// Of the bins that span at least two half lags: two places in the maxima of all [`WIDTHS`] that
    /// together cover the half lags inside and the one before.
    wide: Vec<[u16; 2]>,
    /// Where the longest of the other bins ends.
    longest: Edge,
    narrow: Vec<Narrow>,
    maxima: Box<Maxima>,
}

/// For each of the [`WIDTHS`], the maxima of as many half lags from each one on.
type Maxima = [f32; WIDTHS * HALF_LAGS];

/// A bin that spans less than two half lags.
struct Narrow {
    shortest: Edge,
    /// The first and the last half lag inside.
    inside: [u16; 2],
}

/// The half lag before the edge of a bin, and the part of a half sample from there.
#[derive(Clone, Copy)]
struct Edge {
    place: u16,
    part: f32,
}

impl Edge {
    fn new(at: f64) -> Self {
        Self { place: at as u16, part: at.fract() as f32 }
    }
}

/// Where the lags of `bin` end, in half samples.
fn longest(bin: usize) -> f64 {
    2.0 * SAMPLE_RATE_HZ / (bin_to_hz(0) * ((bin as f64 - 0.5) / 60.0).exp2())
}

impl Lookup {
    fn new() -> Self {
        let is_wide = |&bin: &usize| longest(bin) - longest(bin + 1) >= 2.0;
        let wide = (0..BINS).take_while(is_wide).map(|bin| {
            let (first, last) = (longest(bin + 1) as usize, longest(bin) as usize);
            let level = (last + 1 - first).ilog2() as usize;
            [first, last + 1 - (1 << level)].map(|at| (level * HALF_LAGS + at) as u16)
        });
        let wide: Vec<_> = wide.collect();
        let narrow = (wide.len()..BINS).map(|bin| {
            let (first, last) = (longest(bin + 1) as usize + 1, longest(bin) as usize);
            let inside = if first <= last { [first, last] } else { [HALF_LAGS - 1; 2] };
            Narrow { shortest: Edge::new(longest(bin + 1)), inside: inside.map(|at| at as u16) }
        });
        Self {
            longest: Edge::new(longest(wide.len())),
            narrow: narrow.collect(),
            wide,
            maxima: Box::new([f32::MIN; WIDTHS * HALF_LAGS]),
        }
    }

    /// The highest value at the lags of each bin, given those at whole lags.
    fn highest(&mut self, values: &[f32; LAGS], out: &mut [f32; BINS]) {
        fill_maxima(values, &mut self.maxima);
        // The remainder tells the compiler that no place is outside.
        let at = |place: u16| self.maxima[usize::from(place) % (WIDTHS * HALF_LAGS)];
        let (wide, narrow) = out.split_at_mut(self.wide.len());
        for (out, [first, last]) in wide.iter_mut().zip(&self.wide) {
            *out = larger(at(*first), at(*last));
        }
        let edge = |Edge { place, part }| at(place) + part * (at(place + 1) - at(place));
        let mut longest = edge(self.longest);
        for (out, Narrow { shortest, inside }) in narrow.iter_mut().zip(&self.narrow) {
            let shortest = edge(*shortest);
            *out = larger(larger(shortest, longest), larger(at(inside[0]), at(inside[1])));
            longest = shortest;
        }
    }
}

#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn fill_maxima(values: &[f32; LAGS], maxima: &mut Maxima) {
    at_half_lags(values, maxima);
    for level in 1..WIDTHS {
        let (before, here) = maxima.split_at_mut(level * HALF_LAGS);
        let before = &before[(level - 1) * HALF_LAGS..];
        for ((here, &a), &b) in here.iter_mut().zip(before).zip(&before[1 << (level - 1)..]) {
            *here = larger(a, b);
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled for the caller's instruction set")]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Interpolates a correlation at every half sample from the lag of [`HALF_WAY`]'s reach on.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn at_half_lags(values: &[f32; LAGS], out: &mut [f32]) {
    const REACH: usize = HALF_WAY.len();
    const BETWEEN: usize = LAGS - 2 * REACH + 1;
    let mut between = [0.0; BETWEEN];
    for (i, weight) in HALF_WAY.iter().enumerate() {
        let pairs = values[REACH - 1 - i..].iter().zip(&values[REACH + i..]);
        for (between, (before, after)) in between.iter_mut().zip(pairs) {
            *between += weight * (before + after);
        }
    }
    let (out, _) = out[2 * (REACH - 1)..].as_chunks_mut::<2>();
    for ((out, &whole), &half) in out.iter_mut().zip(&values[REACH - 1..]).zip(&between) {
        *out = [whole, half];
    }
    out[BETWEEN][0] = values[REACH - 1 + BETWEEN];
}

/// Replaces the spectrum of a frame, two bins to a period of the frame, without a window, by the sum
/// of two others: the real part is the power, the imaginary part belongs to the square root of the
/// magnitude under a Hann window, times the sine. The correlations of both are 1 at lag 0 if the
/// frame's energy is.
#[multiversion(targets("x86_64+avx512f+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn merge_spectra(spectrum: &mut [Complex<f32>]) {
    // With a zero beyond either end.
    let mut compressed = [0.0_f32; SPECTRUM + 2];
    let neighbours = spectrum.iter().zip(&spectrum[2..]).zip(&spectrum[4..]);
    // The window's spectrum is that of its two neighbours and itself. The outermost bins lack one;
    // they hold nothing that is heard.
    for (out, ((before, here), after)) in compressed[3..].iter_mut().zip(neighbours) {
        let windowed = here - (before + after) * 0.5;
        *out = windowed.norm_sqr().sqrt().sqrt();
    }
    let mut lanes = [0.0; 16];
    for chunk in compressed.as_chunks::<16>().0 {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x;
        }
    }
    // All bins but the first and the last stand for two.
    let whole = 2.0 * lanes.iter().sum::<f32>();
    let gain = if whole > 0.0 { 0.5 / whole } else { 0.0 };
    let neighbours = compressed.iter().zip(&compressed[2..]);
    for (x, (before, after)) in spectrum.iter_mut().zip(neighbours) {
        *x = Complex::new(x.norm_sqr() * (1.0 / LEN as f32), (after - before) * gain);
    }
    // Here a real signal has nothing imaginary.
    spectrum[0].im = 0.0;
    spectrum[SPECTRUM - 1].im = 0.0;
}

/// Splits what the inverse transform gave, its beginning and its end, into what is the same before
/// and after lag 0, and the rest divided by the sine.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn split_correlations(
    after: &[f32],
    before: &[f32],
    cosecants: &[f32; LAGS],
    plain: &mut [f32; LAGS],
    compressed: &mut [f32; LAGS],
) {
    let pairs = after[1..].iter().zip(before.iter().rev()).zip(&cosecants[1..]);
    let out = plain[1..].iter_mut().zip(&mut compressed[1..]);
    for ((plain, compressed), ((after, before), cosecant)) in out.zip(pairs) {
        *plain = 0.5 * (after + before);
        *compressed = (after - before) * cosecant;
    }
}

/// Turns the correlation of a frame of the given energy into its similarity: divides it by half the
/// energy of the parts compared, which is the frame's less what is lost at its ends.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2", "aarch64+neon"))]
fn by_energy(frame: &[f32; FRAME], energy: f64, correlation: &mut [f32; LAGS]) {
    let mut lost = [0.0; LAGS];
    let ends = frame.iter().zip(frame.iter().rev());
    for (lost, (&first, &last)) in lost[1..].iter_mut().zip(ends) {
        *lost = f64::from(first).powi(2) + f64::from(last).powi(2);
    }
    running_sum(&mut lost);
    for (correlation, lost) in correlation.iter_mut().zip(lost) {
        let compared = 2.0 * energy - lost;
        let similarity = 2.0 * energy * f64::from(*correlation) / compared;
        // If only the frame's ends have sound, its middle is rounding error.
        *correlation = if compared > 1e-6 * energy { similarity as f32 } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn measured(first: usize, last: usize, hz: f64) -> Repetition {
        let sample = |i: usize| {
            let angle = |k: usize| TAU * k as f64 * hz * i as f64 / SAMPLE_RATE_HZ + (k * k) as f64;
            let audible = (first..=last).filter(|&k| k as f64 * hz < 7500.0);
            audible.map(|k| angle(k).sin() / k as f64).sum::<f64>() as f32
        };
        let audio: Vec<f32> = (0..FRAME).map(sample).collect();
        let mut found = Repetition::NONE;
        Analyzer::new().measure(&audio, 0, &mut found);
        found
    }

    fn bin(hz: f64) -> usize {
        super::super::bins::hz_to_bin(hz).round() as usize
    }

    #[test]
    fn tones_repeat_in_the_bins_of_their_periods() {
        for hz in [70.0, 150.0, 333.0, 700.0, 1234.0, 1900.0] {
            let found = measured(1, 12, hz);
            let (wave, spectrum) = (found.waveform[bin(hz)], found.spectrum[bin(hz)]);
            // Few of the longest periods fit into the window.
            let least = if hz < 100.0 { 0.1 } else { 0.5 };
            assert!(wave > 0.97 && spectrum > least, "{hz} Hz: {wave}, {spectrum}");
            assert!((0.9..=1.0).contains(&found.presence));
        }
    }

    #[test]
    fn weak_partials_count_in_the_compressed_spectrum() {
        // The second partial is stronger than all others together.
        let found = measured(2, 9, 220.0);
        let (period, half) = (bin(220.0), bin(440.0));
        let excess = |values: &[f32; BINS]| values[period] - values[half];
        assert!(excess(&found.spectrum) > 0.3, "{}", excess(&found.spectrum));
    }

    #[test]
    fn a_band_limited_correlation_is_interpolated() {
        let value = |lag: f32| (lag * 1.9).cos();
        let mut fine = [0.0; HALF_LAGS];
        at_half_lags(&from_fn(|lag| value(lag as f32)), &mut fine);
        for (i, got) in fine.iter().enumerate().take(2 * LAGS - 8).skip(8) {
            assert!((got - value(i as f32 / 2.0)).abs() < 0.03, "{i}: {got}");
        }
    }

    #[test]
    fn the_highest_value_within_a_bin_is_found() {
        // A peak at each lag: the bins that hold it, and no others, reach it.
        let mut lookup = Lookup::new();
        for lag in 9..505 {
            let mut values = [0.0; LAGS];
            values[lag] = 1.0;
            let mut found = [0.0; BINS];
            lookup.highest(&values, &mut found);
            let centre = bin(SAMPLE_RATE_HZ / lag as f64);
            assert!(found[centre] > 0.95, "lag {lag}: {}", found[centre]);
            // Half a lag further, the interpolation is at 0.61.
            let away = |other: usize| (SAMPLE_RATE_HZ / bin_to_hz(other) - lag as f64).abs();
            let reach = 1.5 + 0.006 * lag as f64;
            let far = (0..BINS).filter(|&other| away(other) > reach);
            assert!(far.into_iter().all(|other| found[other] < 0.6), "lag {lag}");
        }
    }

    /// Both correlations as sums in double precision.
    #[test]
    fn one_transform_yields_both_correlations() {
        let frame: [f32; FRAME] = from_fn(|i| ((i * i) as f32 * 3e-4).sin() + (i as f32).cos());
        let energy = sum_of_squares(&frame, 0.0);
        let (mut plain, mut compressed) = ([0.0; LAGS], [0.0; LAGS]);
        Analyzer::new().correlate(&frame, energy, &mut plain, &mut compressed);
        let magnitude = |k: usize| {
            let angle = |i: usize, k: usize| 2.0 * PI * (i * k % LEN) as f64 / LEN as f64;
            let sum = frame.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, &x)| {
                let x = f64::from(x) * (1.0 - angle(i, 2).cos());
                (re + x * angle(i, k).cos(), im + x * angle(i, k).sin())
            });
            sum.0.hypot(sum.1).sqrt()
        };
        let magnitudes: Vec<f64> = (2..SPECTRUM - 2).map(magnitude).collect();
        for lag in [1, 2, 3, 8, 77, 300, LAGS - 1] {
            let pairs = frame.iter().zip(&frame[lag..]);
            let want = pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() / energy;
            assert!((f64::from(plain[lag]) - want).abs() < 1e-5, "{lag}: {} {want}", plain[lag]);
            let cosine = |k: usize| (2.0 * PI * ((k + 2) * lag) as f64 / LEN as f64).cos();
            let sum: f64 = magnitudes.iter().enumerate().map(|(k, m)| m * cosine(k)).sum();
            let want = sum / magnitudes.iter().sum::<f64>();
            let got = f64::from(compressed[lag]);
            assert!((got - want).abs() < 2e-4, "{lag}: {got} {want}");
        }
    }

    #[test]
    fn silence_and_the_loudest_numbers_repeat_nowhere() {
        for level in [0.0, 1e-30, 1e30, f32::MAX] {
            let audio: Vec<f32> = (0..FRAME).map(|i| level * (i as f32).sin()).collect();
            let mut found = Repetition::NONE;
            Analyzer::new().measure(&audio, 0, &mut found);
            let all = found.similarity.iter().chain(&found.waveform).chain(&found.spectrum);
            assert!(all.into_iter().all(|x| x.is_finite()), "{level}");
        }
    }
}
