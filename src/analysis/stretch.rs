//! Band-limited resampling of short segments by any ratio.
//!
//! The pass band ends at 0.9136 of the lower Nyquist frequency and the stop band begins at 1.0, with
//! a Kaiser window (J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window
//! function", 1974): the response of `soxr`'s setting HQ, to about 5e-4 on white noise.
//!
//! To raise the rate, the segment is treated as a band-limited signal that can be evaluated at any
//! time. A Fourier transform filters it, an inverse one gives it at twice the rate, and a short
//! kernel interpolates between these samples; the spectrum was divided by the kernel's response
//! beforehand (J. A. Fessler, B. P. Sutton, "Nonuniform fast Fourier transforms using min-max
//! interpolation", 2003).
//!
//! Why not `rubato`: every frame has its own ratio, and its spectrum should be the one that soxr's
//! filter gives. Two cycles become 1024 samples some ten times faster than by a sinc resampler of
//! `rubato` with 64 taps that is set to a new ratio for each frame. `benches/analysis.py` has soxr in
//! the rows "whole chain".

use pulp::{Simd, WithSimd};
use realfft::num_complex::{Complex32, Complex64};
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::FftPlanner;
use std::array::from_fn;
use std::f64::consts::{PI, TAU};
use std::sync::{Arc, LazyLock, OnceLock};

/// End of the pass band, as a share of the lower Nyquist frequency.
const PASS_BAND: f64 = 0.9136;
/// Attenuation in the stop band, dB.
const REJECTION_DB: f64 = 140.0;
/// Rows of a kernel: the number of positions between two samples at which it is tabulated. Between
/// rows it is interpolated linearly, with an error of less than (π / PHASES)² / 8 = 2e-5 of full
/// scale.
const PHASES: usize = 256;

/// The filter's impulse response at every `1 / PHASES` of a sample of the lower rate.
struct Kernel {
    /// Samples on each side.
    half: usize,
    /// `PHASES + 1` rows of `2 * half` coefficients: row p holds h(i - half + 1 - p / PHASES).
    rows: Vec<f32>,
}

static KERNEL: LazyLock<Kernel> = LazyLock::new(Kernel::new);

/// The filter's impulse response in closed form, over time in samples of the lower rate.
struct Response {
    /// Cycles per sample.
    cutoff: f64,
    /// The response is zero from here on, samples.
    reach: f64,
    /// Shape of the Kaiser window.
    beta: f64,
    /// Height of the window before it is scaled to 1.
    peak: f64,
}

impl Response {
    fn new() -> Self {
        // Kaiser's formulas, with frequencies in cycles per sample.
        let transition = 0.5 * (1.0 - PASS_BAND);
        let beta = 0.1102 * (REJECTION_DB - 8.7);
        Self {
            cutoff: 0.5 - transition / 2.0,
            reach: (REJECTION_DB - 7.95) / (14.36 * transition) / 2.0,
            beta,
            peak: bessel_i0(beta),
        }
    }

    /// Whole samples on each side.
    fn half(&self) -> usize {
        self.reach.ceil() as usize
    }

    fn at(&self, t: f64) -> f64 {
        if t.abs() >= self.reach {
            return 0.0;
        }
        let x = TAU * self.cutoff * t;
        let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
        let window = bessel_i0(self.beta * (1.0 - (t / self.reach).powi(2)).sqrt());
        2.0 * self.cutoff * sinc * window / self.peak
    }
}

impl Kernel {
    fn new() -> Self {
        let response = Response::new();
        let half = response.half();
        let rows = (0..=PHASES)
            .flat_map(|phase| {
                let shift = (half - 1) as f64 + phase as f64 / PHASES as f64;
                let response = &response;
                (0..2 * half).map(move |i| response.at(i as f64 - shift) as f32)
            })
            .collect();
        Self { half, rows }
    }

    fn row(&self, phase: usize) -> &[f32] {
        &self.rows[phase * 2 * self.half..(phase + 1) * 2 * self.half]
    }

