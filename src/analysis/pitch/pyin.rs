//! Probabilistic YIN as `librosa.pyin` computes it.
//!
//! M. Mauch, S. Dixon: "pYIN: a fundamental frequency estimator using probabilistic threshold
//! distributions", ICASSP 2014.

mod prior;

use super::difference::{Difference, YinSettings, for_each_frame};
use super::numpy_order::{blas_dot, pairwise_sum};
use super::viterbi::{Decoder, Lattice, Observation, RUN, log_floor};
use crate::Result;
use crate::Watch;
use prior::PRIOR;

const BOLTZMANN: f64 = 2.0;
/// One unit below the nearest number: so NumPy's AVX-512 code rounds it, which computed the
/// reference data. The probabilities of a steady tone's candidates sum to 1 or to the number below
/// it accordingly, and the decoder hears the difference.
const EXP_MINUS_BOLTZMANN: f64 = 0.135_335_283_236_612_67;
const NO_TROUGH_PROBABILITY: f64 = 0.01;
/// Thresholds.
const STEPS: usize = PRIOR.len();
const BINS_PER_SEMITONE: usize = 10;
/// Octaves a second that the pitch may move.
const MAX_TRANSITION_RATE: f64 = 35.92;

/// Outside compatibility, the probability of a leap to any one state, which librosa's decoder has
/// at the smallest number: one frame in a thousand, to a thousand states.
const LEAP: f64 = 1e-6;
/// Distance of two bins in natural logarithms: a tenth of a semitone.
const BIN_WIDTH: f64 = std::f64::consts::LN_2 / 120.0;

/// What pYIN finds, one value a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct PyinTrack {
    /// Fundamental frequency in Hz: the best guess where the frame is unvoiced.
    pub f0_hz: Vec<f64>,
    /// Whether the decoded state is a voiced one.
    pub voiced: Vec<bool>,
    /// Probability that the frame is voiced, 0 to 1.
    pub voiced_probability: Vec<f64>,
    /// Decoded state: the pitch bin (a tenth of a semitone above `fmin`), plus the number of bins
    /// if unvoiced.
    pub states: Vec<u32>,
}

/// Tracks the fundamental frequency; all arrays have shape `(T,)`, `T = 1 + n / hop_length`.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if no period can be found with these settings,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn pyin(signal: &[f32], settings: &YinSettings, watch: &Watch) -> Result<PyinTrack> {
    let difference = Difference::new(*settings, false)?;
    let candidates = Candidates::new(settings, &difference);
    let observe = |frame: &Difference| (candidates.observe(frame), ());
    let (observations, _, states) =
        track(signal, &difference, candidates.lattice(log_floor()), watch, observe)?;
    Ok(PyinTrack {
        f0_hz: states.iter().map(|&state| candidates.bin_hz(state)).collect(),
        voiced: states.iter().map(|&state| (state as usize) < candidates.bins).collect(),
        voiced_probability: observations.iter().map(|frame| frame.voiced_probability).collect(),
        states,
    })
}

/// Fundamental frequency in Hz and voicedness, 0 to 1, of each centred frame, compared as a whole;
/// pitches may leap, and are the troughs' own rather than their bins'.
///
/// # Errors
/// As [`pyin`].
pub(super) fn pyin_with_leaps(
    signal: &[f32],
    settings: &YinSettings,
    watch: &Watch,
) -> Result<Vec<(f64, f64)>> {
    let difference = Difference::new(*settings, true)?;
    let candidates = Candidates::new(settings, &difference);
    let observe = |frame: &Difference| {
        (candidates.observe(frame), (candidates.pitches(frame), frame.presence))
    };
    let (observations, found, states) =
        track(signal, &difference, candidates.lattice(LEAP.ln()).relative(), watch, observe)?;
    let frames = states.iter().zip(&found).zip(&observations);
    let tracked = frames.map(|((&state, (pitches, presence)), observation)| {
        let bin_hz = candidates.bin_hz(state);
        let apart = |f0: &&f32| (f64::from(**f0) / bin_hz).ln().abs();
        let nearest = pitches.iter().min_by(|a, b| apart(a).total_cmp(&apart(b)));
        let f0_hz = nearest.filter(|f0| apart(f0) < BIN_WIDTH).map_or(bin_hz, |&f0| f64::from(f0));
        (f0_hz, observation.voiced_probability * presence)
    });
    Ok(tracked.collect())
}

/// The observation of each frame, what `observe` gives beside it, and the likeliest path of states.
fn track<T: Send>(
    signal: &[f32],
    difference: &Difference,
    lattice: Lattice,
    watch: &Watch,
    observe: impl Fn(&Difference) -> (Observation, T) + Sync,
) -> Result<(Vec<Observation>, Vec<T>, Vec<u32>)> {
    let mut decoder = Decoder::new(lattice);
    // The decoder goes from frame to frame on one thread: the others observe what comes next.
    let count = difference.frames(signal.len());
    let (mut observed, mut beside) = (Vec::new(), Vec::with_capacity(count));
    for first in (0..count).step_by(RUN) {
        let frames = first..(first + RUN).min(count);
        let ((), next) = rayon::join(
            || decoder.push(observed),
            || for_each_frame(signal, difference, frames, watch, &observe),
        );
        let (observations, others): (Vec<_>, Vec<_>) = next?.into_iter().unzip();
        observed = observations;
        beside.extend(others);
    }
    decoder.push(observed);
    let (observations, states) = decoder.finish(watch)?;
    Ok((observations, beside, states))
}

