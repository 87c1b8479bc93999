//! Where notes begin, settle, are released and end.

use super::Note;
use super::attacks::is_slurred;
use super::cores::{SAME_KEY, cores, median_key};
use super::track::{Track, quantile};
use crate::corpus::loudness::SILENCE_DB;
use std::ops::Range;

/// What is this much softer than a note is no longer part of it, dB.
const NOTE_RANGE_DB: f32 = 40.0;
/// Beside a note, the soft frames are taken for noise; what belongs to the note is this much
/// louder, dB.
const FLOOR_PART: f64 = 0.25;
const NOISE_DB: f32 = 6.0;
/// How far a note may reach beyond its pitched core, s: noise before it, what rings behind it.
const BEFORE_S: f64 = 0.15;
const BEHIND_S: f64 = 0.6;
/// The onset ends when loudness is within this of the sustain's, dB, and the pitch within this of
/// the note's key, semitones.
const SETTLED_DB: f32 = 3.0;
const SETTLED_KEYS: f32 = 1.2;
/// The longest onset, s, and the largest part of a note that it is.
const LONGEST_ONSET_S: f64 = 0.6;
const LARGEST_ONSET: f64 = 0.5;
/// The release begins where loudness stays this far below the line of the sustain, dB.
const RELEASED_DB: f32 = 4.0;
/// The pitch is on its way from one slurred note to the next for no longer than this, s.
const SLUR_S: f64 = 0.08;
/// The part of a note behind its onset that surely is sustain.
const SURE_SUSTAIN: f64 = 0.8;
/// Sound without pitch that is shorter is no stretch, s.
const SHORTEST_STRETCH_S: f64 = 0.1;

/// The notes of a track and its stretches without pitch, in order; `file` is 0.
pub(super) fn notes(track: &Track) -> Vec<Note> {
    let cores = cores(track);
    let mut notes: Vec<Note> = Vec::new();
    let mut free_from = 0;
    for (place, core) in cores.iter().enumerate() {
        let border = cores.get(place + 1).map_or(track.len(), |next| border(track, core, next));
        let note = shaped(track, core, free_from..border);
        // On the same key there is a border only where there was an attack.
        let slurred = place > 0
            && core.start - cores[place - 1].end <= track.frames(SLUR_S)
            && notes.last().is_some_and(|before| (note.key - before.key).abs() >= SAME_KEY)
            && is_slurred(track, note.first);
        stretches(track, free_from..note.first, &mut notes);
        notes.push(Note { slurred, ..note });
        free_from = note.stop;
    }
    stretches(track, free_from..track.len(), &mut notes);
    notes
}

/// The frame from which on sound between two cores belongs to the second: the softest one.
fn border(track: &Track, core: &Range<usize>, next: &Range<usize>) -> usize {
    let between = core.end..next.start + 1;
    between
        .rev()
        .min_by(|&a, &b| track.loudness_db[a].total_cmp(&track.loudness_db[b]))
        .unwrap_or(next.start)
}

/// The note of a core, which takes what it can of the frames that are free around it.
fn shaped(track: &Track, core: &Range<usize>, free: Range<usize>) -> Note {
    let loud = core.clone().map(|at| track.loudness_db[at]).fold(f32::NEG_INFINITY, f32::max);
    let least_db = track.silent_db.max(loud - NOTE_RANGE_DB);
    let earliest = free.start.max(core.start.saturating_sub(track.frames(BEFORE_S)));
    let latest = free.end.min(core.end + track.frames(BEHIND_S));
    let mut first = core.start.max(free.start);
    let heard_db = least_db.max(floor_db(track, free.start..first, loud));
    while first > earliest && track.loudness_db[first - 1] > heard_db {
        first -= 1;
    }
    let mut stop = core.end.min(free.end);
    let heard_db = least_db.max(floor_db(track, stop..free.end, loud));
    while stop < latest && track.loudness_db[stop] > heard_db {
        stop += 1;
    }
    let key = median_key(track, core);
    let settled = settled(track, first..stop, key);
    let release = release(track, settled, stop);
    // What bends into the note does not count for its key.
    let sure_from = settled.clamp(core.start, core.end - 1);
    let key = median_key(track, &(sure_from..release.clamp(sure_from + 1, core.end)));
    let loudness_db = mean_db(track, settled..release);
    Note { file: 0, first, settled, release, stop, key, loudness_db, slurred: false }
}

