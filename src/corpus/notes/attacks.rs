//! Finds where a note is struck, blown or bowed anew, by its loudness.

use super::track::Track;
use std::ops::Range;

/// A new attack is a rise of so many dB ...
const RISE_DB: f32 = 6.0;
/// ... within this time, s. A tremolo of 8 Hz that goes up and down by 7 dB rises more slowly.
const RISE_S: f64 = 0.04;
/// This part of the rise stays for this time, s. Behind a click it does not.
const STAY: f32 = 0.7;
const STAY_S: f64 = 0.06;
/// Attacks are at least so far from each other and from the begin of the note, s: the onset of a
/// note may rise in steps.
const APART_S: f64 = 0.1;
/// A slur dips by less than this below the softer of its two notes, dB.
const SLUR_DIP_DB: f32 = 6.0;
/// ... and rises by less than this at once, dB.
const SLUR_RISE_DB: f32 = 9.0;
/// A dip between two notes is looked for so far around their border, s.
const DIP_S: f64 = 0.04;
/// What a note's loudness is beside a border, is measured over this time, s.
const BESIDE_S: f64 = 0.15;

/// Frames inside a note, each the first of a new attack, in order.
pub(super) fn attacks(track: &Track, note: &Range<usize>) -> Vec<usize> {
    let apart = track.frames(APART_S);
    let mut found: Vec<usize> = Vec::new();
    let mut from = note.start + apart;
    while let Some(attack) = next_attack(track, from..note.end.saturating_sub(apart / 2)) {
        found.push(attack);
        from = attack + apart;
    }
    found
}

/// The softest frame before the first rise in a range of frames that stays.
fn next_attack(track: &Track, mut range: Range<usize>) -> Option<usize> {
    let half = half_rise(track);
    loop {
        let risen = range.clone().find(|&frame| rise_db(track, frame) >= RISE_DB)?;
        // From where it begins to rise to where it rises most.
        let window = risen..(risen + 2 * half + 1).min(range.end);
        let steepest = window.max_by(|&a, &b| rise_db(track, a).total_cmp(&rise_db(track, b)))?;
        let before_db = track.loudness_db[steepest.saturating_sub(half)];
        let stays = steepest + half..steepest + half + track.frames(STAY_S);
        if track.median_db(stays) >= before_db + STAY * RISE_DB {
            let valley = steepest.saturating_sub(2 * half).max(range.start)..steepest + 1;
            let db = |at: &usize| track.loudness_db[*at];
            return valley.min_by(|a, b| db(a).total_cmp(&db(b)));
        }
        range.start = steepest + 2 * half;
    }
}

/// Whether two notes that meet at a frame are slurred: without a dip and without a new attack.
pub(super) fn is_slurred(track: &Track, border: usize) -> bool {
    let (dip, beside) = (track.frames(DIP_S), track.frames(BESIDE_S));
    let around = border.saturating_sub(dip)..(border + dip + 1).min(track.len());
    let lowest = around.clone().map(|at| track.loudness_db[at]).fold(f32::INFINITY, f32::min);
    let before = track.median_db(border.saturating_sub(dip + beside)..border.saturating_sub(dip));
    let after = track.median_db(border + dip..border + dip + beside);
    let rise = around.map(|at| rise_db(track, at)).fold(f32::NEG_INFINITY, f32::max);
    lowest > before.min(after) - SLUR_DIP_DB && rise < SLUR_RISE_DB
}

fn half_rise(track: &Track) -> usize {
    track.frames(0.5 * RISE_S)
}

/// By how much it is louder shortly after a frame than shortly before, dB.
fn rise_db(track: &Track, frame: usize) -> f32 {
    let half = half_rise(track);
    let last = track.len() - 1;
    track.loudness_db[(frame + half).min(last)] - track.loudness_db[frame.saturating_sub(half)]
}