/// Turns the troughs of a frame's difference function into probabilities of pitch bins.
struct Candidates {
    sample_rate: f64,
    fmin_hz: f64,
    bins: usize,
    /// Bins that the pitch may move by from frame to frame.
    reach: usize,
    /// Boltzmann weight of the n-th trough below a threshold, from 0 on.
    decays: Vec<f64>,
    /// What makes the weights of n troughs sum to 1.
    scales: Vec<f64>,
}

impl Candidates {
    fn new(settings: &YinSettings, difference: &Difference) -> Self {
        let octaves = (settings.fmax_hz / settings.fmin_hz).log2();
        let hop_s = settings.hop_length as f64 / settings.sample_rate;
        let semitones = (MAX_TRANSITION_RATE * 12.0 * hop_s).round_ties_even() as usize;
        // No two troughs are neighbours.
        let most = difference.values.len().div_ceil(2);
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

    fn lattice(&self, log_leap: f64) -> Lattice {
        Lattice::new(self.bins, self.reach, log_leap)
    }

    fn bin_hz(&self, state: u32) -> f64 {
        let bin = state as usize % self.bins;
        self.fmin_hz * 2.0_f64.powf(bin as f64 / (12 * BINS_PER_SEMITONE) as f64)
    }

    /// Frequencies in Hz of all troughs.
    fn pitches(&self, difference: &Difference) -> Vec<f32> {
        (0..difference.values.len())
            .filter(|&at| difference.is_trough(at))
            .map(|at| (self.sample_rate / difference.period(at)) as f32)
            .collect()
    }

    fn observe(&self, difference: &Difference) -> Observation {
        let troughs: Vec<usize> =
            (0..difference.values.len()).filter(|&at| difference.is_trough(at)).collect();
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
            // Two candidates in one bin: the longer period stands, as in librosa. A candidate past
            // the last bin is lost there too.
            bins.retain(|(known, _)| *known as usize != bin);
            if bin < self.bins {
                bins.push((bin as u32, probability));
            }
        }
        bins.sort_unstable_by_key(|(bin, _)| *bin);
        let voiced_probability = bins.iter().fold(0.0, |sum, (_, p)| sum + p).clamp(0.0, 1.0);
        Observation { bins, voiced_probability }
    }
    /// Probability of each trough, over all thresholds; shorter periods weigh more (Boltzmann).
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
        let mut ranks = [0; STEPS];
        let mut weights = [0.0; STEPS];
        let mut probabilities: Vec<f64> = firsts
            .iter()
            .map(|&first| {
                // The sum's order is by fours: zeros before it change nothing.
                let from = first / 4 * 4;
                weights[from..first].fill(0.0);
                for step in first..STEPS {
                    weights[step] = self.scales[below[step]] * self.decays[ranks[step]];
                    ranks[step] += 1;
                }
                blas_dot(&weights[from..], &PRIOR[from..])
            })
            .collect();
        // Where no trough lies below the threshold, the lowest one may be the period all the same.
        let above = first_above(height);
        probabilities[lowest] += NO_TROUGH_PROBABILITY * pairwise_sum(&PRIOR[..above]);
        probabilities
    }
}

/// Share of the thresholds that lie above a trough of this height, 0 to 1.
pub(super) fn chance(height: f64) -> f64 {
    PRIOR[first_above(height)..].iter().sum::<f64>().clamp(0.0, 1.0)
}

/// Index of the first threshold above a height, [`STEPS`] where there is none.
fn first_above(height: f64) -> usize {
    let below = |step: usize| height < (step + 1) as f64 / STEPS as f64;
    let mut step = ((height * STEPS as f64) as usize).min(STEPS);
    // The guess may be one off.
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

    /// Threshold by threshold.
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
        let difference = Difference::new(settings, false).unwrap();
        let candidates = Candidates::new(&settings, &difference);
        let mut seed = 11_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as f64 / f64::from(1_u32 << 31)
        };
        for count in [1, 2, 7, 40, 169] {
            // Heights on a threshold are not below it.
            let heights: Vec<f64> = (0..count)
                .map(|i| if i % 3 == 0 { (random() * 110.0).floor() / 100.0 } else { random() })
                .collect();
            assert_eq!(candidates.weigh(&heights), plain(&heights), "{count} troughs");
        }
        assert_eq!(candidates.weigh(&[-0.5, 2.0]), plain(&[-0.5, 2.0]));
        assert!(candidates.weigh(&[]).is_empty());
    }
}
