//! Real Fourier transforms by `realfft`, each with its buffers.

use multiversion::multiversion;
use realfft::num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::f64::consts::TAU;
use std::sync::Arc;

/// A forward real transform of one length n. Each thread needs a clone of its own.
#[derive(Clone)]
pub(crate) struct Forward {
    plan: Arc<dyn RealToComplex<f64>>,
    /// The next transform's input, `n` values; destroyed by [`Forward::run`].
    pub input: Vec<f64>,
    /// The last transform's output, `n / 2 + 1` values.
    pub output: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl Forward {
    pub fn new(n: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(n);
        Self {
            input: plan.make_input_vec(),
            output: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        }
    }

    /// Transforms `input` into `output`.
    pub fn run(&mut self) {
        self.plan
            .process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch)
            .expect("buffers were made for this plan");
    }
}

/// An inverse real transform of one length n, not normalised. Each thread needs a clone of its own.
#[derive(Clone)]
pub(crate) struct Inverse {
    plan: Arc<dyn ComplexToReal<f64>>,
    /// The next transform's input, `n / 2 + 1` values; destroyed by [`Inverse::run`].
    pub input: Vec<Complex64>,
    /// The last transform's output, `n` values.
    pub output: Vec<f64>,
    scratch: Vec<Complex64>,
}

impl Inverse {
    pub fn new(n: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_inverse(n);
        Self {
            input: plan.make_input_vec(),
            output: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        }
    }

    /// Transforms `input` into `output`; the imaginary parts at 0 and Nyquist are ignored.
    pub fn run(&mut self) {
        if let Some(first) = self.input.first_mut() {
            first.im = 0.0;
        }
        if self.output.len().is_multiple_of(2)
            && let Some(last) = self.input.last_mut()
        {
            last.im = 0.0;
        }
        self.plan
            .process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch)
            .expect("buffers were made for this plan");
    }
}

/// The power spectrum of real signals of one length n. Each thread needs a clone of its own.
#[derive(Clone)]
pub(crate) struct PowerSpectrum {
    /// The next signal, n values.
    pub input: Vec<f64>,
    transform: Transform,
}

#[derive(Clone)]
enum Transform {
    /// A complex transform of half the length, for even lengths.
    Half(Half),
    Whole(Forward),
}

/// A complex transform of which each value holds two samples of a real signal.
#[derive(Clone)]
struct Half {
    plan: Arc<dyn Fft<f64>>,
    packed: Vec<Complex64>,
    output: Vec<Complex64>,
    scratch: Vec<Complex64>,
    /// `e^(-2 π i k / n)` for k from 1, below n / 4.
    turns: Vec<Complex64>,
}

impl PowerSpectrum {
    pub fn new(n: usize) -> Self {
        let input = vec![0.0; n];
        if n == 0 || n % 2 == 1 {
            return Self { input, transform: Transform::Whole(Forward::new(n)) };
        }
        let plan = FftPlanner::new().plan_fft_forward(n / 2);
        let turn = |k: usize| Complex64::from_polar(1.0, -TAU * k as f64 / n as f64);
        let half = Half {
            packed: vec![Complex64::default(); n / 2],
            output: vec![Complex64::default(); n / 2],
            scratch: vec![Complex64::default(); plan.get_outofplace_scratch_len()],
            turns: (1..(n / 2).div_ceil(2)).map(turn).collect(),
            plan,
        };
        Self { input, transform: Transform::Half(half) }
    }

    /// Sets `out` to the power of every bin of `input`, n / 2 + 1 values, times `scale`.
    pub fn run(&mut self, scale: f64, out: &mut [f64]) {
        match &mut self.transform {
            Transform::Whole(forward) => {
                forward.input.copy_from_slice(&self.input);
                forward.run();
                for (out, bin) in out.iter_mut().zip(&forward.output) {
                    *out = bin.norm_sqr() * scale;
                }
            }
            Transform::Half(half) => {
                let (pairs, _) = self.input.as_chunks();
                for (packed, &[re, im]) in half.packed.iter_mut().zip(pairs) {
                    *packed = Complex64::new(re, im);
                }
                half.plan.process_outofplace_with_scratch(
                    &mut half.packed,
                    &mut half.output,
                    &mut half.scratch,
                );
                split(&half.output, &half.turns, scale, out);
            }
        }
    }
}

/// Bins that are worked on together, from each end.
const LANES: usize = 8;