    /// h(t), t in samples of the lower rate.
    fn at(&self, t: f64) -> f32 {
        if t.abs() >= (self.half - 1) as f64 {
            return 0.0;
        }
        let whole = t.ceil();
        let position = (whole - t) * PHASES as f64;
        let phase = (position as usize).min(PHASES - 1);
        let index = (whole + (self.half - 1) as f64) as usize;
        let (a, b) = (self.row(phase)[index], self.row(phase + 1)[index]);
        a + (b - a) * (position - phase as f64) as f32
    }
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..200 {
        term *= quarter / f64::from(k * k);
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

/// Resamples segments. Each thread needs a clone of its own.
#[derive(Clone, Default)]
pub(crate) struct Stretcher {
    spectrum: Vec<Complex32>,
    doubled: Vec<f32>,
    scratch: Vec<Complex32>,
}

impl Stretcher {
    /// Resamples `segment` by `ratio` (output rate over input rate) and writes the output samples
    /// `first..first + out.len()`; output sample j lies at input time j / ratio.
    ///
    /// Outside the segment, the input counts as zero. `ratio` must be positive and finite.
    pub fn stretch(&mut self, segment: &[f32], ratio: f64, first: usize, out: &mut [f32]) {
        if ratio >= 1.0 {
            self.upsample(segment, ratio, first, out);
        } else {
            downsample(&KERNEL, segment, ratio, first, out);
        }
    }

    fn upsample(&mut self, segment: &[f32], ratio: f64, first: usize, out: &mut [f32]) {
        let half = *HALF;
        let bank = Doubler::of(segment.len() + 2 * half + 2 * TAPS);
        let scratch = bank.forward.get_scratch_len().max(bank.inverse.get_scratch_len());
        self.doubled.resize(2 * bank.len, 0.0);
        self.spectrum.resize(bank.len + 1, Complex32::default());
        self.scratch.resize(scratch.max(self.scratch.len()), Complex32::default());

        // The short kernel reaches back over some samples, so the segment begins that much later.
        let input = &mut self.doubled[..bank.len];
        input.fill(0.0);
        input[TAPS..][..segment.len()].copy_from_slice(segment);
        let spectrum = &mut self.spectrum[..=bank.len / 2];
        bank.forward
            .process_with_scratch(input, spectrum, &mut self.scratch)
            .expect("buffers were made for this plan");
        for (bin, gain) in spectrum.iter_mut().zip(&bank.gains) {
            *bin *= gain;
        }
        self.spectrum[bank.len / 2 + 1..].fill(Complex32::default());
        self.spectrum[0].im = 0.0;
        bank.inverse
            .process_with_scratch(&mut self.spectrum, &mut self.doubled, &mut self.scratch)
            .expect("buffers were made for this plan");
        // Beyond the filter's reach, the output holds only the transform's wrap-around.
        let end = segment.len() + half;
        let heard = ((end as f64 * ratio) as usize).saturating_sub(first).min(out.len());
        let (heard, silence) = out.split_at_mut(heard);
        let step = 2.0 / ratio;
        let start = (2 * TAPS) as f64 + first as f64 * step;
        let (signal, kernel) = (&self.doubled, &SHORT);
        Interpolation { signal, kernel, start, step, out: heard }.run();
        silence.fill(0.0);
    }
}

/// Samples that the filter reaches to each side.
static HALF: LazyLock<usize> = LazyLock::new(|| Response::new().half());

/// Coefficients of the short kernel.
const TAPS: usize = 8;
/// Shape of the short kernel, a Kaiser-Bessel window: at twice the rate its error is below that of
/// single precision.
const SHORT_BETA: f64 = 2.34 * TAPS as f64;

/// A row of the short kernel; the alignment keeps it within one line of the cache.
#[repr(align(64))]
struct ShortRow {
    values: [f32; TAPS],
    /// Differences from here to the next row.
    slopes: [f32; TAPS],
}

/// The short kernel at every `1 / PHASES` of a sample: row p holds φ(i - TAPS / 2 + 1 - p / PHASES).
static SHORT: LazyLock<Vec<ShortRow>> = LazyLock::new(|| {
    let value = |phase: usize, i: usize| {
        let t = i as f64 - (TAPS / 2 - 1) as f64 - phase as f64 / PHASES as f64;
        let part = 1.0 - (2.0 * t / TAPS as f64).powi(2);
        bessel_i0(SHORT_BETA * part.max(0.0).sqrt()) / bessel_i0(SHORT_BETA)
    };
    let row = |phase: usize| {
        let step = |i| (value(phase + 1, i) - value(phase, i)) as f32;
        ShortRow { values: from_fn(|i| value(phase, i) as f32), slopes: from_fn(step) }
    };
    (0..PHASES).map(row).collect()
});

/// The short kernel's frequency response; `frequency` is in cycles per sample of the doubled rate.
fn short_response(frequency: f64) -> f64 {
    let x = SHORT_BETA.powi(2) - (PI * TAPS as f64 * frequency).powi(2);
    TAPS as f64 * x.sqrt().sinh() / x.sqrt() / bessel_i0(SHORT_BETA)
}

/// Filters and doubles the rate of signals of up to `len` samples.
struct Doubler {
    len: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    /// Factors of the bins from 0 to `len / 2`.
    gains: Vec<f32>,
}

impl Doubler {
    /// The shortest doubler for at least `samples` samples. Each length is prepared once per
    /// process.
    fn of(samples: usize) -> &'static Self {
        // Lengths are 2ⁿ and 3 · 2ⁿ.
        static KNOWN: [OnceLock<Doubler>; 2 * usize::BITS as usize] =
            [const { OnceLock::new() }; 2 * usize::BITS as usize];
        let power = samples.max(64).next_power_of_two();
        let length = if samples <= power / 4 * 3 { power / 4 * 3 } else { power };
        let slot = 2 * power.trailing_zeros() as usize + usize::from(length == power);
        KNOWN[slot].get_or_init(|| Self::new(length))
    }

    fn new(len: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let response = Response::new();
        let mut filter = vec![Complex64::default(); len];
        let half = response.half() as isize;
        for n in -half..=half {
            filter[n.rem_euclid(len as isize) as usize].re += response.at(n as f64);
        }
        FftPlanner::new().plan_fft_forward(len).process(&mut filter);
        let gain = |bin: usize| {
            // The transforms themselves are not normalised.
            let short = short_response(bin as f64 / (2 * len) as f64);
            (filter[bin].re / (short * len as f64)) as f32
        };
        Self {
            len,
            forward: planner.plan_fft_forward(len),
            inverse: planner.plan_fft_inverse(2 * len),
            gains: (0..=len / 2).map(gain).collect(),
        }
    }
}

/// Interpolates a signal at the times `start + j * step`, in samples.
struct Interpolation<'a> {
    /// Holds at least `TAPS / 2` samples before and after these times.
    signal: &'a [f32],
    kernel: &'a [ShortRow],
    start: f64,
    step: f64,
    out: &'a mut [f32],
}

