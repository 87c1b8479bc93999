//! This project's own decoder.
//!
//! The network knows which octave a sound's timbre suggests, and the waveform and its spectrum show
//! the period: all are observations of one path through the bins, whose pitch is then measured on the
//! waveform. The path runs over all bins, so that a tone outside the wanted range is recognised as
//! such.

use super::bins::{bin_to_hz, hz_to_bin};
use super::evidence::score;
use super::periods::{Period, overtone, refine, sharpen};
use super::repetition::{Analyzer, LAGS, Repetition};
use super::{BINS, BLOCK_FRAMES, Crepe, Grid, SAMPLE_RATE_HZ};
use crate::Result;
use crate::Watch;
use crate::analysis::pitch::track::PitchTrack;
use multiversion::multiversion;
use rayon::prelude::*;
use std::ops::Range;

/// Frames after a block that are used to decide its path. Different paths join long before that.
const LOOKAHEAD_FRAMES: usize = 128;
/// Cost of each bin that the path moves by from frame to frame, beyond the first.
const STEP_COST: f32 = 1.2;
/// Cost of a leap to any bin, however far.
const LEAP_COST: f32 = 11.0;
/// A move by this many bins costs as much as a leap.
const LEAP_BINS: usize = 10;
/// A pitch at most this many bins outside the range still counts as inside.
const MARGIN: f64 = 1.0;
/// Probability that the network never reaches for a subharmonic of a tone above its range.
const SURE: f32 = 0.6;
/// Bins from a pitch to its second, third and fourth partial.
const PARTIALS: [usize; 3] = [60, 95, 120];
/// Bins compared at once; they divide all bins.
const LANES: usize = 8;
/// By how much a sound is less similar to itself somewhere before its period than one period later.
const VALLEY: f64 = 0.01;
/// Similarity below which a peak at a short lag may be due to noise alone.
const CLEAR: f64 = 0.7;

/// Tracks the pitch of audio at 16 kHz.
pub(super) fn track(
    crepe: &Crepe,
    audio: &[f32],
    grid: &Grid,
    (fmin, fmax): (f64, f64),
    watch: &Watch,
) -> Result<PitchTrack> {
    let mut track = PitchTrack::default();
    let mut previous = None;
    for start in (0..grid.frames).step_by(BLOCK_FRAMES) {
        watch.check()?;
        let end = (start + BLOCK_FRAMES).min(grid.frames);
        let block =
            Block::observe(crepe, audio, grid, start..(end + LOOKAHEAD_FRAMES).min(grid.frames));
        let path = &block.path(previous)[..end - start];
        previous = path.last().copied();
        let pitches: Vec<(f32, f32)> = path
            .par_iter()
            .enumerate()
            .map(|(i, &bin)| block.pitch(i, bin, audio, fmin, fmax))
            .collect();
        track.f0_hz.extend(pitches.iter().map(|p| p.0));
        track.voicedness.extend(pitches.iter().map(|p| p.1));
    }
    Ok(track)
}

/// The observations of some consecutive frames.
struct Block {
    /// First sample of each frame.
    starts: Vec<isize>,
    /// The network's probability of each bin.
    probabilities: Vec<[f32; BINS]>,
    /// Similarity of each frame with itself at each lag.
    similarity: Vec<[f32; LAGS]>,
    /// How much of each frame's sound lies in its middle, 0 to 1.
    presence: Vec<f32>,
    /// Log likelihood of each bin.
    scores: Vec<[f32; BINS]>,
}

impl Block {
    fn observe(crepe: &Crepe, audio: &[f32], grid: &Grid, frames: Range<usize>) -> Self {
        let starts: Vec<isize> = frames.clone().map(|f| grid.start(f)).collect();
        let mut block = Self {
            probabilities: vec![[0.0; BINS]; starts.len()],
            similarity: vec![[0.0; LAGS]; starts.len()],
            presence: vec![0.0; starts.len()],
            scores: vec![[0.0; BINS]; starts.len()],
            starts,
        };
        crepe.fill(audio, grid, frames.start, block.probabilities.as_flattened_mut());
        let frames = block.scores.par_iter_mut().zip(&block.probabilities);
        let frames = frames.zip(&mut block.similarity).zip(&mut block.presence).zip(&block.starts);
        frames.for_each_init(
            || (Analyzer::new(), Repetition::NONE),
            |(analyzer, found), ((((scores, probabilities), similarity), presence), &start)| {
                analyzer.measure(audio, start, found);
                *similarity = found.similarity;
                *presence = found.presence;
                score(probabilities, found, scores);
            },
        );
        block
    }

