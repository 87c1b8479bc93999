//! Notes are found where they were written: random melodies with gaps, slurs, new attacks, vibrato
//! and dynamics.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use wms::corpus::{Note, find_notes_in};

/// How a note follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Joint {
    /// After a silence of so many seconds.
    Gap(f64),
    /// At once, with a new attack behind a short dip.
    Attack,
    /// At once, on another key, without a dip.
    Slur,
}

#[derive(Clone, Debug)]
struct Written {
    joint: Joint,
    /// Semitones from the note before.
    interval: i32,
    seconds: f64,
    level_db: f64,
    vibrato_keys: f64,
    vibrato_hz: f64,
    onset_s: f64,
    release_s: f64,
}

fn joint() -> impl Strategy<Value = Joint> {
    prop_oneof![(0.06..0.5_f64).prop_map(Joint::Gap), Just(Joint::Attack), Just(Joint::Slur)]
}

fn written() -> impl Strategy<Value = Written> {
    let shape = (0.15..1.5_f64, -30.0..-8.0_f64, 0.0..1.0_f64, 4.0..8.0_f64);
    (joint(), -7..8, shape, 0.015..0.06_f64, 0.03..0.08_f64).prop_map(
        |(joint, interval, (seconds, level_db, vibrato_keys, vibrato_hz), onset_s, release_s)| {
            // A slur goes to another key.
            let interval = if joint == Joint::Slur && interval == 0 { 1 } else { interval };
            Written {
                joint,
                interval,
                seconds,
                level_db,
                // A vibrato is heard as one if the note has time for it.
                vibrato_keys: if seconds > 0.4 { vibrato_keys } else { 0.0 },
                vibrato_hz,
                onset_s,
                release_s,
            }
        },
    )
}

/// What is played, frame by frame, and where its notes are.
struct Played {
    f0_hz: Vec<f32>,
    voicedness: Vec<f32>,
    loudness_db: Vec<f32>,
    /// Seconds of begin and end, and the key.
    notes: Vec<(f64, f64, f64)>,
    slurred: Vec<bool>,
}

fn play(melody: &[Written], rate_hz: f64) -> Played {
    let mut notes = Vec::new();
    let mut slurred = Vec::new();
    let mut levels_db: Vec<f64> = Vec::new();
    let (mut time, mut key) = (0.2, 65.0);
    for note in melody {
        // A slur that leaps in loudness is a new attack.
        let reach = if note.joint == Joint::Slur { 6.0 } else { 100.0 };
        let before = levels_db.last().copied().unwrap_or(note.level_db);
        levels_db.push(note.level_db.clamp(before - reach, before + reach));
        if let Joint::Gap(seconds) = note.joint {
            time += seconds;
        }
        key += f64::from(note.interval);
        // Stay within the range of an instrument.
        if !(40.0..90.0).contains(&key) {
            key -= 2.0 * f64::from(note.interval);
        }
        notes.push((time, time + note.seconds, key));
        slurred.push(note.joint == Joint::Slur && !slurred.is_empty());
        time += note.seconds;
    }
    let frames = ((time + 0.3) * rate_hz) as usize;
    let mut random = 1_u32;
    let mut noise = move || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(random >> 8) / f64::from(1_u32 << 24) - 0.5
    };
    let mut played = Played {
        f0_hz: Vec::new(),
        voicedness: Vec::new(),
        loudness_db: Vec::new(),
        notes: notes.clone(),
        slurred: slurred.clone(),
    };
    for frame in 0..frames {
        let t = frame as f64 / rate_hz;
        let place = notes.iter().position(|&(start, stop, _)| (start..stop).contains(&t));
        let mut level = -90.0 + noise();
        let (mut voiced, mut pitch) = (0.1 * (noise() + 0.5), 60.0 + 40.0 * noise());
        if let Some(place) = place {
            let (start, stop, key) = notes[place];
            let note = &melody[place];
            let turn = std::f64::consts::TAU * note.vibrato_hz * (t - start);
            pitch = key + note.vibrato_keys * turn.sin() + 0.1 * noise();
            voiced = 0.9 + 0.1 * noise();
            // Vibrato moves the loudness too.
            level = levels_db[place] + 2.0 * note.vibrato_keys * turn.cos() + noise();
            let next_is_slur = slurred.get(place + 1) == Some(&true);
            if !slurred[place] && t - start < note.onset_s {
                level += 25.0 * ((t - start) / note.onset_s - 1.0);
            }
            if slurred[place] && t - start < 0.03 && place > 0 {
                let way = 0.5 + (t - start) / 0.06;
                pitch = notes[place - 1].2 + way * (key - notes[place - 1].2);
                level = levels_db[place - 1] + way * (levels_db[place] - levels_db[place - 1]);
            }
            if !next_is_slur && stop - t < note.release_s {
                level += 25.0 * ((stop - t) / note.release_s - 1.0);
            }
        }
        played.f0_hz.push((440.0 * ((pitch - 69.0) / 12.0).exp2()) as f32);
        played.voicedness.push(voiced as f32);
        played.loudness_db.push(level as f32);
    }
    played
}

