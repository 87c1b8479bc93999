//! IEEE 754 half precision (binary16), in which model files may keep their large tensors.
//!
//! Two conversions are all that is needed, only while a file is read or written, so the crate `half` with
//! its number types would be more than this; the tests here go through all finite numbers.

/// The value of a half-precision number's bits.
pub(super) fn to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10) & 0x1f, u32::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => return f32::from_bits(sign | (fraction as f32 / (1 << 24) as f32).to_bits()),
        0x1f => 0x7f80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// The bits of the nearest half-precision number, the even one where two are equally near; `None` if
/// `value` is not finite or rounds to more than 65504, the largest number.
pub(super) fn from_f32(value: f32) -> Option<u16> {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    let rounded = if magnitude < 113 << 23 {
        // Numbers below 2^-14 are 2^-24 apart, as numbers between 0.5 and 1 are in single precision.
        (f32::from_bits(magnitude) + 0.5).to_bits() - 0.5_f32.to_bits()
    } else {
        ((magnitude + 0xfff + (magnitude >> 13 & 1)) >> 13) - (112 << 10)
    };
    (rounded < 0x7c00).then_some(sign | rounded as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_half_survives() {
        for bits in (0..=u16::MAX).filter(|bits| bits & 0x7c00 != 0x7c00) {
            assert_eq!(from_f32(to_f32(bits)), Some(bits));
        }
        assert_eq!(to_f32(0x3555), 0.333_251_95);
        assert_eq!(to_f32(0x0001), 2.0_f32.powi(-24));
        assert!(to_f32(0xfc00).is_infinite() && to_f32(0x7e00).is_nan());
    }

    #[test]
    fn others_round_to_the_nearest_even() {
        let cases = [
            (1.0 + 2.0_f32.powi(-11), 0x3c00),
            (1.0 + 3.0 * 2.0_f32.powi(-11), 0x3c02),
            (1.0 + 1.1 * 2.0_f32.powi(-11), 0x3c01),
            (2.0_f32.powi(-25), 0x0000),
            (-1.1 * 2.0_f32.powi(-25), 0x8001),
            (65519.0, 0x7bff),
        ];
        for (value, bits) in cases {
            assert_eq!(from_f32(value), Some(bits), "{value}");
        }
        for value in [65520.0, f32::INFINITY, f32::NAN] {
            assert_eq!(from_f32(value), None);
        }
    }
}
