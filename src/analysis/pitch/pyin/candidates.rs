//! From the troughs of a frame's difference function to probabilities of pitch bins.

use super::prior::PRIOR;
use crate::analysis::pitch::YinSettings;
use crate::analysis::pitch::difference::{Comparison, Difference};
use crate::analysis::pitch::ordered_sums::{blas_dot, pairwise_sum};
use crate::analysis::pitch::viterbi::{Lattice, Observation};

/// Parameter of the Boltzmann distribution that gives shorter periods more weight.
const BOLTZMANN: f64 = 2.0;
/// The exponential of `-BOLTZMANN` as NumPy's AVX-512 code rounds it, which computed librosa's
/// reference data: one unit in the last place below the nearest number. The probabilities of a
/// steady tone's candidates sum to 1 or to the number below it accordingly, and that decides
/// between voiced and unvoiced.
const EXP_MINUS_BOLTZMANN: f64 = 0.135_335_283_236_612_67;
/// Probability that the lowest trough is the period although no trough is below the threshold.
const NO_TROUGH_PROBABILITY: f64 = 0.01;
/// Number of thresholds on the height of a trough.
const STEPS: usize = PRIOR.len();
/// Resolution of the pitch bins.
const BINS_PER_SEMITONE: usize = 10;
/// Octaves per second that the pitch may move.
const MAX_TRANSITION_RATE: f64 = 35.92;

/// Turns troughs into probabilities of pitch bins, a tenth of a semitone apart.
pub(crate) struct Candidates {
    sample_rate: f64,
    fmin_hz: f64,
    /// Number of pitch bins.
    pub bins: usize,
    /// Bins that the pitch may move by from frame to frame.
    reach: usize,
    /// Boltzmann weight of the n-th trough below a threshold, from 0 on.
    decays: Vec<f64>,
    /// The factor by which the weights of n troughs sum to 1.
    scales: Vec<f64>,
}

impl Candidates {
    /// Prepares the weighting of the troughs that `comparison` finds.
    pub fn new(comparison: &impl Comparison) -> Self {
        let settings: &YinSettings = comparison.settings();
        let octaves = (settings.fmax_hz / settings.fmin_hz).log2();
        let hop_s = settings.hop_length as f64 / settings.sample_rate;
        let semitones = (MAX_TRANSITION_RATE * 12.0 * hop_s).round_ties_even() as usize;
        // Two troughs are never neighbours, so at most half of the values are troughs.
        let most = comparison.difference().values.len().div_ceil(2);
        let decays: Vec<f64> = (0..=most)
            .map(|rank| match rank {
                1 => EXP_MINUS_BOLTZMANN,
                _ => (-BOLTZMANN * rank as f64).exp(),
            })
            .collect();
        Self {
            sample_rate: settings.sample_rate,
            fmin_hz: settings.fmin_hz,
            bins: (12.0 * BINS_PER_SEMITONE as f64 * octaves).floor() as usize + 1,
            reach: semitones * BINS_PER_SEMITONE / 2,
            scales: decays.iter().map(|decay| (1.0 - decays[1]) / (1.0 - decay)).collect(),
            decays,
        }
    }

    /// The decoder's lattice of states. A move beyond its reach has the log probability `log_leap`.
    pub fn lattice(&self, log_leap: f64) -> Lattice {
        Lattice::new(self.bins, self.reach, log_leap)
    }

    /// Frequency in Hz of the pitch bin of a decoder state.
    pub fn bin_hz(&self, state: u32) -> f64 {
        let bin = state as usize % self.bins;
        self.fmin_hz * 2.0_f64.powf(bin as f64 / (12 * BINS_PER_SEMITONE) as f64)
    }

    /// Frequencies in Hz of all troughs.
    pub fn pitches(&self, difference: &Difference, troughs: &[usize]) -> Vec<f32> {
        let pitch = |&at: &usize| (self.sample_rate / difference.period(at)) as f32;
        troughs.iter().map(pitch).collect()
    }

    /// Probabilities of the pitch bins that a frame's troughs fall into.
    pub fn observe(&self, difference: &Difference, troughs: &[usize]) -> Observation {
        let heights: Vec<f64> = troughs.iter().map(|&at| difference.values[at]).collect();
        let probabilities = self.weigh(&heights);

        let mut bins: Vec<(u32, f64)> = Vec::with_capacity(troughs.len());
        for (&at, &probability) in troughs.iter().zip(&probabilities) {
            if probability == 0.0 {
                continue;
            }
            let f0_hz = self.sample_rate / difference.period(at);
            let bin = (12.0 * BINS_PER_SEMITONE as f64 * (f0_hz / self.fmin_hz).log2())
                .round_ties_even()
                .clamp(0.0, self.bins as f64) as usize;
            // If two candidates fall into one bin, the one with the longer period is kept. One past
            // the last bin is dropped. Both are as in librosa.
            bins.retain(|(known, _)| *known as usize != bin);
            if bin < self.bins {
                bins.push((bin as u32, probability));
            }
        }
        bins.sort_unstable_by_key(|(bin, _)| *bin);
        let voiced_probability = bins.iter().fold(0.0, |sum, (_, p)| sum + p).clamp(0.0, 1.0);
        Observation { bins, voiced_probability }
    }