fn found(played: &Played, rate_hz: f64) -> Vec<Note> {
    let files = vec![0; played.f0_hz.len()];
    let Played { f0_hz, voicedness, loudness_db, .. } = played;
    find_notes_in(&files, f0_hz, voicedness, loudness_db, rate_hz)
}

fn melodies(count: usize) -> impl Iterator<Item = Vec<Written>> {
    let mut runner = TestRunner::deterministic();
    let melody = prop::collection::vec(written(), 3..12);
    (0..count).filter_map(move |_| melody.new_tree(&mut runner).ok().map(|tree| tree.current()))
}

#[test]
fn borders_of_random_melodies_are_found_within_50_ms() {
    for rate_hz in [62.5, 44100.0 / 256.0] {
        let (mut borders, mut right, mut many) = (0, 0, 0);
        let (mut keys, mut slurs, mut matched) = (0, 0, 0);
        for melody in melodies(150) {
            let played = play(&melody, rate_hz);
            let notes = found(&played, rate_hz);
            many += notes.len();
            for (&(start, stop, key), &slurred) in played.notes.iter().zip(&played.slurred) {
                let near = |frame: usize, t: f64| (frame as f64 / rate_hz - t).abs() <= 0.05;
                let by_start = notes.iter().find(|note| near(note.first, start));
                borders += 2;
                right += usize::from(by_start.is_some());
                right += usize::from(notes.iter().any(|note| near(note.stop, stop)));
                if let Some(note) = by_start {
                    matched += 1;
                    keys += usize::from((f64::from(note.key) - key).abs() < 0.3);
                    slurs += usize::from(note.slurred == slurred);
                }
            }
        }
        let share = |part: usize, all: usize| part as f64 / all as f64;
        println!(
            "{rate_hz:.1}: {:.3} borders, {:.3} notes, {:.3} keys, {:.3} slurs",
            share(right, borders),
            share(2 * many, borders),
            share(keys, matched),
            share(slurs, matched)
        );
        assert!(share(right, borders) >= 0.95);
        assert!((0.95..1.05).contains(&share(2 * many, borders)));
        assert!(share(keys, matched) >= 0.97);
        assert!(share(slurs, matched) >= 0.95);
    }
}

#[test]
fn vibrato_is_one_note_and_a_glide_no_dozen() {
    let rate_hz = 44100.0 / 256.0;
    let frames = 4 * 172;
    let count = |key: &dyn Fn(f64) -> f64| {
        let f0_hz: Vec<f32> = (0..frames)
            .map(|frame| (440.0 * ((key(frame as f64 / rate_hz) - 69.0) / 12.0).exp2()) as f32)
            .collect();
        find_notes_in(&vec![0; frames], &f0_hz, &vec![1.0; frames], &vec![-20.0; frames], rate_hz)
            .len()
    };
    for tenths in 40..=80 {
        let turn = std::f64::consts::TAU * f64::from(tenths) / 10.0;
        assert_eq!(count(&|t| 60.3 + (turn * t).sin()), 1, "{tenths} tenths of Hz");
    }
    // An octave in all four seconds, and in half a second between two notes.
    assert!(count(&|t| 60.0 + 3.0 * t) <= 3);
    assert_eq!(count(&|t| 60.0 + (24.0 * (t - 2.0)).clamp(0.0, 12.0)), 2);
    // A step that stays, of one semitone.
    assert_eq!(count(&|t| if t < 2.0 { 60.0 } else { 61.0 }), 2);
}

