//! The last stage of the output, after which it is finite, bounded and free of denormals.

/// Samples up to this magnitude pass unchanged.
const KNEE: f32 = 0.9;

/// Bends values beyond 0.9 smoothly towards 1; NaN becomes 0.
#[inline]
pub fn soft_limit(value: f32) -> f32 {
    let size = value.abs();
    if size <= KNEE {
        // Denormals would slow down the effects that the host has behind this instrument.
        if size < 1e-30 { 0.0 } else { value }
    } else if size.is_nan() {
        0.0
    } else {
        let over = ((size - KNEE) / (1.0 - KNEE)).min(1e6);
        // x / (1 + x) has slope 1 at 0 and comes to 1 at infinity.
        (KNEE + (1.0 - KNEE) * over / (1.0 + over)).copysign(value)
    }
}

#[cfg(test)]
mod tests {
    use super::soft_limit;

    #[test]
    fn output_is_bounded_and_small_values_untouched() {
        for v in [0.0, 0.5, -0.9, 1e-20] {
            assert_eq!(soft_limit(v).to_bits(), v.to_bits());
        }
        for v in [1.0, 1e30, f32::INFINITY, f32::NEG_INFINITY, -7.0] {
            let limited = soft_limit(v);
            assert!(limited.abs() > 0.9 && limited.abs() <= 1.0 && limited.signum() == v.signum());
        }
        assert_eq!(soft_limit(f32::NAN).to_bits(), 0);
        assert_eq!(soft_limit(1e-40).to_bits(), 0);
        assert!((soft_limit(0.9001) - 0.9001).abs() < 1e-6);
    }
}
