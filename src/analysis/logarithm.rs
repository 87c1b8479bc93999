//! Natural logarithms of many numbers at once, in single precision.

use multiversion::multiversion;
use std::f32::consts::{FRAC_1_SQRT_2, LN_2};

/// Sets `out` to `ln(1 + √p)` of powers p >= 0.
#[multiversion(targets("x86_64+avx512f+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn roots_to_log1p(powers: &[f64], out: &mut [f32]) {
    for (out, power) in out.iter_mut().zip(powers) {
        let x = power.sqrt() as f32;
        let u = 1.0 + x;
        // What the addition lost.
        let lost = if x > 1.0 { 1.0 - (u - x) } else { x - (u - 1.0) };
        *out = ln(u, lost / u);
    }
}

/// Replaces every positive number that is not subnormal by its logarithm.
#[multiversion(targets("x86_64+avx512f+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn logarithms(values: &mut [f32]) {
    for value in values {
        *value = ln(*value, 0.0);
    }
}

/// `ln(x) + more` for finite x > 0 that is not subnormal.
///
/// The logarithm of a power of two times m is that of the power plus 2 artanh((m - 1) / (m + 1));
/// for m from √½ to √2, six terms of its series are exact to single precision.
#[inline]
fn ln(x: f32, more: f32) -> f32 {
    let above = x.to_bits().wrapping_sub(FRAC_1_SQRT_2.to_bits());
    let exponent = above.cast_signed() >> 23;
    let m = f32::from_bits((above & 0x007f_ffff).wrapping_add(FRAC_1_SQRT_2.to_bits()));
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let mut series = 1.0 / 11.0;
    for denominator in [9.0, 7.0, 5.0, 3.0] {
        series = series * square + 1.0 / denominator;
    }
    exponent as f32 * LN_2 + (2.0 * (s + s * square * series) + more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_exact_to_single_precision() {
        for i in -400..400 {
            let x = 10.0_f32.powf(i as f32 / 11.0);
            let mut found = [x];
            logarithms(&mut found);
            let want = f64::from(x).ln();
            let error = (f64::from(found[0]) - want).abs();
            assert!(error <= 2e-7 * want.abs().max(1.0), "{x}: {} instead of {want}", found[0]);

            let mut found = [0.0];
            roots_to_log1p(&[f64::from(x).powi(2)], &mut found);
            let want = f64::from(x).ln_1p();
            let error = (f64::from(found[0]) - want).abs();
            assert!(error <= 3e-7 * want, "{x}: {} instead of {want}", found[0]);
        }
        let mut zero = [1.0];
        roots_to_log1p(&[0.0], &mut zero);
        assert_eq!(zero, [0.0]);
    }
}
