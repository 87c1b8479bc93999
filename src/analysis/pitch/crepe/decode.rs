//! torchcrepe's decoders: probabilities of pitch bins to a pitch track.

use super::{BINS, Track};
use crate::{Error, Result};
use ndarray::{ArrayRef1, ArrayRef2, Axis};
use std::ops::Range;

/// Frames that [`viterbi`] decodes at a time, as torchcrepe does in batches.
pub const RUN: usize = 256;
/// Bins that a path of [`viterbi`] may move by from frame to frame, plus one.
const REACH: usize = 12;
/// Bins on either side that [`weighted_argmax`] averages over.
const SPREAD: usize = 4;

/// Centre of a bin in cents above 10 Hz.
#[allow(clippy::unreadable_literal, clippy::excessive_precision)] // CREPE's own figure
fn bin_cents(bin: usize) -> f64 {
    20.0 * bin as f64 + 1997.3794084376191
}

fn cents_to_hz(cents: f64) -> f64 {
    10.0 * (cents / 1200.0).exp2()
}

/// Centre of a bin in Hz, from 31.7 Hz for bin 0 to 2005.5 Hz for bin 359.
pub fn bin_to_hz(bin: usize) -> f64 {
    cents_to_hz(bin_cents(bin))
}

/// The (fractional) bin of a frequency in Hz.
pub(super) fn hz_to_bin(hz: f64) -> f64 {
    (1200.0 * (hz / 10.0).log2() - bin_cents(0)) / 20.0
}

/// The bins that torchcrepe leaves between two frequencies in Hz.
///
/// # Errors
/// Where the frequencies are not finite, positive and ascending, or leave no bin.
pub fn bins_between(fmin: f64, fmax: f64) -> Result<Range<usize>> {
    if !(fmin.is_finite() && fmax.is_finite() && 0.0 < fmin && fmin < fmax) {
        return Err(Error::parameter(format!(
            "CREPE: fmin is {fmin} Hz and fmax {fmax} Hz, wanted 0 < fmin < fmax"
        )));
    }
    let first = hz_to_bin(fmin).floor().max(0.0) as usize;
    let end = (hz_to_bin(fmax).ceil().max(0.0) as usize).min(BINS);
    if first >= end {
        return Err(Error::parameter(format!(
            "CREPE: nothing of {fmin} to {fmax} Hz lies within its {:.1} to {:.1} Hz",
            bin_to_hz(0),
            bin_to_hz(BINS - 1)
        )));
    }
    Ok(first..end)
}

/// The likeliest bin of each frame on its own.
///
/// `probabilities` is `(T, BINS)`; the track holds bin centres and the bins' probabilities.
///
/// # Errors
/// Those of [`bins_between`], or where there are not [`BINS`] columns.
pub fn argmax(probabilities: &ArrayRef2<f32>, fmin: f64, fmax: f64) -> Result<Track> {
    let bins = likeliest(probabilities, &bins_between(fmin, fmax)?)?;
    Ok(track(probabilities, &bins, |_, bin| bin_to_hz(bin)))
}

/// The mean of the nine bins around the likeliest one, weighted by the sigmoid of their
/// probabilities as torchcrepe does (it takes them for logits).
///
/// `probabilities` is `(T, BINS)`.
///
/// # Errors
/// Those of [`argmax`].
pub fn weighted_argmax(probabilities: &ArrayRef2<f32>, fmin: f64, fmax: f64) -> Result<Track> {
    let range = bins_between(fmin, fmax)?;
    let bins = likeliest(probabilities, &range)?;
    Ok(track(probabilities, &bins, |frame, bin| {
        let near = bin.saturating_sub(SPREAD).max(range.start)..(bin + SPREAD + 1).min(range.end);
        let weighted = near.map(|b| {
            let weight = 1.0 / (1.0 + (-f64::from(probabilities[[frame, b]])).exp());
            (weight * bin_cents(b), weight)
        });
        let (sum, weights) = weighted.fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        cents_to_hz(sum / weights)
    }))
}

/// torchcrepe's Viterbi decoding, without its dither.
///
/// Runs of [`RUN`] frames are decoded one by one: a softmax over the probabilities within range as
/// observations, transitions falling linearly to nothing 12 bins away, a uniform start.
/// `probabilities` is `(T, BINS)`.
///
/// # Errors
/// Those of [`argmax`].
pub fn viterbi(probabilities: &ArrayRef2<f32>, fmin: f64, fmax: f64) -> Result<Track> {
    let range = bins_between(fmin, fmax)?;
    check(probabilities)?;
    let transitions = Transitions::new();
    let mut bins = Vec::with_capacity(probabilities.nrows());
    for run in probabilities.axis_chunks_iter(Axis(0), RUN) {
        transitions.decode(&run, &range, &mut bins);
    }
    Ok(track(probabilities, &bins, |_, bin| bin_to_hz(bin)))
}