/// Sets `out` to the powers of a signal's bins, times `scale`, given the transform of its pairs of
/// samples.
///
/// The compiler makes no vectors of a loop that runs up and down at once, but it does of loops over
/// arrays.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn split(pairs: &[Complex64], turns: &[Complex64], scale: f64, out: &mut [f64]) {
    let (n, bins) = (pairs.len(), turns.len());
    let Complex64 { re, im } = pairs[0];
    out[0] = (re + im) * (re + im) * scale;
    out[n] = (re - im) * (re - im) * scale;
    if n.is_multiple_of(2) {
        out[n / 2] = pairs[n / 2].norm_sqr() * scale;
    }
    let (low, high) = out[1..n].split_at_mut(n - 1 - bins);
    let (low, low_rest) = low[..bins].as_chunks_mut::<LANES>();
    let (high_rest, high) = high.as_rchunks_mut::<LANES>();
    let (up, up_rest) = pairs[1..][..bins].as_chunks::<LANES>();
    let (down_rest, down) = pairs[n - bins..].as_rchunks::<LANES>();
    let (turns, turns_rest) = turns.as_chunks::<LANES>();
    let outputs = low.iter_mut().zip(high.iter_mut().rev());
    for ((outputs, inputs), turns) in outputs.zip(up.iter().zip(down.iter().rev())).zip(turns) {
        split_lanes(inputs, turns, scale / 4.0, outputs);
    }
    let outputs = low_rest.iter_mut().zip(high_rest.iter_mut().rev());
    let inputs = up_rest.iter().zip(down_rest.iter().rev());
    for (((low, high), (&up, &down)), &turn) in outputs.zip(inputs).zip(turns_rest) {
        let (mut first, mut last) = ([*low], [*high]);
        split_lanes((&[up], &[down]), &[turn], scale / 4.0, (&mut first, &mut last));
        ([*low], [*high]) = (first, last);
    }
}

/// `L` bins upwards and, in reverse order, their `L` mirror images: the even samples' spectrum plus
/// and minus the odd ones', turned by half a step.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled for the caller's instruction set")]
fn split_lanes<const L: usize>(
    (up, down): (&[Complex64; L], &[Complex64; L]),
    turns: &[Complex64; L],
    quarter: f64,
    (low, high): (&mut [f64; L], &mut [f64; L]),
) {
    let zero = [0.0; L];
    let (mut a_re, mut a_im, mut b_re, mut b_im) = (zero, zero, zero, zero);
    let (mut sums, mut differences) = (zero, zero);
    for i in 0..L {
        (a_re[i], a_im[i]) = (up[i].re, up[i].im);
        (b_re[i], b_im[i]) = (down[L - 1 - i].re, down[L - 1 - i].im);
    }
    for i in 0..L {
        let (even_re, even_im) = (a_re[i] + b_re[i], a_im[i] - b_im[i]);
        let (re, im) = (a_im[i] + b_im[i], b_re[i] - a_re[i]);
        let odd_re = re * turns[i].re - im * turns[i].im;
        let odd_im = re * turns[i].im + im * turns[i].re;
        let (x, y) = (even_re + odd_re, even_im + odd_im);
        sums[i] = (x * x + y * y) * quarter;
        let (x, y) = (even_re - odd_re, even_im - odd_im);
        differences[i] = (x * x + y * y) * quarter;
    }
    *low = sums;
    for i in 0..L {
        high[i] = differences[L - 1 - i];
    }
}

/// The symmetric Hann window (`numpy.hanning`).
pub(crate) fn hann_symmetric(length: usize) -> Vec<f64> {
    match length {
        0 => Vec::new(),
        1 => vec![1.0],
        _ => hann(length, (length - 1) as f64),
    }
}

/// The periodic Hann window (`scipy.signal.get_window("hann", n)`).
pub(crate) fn hann_periodic(length: usize) -> Vec<f64> {
    hann(length, length as f64)
}

fn hann(length: usize, period: f64) -> Vec<f64> {
    (0..length).map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / period).cos()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_those_of_the_whole_transform() {
        for n in [1, 2, 3, 4, 6, 8, 10, 63, 64, 150, 2048] {
            let mut forward = Forward::new(n);
            let mut spectrum = PowerSpectrum::new(n);
            let signal: Vec<f64> = (0..n).map(|i| (i as f64 * 0.9).sin() + 0.2).collect();
            forward.input.copy_from_slice(&signal);
            spectrum.input.copy_from_slice(&signal);
            forward.run();
            let mut powers = vec![0.0; n / 2 + 1];
            spectrum.run(3.0, &mut powers);
            for (power, bin) in powers.iter().zip(&forward.output) {
                assert!((power - 3.0 * bin.norm_sqr()).abs() < 1e-12 * (n * n) as f64, "{n}");
            }
        }
    }
}