    /// Probability of each trough, given the heights of all; shorter periods weigh more.
    fn weigh(&self, heights: &[f64]) -> Vec<f64> {
        let by_height = |a: &(usize, &f64), b: &(usize, &f64)| a.1.total_cmp(b.1);
        let Some((lowest, &height)) = heights.iter().enumerate().min_by(by_height) else {
            return Vec::new();
        };
        let firsts: Vec<usize> = heights.iter().map(|&height| first_above(height)).collect();
        let mut below = [0; STEPS];
        for &first in &firsts {
            below[first..].iter_mut().for_each(|count| *count += 1);
        }
        let scales = below.map(|count| self.scales[count]);
        let mut ranks = [0; STEPS];
        let mut weights = [0.0; STEPS];
        let mut probabilities: Vec<f64> = firsts
            .iter()
            .map(|&first| {
                // `blas_dot` sums in four lanes, so a sum may start at any multiple of four if the
                // weights before `first` are zero.
                let from = first / 4 * 4;
                weights[from..first].fill(0.0);
                for step in first..STEPS {
                    weights[step] = scales[step] * self.decays[ranks[step]];
                    ranks[step] += 1;
                }
                blas_dot(&weights[from..], &PRIOR[from..])
            })
            .collect();
        // If no trough lies below a threshold, the lowest one may still be the period.
        let above = first_above(height);
        probabilities[lowest] += NO_TROUGH_PROBABILITY * pairwise_sum(&PRIOR[..above]);
        probabilities
    }
}

/// Probability that a trough of this height is below the threshold, 0 to 1.
pub(crate) fn period_probability(height: f64) -> f64 {
    PRIOR[first_above(height)..].iter().sum::<f64>().clamp(0.0, 1.0)
}

/// Index of the first threshold above a height, [`STEPS`] if there is none.
fn first_above(height: f64) -> usize {
    let below = |step: usize| height < (step + 1) as f64 / STEPS as f64;
    let mut step = ((height * STEPS as f64) as usize).min(STEPS);
    // Rounding may put this guess one step off.
    while step > 0 && below(step - 1) {
        step -= 1;
    }
    while step < STEPS && !below(step) {
        step += 1;
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::pitch::difference::WholeFrame;

    /// The same, computed threshold by threshold: a slow reference.
    fn plain(heights: &[f64]) -> Vec<f64> {
        let decay = |rank: usize| match rank {
            1 => EXP_MINUS_BOLTZMANN,
            _ => (-BOLTZMANN * rank as f64).exp(),
        };
        let mut weights = vec![vec![0.0; STEPS]; heights.len()];
        let mut none = Vec::new();
        for (step, prior) in PRIOR.iter().enumerate() {
            let threshold = (step + 1) as f64 / STEPS as f64;
            let below: Vec<usize> =
                (0..heights.len()).filter(|&trough| heights[trough] < threshold).collect();
            for (rank, &trough) in below.iter().enumerate() {
                let scale = (1.0 - decay(1)) / (1.0 - decay(below.len()));
                weights[trough][step] = scale * decay(rank);
            }
            if below.is_empty() {
                none.push(*prior);
            }
        }
        let lowest = heights.iter().copied().fold(f64::INFINITY, f64::min);
        let lowest = heights.iter().position(|height| *height == lowest).unwrap();
        let mut sums: Vec<f64> = weights.iter().map(|row| blas_dot(row, &PRIOR)).collect();
        sums[lowest] += NO_TROUGH_PROBABILITY * pairwise_sum(&none);
        sums
    }

    #[test]
    fn thresholds_all_at_once_equal_one_by_one() {
        let settings = YinSettings {
            fmin_hz: 46.0,
            fmax_hz: 1600.0,
            sample_rate: 16_000.0,
            frame_length: 1024,
            hop_length: 256,
        };
        let candidates = Candidates::new(&WholeFrame::new(settings).unwrap());
        let mut seed = 11_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as f64 / f64::from(1_u32 << 31)
        };
        for count in [1, 2, 7, 40, 169] {
            // A third of the heights lie exactly on a threshold and so are not below it.
            let heights: Vec<f64> = (0..count)
                .map(|i| if i % 3 == 0 { (random() * 110.0).floor() / 100.0 } else { random() })
                .collect();
            assert_eq!(candidates.weigh(&heights), plain(&heights), "{count} troughs");
        }
        assert_eq!(candidates.weigh(&[-0.5, 2.0]), plain(&[-0.5, 2.0]));
        assert!(candidates.weigh(&[]).is_empty());
    }
}
