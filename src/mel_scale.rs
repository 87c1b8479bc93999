//! M. Slaney's mel scale (Auditory Toolbox, 1998), which is also librosa's default, and the DCT that
//! makes cepstral coefficients of band levels.

use std::f64::consts::PI;

/// Below this the scale is linear, above it logarithmic.
const BEND_HZ: f64 = 1000.0;
/// Hz of one mel in the linear part.
const STEP_HZ: f64 = 200.0 / 3.0;

/// Natural logarithm of the ratio of frequencies one mel apart in the logarithmic part.
fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

/// Mel of a frequency.
pub(crate) fn hz_to_mel(hz: f64) -> f64 {
    if hz < BEND_HZ { hz / STEP_HZ } else { BEND_HZ / STEP_HZ + (hz / BEND_HZ).ln() / log_step() }
}

/// Frequency of a mel.
pub(crate) fn mel_to_hz(mel: f64) -> f64 {
    let bend = BEND_HZ / STEP_HZ;
    if mel < bend { mel * STEP_HZ } else { BEND_HZ * ((mel - bend) * log_step()).exp() }
}

/// Edges in Hz of `bands` triangular bands from 0 Hz to `highest_hz`, evenly spaced in mel; band `b`
/// has its peak at edge `b + 1`.
pub(crate) fn band_edges(highest_hz: f64, bands: usize) -> Vec<f64> {
    let top = hz_to_mel(highest_hz);
    (0..bands + 2).map(|i| mel_to_hz(top * i as f64 / (bands + 1) as f64)).collect()
}

/// The first `count` basis vectors of the orthonormal DCT-II over `length` values.
pub(crate) fn dct_basis(count: usize, length: usize) -> Vec<Vec<f64>> {
    let n = length as f64;
    let vector = |k: usize| {
        let scale = if k == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
        let value = |i: usize| scale * (PI * k as f64 * (i as f64 + 0.5) / n).cos();
        (0..length).map(value).collect()
    };
    (0..count).map(vector).collect()
}