/// Loudness above which sound beside a core is more than the noise of the recording, dB. Sound
/// nearly as loud as the note is no noise.
fn floor_db(track: &Track, beside: Range<usize>, loud_db: f32) -> f32 {
    let soft_db = quantile(track.loudness_db[beside].to_vec(), FLOOR_PART);
    soft_db.map_or(SILENCE_DB, |db| (db + NOISE_DB).min(loud_db - 2.0 * NOISE_DB))
}

/// The first frame behind the onset of a note.
fn settled(track: &Track, note: Range<usize>, key: f32) -> usize {
    let most = (LARGEST_ONSET * note.len() as f64) as usize;
    let most = most.min(track.frames(LONGEST_ONSET_S));
    let quarter = note.len() / 4;
    let sustain_db = track.median_db(note.start + quarter..note.end - quarter);
    (note.start..note.start + most)
        .find(|&at| {
            track.loudness_db[at] >= sustain_db - SETTLED_DB
                && (track.keys[at] - key).abs() <= SETTLED_KEYS
        })
        .unwrap_or(note.start + most)
}

/// The first frame of the release of a note, behind its settled frame.
fn release(track: &Track, settled: usize, stop: usize) -> usize {
    let mut sustain_end = settled + (SURE_SUSTAIN * (stop - settled) as f64) as usize;
    // The first line may reach into the release.
    for _ in 0..2 {
        let line = Line::through(&track.loudness_db[settled..sustain_end.max(settled + 1)]);
        let holds = |&at: &usize| track.loudness_db[at] >= line.at(at - settled) - RELEASED_DB;
        sustain_end = (settled..stop).rev().find(holds).map_or(stop, |last| last + 1);
    }
    sustain_end.clamp(settled + 1, stop.max(settled + 1))
}

/// A straight line through values at 0, 1, 2 ... with the least squared distance.
struct Line {
    offset: f32,
    slope: f32,
}

impl Line {
    fn through(values: &[f32]) -> Self {
        let middle = 0.5 * (values.len() as f32 - 1.0);
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let (mut products, mut squares) = (0.0, 0.0);
        for (place, value) in values.iter().enumerate() {
            let from_middle = place as f32 - middle;
            products += from_middle * (value - mean);
            squares += from_middle * from_middle;
        }
        let slope = if squares > 0.0 { products / squares } else { 0.0 };
        Self { offset: mean - slope * middle, slope }
    }

    fn at(&self, place: usize) -> f32 {
        self.offset + self.slope * place as f32
    }
}

/// Appends the stretches of frames that sound.
fn stretches(track: &Track, range: Range<usize>, notes: &mut Vec<Note>) {
    let shortest = track.frames(SHORTEST_STRETCH_S);
    let frames: Vec<usize> = range.filter(|&frame| track.sounds(frame)).collect();
    for run in frames.chunk_by(|a, b| a + 1 == *b).filter(|run| run.len() >= shortest) {
        let (first, stop) = (run[0], run[0] + run.len());
        notes.push(Note {
            file: 0,
            first,
            settled: first,
            release: stop,
            stop,
            key: f32::NAN,
            loudness_db: mean_db(track, first..stop),
            slurred: false,
        });
    }
}

/// Level of the mean power of some frames, dB.
fn mean_db(track: &Track, frames: Range<usize>) -> f32 {
    let count = frames.len().max(1) as f32;
    let power: f32 = frames.map(|at| 10.0_f32.powf(0.1 * track.loudness_db[at])).sum();
    10.0 * (power / count).log10()
}
