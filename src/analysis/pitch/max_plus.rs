//! Sums and maxima of log probabilities, the steps of Viterbi decoders whose states are reached
//! from their neighbours.
//!
//! SIMD code gives the same results as scalar code: no value is NaN, and the largest of several
//! sums does not depend on their order.

use pulp::{Arch, Simd, WithSimd};

/// The lengths of padded rows are multiples of this.
pub(crate) const ROW_MULTIPLE: usize = 32;

/// Sets `out[to]` to the largest `values[to + j] + logs[j][to]` of all rows `j`.
///
/// `out.len()` must be a multiple of [`ROW_MULTIPLE`], every row of `logs` at least as long as
/// `out`, and `values` at least as long as `out` plus the number of rows minus 1.
pub(crate) fn banded_maximum(values: &[f64], logs: &[&[f64]], out: &mut [f64]) {
    Arch::new().dispatch(BandedMaximum { values, logs, out });
}

/// Raises `values` to at least `least`, adds `log` to each, and returns the smallest and the largest
/// result.
pub(crate) fn raise_and_add(values: &mut [f64], least: f64, log: f64) -> (f64, f64) {
    Arch::new().dispatch(RaiseAndAdd { values, least, log })
}

/// Raises `out[j]` to at least `value + logs[j]`.
pub(crate) fn raise_to_sums(value: f64, logs: &[f64], out: &mut [f64]) {
    Arch::new().dispatch(RaiseToSums { value, logs, out });
}

/// The largest `values[j] + logs[j]`.
pub(crate) fn largest_sum(values: &[f64], logs: &[f64]) -> f64 {
    Arch::new().dispatch(LargestSum { values, logs })
}

struct BandedMaximum<'a> {
    values: &'a [f64],
    logs: &'a [&'a [f64]],
    out: &'a mut [f64],
}

impl WithSimd for BandedMaximum<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        /// Vectors worked on together, which hides the latency of the additions.
        const TILE: usize = 4;
        let lanes = TILE * S::F64_LANES;
        for (block, out) in self.out.chunks_exact_mut(lanes).enumerate() {
            let first = block * lanes;
            let mut best = [simd.splat_f64s(f64::NEG_INFINITY); TILE];
            for (j, logs) in self.logs.iter().enumerate() {
                let (values, _) = S::as_simd_f64s(&self.values[first + j..][..lanes]);
                let (logs, _) = S::as_simd_f64s(&logs[first..][..lanes]);
                for v in 0..TILE {
                    best[v] = simd.max_f64s(best[v], simd.add_f64s(values[v], logs[v]));
                }
            }
            S::as_mut_simd_f64s(out).0.copy_from_slice(&best);
        }
    }
}

struct RaiseAndAdd<'a> {
    values: &'a mut [f64],
    least: f64,
    log: f64,
}

impl WithSimd for RaiseAndAdd<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let (vectors, rest) = S::as_mut_simd_f64s(self.values);
        let (least, log) = (simd.splat_f64s(self.least), simd.splat_f64s(self.log));
        let mut small = simd.splat_f64s(f64::INFINITY);
        let mut large = simd.splat_f64s(f64::NEG_INFINITY);
        for value in vectors {
            *value = simd.add_f64s(simd.max_f64s(*value, least), log);
            small = simd.min_f64s(small, *value);
            large = simd.max_f64s(large, *value);
        }
        let mut extremes = (simd.reduce_min_f64s(small), simd.reduce_max_f64s(large));
        for value in rest {
            *value = value.max(self.least) + self.log;
            extremes = (extremes.0.min(*value), extremes.1.max(*value));
        }
        extremes
    }
}

struct RaiseToSums<'a> {
    value: f64,
    logs: &'a [f64],
    out: &'a mut [f64],
}

impl WithSimd for RaiseToSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (logs, logs_rest) = S::as_simd_f64s(self.logs);
        let (out, out_rest) = S::as_mut_simd_f64s(self.out);
        let value = simd.splat_f64s(self.value);
        for (out, log) in out.iter_mut().zip(logs) {
            *out = simd.max_f64s(*out, simd.add_f64s(value, *log));
        }
        for (out, log) in out_rest.iter_mut().zip(logs_rest) {
            *out = out.max(self.value + log);
        }
    }
}

struct LargestSum<'a> {
    values: &'a [f64],
    logs: &'a [f64],
}

impl WithSimd for LargestSum<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (values, values_rest) = S::as_simd_f64s(self.values);
        let (logs, logs_rest) = S::as_simd_f64s(self.logs);
        let mut best = simd.splat_f64s(f64::NEG_INFINITY);
        for (value, log) in values.iter().zip(logs) {
            best = simd.max_f64s(best, simd.add_f64s(*value, *log));
        }
        let rest = values_rest.iter().zip(logs_rest).map(|(value, log)| value + log);
        rest.fold(simd.reduce_max_f64s(best), f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_plain_maximum() {
        let values: Vec<f64> = (0..100).map(|i| f64::from(i * i * 7919 % 101)).collect();
        let table: Vec<f64> = (0..5 * 64).map(|i| f64::from(i * i * 31 % 67)).collect();
        let logs: Vec<&[f64]> = table.chunks_exact(64).collect();
        let mut out = [0.0; 64];
        banded_maximum(&values, &logs, &mut out);
        for (to, &out) in out.iter().enumerate() {
            let sums = (0..5).map(|j| values[to + j] + logs[j][to]);
            assert_eq!(out, sums.fold(f64::NEG_INFINITY, f64::max));
        }
        let mut lifted: Vec<f64> = values[..37].to_vec();
        let want: Vec<f64> = lifted.iter().map(|value| value.max(30.0) + 0.5).collect();
        let (small, large) = raise_and_add(&mut lifted, 30.0, 0.5);
        assert_eq!(lifted, want);
        assert!(want.iter().all(|value| (small..=large).contains(value)));
        assert!(want.contains(&small) && want.contains(&large));
        let mut spreading = values[..13].to_vec();
        raise_to_sums(7.5, &table[..13], &mut spreading);
        let want = values.iter().zip(&table).map(|(value, log)| value.max(7.5 + log));
        assert_eq!(spreading, want.take(13).collect::<Vec<f64>>());
        for length in [0, 3, 8, 21] {
            let sums = values.iter().zip(&table).take(length).map(|(a, b)| a + b);
            let want = sums.fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(largest_sum(&values[..length], &table[..length]), want);
        }
    }
}
