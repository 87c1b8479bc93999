//! This project's own decoder.
//!
//! The network knows which octave a sound's timbre suggests, the waveform knows its period: both
//! are observations of one path through the bins, whose pitch the waveform then gives exactly. The
//! path runs over all bins, so a tone outside the wanted range is known for what it is.

use super::decode::{bin_to_hz, hz_to_bin};
use super::periods::{LAGS, Period, Periods, overtone, refine, sharpen};
use super::{BINS, Crepe, Grid, SAMPLE_RATE_HZ, Track};
use crate::Result;
use crate::Watch;
use rayon::prelude::*;
use std::ops::Range;

/// Frames decoded at a time: bounds memory.
const BLOCK: usize = 4096;
/// Frames beyond a block that its path is decided by; paths meet much sooner.
const AHEAD: usize = 128;
/// Added to a probability before its logarithm: what the network's near zeros mean.
const DOUBT: f32 = 0.01;
/// Similarity that none is below: what chance may take away.
const LEAST_SIMILARITY: f32 = 0.05;
/// Added to the share of a frame's power that a period leaves unexplained: what changes from one
/// period to the next in any real sound.
const RESIDUE: f32 = 0.1;
/// Cost of moving by a bin, beyond the first, from frame to frame; and of leaping anywhere.
const STEP_COST: f32 = 0.5;
const LEAP_COST: f32 = 4.0;
/// Moves by as many bins cost as much as a leap.
const LEAP: usize = 9;
/// A pitch as close to an end of the range, in bins, still counts as inside.
const MARGIN: f64 = 1.0;
/// What the network never reaches for a subharmonic of a tone above its range.
const SURE: f64 = 0.6;
/// Similarity below which noise alone makes peaks at short lags.
const CLEAR: f64 = 0.7;

/// Tracks the pitch of audio at 16 kHz.
pub(super) fn track(
    crepe: &Crepe,
    audio: &[f32],
    grid: &Grid,
    (fmin, fmax): (f64, f64),
    watch: &Watch,
) -> Result<Track> {
    let frames = grid.frames;
    let mut track = Track::default();
    let mut previous = None;
    for start in (0..frames).step_by(BLOCK) {
        watch.check()?;
        let end = (start + BLOCK).min(frames);
        let block = Block::observe(crepe, audio, grid, start..(end + AHEAD).min(frames));
        let path = &block.path(previous)[..end - start];
        previous = path.last().copied();
        let pitches: Vec<(f32, f32)> = path
            .par_iter()
            .enumerate()
            .map(|(i, &bin)| block.pitch(i, bin, audio, fmin, fmax))
            .collect();
        track.f0_hz.extend(pitches.iter().map(|p| p.0));
        track.periodicity.extend(pitches.iter().map(|p| p.1));
    }
    Ok(track)
}

/// What is known of a stretch of frames.
struct Block {
    /// First sample of each frame.
    starts: Vec<isize>,
    probabilities: Vec<f32>,
    similarity: Vec<f32>,
    /// Whether each frame's sound is there in its middle.
    presence: Vec<f32>,
    scores: Vec<f32>,
}

impl Block {
    fn observe(crepe: &Crepe, audio: &[f32], grid: &Grid, frames: Range<usize>) -> Self {
        let starts: Vec<isize> = frames.clone().map(|f| grid.start(f)).collect();
        let mut block = Self {
            probabilities: vec![0.0; starts.len() * BINS],
            similarity: vec![0.0; starts.len() * LAGS],
            presence: vec![0.0; starts.len()],
            scores: vec![0.0; starts.len() * BINS],
            starts,
        };
        crepe.fill(audio, grid, frames.start, &mut block.probabilities);
        let lags: Vec<f32> = (0..BINS).map(|b| (SAMPLE_RATE_HZ / bin_to_hz(b)) as f32).collect();
        let frames = block.scores.par_chunks_mut(BINS).zip(block.probabilities.par_chunks(BINS));
        let frames = frames.zip(block.similarity.par_chunks_mut(LAGS));
        let frames = frames.zip(&mut block.presence).zip(&block.starts);
        frames.for_each_init(
            Periods::new,
            |periods, ((((scores, probabilities), similarity), presence), &start)| {
                *presence = periods.similarity(audio, start, similarity);
                for ((score, p), &lag) in scores.iter_mut().zip(probabilities).zip(&lags) {
                    let (below, part) = (lag as usize, lag.fract());
                    let (left, right) = (similarity[below], similarity[below + 1]);
                    let nearest = if part < 0.5 { left } else { right };
                    // Between two samples of a narrow peak a straight line would fall short.
                    let like = nearest.max(left + part * (right - left)).max(LEAST_SIMILARITY);
                    let unexplained = (1.0 - like).max(0.0) + RESIDUE;
                    *score = ((p + DOUBT) * like * like / unexplained).ln();
                }
            },
        );
        block
    }

