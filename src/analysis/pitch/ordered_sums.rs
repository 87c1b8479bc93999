//! Sums that add in the same order as NumPy and OpenBLAS, which librosa uses, so that the results
//! are equal to the last bit.
//!
//! The last bit matters because pYIN's decoder takes the logarithm of 1 minus a probability near 1,
//! and breaks ties between equally good paths.

use multiversion::multiversion;

/// NumPy's pairwise sum.
pub(super) fn pairwise_sum(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return values.iter().sum();
    }
    if n > 128 {
        let half = n / 2 - n / 2 % 8;
        return pairwise_sum(&values[..half]) + pairwise_sum(&values[half..]);
    }
    let (chunks, rest) = values.as_chunks::<8>();
    let mut r = [0.0; 8];
    for chunk in chunks {
        for (sum, x) in r.iter_mut().zip(chunk) {
            *sum += x;
        }
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |sum, x| sum + x)
}

/// OpenBLAS's dot product on AVX2: four sums of fused products, added crosswise.
#[multiversion(targets("x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn blas_dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_chunks, a_rest) = a.as_chunks::<4>();
    let (b_chunks, b_rest) = b.as_chunks::<4>();
    let mut sums = [0.0_f64; 4];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..4 {
            sums[lane] = a[lane].mul_add(b[lane], sums[lane]);
        }
    }
    let sum = (sums[0] + sums[2]) + (sums[1] + sums[3]);
    a_rest.iter().zip(b_rest).fold(sum, |sum, (a, b)| sum + a * b)
}
