//! This project's own decoder.
//!
//! The network knows which octave a sound's timbre suggests, and the waveform shows its period: both
//! are observations of one path through the bins, whose pitch is then measured on the waveform. The
//! path runs over all bins, so that a tone outside the wanted range is recognised as such.

use super::bins::{bin_to_hz, hz_to_bin};
use super::periods::{LAGS, Period, Periods, overtone, refine, sharpen};
use super::{BINS, BLOCK_FRAMES, Crepe, Grid, SAMPLE_RATE_HZ};
use crate::Result;
use crate::Watch;
use crate::analysis::logarithm::logarithms;
use crate::analysis::pitch::track::PitchTrack;
use rayon::prelude::*;
use std::ops::Range;

/// Frames after a block that are used to decide its path. Different paths join long before that.
const LOOKAHEAD_FRAMES: usize = 128;
/// Added to a probability before its logarithm is taken, because differences between probabilities
/// this small mean nothing.
const PROBABILITY_FLOOR: f32 = 0.01;
/// Lowest similarity that counts, so that one bad frame cannot rule out a bin.
const SIMILARITY_FLOOR: f32 = 0.05;
/// Added to the share of a frame's power that a period does not explain, because every real sound
/// changes a little from one period to the next.
const RESIDUE: f32 = 0.1;
/// Cost of each bin that the path moves by from frame to frame, beyond the first.
const STEP_COST: f32 = 0.5;
/// Cost of a leap to any bin, however far.
const LEAP_COST: f32 = 4.0;
/// A move by this many bins costs as much as a leap.
const LEAP_BINS: usize = 9;
/// A pitch at most this many bins outside the range still counts as inside.
const MARGIN: f64 = 1.0;
/// Probability that the network never reaches for a subharmonic of a tone above its range.
const SURE: f64 = 0.6;
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
        let lags: Vec<f32> = (0..BINS).map(|b| (SAMPLE_RATE_HZ / bin_to_hz(b)) as f32).collect();
        let frames = block.scores.par_iter_mut().zip(&block.probabilities);
        let frames = frames.zip(&mut block.similarity).zip(&mut block.presence).zip(&block.starts);
        frames.for_each_init(
            Periods::new,
            |periods, ((((scores, probabilities), similarity), presence), &start)| {
                *presence = periods.similarity(audio, start, similarity);
                for ((score, p), &lag) in scores.iter_mut().zip(probabilities).zip(&lags) {
                    let (below, part) = (lag as usize, lag.fract());
                    let (left, right) = (similarity[below], similarity[below + 1]);
                    let nearest = if part < 0.5 { left } else { right };
                    // A straight line between two samples would cut off a narrow peak.
                    let like = nearest.max(left + part * (right - left)).max(SIMILARITY_FLOOR);
                    let unexplained = (1.0 - like).max(0.0) + RESIDUE;
                    *score = (p + PROBABILITY_FLOOR) * like * like / unexplained;
                }
                logarithms(scores);
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
        // A tone above the network's range also repeats at the periods of its subharmonics, and the
        // network names one of these, unsurely.
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
fn advance(value: &[f32; BINS], scores: &[f32; BINS]) -> [f32; BINS] {
    let mut padded = [f32::NEG_INFINITY; BINS + 2 * (LEAP_BINS - 1)];
    padded[LEAP_BINS - 1..][..BINS].copy_from_slice(value);
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
    (1..BINS).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}