    /// The best path through the block's bins. If the bin of the frame before is already decided,
    /// it is `previous`, and the path continues from there.
    fn path(&self, previous: Option<usize>) -> Vec<usize> {
        let mut value = [0.0_f32; BINS];
        if let Some(bin) = previous {
            value = [-LEAP_COST; BINS];
            value[bin] = 0.0;
        }
        let mut columns = Vec::with_capacity(self.starts.len());
        for scores in &self.scores {
            columns.push(value);
            value = advance(&value, scores);
        }
        let mut bin = first_max(&value);
        let mut path = Vec::with_capacity(columns.len());
        for before in columns.iter().rev() {
            path.push(bin);
            bin = source(before, bin);
        }
        path.reverse();
        path
    }

    /// Pitch in Hz and periodicity of frame `i`, given its bin. Both are 0 if there is no pitch in
    /// range.
    fn pitch(&self, i: usize, bin: usize, audio: &[f32], fmin: f64, fmax: f64) -> (f32, f32) {
        let probabilities = &self.probabilities[i];
        let similarity = &self.similarity[i];
        let near = |bin: usize, reach: usize| {
            let bins = bin.saturating_sub(reach).min(BINS)..(bin + reach + 1).min(BINS);
            probabilities[bins].iter().copied().fold(0.0, f32::max)
        };
        let period = refine(similarity, SAMPLE_RATE_HZ / bin_to_hz(bin));
        let Period { lag, clarity } = sharpen(audio, self.starts[i], period);
        let hz = SAMPLE_RATE_HZ / lag;
        let range = hz_to_bin(fmin) - MARGIN..hz_to_bin(fmax) + MARGIN;
        let probability = near(bin, 2);
        // A tone above the network's range also repeats at the periods of its subharmonics, and the
        // network names one of these, unsurely.
        let too_high = probability < SURE
            && clarity > CLEAR
            && overtone(similarity, lag, SAMPLE_RATE_HZ / bin_to_hz(BINS - 1)) > 0.95 * clarity;
        // A step or a click is the less similar to itself the later.
        let mut before = similarity.iter().take(lag as usize).skip(1);
        let repeats = clarity > 0.0 && before.any(|&x| f64::from(x) < clarity - VALLEY);
        if !repeats || !range.contains(&hz_to_bin(hz)) || too_high {
            return (0.0, 0.0);
        }
        // Of a tone without fundamental the network names a partial.
        let heard = PARTIALS.iter().fold(probability, |p, step| p.max(near(bin + step, 1)));
        let periodicity = f64::from(heard * self.presence[i]) * clarity.min(1.0);
        (hz.clamp(fmin, fmax) as f32, periodicity as f32)
    }
}

/// `MOVES[i]` is the cost of moving by `i - (LEAP_BINS - 1)` bins.
const MOVES: [f32; 2 * LEAP_BINS - 1] = {
    let mut costs = [0.0; 2 * LEAP_BINS - 1];
    let mut i = 0;
    while i < costs.len() {
        costs[i] = STEP_COST * i.abs_diff(LEAP_BINS - 1).saturating_sub(1) as f32;
        i += 1;
    }
    costs
};

/// The value of every bin after one more frame, relative to the highest value before.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2", "aarch64+neon"))]
fn advance(value: &[f32; BINS], scores: &[f32; BINS]) -> [f32; BINS] {
    let mut padded = [f32::NEG_INFINITY; BINS + 2 * (LEAP_BINS - 1)];
    padded[LEAP_BINS - 1..][..BINS].copy_from_slice(value);
    let top = highest(value);
    let mut next = [top - LEAP_COST; BINS];
    for (i, cost) in MOVES.iter().enumerate() {
        for (next, value) in next.iter_mut().zip(&padded[i..]) {
            let score = value - cost;
            *next = if score > *next { score } else { *next };
        }
    }
    for (next, score) in next.iter_mut().zip(scores) {
        *next = *next - top + score;
    }
    next
}

/// The bin that the best path to `to` comes from.
fn source(value: &[f32; BINS], to: usize) -> usize {
    let top = first_max(value);
    let (mut best, mut source) = (value[top] - LEAP_COST, top);
    let first = to.saturating_sub(LEAP_BINS - 1);
    for (from, value) in (first..).zip(&value[first..(to + LEAP_BINS).min(BINS)]) {
        let score = value - MOVES[from + LEAP_BINS - 1 - to];
        if score > best {
            (best, source) = (score, from);
        }
    }
    source
}

fn first_max(values: &[f32; BINS]) -> usize {
    let top = highest(values);
    values.iter().position(|&x| x == top).unwrap_or(0)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled for the caller's instruction set")]
fn highest(values: &[f32; BINS]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in values.as_chunks::<LANES>().0 {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}