fn check(probabilities: &ArrayRef2<f32>) -> Result<()> {
    if probabilities.ncols() == BINS {
        return Ok(());
    }
    Err(Error::parameter(format!(
        "CREPE: probabilities have {} bins, wanted {BINS}",
        probabilities.ncols()
    )))
}

fn likeliest(probabilities: &ArrayRef2<f32>, range: &Range<usize>) -> Result<Vec<usize>> {
    check(probabilities)?;
    let rows = probabilities.rows().into_iter();
    let best = rows.map(|row| {
        range.clone().fold(range.start, |best, b| if row[b] > row[best] { b } else { best })
    });
    Ok(best.collect())
}

fn track(
    probabilities: &ArrayRef2<f32>,
    bins: &[usize],
    hz: impl Fn(usize, usize) -> f64,
) -> Track {
    let frames = bins.iter().enumerate();
    Track {
        f0_hz: frames.clone().map(|(frame, &bin)| hz(frame, bin) as f32).collect(),
        periodicity: frames.map(|(frame, &bin)| probabilities[[frame, bin]]).collect(),
    }
}

/// Logarithms of the transition matrix, a band.
struct Transitions {
    /// `(from, to - from + REACH - 1)`.
    band: Vec<[f64; 2 * REACH - 1]>,
    /// Outside the band.
    never: f64,
}

impl Transitions {
    fn new() -> Self {
        // librosa adds float32's smallest normal number before taking any logarithm.
        let tiny = f64::from(f32::MIN_POSITIVE);
        let weight = |from: usize, to: usize| REACH.saturating_sub(from.abs_diff(to)) as f64;
        let band = (0..BINS).map(|from| {
            let sum: f64 = (0..BINS).map(|to| weight(from, to)).sum();
            std::array::from_fn(|i| {
                let to = (from + i).checked_sub(REACH - 1).filter(|&to| to < BINS);
                to.map_or(f64::NEG_INFINITY, |to| (weight(from, to) / sum + tiny).ln())
            })
        });
        Self { band: band.collect(), never: tiny.ln() }
    }

    /// Appends the likeliest path through one run.
    fn decode(&self, run: &ArrayRef2<f32>, range: &Range<usize>, bins: &mut Vec<usize>) {
        let mut value = [0.0_f64; BINS];
        let mut from = vec![[0_u16; BINS]; run.nrows()];
        for (frame, row) in run.rows().into_iter().enumerate() {
            let observation = log_softmax(&row, range);
            if frame == 0 {
                // A uniform start changes nothing.
                for (v, o) in value.iter_mut().zip(&observation) {
                    *v = f64::from(*o);
                }
                continue;
            }
            let jump = first_max(&value);
            let mut next = [0.0; BINS];
            for to in 0..BINS {
                let (mut best, mut source) = (value[jump] + self.never, jump);
                let first = to.saturating_sub(REACH - 1);
                let near = value[first..(to + REACH).min(BINS)].iter().enumerate();
                for (i, v) in near.map(|(i, v)| (first + i, v)) {
                    let score = v + self.band[i][to + REACH - 1 - i];
                    if score > best || (score >= best && i < source) {
                        (best, source) = (score, i);
                    }
                }
                next[to] = best + f64::from(observation[to]);
                from[frame][to] = source as u16;
            }
            value = next;
        }
        let start = bins.len();
        let mut bin = first_max(&value);
        for sources in from.iter().rev() {
            bins.push(bin);
            bin = usize::from(sources[bin]);
        }
        bins[start..].reverse();
    }
}

/// Logarithm of the softmax over the bins within range, in single precision as in torchcrepe.
fn log_softmax(row: &ArrayRef1<f32>, range: &Range<usize>) -> [f32; BINS] {
    let largest = range.clone().fold(f32::NEG_INFINITY, |m, b| m.max(row[b]));
    let mut out = [0.0; BINS];
    for b in range.clone() {
        out[b] = (row[b] - largest).exp();
    }
    let sum: f32 = out.iter().sum();
    out.map(|x| (x / sum + f32::MIN_POSITIVE).ln())
}

fn first_max(values: &[f64; BINS]) -> usize {
    (1..BINS).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}
