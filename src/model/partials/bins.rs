//! From amplitudes of partials and noise to the bins of a cycle spectrum.

use multiversion::multiversion;

use super::SPACING;
use crate::model::activation::ln_1p;

/// Magnitudes below this are silence.
const SILENCE: f32 = 1e-7;
/// Values that are added up side by side.
const LANES: usize = 16;

/// Lays partials and the noise below each of them out as the bins of a cycle spectrum.
pub(super) fn fill_bins(amplitudes: &[Vec<f32>; 2], output: &mut [f32]) {
    let [tones, noises] = amplitudes;
    output.fill(0.0);
    output[1] = noises[0];
    // The Hann window's main lobe reaches the bins beside a partial at half its height.
    let beside = |tone: f32, noise: f32| {
        (0.25 * tone * tone + 0.75 * noise * noise + SILENCE * SILENCE).sqrt()
    };
    for (k, (&tone, &noise)) in tones.iter().zip(noises).enumerate() {
        let bin = SPACING * (k + 1);
        let above = noises.get(k + 1).copied().unwrap_or(noise);
        output[bin - 2] = noise;
        output[bin - 1] = beside(tone, noise);
        output[bin] = tone;
        if let Some(next) = output.get_mut(bin + 1) {
            *next = beside(tone, above);
        }
    }
}

/// Scales magnitudes to a sum of squares, and takes ln(1 + magnitude).
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn bring_to_power(wanted: f32, magnitudes: &mut [f32]) {
    let mut sums = [0.0_f32; LANES];
    let (blocks, rest) = magnitudes.as_chunks::<LANES>();
    for block in blocks {
        for (sum, value) in sums.iter_mut().zip(block) {
            *sum += value * value;
        }
    }
    let rest: f32 = rest.iter().map(|value| value * value).sum();
    let power = sums.iter().sum::<f32>() + rest;
    let gain = (wanted / power.max(SILENCE * SILENCE)).sqrt();
    for value in magnitudes {
        *value = ln_1p(*value * gain);
    }
}
