//! Probabilistic YIN as `librosa.pyin` computes it.

use super::difference::HalfFrame;
use super::single;
use crate::Result;
use crate::Watch;
use crate::analysis::pitch::difference::Comparison;
use crate::analysis::pitch::pyin::{Candidates, likeliest_path};
use crate::analysis::pitch::viterbi::log_floor;
use crate::analysis::pitch::{PitchTrack, PitchTracker, YinSettings};

/// Tracks pitch by [`pyin()`].
pub(super) struct LibrosaPyin(pub YinSettings);

impl PitchTracker for LibrosaPyin {
    fn track(&self, signal: &[f32], _first: usize, watch: &Watch) -> Result<PitchTrack> {
        let track = pyin(signal, &self.0, watch)?;
        let voicedness = single(track.voiced_probability);
        Ok(PitchTrack { f0_hz: single(track.f0_hz), voicedness })
    }
}

/// What [`pyin()`] finds, one value per frame.
#[derive(Clone, Debug, PartialEq)]
pub struct PyinTrack {
    /// Fundamental frequency, Hz. In an unvoiced frame it is a guess.
    pub f0_hz: Vec<f64>,
    /// Whether the decoded state is a voiced one.
    pub voiced: Vec<bool>,
    /// Probability that the frame is voiced, 0 to 1.
    pub voiced_probability: Vec<f64>,
    /// Decoded state: the pitch bin (in tenths of a semitone above `fmin`), plus the number of bins
    /// if the frame is unvoiced.
    pub states: Vec<u32>,
}

/// Tracks the fundamental frequency as `librosa.pyin` does with `fill_na=None`.
///
/// All arrays of the result have `1 + n / hop_length` values for a signal of n samples.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if no period can be found with these settings,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn pyin(signal: &[f32], settings: &YinSettings, watch: &Watch) -> Result<PyinTrack> {
    let comparison = HalfFrame::new(*settings)?;
    let candidates = Candidates::new(&comparison);
    let lattice = candidates.lattice(log_floor());
    let path = likeliest_path(signal, &comparison, lattice, watch, |frame: &HalfFrame| {
        let difference = frame.difference();
        (candidates.observe(difference, &difference.troughs()), ())
    })?;
    let observations = path.observations.iter();
    Ok(PyinTrack {
        f0_hz: path.states.iter().map(|&state| candidates.bin_hz(state)).collect(),
        voiced: path.states.iter().map(|&state| (state as usize) < candidates.bins).collect(),
        voiced_probability: observations.map(|frame| frame.voiced_probability).collect(),
        states: path.states,
    })
}