#[test]
fn sound_without_pitch_is_found_as_stretches() {
    let rate_hz = 100.0;
    let random = |frame: usize| ((frame * 7919) % 1000) as f32;
    let f0_hz: Vec<f32> = (0..600).map(|frame| 50.0 + random(frame)).collect();
    let level: Vec<f32> = (0..600).map(|at| if at % 200 < 150 { -20.0 } else { -120.0 }).collect();
    let notes = find_notes_in(&vec![0; 600], &f0_hz, &vec![0.05; 600], &level, rate_hz);
    let ranges: Vec<_> = notes.iter().map(|note| note.first..note.stop).collect();
    assert_eq!(ranges, [0..150, 200..350, 400..550]);
    assert!(notes.iter().all(|note| note.key.is_nan()));
}

#[test]
fn onset_and_release_are_where_loudness_settles_and_falls() {
    let rate_hz = 100.0;
    // 0.2 s of onset, a second of sustain, half a second of release.
    let level = |t: f64| match t {
        _ if t < 0.2 => -40.0 + 100.0 * t,
        _ if t < 1.2 => -20.0,
        _ => -20.0 - 40.0 * (t - 1.2),
    };
    let level: Vec<f32> = (0..170).map(|frame| level(f64::from(frame) / rate_hz) as f32).collect();
    let notes = find_notes_in(&[0; 170], &[220.0; 170], &[1.0; 170], &level, rate_hz);
    assert_eq!(notes.len(), 1);
    let Note { first, settled, release, stop, key, loudness_db, .. } = notes[0];
    assert!(first <= 1 && (15..=21).contains(&settled), "{first} {settled}");
    assert!((120..=135).contains(&release) && stop >= 168, "{release} {stop}");
    assert!((key - 57.0).abs() < 1e-3 && (loudness_db + 20.0).abs() < 1.0);
}

#[test]
fn notes_never_cross_recordings() {
    let files: Vec<i32> = (0..300).map(|frame| if frame < 90 { 0 } else { 2 }).collect();
    let notes = find_notes_in(&files, &[220.0; 300], &[1.0; 300], &[-20.0; 300], 100.0);
    let found: Vec<_> = notes.iter().map(|note| (note.file, note.first, note.stop)).collect();
    assert_eq!(found, [(0, 0, 90), (2, 90, 300)]);
}

proptest! {
    #[test]
    fn any_frames_give_notes_in_order(
        frames in prop::collection::vec((any::<f32>(), any::<f32>(), any::<f32>()), 0..300),
        sane in prop::collection::vec((40.0..2000.0_f32, 0.0..1.0_f32, -90.0..0.0_f32), 0..300),
        rate_hz in 10.0..400.0_f64,
    ) {
        for track in [frames, sane] {
            let f0_hz: Vec<f32> = track.iter().map(|frame| frame.0).collect();
            let voicedness: Vec<f32> = track.iter().map(|frame| frame.1).collect();
            let level: Vec<f32> = track.iter().map(|frame| frame.2).collect();
            let notes = find_notes_in(&vec![0; track.len()], &f0_hz, &voicedness, &level, rate_hz);
            let mut free_from = 0;
            for note in notes {
                prop_assert!(note.first >= free_from, "{note:?}");
                prop_assert!(note.first <= note.settled && note.settled < note.release, "{note:?}");
                prop_assert!(note.release <= note.stop && note.stop <= track.len(), "{note:?}");
                free_from = note.stop;
            }
        }
    }
}
