//! What a frame says about each pitch bin, as one log likelihood.
//!
//! The network alone often names the octave above a tone without fundamental, and any octave of a
//! tone in noise. The periods of the waveform alone say nothing about multiples of the true period.
//! What each is worth depends on the others, so the units of a small network weigh them.

use super::BINS;
use super::repetition::Repetition;
use crate::analysis::logarithm::logarithms;
use multiversion::multiversion;

/// Added to a probability before its logarithm is taken, because differences between probabilities
/// this small mean nothing.
const PROBABILITY_FLOOR: f32 = 0.01;
/// Added to the share of a frame's power that a period does not explain, because every real sound
/// changes a little from one period to the next.
const RESIDUE: f32 = 0.1;
/// Bins from a period to its half and to its third.
const FRACTIONS: [usize; 2] = [60, 95];
/// Values that the units weigh: the logarithm of the probability, the waveform's similarity, the
/// logarithm of the share that it does not explain, the correlation of the compressed spectrum, and
/// by how much the similarity and that correlation exceed those at a half and a third of the period.
const INPUTS: usize = 6;

/// One unit: its weighted sum counts where it is positive, for a bin or against it.
struct Unit {
    sign: f32,
    bias: f32,
    /// What the sum grows by from the lowest bin to the highest.
    slope: f32,
    weights: [f32; INPUTS],
}

/// Fitted with softmax and cross-entropy, so that the true bin or a neighbour wins, on 45 sets:
/// synthetic tones (whole, pure, with few partials, from the second to fourth partial on, in white
/// and pink noise down to -5 dB, gliding, leaping, over all bins), and a saxophone and a flute,
/// plain, in noise and high-passed.
#[rustfmt::skip]
const UNITS: [Unit; 5] = [
    Unit { sign: 1.0, bias: 5.626, slope: 0.452, weights: [1.241, -0.385, -1.067, 9.062, 1.104, 7.153] },
    Unit { sign: 1.0, bias: 5.317, slope: 1.288, weights: [1.199, 0.149, -0.131, 3.279, 0.938, 5.064] },
    Unit { sign: 1.0, bias: 13.668, slope: -24.847, weights: [0.375, -5.384, -4.291, 15.284, -7.952, 18.559] },
    Unit { sign: -1.0, bias: 14.628, slope: -12.499, weights: [1.3, 0.106, 2.499, -24.137, -9.989, -12.866] },
    Unit { sign: -1.0, bias: -39.238, slope: 19.547, weights: [-5.45, -11.644, -3.106, 16.659, 3.694, 13.914] },
];

/// Sets `scores` to the log likelihood of each bin, up to a constant.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn score(probabilities: &[f32; BINS], found: &Repetition, scores: &mut [f32; BINS]) {
    let mut sure = probabilities.map(|p| p + PROBABILITY_FLOOR);
    logarithms(&mut sure);
    let similarity = found.waveform.map(|x| x.clamp(0.0, 1.0));
    let mut unexplained = similarity.map(|x| 1.0 - x + RESIDUE);
    logarithms(&mut unexplained);
    let (mut waveform, mut spectrum) = ([0.0; BINS], [0.0; BINS]);
    excess(&similarity, &mut waveform);
    excess(&found.spectrum, &mut spectrum);
    let inputs = [&sure, &similarity, &unexplained, &found.spectrum, &waveform, &spectrum];
    scores.fill(0.0);
    for unit in &UNITS {
        let step = unit.slope / BINS as f32;
        for (bin, score) in scores.iter_mut().enumerate() {
            let mut sum = unit.bias + step * bin as f32;
            for (weight, input) in unit.weights.iter().zip(inputs) {
                sum += weight * input[bin];
            }
            *score += unit.sign * if sum > 0.0 { sum } else { 0.0 };
        }
    }
}

