//! From parts of one key to the pitched cores of notes: glides belong to the note that they reach,
//! and a new attack on the same key is a new note.

use super::attacks::attacks;
use super::path::parts_of_one_key;
use super::track::{Track, quantile};
use std::ops::Range;

/// Neighbouring parts whose keys differ by less, semitones, are one note that is bent.
pub(super) const SAME_KEY: f32 = 0.65;
/// A part in which the pitch moves by this share of the steps around it is on the way.
const GLIDING: f32 = 0.55;
/// A core that is shorter is no note, s.
const SHORTEST_S: f64 = 0.05;

/// The pitched cores of the notes of a track, in order.
pub(super) fn cores(track: &Track) -> Vec<Range<usize>> {
    let parts = parts_of_one_key(track);
    let mut cores = Vec::new();
    for run in runs(&parts) {
        let notes = without_glides(track, &without_bends(track, run));
        cores.extend(notes.into_iter().flat_map(|note| split_at_attacks(track, note)));
    }
    cores.retain(|core| core.len() >= track.frames(SHORTEST_S));
    cores
}

/// Groups of parts without a rest between them.
fn runs(parts: &[Range<usize>]) -> impl Iterator<Item = Vec<Range<usize>>> {
    parts.chunk_by(|before, after| before.end == after.start).map(<[_]>::to_vec)
}

/// Joins neighbours of nearly the same key, those that differ least first.
fn without_bends(track: &Track, mut parts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut keys: Vec<f32> = parts.iter().map(|part| median_key(track, part)).collect();
    loop {
        let steps = keys.windows(2).map(|pair| (pair[1] - pair[0]).abs()).enumerate();
        match steps.min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((place, step)) if step < SAME_KEY => {
                let joined = parts[place].start..parts[place + 1].end;
                keys[place] = median_key(track, &joined);
                parts[place] = joined;
                keys.remove(place + 1);
                parts.remove(place + 1);
            }
            _ => return parts,
        }
    }
}

/// Joins parts on the way to another pitch to the note that they lead to, or, at the end, to the
/// one that they come from.
fn without_glides(track: &Track, parts: &[Range<usize>]) -> Vec<Range<usize>> {
    let keys: Vec<f32> = parts.iter().map(|part| median_key(track, part)).collect();
    let gliding = |place: usize| {
        let up_to = place.checked_sub(1).map(|before| keys[place] - keys[before]);
        let up_from = keys.get(place + 1).map(|after| after - keys[place]);
        let step = match (up_to, up_from) {
            (Some(to), Some(from)) if to * from > 0.0 => 0.5 * (to + from),
            (Some(step), None) | (None, Some(step)) => step,
            _ => return false,
        };
        movement(track, &parts[place]) / step > GLIDING
    };
    let mut notes: Vec<Range<usize>> = Vec::new();
    let mut begun = None;
    for (place, part) in parts.iter().enumerate() {
        let start = *begun.get_or_insert(part.start);
        if !gliding(place) {
            notes.push(start..part.end);
            begun = None;
        }
    }
    if let (Some(start), Some(end)) = (begun, parts.last().map(|part| part.end)) {
        match notes.last_mut() {
            Some(note) => note.end = end,
            None => notes.push(start..end),
        }
    }
    notes
}

/// How far the pitch moves from the begin of a part to its end, semitones: of a straight line all
/// the way.
fn movement(track: &Track, part: &Range<usize>) -> f32 {
    let third = part.len().div_ceil(3);
    let first = median_key(track, &(part.start..part.start + third));
    let last = median_key(track, &(part.end - third..part.end));
    1.5 * (last - first)
}

fn split_at_attacks(track: &Track, note: Range<usize>) -> Vec<Range<usize>> {
    let mut edges = vec![note.start];
    edges.extend(attacks(track, &note));
    edges.push(note.end);
    edges.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Median pitch of the frames that are sure, or of all if none is.
pub(super) fn median_key(track: &Track, part: &Range<usize>) -> f32 {
    let frames = part.clone();
    let sure: Vec<f32> = frames
        .filter(|&frame| track.certainty[frame] >= 0.5)
        .map(|frame| track.keys[frame])
        .collect();
    let keys = if sure.is_empty() { track.keys[part.clone()].to_vec() } else { sure };
    quantile(keys, 0.5).unwrap_or(0.0)
}
