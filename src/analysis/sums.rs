//! Sums and the like in double precision, in several lanes.
//!
//! A loop in order waits for each addition before it begins the next, and a few such loops take
//! longer than the transforms of the frame that they go over.

use multiversion::multiversion;
use std::ops::AddAssign;

/// Partial sums that are added up side by side.
pub(super) const LANES: usize = 32;

/// The sum of all lanes, added in pairs so that few additions wait for others.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled for the caller's instruction set")]
pub(super) fn total<T: Copy + AddAssign>(mut lanes: [T; LANES]) -> T {
    for width in [16, 8, 4, 2, 1] {
        for i in 0..width {
            let other = lanes[i + width];
            lanes[i] += other;
        }
    }
    lanes[0]
}

/// The sum of all samples.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub(crate) fn sum(samples: &[f32]) -> f64 {
    let (chunks, rest) = samples.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(x);
        }
    }
    total(lanes) + rest.iter().map(|&x| f64::from(x)).sum::<f64>()
}

/// The sum of the squares of all samples less `mean`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub(crate) fn sum_of_squares(samples: &[f32], mean: f64) -> f64 {
    let (chunks, rest) = samples.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            let x = f64::from(x) - mean;
            *lane += x * x;
        }
    }
    total(lanes) + rest.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>()
}

/// The sum of all products.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    // Many vectors are shorter than all lanes.
    let (a_chunks, a_rest) = a_rest.as_chunks::<8>();
    let (b_chunks, b_rest) = b_rest.as_chunks::<8>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    total(lanes) + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

/// The least of all values; infinity if there is none.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub(crate) fn least(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [f64::INFINITY; LANES];
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = if x < *lane { x } else { *lane };
        }
    }
    lanes.iter().chain(rest).copied().fold(f64::INFINITY, f64::min)
}

/// Replaces every value by the sum of all values up to it.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub(crate) fn running_sum(values: &mut [f64]) {
    // Within a chunk, sums do not wait for those of the chunks before.
    let (chunks, rest) = values.as_chunks_mut::<8>();
    let mut before = 0.0;
    for chunk in chunks {
        let [a, b, c, d, e, f, g, _] = *chunk;
        add(chunk, [0.0, a, b, c, d, e, f, g]);
        let [a, b, c, d, e, f, _, _] = *chunk;
        add(chunk, [0.0, 0.0, a, b, c, d, e, f]);
        let [a, b, c, d, _, _, _, _] = *chunk;
        add(chunk, [0.0, 0.0, 0.0, 0.0, a, b, c, d]);
        add(chunk, [before; 8]);
        before = chunk[7];
    }
    for x in rest {
        before += *x;
        *x = before;
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled for the caller's instruction set")]
fn add(values: &mut [f64; 8], others: [f64; 8]) {
    for (value, other) in values.iter_mut().zip(others) {
        *value += other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_the_sums_in_order() {
        let samples: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.7).sin() + 0.3).collect();
        for length in [0, 1, 31, 32, 33, 1000] {
            let samples = &samples[..length];
            let plain: f64 = samples.iter().map(|&x| f64::from(x)).sum();
            assert!((sum(samples) - plain).abs() < 1e-12);
            let plain: f64 = samples.iter().map(|&x| (f64::from(x) - 0.3).powi(2)).sum();
            assert!((sum_of_squares(samples, 0.3) - plain).abs() < 1e-12);
        }
    }

    #[test]
    fn equal_the_loops_in_order() {
        let values: Vec<f64> = (0..1000).map(|i| (f64::from(i) * 0.7).sin() + 0.3).collect();
        for length in [0, 1, 7, 8, 9, 32, 1000] {
            let values = &values[..length];
            assert_eq!(least(values), values.iter().copied().fold(f64::INFINITY, f64::min));
            let plain: f64 = values.iter().map(|x| x * x).sum();
            assert!((dot(values, values) - plain).abs() < 1e-12);
            let mut sums = values.to_vec();
            running_sum(&mut sums);
            let mut plain = 0.0;
            for (sum, x) in sums.iter().zip(values) {
                plain += x;
                assert!((sum - plain).abs() < 1e-12);
            }
        }
    }
}