impl Interpolation<'_> {
    /// Uses SIMD vectors that are no longer than the short kernel.
    fn run(self) {
        #[cfg(target_arch = "x86_64")]
        {
            use pulp::x86::V3;
            match V3::try_new() {
                Some(simd) => Simd::vectorize(simd, self),
                None => self.with_simd(pulp::Scalar),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        pulp::Arch::new().dispatch(self);
    }
}

impl WithSimd for Interpolation<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Times are fixed-point numbers in units of 2⁻⁴⁰ samples, exact to 1e-6 samples after a
        // million steps. Their bits are the sample, the kernel's row, and the place between rows.
        const SAMPLE_BITS: u32 = 40;
        const ROW_BITS: u32 = SAMPLE_BITS - PHASES.ilog2();
        const PLACE_BITS: u32 = ROW_BITS - 24;
        let fixed = |samples: f64| (samples * (1_u64 << SAMPLE_BITS) as f64).round() as u64;
        let (mut time, step) = (fixed(self.start), fixed(self.step));
        for sample in self.out {
            let whole = (time >> SAMPLE_BITS) as usize;
            let ShortRow { values: row, slopes: slope } =
                &self.kernel[(time >> ROW_BITS) as usize % PHASES];
            let place = (time >> PLACE_BITS) as i32 & 0x00ff_ffff;
            let mix = simd.splat_f32s(place as f32 * (1.0 / 16_777_216.0));
            let (near, _) = S::as_simd_f32s(&self.signal[whole - (TAPS / 2 - 1)..][..TAPS]);
            let (row, _) = S::as_simd_f32s(row);
            let (slope, _) = S::as_simd_f32s(slope);
            let mut sum = simd.splat_f32s(0.0);
            for ((near, row), slope) in near.iter().zip(row).zip(slope) {
                let tap = simd.mul_add_f32s(mix, *slope, *row);
                sum = simd.mul_add_f32s(*near, tap, sum);
            }
            *sample = simd.reduce_sum_f32s(sum);
            time += step;
        }
    }
}

