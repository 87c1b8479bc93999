//! The correlation of a signal with itself at every half sample, from its spectrum.
//!
//! A power spectrum is real and even, so its inverse transform is a cosine transform, which a real
//! transform of half its length computes: one for the whole lags (DCT-I) and one for those half-way
//! in between (DCT-III). J. Makhoul: "A fast cosine transform in one and two dimensions", IEEE
//! Transactions on Acoustics, Speech, and Signal Processing 28 (1980).

use crate::analysis::fourier::{Forward, Inverse};
use crate::analysis::sums::dot;
use multiversion::multiversion;
use realfft::num_complex::Complex64;
use std::f64::consts::PI;

/// Computes correlations at half samples. Each thread needs a clone of its own.
#[derive(Clone)]
pub(super) struct HalfLags {
    /// Correlations at 0, 1/2, 1, 3/2, ... samples.
    pub values: Vec<f64>,
    /// The signal's power spectrum, divided by its length: the input.
    pub power: Vec<f64>,
    whole: Forward,
    between: Inverse,
    /// What every bin's power contributes to the correlation at lag 1.
    at_lag_1: Vec<f64>,
    /// `2 sin(π k / n)` for all k from 1 to n / 2 - 1, n being half the spectrum's length.
    sines: Vec<f64>,
    /// `e^(i π k / (2 n))` for all k from 1 to n / 2.
    turns: Vec<Complex64>,
}

impl HalfLags {
    /// For spectra of `len` samples, a multiple of 4; finds the correlations up to `half_samples`
    /// half samples, less than `len`.
    pub fn new(len: usize, half_samples: usize) -> Self {
        let n = len / 2;
        let angle = |k: usize| PI * k as f64 / n as f64;
        let mut at_lag_1: Vec<f64> = (0..=n).map(|k| 2.0 * angle(k).cos()).collect();
        at_lag_1[0] = 1.0;
        at_lag_1[n] = -1.0;
        Self {
            // Filled four at a time.
            values: vec![0.0; (half_samples + 1).next_multiple_of(4)],
            power: vec![0.0; n + 1],
            whole: Forward::new(n),
            between: Inverse::new(n),
            at_lag_1,
            sines: (1..n / 2).map(|k| 2.0 * angle(k).sin()).collect(),
            turns: (1..=n / 2).map(|k| Complex64::from_polar(1.0, angle(k) / 2.0)).collect(),
        }
    }

    /// Sets `values` to the correlations of the signal that has the spectrum `power`.
    pub fn run(&mut self) {
        let mut odd = dot(&self.power, &self.at_lag_1);
        fold_whole(&self.power, &self.sines, &mut self.whole.input);
        fold_between(&self.power, &self.turns, &mut self.between.input);
        self.whole.run();
        self.between.run();
        let between = &self.between.output;
        let transformed = self.whole.output.iter().zip(between).zip(between.iter().rev());
        let (values, _) = self.values.as_chunks_mut::<4>();
        for (values, ((whole, &ascending), &descending)) in values.iter_mut().zip(transformed) {
            // The imaginary part is the step from one odd lag to the next; the first has none.
            odd -= whole.im;
            *values = [whole.re, ascending, odd, descending];
        }
    }
}

/// Values that are worked on together, from each end. The compiler makes no vectors of a loop that
/// runs up and down at once, but it does of loops over arrays.
const LANES: usize = 8;

/// Writes the input of the transform that gives the whole lags.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn fold_whole(power: &[f64], sines: &[f64], out: &mut [f64]) {
    let (n, pairs) = (out.len(), sines.len());
    let pair = |a: f64, b: f64, sine: f64| {
        let difference = sine * (a - b);
        (a + b - difference, a + b + difference)
    };
    out[0] = power[0] + power[n];
    // The middle bin is its own partner.
    out[n / 2] = 2.0 * power[n / 2];
    let (low, high) = out.split_at_mut(n / 2 + 1);
    let (low, low_rest) = low[1..n / 2].as_chunks_mut::<LANES>();
    let (high_rest, high) = high.as_rchunks_mut::<LANES>();
    let (up, up_rest) = power[1..][..pairs].as_chunks::<LANES>();
    let (down_rest, down) = power[n - pairs..n].as_rchunks::<LANES>();
    let (sines, sines_rest) = sines.as_chunks::<LANES>();
    let inputs = up.iter().zip(down.iter().rev()).zip(sines);
    for ((low, high), ((a, b), sines)) in low.iter_mut().zip(high.iter_mut().rev()).zip(inputs) {
        let mut mirrored = [0.0; LANES];
        for i in 0..LANES {
            (low[i], mirrored[i]) = pair(a[i], b[LANES - 1 - i], sines[i]);
        }
        for i in 0..LANES {
            high[i] = mirrored[LANES - 1 - i];
        }
    }
    let inputs = up_rest.iter().zip(down_rest.iter().rev()).zip(sines_rest);
    let outputs = low_rest.iter_mut().zip(high_rest.iter_mut().rev());
    for ((low, high), ((&a, &b), &sine)) in outputs.zip(inputs) {
        (*low, *high) = pair(a, b, sine);
    }
}

/// Writes the input of the transform that gives the lags in between.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn fold_between(power: &[f64], turns: &[Complex64], out: &mut [Complex64]) {
    let (n, bins) = (power.len() - 1, turns.len());
    let turned = |a: f64, b: f64, turn: Complex64| {
        Complex64::new(a * turn.re + b * turn.im, a * turn.im - b * turn.re)
    };
    out[0] = power[0].into();
    let (out, out_rest) = out[1..].as_chunks_mut::<LANES>();
    let (up, up_rest) = power[1..][..bins].as_chunks::<LANES>();
    let (down_rest, down) = power[n - bins..n].as_rchunks::<LANES>();
    let (turns, turns_rest) = turns.as_chunks::<LANES>();
    let inputs = up.iter().zip(down.iter().rev()).zip(turns);
    for (out, ((a, b), turns)) in out.iter_mut().zip(inputs) {
        for i in 0..LANES {
            out[i] = turned(a[i], b[LANES - 1 - i], turns[i]);
        }
    }
    let inputs = up_rest.iter().zip(down_rest.iter().rev()).zip(turns_rest);
    for (out, ((&a, &b), &turn)) in out_rest.iter_mut().zip(inputs) {
        *out = turned(a, b, turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_a_plain_inverse_transform() {
        for (len, half_samples) in [(8, 7), (64, 40), (4096, 1918)] {
            let mut forward = Forward::new(len);
            let mut plain = Inverse::new(2 * len);
            for (i, x) in forward.input[..len / 2].iter_mut().enumerate() {
                *x = (i as f64 * 0.37).sin() + (i * i % 7) as f64 - 2.0;
            }
            forward.run();
            let mut fast = HalfLags::new(len, half_samples);
            for (power, bin) in fast.power.iter_mut().zip(&forward.output) {
                *power = bin.norm_sqr() / len as f64;
            }
            for (to, &power) in plain.input.iter_mut().zip(&fast.power) {
                *to = power.into();
            }
            plain.input[len / 2] *= 0.5;
            plain.run();
            fast.run();
            let total = plain.output[0];
            for (got, want) in fast.values[..=half_samples].iter().zip(&plain.output) {
                assert!((got - want).abs() < 1e-13 * total, "{len}: {got} {want}");
            }
        }
    }
}
