//! The step of a Viterbi decoder whose states are reached from their neighbours alone.

use multiversion::multiversion;

/// Targets that are worked on together.
pub(crate) const LANES: usize = 16;

/// `out[to]` becomes the largest `values[to + j] + logs[j][to]` over all rows `j`.
///
/// `out.len()` is a multiple of [`LANES`], `values` and every row are as long as that needs.
/// Nothing here is ever a NaN, and the largest of some sums does not depend on their order.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2", "aarch64+neon"))]
pub(crate) fn reach(values: &[f64], logs: &[&[f64]], out: &mut [f64]) {
    let (blocks, _) = out.as_chunks_mut::<LANES>();
    for (block, out) in blocks.iter_mut().enumerate() {
        let first = block * LANES;
        let mut best = [f64::NEG_INFINITY; LANES];
        for (j, logs) in logs.iter().enumerate() {
            let values = &values[first + j..][..LANES];
            let logs = &logs[first..][..LANES];
            for lane in 0..LANES {
                let sum = values[lane] + logs[lane];
                best[lane] = if sum > best[lane] { sum } else { best[lane] };
            }
        }
        *out = best;
    }
}

/// Lifts `values` to `least`, adds `log` to each, and gives the smallest and the largest of them.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2", "aarch64+neon"))]
pub(crate) fn lift(values: &mut [f64], least: f64, log: f64) -> (f64, f64) {
    let mut small = [f64::INFINITY; LANES];
    let mut large = [f64::NEG_INFINITY; LANES];
    for values in values.chunks_mut(LANES) {
        for ((value, small), large) in values.iter_mut().zip(&mut small).zip(&mut large) {
            *value = if *value > least { *value } else { least } + log;
            *small = if *value < *small { *value } else { *small };
            *large = if *value > *large { *value } else { *large };
        }
    }
    (
        small.into_iter().fold(f64::INFINITY, f64::min),
        large.into_iter().fold(f64::NEG_INFINITY, f64::max),
    )
}

/// The largest `values[j] + logs[j]`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2", "aarch64+neon"))]
pub(crate) fn largest_sum(values: &[f64], logs: &[f64]) -> f64 {
    const LANES: usize = 8;
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let mut best = [f64::NEG_INFINITY; LANES];
    let (values, values_rest) = values.as_chunks::<LANES>();
    let (logs, logs_rest) = logs.as_chunks::<LANES>();
    for (values, logs) in values.iter().zip(logs) {
        for lane in 0..LANES {
            best[lane] = larger(best[lane], values[lane] + logs[lane]);
        }
    }
    let rest = values_rest.iter().zip(logs_rest).map(|(value, log)| value + log);
    best.into_iter().chain(rest).fold(f64::NEG_INFINITY, larger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_plain_maximum() {
        let values: Vec<f64> = (0..80).map(|i| f64::from(i * i * 7919 % 101)).collect();
        let table: Vec<f64> = (0..5 * 64).map(|i| f64::from(i * i * 31 % 67)).collect();
        let logs: Vec<&[f64]> = table.chunks_exact(64).collect();
        let mut out = [0.0; 64];
        reach(&values, &logs, &mut out);
        for (to, &out) in out.iter().enumerate() {
            let sums = (0..5).map(|j| values[to + j] + logs[j][to]);
            assert_eq!(out, sums.fold(f64::NEG_INFINITY, f64::max));
        }
        let mut lifted: Vec<f64> = values[..37].to_vec();
        let want: Vec<f64> = lifted.iter().map(|value| value.max(30.0) + 0.5).collect();
        let (small, large) = lift(&mut lifted, 30.0, 0.5);
        assert_eq!(lifted, want);
        assert!(want.iter().all(|value| (small..=large).contains(value)));
        assert!(want.contains(&small) && want.contains(&large));
        for length in [0, 3, 8, 21] {
            let sums = values.iter().zip(&table).take(length).map(|(a, b)| a + b);
            let want = sums.fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(largest_sum(&values[..length], &table[..length]), want);
        }
    }
}
