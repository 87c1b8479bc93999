//! Elementwise functions of the networks, without branches and calls so that loops over them become SIMD
//! code.

use multiversion::multiversion;

/// The function that the output layer of a network ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// ln(1 + e^x), as `torch.nn.Softplus` with its defaults.
    Softplus,
}

impl Activation {
    /// Applies the function in place.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Relu => relu(values),
            Self::Softplus => softplus_all(values),
        }
    }
}

/// max(x, 0) in place.
pub fn relu(values: &mut [f32]) {
    for value in values {
        *value = value.max(0.0);
    }
}

#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn softplus_all(values: &mut [f32]) {
    for value in values {
        *value = softplus(*value);
    }
}

/// ln(1 + e^x), with an error of at most 1.2e-7 times the larger of 1 and its value.
///
/// ln(1 + t) is 2 artanh(t / (2 + t)); for t <= 1, eight terms of its series are exact to single
/// precision.
#[inline]
pub fn softplus(x: f32) -> f32 {
    let t = exp(-x.abs());
    let s = t / (2.0 + t);
    let square = s * s;
    let mut series = 1.0 / 15.0;
    for denominator in [13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        series = series * square + 1.0 / denominator;
    }
    x.max(0.0) + 2.0 * (s + s * square * series)
}

/// e^x with a relative error of at most 2e-7 for |x| <= 87, and its value at +-87 beyond.
///
/// Range reduction by Cody and Waite's two-part ln 2 and the Taylor polynomial of degree 7 on
/// [-ln 2 / 2, ln 2 / 2].
#[inline]
pub fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HI) - n * LN2_LO;
    let mut p = 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    let power = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    p * f32::from_bits(power)
}

/// ln x for finite x of at least 1.2e-38, with an error of at most 2e-7 times the larger of 1 and its
/// size.
///
/// x is 2^n m with m near 1, and ln m is 2 artanh((m - 1) / (m + 1)); five terms of its series are
/// exact to single precision.
#[inline]
pub fn ln(x: f32) -> f32 {
    // The bits of the square root of 1/2, from which m goes to the square root of 2.
    const LOWEST: u32 = 0x3f35_04f3;
    let bits = x.to_bits().wrapping_sub(LOWEST);
    let n = (bits.cast_signed() >> 23) as f32;
    let m = f32::from_bits((bits & 0x007f_ffff) + LOWEST);
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let mut series = 1.0 / 9.0;
    for denominator in [7.0, 5.0, 3.0] {
        series = series * square + 1.0 / denominator;
    }
    n * std::f32::consts::LN_2 + 2.0 * (s + s * square * series)
}

/// ln(1 + x) for x from 0 to 1e38, with an error of at most 2e-7 times the larger of 1 and its value,
/// and of at most 2e-7 times x.
#[inline]
pub fn ln_1p(x: f32) -> f32 {
    let sum = 1.0 + x;
    // What the sum lost of x.
    ln(sum) + (x - (sum - 1.0)) / sum
}

/// The logistic function, with an error of at most 1.2e-7.
#[inline]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The hyperbolic tangent, with an error of at most 1.2e-7.
#[inline]
pub fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (1.0 + exp(2.0 * x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_accurate_everywhere() {
        let mut worst = [0.0f64; 4];
        for i in -200_000..=200_000 {
            let x = i as f32 * 4e-4;
            let d = f64::from(x);
            worst[0] = worst[0].max((f64::from(exp(x)) / d.exp() - 1.0).abs());
            worst[1] = worst[1].max((f64::from(sigmoid(x)) - 1.0 / (1.0 + (-d).exp())).abs());
            worst[2] = worst[2].max((f64::from(tanh(x)) - d.tanh()).abs());
            let plain = if d > 30.0 { d } else { d.exp().ln_1p() };
            worst[3] = worst[3].max((f64::from(softplus(x)) - plain).abs() / plain.max(1.0));
        }
        assert!(worst[0] < 2e-7, "exp: {}", worst[0]);
        assert!(worst[1] < 1.2e-7, "sigmoid: {}", worst[1]);
        assert!(worst[2] < 2e-7, "tanh: {}", worst[2]);
        assert!(worst[3] < 1.2e-7, "softplus: {}", worst[3]);
        let mut worst = [0.0f64; 2];
        for i in -12_000..=12_000 {
            let x = (f64::from(i) * 7e-3).exp() as f32;
            let d = f64::from(x);
            worst[0] = worst[0].max((f64::from(ln(x)) - d.ln()).abs() / d.ln().abs().max(1.0));
            let bound = d.min(d.ln_1p().max(1.0));
            worst[1] = worst[1].max((f64::from(ln_1p(x)) - d.ln_1p()).abs() / bound);
        }
        assert!(worst[0] < 2e-7, "ln: {}", worst[0]);
        assert!(worst[1] < 2e-7, "ln_1p: {}", worst[1]);
        assert!(ln_1p(0.0) == 0.0 && ln(1.0) == 0.0);
        for x in [f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(exp(x).is_finite() && sigmoid(x).is_finite() && tanh(x).is_finite());
        }
    }
}
