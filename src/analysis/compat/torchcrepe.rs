//! torchcrepe's decoders: from probabilities of pitch bins to a pitch track.

use crate::analysis::pitch::crepe::BINS;
use crate::analysis::pitch::crepe::bins::{bin_cents, bin_to_hz, bins_between, cents_to_hz};
use crate::analysis::pitch::max_plus::{ROW_MULTIPLE, banded_maximum};
use crate::analysis::pitch::track::PitchTrack;
use crate::{Error, Result};
use ndarray::{ArrayRef1, ArrayRef2, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// Frames per batch of torchcrepe; [`viterbi`] decodes each batch separately.
pub(crate) const BATCH_FRAMES: usize = 256;
/// Smallest distance in bins that a path of [`viterbi`] cannot move from one frame to the next.
const BAND: usize = 12;
/// Bins on either side that [`weighted_argmax`] averages over.
const SPREAD: usize = 4;

/// Decodes each frame by itself: the pitch is the centre of its likeliest bin from `fmin` to `fmax`
/// (Hz), the voicedness that bin's probability.
///
/// `probabilities` has shape `(T, BINS)`.
///
/// # Errors
/// [`Error::Parameter`] if there are not [`BINS`] columns, or for the reasons of [`bins_between`].
pub fn argmax(probabilities: &ArrayRef2<f32>, fmin: f64, fmax: f64) -> Result<PitchTrack> {
    let bins = likeliest(probabilities, &bins_between(fmin, fmax)?)?;
    Ok(track(probabilities, &bins, |_, bin| bin_to_hz(bin)))
}

/// Decodes each frame by itself: the pitch is a weighted mean of up to nine bins around the
/// likeliest one from `fmin` to `fmax` (Hz).
///
/// The weights are the sigmoid of the bins' probabilities, because torchcrepe treats these as
/// logits.
/// `probabilities` has shape `(T, BINS)`.
///
/// # Errors
/// The same as [`argmax`].
pub fn weighted_argmax(probabilities: &ArrayRef2<f32>, fmin: f64, fmax: f64) -> Result<PitchTrack> {
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

/// Decodes the most likely path through the bins from `fmin` to `fmax` (Hz): torchcrepe's Viterbi
/// decoder, without the random dither that it adds.
///
/// Each batch of 256 frames is decoded by itself, from a uniform start. Observations
/// are the softmax over the probabilities within range; the probability of a transition falls
/// linearly with its distance and is 0 from 12 bins on. `probabilities` has shape `(T, BINS)`.
///
/// # Errors
/// The same as [`argmax`].
pub fn viterbi(probabilities: &ArrayRef2<f32>, fmin: f64, fmax: f64) -> Result<PitchTrack> {
    let range = bins_between(fmin, fmax)?;
    check(probabilities)?;
    let transitions = Transitions::new();
    let batches: Vec<_> = probabilities.axis_chunks_iter(Axis(0), BATCH_FRAMES).collect();
    let bins: Vec<usize> =
        batches.par_iter().flat_map(|batch| transitions.decode(batch, &range)).collect();
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
) -> PitchTrack {
    let frames = bins.iter().enumerate();
    PitchTrack {
        f0_hz: frames.clone().map(|(frame, &bin)| hz(frame, bin) as f32).collect(),
        voicedness: frames.map(|(frame, &bin)| probabilities[[frame, bin]]).collect(),
    }
}

/// Number of moves that a path can make from one frame to the next.
const MOVES: usize = 2 * BAND - 1;
/// Length of a row of values: `BAND - 1` impossible ones before the first bin, and more after the
/// last.
const PADDED: usize = (BINS + BAND - 1).next_multiple_of(ROW_MULTIPLE) + ROW_MULTIPLE;

/// Logarithms of the transition matrix, which is a band.
struct Transitions {
    /// `band[i * PADDED + to]`: the log probability of coming to `to` from `to + i - (BAND - 1)`.
    band: Vec<f64>,
    /// The log probability of any other transition.
    never: f64,
}

impl Transitions {
    fn new() -> Self {
        // librosa adds float32's smallest normal number before taking any logarithm.
        let tiny = f64::from(f32::MIN_POSITIVE);
        let weight = |from: usize, to: usize| BAND.saturating_sub(from.abs_diff(to)) as f64;
        let mut band = vec![f64::NEG_INFINITY; MOVES * PADDED];
        for from in 0..BINS {
            let near = from.saturating_sub(BAND - 1)..(from + BAND).min(BINS);
            let sum: f64 = near.clone().map(|to| weight(from, to)).sum();
            for to in near {
                band[(from + BAND - 1 - to) * PADDED + to] = (weight(from, to) / sum + tiny).ln();
            }
        }
        Self { band, never: tiny.ln() }
    }

    /// The likeliest path through one batch.
    fn decode(&self, batch: &ArrayRef2<f32>, range: &Range<usize>) -> Vec<usize> {
        let band: Vec<&[f64]> = self.band.chunks_exact(PADDED).collect();
        let mut columns = vec![f64::NEG_INFINITY; batch.nrows() * PADDED];
        let mut likeliest = Vec::with_capacity(batch.nrows());
        let mut next = [0.0; BINS.next_multiple_of(ROW_MULTIPLE)];
        for (frame, row) in batch.rows().into_iter().enumerate() {
            let observation = log_softmax(&row, range);
            let (before, column) = columns.split_at_mut(frame * PADDED);
            let values = &mut column[BAND - 1..][..BINS];
            if frame == 0 {
                // A uniform start favours no bin.
                for (value, o) in values.iter_mut().zip(&observation) {
                    *value = f64::from(*o);
                }
            } else {
                let before = &before[(frame - 1) * PADDED..];
                let anywhere = before[BAND - 1 + likeliest[frame - 1]] + self.never;
                banded_maximum(before, &band, &mut next);
                for ((value, best), o) in values.iter_mut().zip(&next).zip(&observation) {
                    *value = best.max(anywhere) + f64::from(*o);
                }
            }
            likeliest.push(first_max(values));
        }
        let mut bins = Vec::with_capacity(batch.nrows());
        let ends = columns.chunks_exact(PADDED).zip(likeliest);
        for (column, likeliest) in ends.rev() {
            let bin = bins.last().map_or(likeliest, |&to| self.source(column, likeliest, to));
            bins.push(bin);
        }
        bins.reverse();
        bins
    }

    /// The bin that the path to `to` comes from, the lowest of equally likely ones.
    fn source(&self, column: &[f64], likeliest: usize, to: usize) -> usize {
        let (mut best, mut source) = (column[BAND - 1 + likeliest] + self.never, likeliest);
        let first = to.saturating_sub(BAND - 1);
        for from in first..(to + BAND).min(BINS) {
            let step = self.band[(from + BAND - 1 - to) * PADDED + to];
            let score = column[BAND - 1 + from] + step;
            if score > best || (score >= best && from < source) {
                (best, source) = (score, from);
            }
        }
        source
    }
}

/// Logarithm of the softmax over the bins within range, in single precision as in torchcrepe.
fn log_softmax(row: &ArrayRef1<f32>, range: &Range<usize>) -> [f32; BINS] {
    let largest = range.clone().fold(f32::NEG_INFINITY, |m, b| m.max(row[b]));
    let mut out = [0.0; BINS];
    for (x, &p) in out[range.clone()].iter_mut().zip(row.iter().skip(range.start)) {
        *x = (p - largest).exp();
    }
    let sum: f32 = out.iter().sum();
    for x in &mut out {
        *x = (*x / sum + f32::MIN_POSITIVE).ln();
    }
    out
}

fn first_max(values: &[f64]) -> usize {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.iter().position(|&value| value == largest).unwrap_or(0)
}
