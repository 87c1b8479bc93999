//! Cuts a track into parts of one key each, and rests between them.
//!
//! Every frame is given a key, or is part of a rest, so that the sum of all costs is least: a
//! frame costs its distance from the key that it is given, and each change of key has a price. So a
//! step is followed if it stays; a vibrato, which soon comes back, and a short error of the pitch
//! are not worth the price. (A Potts model of L1 distances, solved exactly by dynamic programming.)

use super::track::Track;
use std::ops::Range;

/// Keys that a frame can be given are this far apart, semitones.
const KEY_STEP: f32 = 0.2;
/// Price of a change of key: distance in semitones times seconds. A passing note of one semitone
/// must last for so many seconds, and one half of a vibrato of ±1 semitone at 4 Hz is cheaper.
const CHANGE: f32 = 0.07;
/// A frame costs no more than this distance from its key, semitones, so that an error of an octave
/// is no worse than one of a few semitones.
const FARTHEST: f32 = 1.5;
/// Cost of a frame in a rest that surely has a pitch. It is what a pitch at random costs nearly
/// always if it is given a key.
const REST: f32 = 1.2;
/// Cost of a frame in a note that sounds without pitch.
const UNPITCHED: f32 = 1.0;
/// Cost of a silent frame in a note.
const SILENT: f32 = 4.0;

/// The parts of a track that have a key, in order.
pub(super) fn parts_of_one_key(track: &Track) -> Vec<Range<usize>> {
    let Some(grid) = Grid::of(track) else { return Vec::new() };
    let steps = Steps::of(track, &grid);
    steps.parts(track.len())
}

/// The keys that frames can be given.
struct Grid {
    lowest: f32,
    count: usize,
}

impl Grid {
    /// All keys between the lowest and the highest that is more than a guess.
    fn of(track: &Track) -> Option<Self> {
        let sure = track.keys.iter().zip(&track.certainty).filter(|(_, sure)| **sure > 0.0);
        let (lowest, highest) = sure
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), (key, _)| {
                (low.min(*key), high.max(*key))
            });
        let count = ((highest - lowest) / KEY_STEP).ceil();
        count.is_finite().then(|| Self { lowest, count: count as usize + 1 })
    }

    fn key(&self, index: usize) -> f32 {
        self.lowest + KEY_STEP * index as f32
    }
}

/// How each frame is reached most cheaply.
struct Steps {
    /// For each frame and key one bit: whether the frame is reached by a change to this key.
    changes: Vec<u64>,
    /// Words of `changes` for a frame.
    words: usize,
    /// For each frame, what a change comes from: a key's index, or `None` for a rest.
    from: Vec<Option<usize>>,
    /// For each frame, the key that a rest there comes from; `None` if a rest goes on.
    rest_from: Vec<Option<usize>>,
    /// The key of the last frame, or `None` if it is in a rest.
    last: Option<usize>,
}

impl Steps {
    fn of(track: &Track, grid: &Grid) -> Self {
        let (frames, words) = (track.len(), grid.count.div_ceil(64));
        let mut steps = Self {
            changes: vec![0; frames * words],
            words,
            from: Vec::with_capacity(frames),
            rest_from: Vec::with_capacity(frames),
            last: None,
        };
        let dt = track.step_s();
        // The track begins in a rest.
        let mut costs = vec![f32::INFINITY; grid.count];
        let mut rest = 0.0_f32;
        for frame in 0..frames {
            let (best, least) = cheapest(&costs);
            let from_rest = rest + 0.5 * CHANGE;
            let change = from_rest.min(least + CHANGE);
            steps.from.push((least + CHANGE < from_rest).then_some(best));
            let to_rest = least + 0.5 * CHANGE;
            steps.rest_from.push((to_rest < rest).then_some(best));
            let sure = track.certainty[frame];
            let unsure = if track.sounds(frame) { UNPITCHED } else { SILENT };
            let bits = &mut steps.changes[frame * words..(frame + 1) * words];
            for (index, cost) in costs.iter_mut().enumerate() {
                if change < *cost {
                    *cost = change;
                    bits[index / 64] |= 1 << (index % 64);
                }
                let distance = (track.keys[frame] - grid.key(index)).abs().min(FARTHEST);
                *cost += dt * (sure * distance + (1.0 - sure) * unsure);
            }
            rest = rest.min(to_rest) + dt * sure * REST;
            // Costs count from the least one, so that they keep their precision.
            let base = rest.min(cheapest(&costs).1);
            costs.iter_mut().for_each(|cost| *cost -= base);
            rest -= base;
        }
        let (best, least) = cheapest(&costs);
        steps.last = (least < rest).then_some(best);
        steps
    }

    /// The parts that have one key, found from the last frame back.
    fn parts(&self, frames: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let (mut key, mut stop) = (self.last, frames);
        for frame in (0..frames).rev() {
            match key {
                Some(index) if self.is_change(frame, index) => {
                    parts.push(frame..stop);
                    key = self.from[frame];
                    stop = frame;
                }
                None if self.rest_from[frame].is_some() => {
                    key = self.rest_from[frame];
                    stop = frame;
                }
                _ => {}
            }
        }
        parts.reverse();
        parts
    }

    fn is_change(&self, frame: usize, index: usize) -> bool {
        self.changes[frame * self.words + index / 64] >> (index % 64) & 1 == 1
    }
}

/// The lowest of some costs and its index.
fn cheapest(costs: &[f32]) -> (usize, f32) {
    costs.iter().enumerate().fold((0, f32::INFINITY), |best, (index, &cost)| {
        if cost < best.1 { (index, cost) } else { best }
    })
}
