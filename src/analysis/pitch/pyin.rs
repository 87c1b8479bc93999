//! Probabilistic YIN as `librosa.pyin` computes it.
//!
//! M. Mauch, S. Dixon: "pYIN: a fundamental frequency estimator using probabilistic threshold
//! distributions", ICASSP 2014.

mod prior;

use super::difference::{Difference, YinSettings, for_each_frame};
use super::numpy_order::{blas_dot, pairwise_sum};
use super::viterbi::{Lattice, Observation};
use crate::Result;
use crate::analysis::Watch;
use prior::PRIOR;

const BOLTZMANN: f64 = 2.0;
/// One unit below the nearest number: so NumPy's AVX-512 code rounds it, which computed the
/// reference data. The probabilities of a steady tone's candidates sum to 1 or to the number below
/// it accordingly, and the decoder hears the difference.
const EXP_MINUS_BOLTZMANN: f64 = 0.135_335_283_236_612_67;
const NO_TROUGH_PROBABILITY: f64 = 0.01;
const BINS_PER_SEMITONE: usize = 10;
/// Octaves a second that the pitch may move.
const MAX_TRANSITION_RATE: f64 = 35.92;

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
    track(signal, settings, watch, |lattice| lattice)
}

/// The same but for the choice between paths that are equally good: of a part of a recording it is
/// that of the whole.
///
/// # Errors
/// As [`pyin`].
pub(super) fn pyin_part(
    signal: &[f32],
    settings: &YinSettings,
    watch: &Watch,
) -> Result<PyinTrack> {
    track(signal, settings, watch, Lattice::relative)
}

fn track(
    signal: &[f32],
    settings: &YinSettings,
    watch: &Watch,
    adapt: impl FnOnce(Lattice) -> Lattice,
) -> Result<PyinTrack> {
    settings.check()?;
    let candidates = Candidates::new(settings);
    let observations =
        for_each_frame(signal, settings, watch, |difference| candidates.observe(difference))?;

    let semitones = (MAX_TRANSITION_RATE * 12.0 * settings.hop_length as f64 / settings.sample_rate)
        .round_ties_even() as usize;
    let lattice = adapt(Lattice::new(candidates.bins, semitones * BINS_PER_SEMITONE / 2));
    let states = lattice.decode(&observations, watch)?;
    let bin_hz = |state: u32| {
        let bin = state as usize % candidates.bins;
        settings.fmin_hz * 2.0_f64.powf(bin as f64 / (12 * BINS_PER_SEMITONE) as f64)
    };
    Ok(PyinTrack {
        f0_hz: states.iter().map(|&state| bin_hz(state)).collect(),
        voiced: states.iter().map(|&state| (state as usize) < candidates.bins).collect(),
        voiced_probability: observations.iter().map(|frame| frame.voiced_probability).collect(),
        states,
    })
}

/// Turns the troughs of a frame's difference function into probabilities of pitch bins.
struct Candidates {
    sample_rate: f64,
    fmin_hz: f64,
    bins: usize,
}

impl Candidates {
    fn new(settings: &YinSettings) -> Self {
        let octaves = (settings.fmax_hz / settings.fmin_hz).log2();
        Self {
            sample_rate: settings.sample_rate,
            fmin_hz: settings.fmin_hz,
            bins: (12.0 * BINS_PER_SEMITONE as f64 * octaves).floor() as usize + 1,
        }
    }

    fn observe(&self, difference: &Difference) -> Observation {
        let troughs: Vec<usize> =
            (0..difference.values.len()).filter(|&at| difference.is_trough(at)).collect();
        let heights: Vec<f64> = troughs.iter().map(|&at| difference.values[at]).collect();
        let probabilities = weigh(&heights);

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
}

/// Probability of each trough, over all thresholds; shorter periods weigh more (Boltzmann).
fn weigh(heights: &[f64]) -> Vec<f64> {
    let by_height = |a: &(usize, &f64), b: &(usize, &f64)| a.1.total_cmp(b.1);
    let Some((lowest, &height)) = heights.iter().enumerate().min_by(by_height) else {
        return Vec::new();
    };
    let steps = PRIOR.len();
    let decay = |rank: usize| match rank {
        1 => EXP_MINUS_BOLTZMANN,
        _ => (-BOLTZMANN * rank as f64).exp(),
    };
    let mut weights = vec![0.0; heights.len() * steps];
    let decays: Vec<f64> = (0..=heights.len()).map(decay).collect();
    for step in 0..steps {
        let threshold = (step + 1) as f64 / steps as f64;
        let below = heights.iter().filter(|&&height| height < threshold).count();
        let scale = (1.0 - decays[1]) / (1.0 - decays[below]);
        let troughs = heights.iter().enumerate().filter(|(_, height)| **height < threshold);
        for ((trough, _), decay) in troughs.zip(&decays) {
            weights[trough * steps + step] = scale * decay;
        }
    }
    let mut probabilities: Vec<f64> =
        weights.chunks_exact(steps).map(|row| blas_dot(row, &PRIOR)).collect();
    // Where no trough lies below the threshold, the lowest one may be the period all the same.
    let above = (1..=steps).filter(|&step| height >= step as f64 / steps as f64).count();
    probabilities[lowest] += NO_TROUGH_PROBABILITY * pairwise_sum(&PRIOR[..above]);
    probabilities
}
