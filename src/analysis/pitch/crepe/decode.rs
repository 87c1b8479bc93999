//! torchcrepe's decoders: probabilities of pitch bins to a pitch track.

use super::super::reach::{LANES, reach};
use super::{BINS, Track};
use crate::{Error, Result};
use ndarray::{ArrayRef1, ArrayRef2, Axis};
use rayon::prelude::*;
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
    let runs: Vec<_> = probabilities.axis_chunks_iter(Axis(0), RUN).collect();
    let bins: Vec<usize> =
        runs.par_iter().flat_map(|run| transitions.decode(run, &range)).collect();
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

/// Steps of a path from bin to bin that are possible at all.
const STEPS: usize = 2 * REACH - 1;
/// A row of values with `REACH - 1` impossible ones before the first bin, and more after the last.
const PADDED: usize = (BINS + REACH - 1).next_multiple_of(LANES) + LANES;

/// Logarithms of the transition matrix, a band.
struct Transitions {
    /// `[i * PADDED + to]`: coming to `to` from `to + i - (REACH - 1)`.
    band: Vec<f64>,
    /// Outside the band.
    never: f64,
}

impl Transitions {
    fn new() -> Self {
        // librosa adds float32's smallest normal number before taking any logarithm.
        let tiny = f64::from(f32::MIN_POSITIVE);
        let weight = |from: usize, to: usize| REACH.saturating_sub(from.abs_diff(to)) as f64;
        let mut band = vec![f64::NEG_INFINITY; STEPS * PADDED];
        for from in 0..BINS {
            let near = from.saturating_sub(REACH - 1)..(from + REACH).min(BINS);
            let sum: f64 = near.clone().map(|to| weight(from, to)).sum();
            for to in near {
                band[(from + REACH - 1 - to) * PADDED + to] = (weight(from, to) / sum + tiny).ln();
            }
        }
        Self { band, never: tiny.ln() }
    }

    /// The likeliest path through one run.
    fn decode(&self, run: &ArrayRef2<f32>, range: &Range<usize>) -> Vec<usize> {
        let band: Vec<&[f64]> = self.band.chunks_exact(PADDED).collect();
        let mut columns = vec![f64::NEG_INFINITY; run.nrows() * PADDED];
        let mut likeliest = Vec::with_capacity(run.nrows());
        let mut next = [0.0; BINS.next_multiple_of(LANES)];
        for (frame, row) in run.rows().into_iter().enumerate() {
            let observation = log_softmax(&row, range);
            let (before, column) = columns.split_at_mut(frame * PADDED);
            let values = &mut column[REACH - 1..][..BINS];
            if frame == 0 {
                // A uniform start changes nothing.
                for (value, o) in values.iter_mut().zip(&observation) {
                    *value = f64::from(*o);
                }
            } else {
                let before = &before[(frame - 1) * PADDED..];
                let leap = before[REACH - 1 + likeliest[frame - 1]] + self.never;
                reach(before, &band, &mut next);
                for ((value, best), o) in values.iter_mut().zip(&next).zip(&observation) {
                    *value = best.max(leap) + f64::from(*o);
                }
            }
            likeliest.push(first_max(values));
        }
        let mut bins = Vec::with_capacity(run.nrows());
        let ends = columns.chunks_exact(PADDED).zip(likeliest);
        for (column, jump) in ends.rev() {
            let bin = bins.last().map_or(jump, |&to| self.source(column, jump, to));
            bins.push(bin);
        }
        bins.reverse();
        bins
    }

    /// The bin before `to`, the lowest of equally likely ones.
    fn source(&self, column: &[f64], jump: usize, to: usize) -> usize {
        let (mut best, mut source) = (column[REACH - 1 + jump] + self.never, jump);
        let first = to.saturating_sub(REACH - 1);
        for from in first..(to + REACH).min(BINS) {
            let step = self.band[(from + REACH - 1 - to) * PADDED + to];
            let score = column[REACH - 1 + from] + step;
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
