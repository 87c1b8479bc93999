//! Probabilistic YIN on whole frames.
//!
//! It differs from librosa's version (`compat::pyin`) in two ways: the pitch may leap by any
//! interval, and it is measured at the trough itself instead of rounded to a pitch bin.
//!
//! M. Mauch, S. Dixon: "pYIN: a fundamental frequency estimator using probabilistic threshold
//! distributions", ICASSP 2014.

mod candidates;
mod prior;

pub(crate) use candidates::{Candidates, period_probability};

use super::difference::{Comparison, WholeFrame, for_each_frame};
use super::viterbi::{Lattice, Observation, RUN_FRAMES, Viterbi};
use super::{Pitch, PitchTrack, PitchTracker, YinSettings};
use crate::Result;
use crate::Watch;

/// Probability of a leap to any given state: one frame in a thousand leaps, and there are about a
/// thousand states.
const LEAP: f64 = 1e-6;
/// Distance of two bins in natural logarithms: a tenth of a semitone.
const BIN_WIDTH: f64 = std::f64::consts::LN_2 / 120.0;

/// Tracks pitch by pYIN.
pub(crate) struct Pyin(pub YinSettings);

impl PitchTracker for Pyin {
    fn track(&self, signal: &[f32], _first: usize, watch: &Watch) -> Result<PitchTrack> {
        Ok(PitchTrack::within_range(find(signal, self.0, watch)?, &self.0))
    }
}

/// Pitch of each centred frame.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if no period can be found with these settings,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub(super) fn find(signal: &[f32], settings: YinSettings, watch: &Watch) -> Result<Vec<Pitch>> {
    let comparison = WholeFrame::new(settings)?;
    let candidates = Candidates::new(&comparison);
    let lattice = candidates.lattice(LEAP.ln()).relative();
    let path = likeliest_path(signal, &comparison, lattice, watch, |frame: &WholeFrame| {
        let difference = frame.difference();
        let troughs = difference.troughs();
        let pitches = candidates.pitches(difference, &troughs);
        (candidates.observe(difference, &troughs), (pitches, frame.presence))
    })?;
    let frames = path.states.iter().zip(&path.details).zip(&path.observations);
    let tracked = frames.map(|((&state, (pitches, presence)), observation)| {
        let bin_hz = candidates.bin_hz(state);
        let apart = |f0: &&f32| (f64::from(**f0) / bin_hz).ln().abs();
        let nearest = pitches.iter().min_by(|a, b| apart(a).total_cmp(&apart(b)));
        let f0_hz = nearest.filter(|f0| apart(f0) < BIN_WIDTH).map_or(bin_hz, |&f0| f64::from(f0));
        Pitch { f0_hz, voicedness: observation.voiced_probability * presence }
    });
    Ok(tracked.collect())
}

/// The decoded path through all frames of a signal.
pub(crate) struct Path<T> {
    pub observations: Vec<Observation>,
    /// The second part of each frame's observation, as the caller returned it.
    pub details: Vec<T>,
    /// The likeliest sequence of states.
    pub states: Vec<u32>,
}

/// Observes every frame of `signal` and finds the likeliest path through the states of `lattice`.
///
/// # Errors
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub(crate) fn likeliest_path<C: Comparison, T: Send>(
    signal: &[f32],
    comparison: &C,
    lattice: Lattice,
    watch: &Watch,
    observe: impl Fn(&C) -> (Observation, T) + Sync,
) -> Result<Path<T>> {
    let mut viterbi = Viterbi::new(lattice);
    // The decoder goes from frame to frame on one thread, while the others observe the next frames.
    let count = comparison.frames(signal.len());
    let (mut observed, mut details) = (Vec::new(), Vec::with_capacity(count));
    for first in (0..count).step_by(RUN_FRAMES) {
        let frames = first..(first + RUN_FRAMES).min(count);
        let ((), next) = rayon::join(
            || viterbi.push(observed),
            || for_each_frame(signal, comparison, frames, watch, &observe),
        );
        let (observations, others): (Vec<_>, Vec<_>) = next?.into_iter().unzip();
        observed = observations;
        details.extend(others);
    }
    viterbi.push(observed);
    let (observations, states) = viterbi.finish();
    Ok(Path { observations, details, states })
}