    /// The best path, from `previous` on where the frame before is decided.
    fn path(&self, previous: Option<usize>) -> Vec<usize> {
        let mut value = [0.0_f32; BINS];
        if let Some(bin) = previous {
            value = [-LEAP_COST; BINS];
            value[bin] = 0.0;
        }
        let mut columns = Vec::with_capacity(self.starts.len());
        for scores in self.scores.chunks_exact(BINS) {
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

    /// Pitch in Hz and periodicity of frame `i` given its bin; both 0 where there is none in range.
    fn pitch(&self, i: usize, bin: usize, audio: &[f32], fmin: f64, fmax: f64) -> (f32, f32) {
        let probabilities = &self.probabilities[i * BINS..][..BINS];
        let similarity = &self.similarity[i * LAGS..][..LAGS];
        let near =
            |bin: usize, reach: usize| bin.saturating_sub(reach)..(bin + reach + 1).min(BINS);
        let summit =
            near(bin, 2).fold(bin, |a, b| if probabilities[b] > probabilities[a] { b } else { a });
        let sums = near(summit, 3).fold((0.0, 0.0), |(sum, weight), b| {
            let p = f64::from(probabilities[b]);
            (sum + p * b as f64, weight + p)
        });
        let centre = if sums.1 > 0.0 { sums.0 / sums.1 } else { summit as f64 };
        let hz = bin_to_hz(0) * (centre / 60.0).exp2();
        let period = refine(similarity, SAMPLE_RATE_HZ / hz);
        let Period { lag, clarity } = sharpen(audio, self.starts[i], period);
        let hz = SAMPLE_RATE_HZ / lag;
        let range = hz_to_bin(fmin) - MARGIN..hz_to_bin(fmax) + MARGIN;
        let probability = f64::from(probabilities[summit]);
        // A tone above the network's range repeats at its subharmonics' periods too, and the
        // network, unsure, names one of them.
        let too_high = probability < SURE
            && clarity > CLEAR
            && overtone(similarity, lag, SAMPLE_RATE_HZ / bin_to_hz(BINS - 1)) > 0.95 * clarity;
        if clarity <= 0.0 || !range.contains(&hz_to_bin(hz)) || too_high {
            return (0.0, 0.0);
        }
        let periodicity = probability * clarity.min(1.0) * f64::from(self.presence[i]);
        (hz.clamp(fmin, fmax) as f32, periodicity as f32)
    }
}

/// Cost of moving by `i - (LEAP - 1)` bins, for every `i`.
const MOVES: [f32; 2 * LEAP - 1] = {
    let mut costs = [0.0; 2 * LEAP - 1];
    let mut i = 0;
    while i < costs.len() {
        costs[i] = STEP_COST * i.abs_diff(LEAP - 1).saturating_sub(1) as f32;
        i += 1;
    }
    costs
};

/// The value of every bin after one more frame, relative to the highest one before.
fn advance(value: &[f32; BINS], scores: &[f32]) -> [f32; BINS] {
    let mut padded = [f32::NEG_INFINITY; BINS + 2 * (LEAP - 1)];
    padded[LEAP - 1..][..BINS].copy_from_slice(value);
    let top = value[first_max(value)];
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
    let first = to.saturating_sub(LEAP - 1);
    for (from, value) in (first..).zip(&value[first..(to + LEAP).min(BINS)]) {
        let score = value - MOVES[from + LEAP - 1 - to];
        if score > best {
            (best, source) = (score, from);
        }
    }
    source
}

fn first_max(values: &[f32; BINS]) -> usize {
    (1..BINS).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}
