//! Finds the notes in analysed recordings.
//!
//! A note is found by pitch (a step that stays), by loudness (a new attack) and by voicedness.
//! What sounds without pitch is cut at silence into stretches, which are notes without a key.

mod attacks;
mod cores;
mod path;
mod shape;
mod track;

use super::frames::Frames;
use std::ops::Range;
use track::Track;

/// A note of a recording, or a stretch of it that sounds without pitch.
///
/// Its frames are `first..stop`: the onset is `first..settled`, the sustain `settled..release`, and
/// the release `release..stop`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// The recording, as an index into [`Frames::files`].
    pub file: usize,
    /// The first frame.
    pub first: usize,
    /// The first frame behind the onset, where pitch and loudness have settled.
    pub settled: usize,
    /// The first frame of the release: from here on it only falls.
    pub release: usize,
    /// The frame behind the last one.
    pub stop: usize,
    /// Median pitch of the sustain, fractional MIDI key; NaN for a stretch without pitch.
    pub key: f32,
    /// Mean loudness of the sustain, dB ([`Frames::loudness_db`]).
    pub loudness_db: f32,
    /// Whether it follows the note before without a new attack.
    pub slurred: bool,
}

/// Finds the notes of all recordings, in the order of their frames; no two share a frame.
pub fn find_notes(frames: &Frames) -> Vec<Note> {
    let features = frames.features.view();
    let analysis = frames.params.analysis();
    find_notes_in(
        frames.file_index.view().as_slice().unwrap_or(&[]),
        features.f0_hz.as_slice().unwrap_or(&[]),
        features.voicedness.as_slice().unwrap_or(&[]),
        &frames.loudness_db(),
        f64::from(analysis.sample_rate) / analysis.hop_size as f64,
    )
}

/// Finds the notes of frames whose features are given, `T` values each; see [`find_notes`].
///
/// `file_index` never decreases; `frame_rate_hz` is the number of frames of a second.
pub fn find_notes_in(
    file_index: &[i32],
    f0_hz: &[f32],
    voicedness: &[f32],
    loudness_db: &[f32],
    frame_rate_hz: f64,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut start = 0;
    for file in file_index.chunk_by(|a, b| a == b) {
        let frames: Range<usize> = start..start + file.len();
        start = frames.end;
        let (Some(f0_hz), Some(voicedness), Some(loudness_db)) = (
            f0_hz.get(frames.clone()),
            voicedness.get(frames.clone()),
            loudness_db.get(frames.clone()),
        ) else {
            break;
        };
        let track = Track::new(f0_hz, voicedness, loudness_db, frame_rate_hz);
        let index = file.first().and_then(|&index| usize::try_from(index).ok()).unwrap_or(0);
        notes.extend(shape::notes(&track).into_iter().map(|note| Note {
            file: index,
            first: frames.start + note.first,
            settled: frames.start + note.settled,
            release: frames.start + note.release,
            stop: frames.start + note.stop,
            ..note
        }));
    }
    notes
}