/// By how much each bin's value exceeds those at a half and a third of its period. A multiple of the
/// true period repeats as well as that, but exceeds nothing.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled for the caller's instruction set")]
fn excess(values: &[f32; BINS], out: &mut [f32; BINS]) {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    // The fraction of a period between two bins may lie in a neighbour. Above the bins is nothing.
    let mut near = [0.0; BINS + FRACTIONS[1]];
    near[0] = larger(values[0], values[1]);
    near[BINS - 1] = larger(values[BINS - 2], values[BINS - 1]);
    for (near, x) in near[1..BINS - 1].iter_mut().zip(values.windows(3)) {
        *near = larger(x[1], larger(x[0], x[2]));
    }
    let fractions = near[FRACTIONS[0]..].iter().zip(&near[FRACTIONS[1]..]);
    for ((out, value), (&half, &third)) in out.iter_mut().zip(values).zip(fractions) {
        *out = value - larger(half, third);
    }
}

#[cfg(test)]
mod tests {
    use super::super::bins::hz_to_bin;
    use super::super::repetition::Analyzer;
    use super::super::{FRAME, SAMPLE_RATE_HZ};
    use super::*;
    use std::array::from_fn;
    use std::f64::consts::TAU;
    use std::ops::Range;

    fn measured(sample: impl FnMut(usize) -> f32) -> Repetition {
        let audio: Vec<f32> = (0..FRAME).map(sample).collect();
        let mut found = Repetition::NONE;
        Analyzer::new().measure(&audio, 0, &mut found);
        found
    }

    /// A frame of a tone with the given partials.
    fn tone(hz: f64, partials: Range<usize>) -> Repetition {
        let angle = |i: usize, k: f64| k * k + TAU * k * hz * i as f64 / SAMPLE_RATE_HZ;
        measured(|i| partials.clone().map(|k| (angle(i, k as f64).sin() / k as f64) as f32).sum())
    }

    /// The network's probabilities if it names one bin.
    fn naming(bin: usize, probability: f32) -> [f32; BINS] {
        from_fn(|other| {
            let bins = other.abs_diff(bin) as f32;
            0.001 + probability * (-0.2 * bins * bins).exp()
        })
    }

    fn best(probabilities: &[f32; BINS], found: &Repetition) -> usize {
        let mut scores = [0.0; BINS];
        score(probabilities, found, &mut scores);
        assert!(scores.iter().all(|score| score.is_finite()));
        (0..BINS).fold(0, |best, bin| if scores[bin] > scores[best] { bin } else { best })
    }

    fn bin(hz: f64) -> usize {
        hz_to_bin(hz).round() as usize
    }

    #[test]
    fn the_period_is_found_without_the_network() {
        for hz in [55.0, 110.0, 220.0] {
            let best = best(&[0.01; BINS], &tone(hz, 1..13));
            assert!(best.abs_diff(bin(hz)) <= 1, "{hz} Hz: {best}");
        }
    }

    #[test]
    fn the_period_wins_over_a_partial_that_the_network_names() {
        for hz in [60.0, 110.0, 220.0] {
            let best = best(&naming(bin(2.0 * hz), 0.8), &tone(hz, 2..11));
            assert!(best.abs_diff(bin(hz)) <= 1, "{hz} Hz: {best}");
        }
    }

    #[test]
    fn the_network_decides_in_noise() {
        let mut seed = 1_u64;
        for wanted in [60, 150, 250, 330] {
            let found = measured(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
            });
            let best = best(&naming(wanted, 0.9), &found);
            assert!(best.abs_diff(wanted) <= 2, "{wanted}: {best}");
        }
    }

    #[test]
    fn no_input_gives_nan() {
        for level in [0.0, 1.0, -1.0] {
            let mut found = Repetition::NONE;
            found.waveform = [level; BINS];
            found.spectrum = [level; BINS];
            best(&[0.0; BINS], &found);
            best(&[1.0; BINS], &found);
        }
    }
}