fn downsample(kernel: &Kernel, segment: &[f32], ratio: f64, first: usize, out: &mut [f32]) {
    let reach = kernel.half as f64 / ratio;
    for (j, sample) in out.iter_mut().enumerate() {
        let time = (first + j) as f64 / ratio;
        let from = ((time - reach).ceil().max(0.0) as usize).min(segment.len());
        let to = ((time + reach) as usize + 1).min(segment.len()).max(from);
        let sum: f32 = segment[from..to]
            .iter()
            .enumerate()
            .map(|(i, x)| x * kernel.at(((from + i) as f64 - time) * ratio))
            .sum();
        *sample = sum * ratio as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(length: usize, cycles_per_sample: f64, at: impl Fn(usize) -> f64) -> Vec<f32> {
        let phase = |i| std::f64::consts::TAU * cycles_per_sample * at(i);
        (0..length).map(|i| phase(i).sin() as f32).collect()
    }

    #[test]
    fn tones_of_the_pass_band_keep_their_shape() {
        for ratio in [0.31, 0.77, 1.0, 1.5, 4.096, 51.2] {
            let frequency = 0.4 * f64::min(1.0, ratio);
            let segment = tone(2000, frequency, |i| i as f64);
            let mut out = vec![0.0; 400];
            let first = (1000.0 * ratio) as usize - 200.min((1000.0 * ratio) as usize);
            Stretcher::default().stretch(&segment, ratio, first, &mut out);
            let want = tone(400, frequency, |j| (first + j) as f64 / ratio);
            for ((j, got), want) in out.iter().enumerate().zip(want) {
                let time = (first + j) as f64 / ratio;
                if (400.0..1600.0).contains(&time) {
                    assert!((got - want).abs() < 1e-4, "ratio {ratio} at {j}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn equals_the_sum_over_the_filter() {
        let response = Response::new();
        let mut stretcher = Stretcher::default();
        let noise = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0;
        for (length, ratio, first) in
            [(105, 14.08, 227), (728, 1.47, 0), (33, 40.0, 900), (20, 1.0, 3)]
        {
            let segment: Vec<f32> = (0..length).map(noise).collect();
            let mut out = vec![0.0; 1024];
            stretcher.stretch(&segment, ratio, first, &mut out);
            for (j, got) in out.iter().enumerate() {
                let time = (first + j) as f64 / ratio;
                let terms = segment.iter().enumerate();
                let sum = |sum: f64, (i, x): (usize, &f32)| {
                    sum + f64::from(*x) * response.at(time - i as f64)
                };
                let want = terms.fold(0.0, sum) as f32;
                assert!((got - want).abs() < 1e-5, "ratio {ratio} at {j}: {got} {want}");
            }
        }
    }

    #[test]
    fn what_lies_above_the_lower_nyquist_frequency_is_removed() {
        let segment = tone(2000, 0.3, |i| i as f64);
        let mut out = vec![0.0; 200];
        Stretcher::default().stretch(&segment, 0.5, 400, &mut out);
        assert!(out.iter().all(|x| x.abs() < 1e-5));
    }

    #[test]
    fn edges_and_empty_segments_are_zero_padded() {
        let mut out = [1.0; 8];
        Stretcher::default().stretch(&[], 2.0, 0, &mut out);
        assert_eq!(out, [0.0; 8]);
        Stretcher::default().stretch(&[1.0], 3.0, 100_000, &mut out);
        assert_eq!(out, [0.0; 8]);
    }
}
