//! What a player does, heard from outside: modes, glides, places, touch, exchanged models.

mod common;

use std::sync::Arc;

use common::{constant_model, model};
use wms::model::{Model, Precision};
use wms::synth::{Engine, EngineOptions, Event, Expression, Instrument, Mode, Settings};

const RATE: f64 = 48_000.0;

fn engine(model: &Arc<Model>, settings: Settings) -> Engine {
    let options = EngineOptions { sample_rate: RATE, settings, ..EngineOptions::default() };
    Engine::new(Arc::clone(model), &options).unwrap()
}

fn quiet_noise() -> Settings {
    Settings { noise: 0.0, gain: 1.0, ..Settings::default() }
}

fn run(engine: &mut Engine, samples: usize) -> (Vec<f32>, Vec<f32>) {
    let (mut left, mut right) = (vec![f32::NAN; samples], vec![f32::NAN; samples]);
    engine.process(&mut left, &mut right);
    (left, right)
}

fn on(note: u8) -> Event {
    Event::NoteOn { channel: 0, note, velocity: 1.0 }
}

fn off(note: u8) -> Event {
    Event::NoteOff { channel: 0, note }
}

fn rms(signal: &[f32]) -> f64 {
    (signal.iter().map(|v| f64::from(v * v)).sum::<f64>() / signal.len() as f64).sqrt()
}

/// A model with one partial, so that the pitch can be measured from the zero crossings.
fn sine() -> Arc<Model> {
    let mut magnitudes = vec![0.0; 80];
    magnitudes[2] = 10.0;
    constant_model(&magnitudes, 2)
}

/// Pitch of a sine in Hz, from its first and last zero crossing.
fn pitch_hz(signal: &[f32]) -> f64 {
    let crossings: Vec<f64> = (1..signal.len())
        .filter(|&i| signal[i - 1] < 0.0 && signal[i] >= 0.0)
        .map(|i| {
            let (a, b) = (f64::from(signal[i - 1]), f64::from(signal[i]));
            i as f64 - b / (b - a)
        })
        .collect();
    let (first, last) = (crossings[0], crossings[crossings.len() - 1]);
    RATE * (crossings.len() - 1) as f64 / (last - first)
}

fn key_hz(note: u8) -> f64 {
    440.0 * ((f64::from(note) - 69.0) / 12.0).exp2()
}

fn assert_pitch(signal: &[f32], wanted_hz: f64) {
    let cents = 1200.0 * (pitch_hz(signal) / wanted_hz).log2();
    assert!(cents.abs() < 0.1, "{cents} cents from {wanted_hz} Hz");
}

#[test]
fn one_note_at_a_time_and_back_to_the_key_still_held() {
    for mode in [Mode::Mono, Mode::Legato] {
        let mut engine = engine(&sine(), Settings { mode, ..quiet_noise() });
        engine.handle(on(60));
        run(&mut engine, 4800);
        engine.handle(on(67));
        run(&mut engine, 4800);
        assert_pitch(&run(&mut engine, 9600).0, key_hz(67));
        assert_eq!(engine.active_voices(), 1, "{mode:?}");
        engine.handle(off(67));
        run(&mut engine, 4800);
        assert_pitch(&run(&mut engine, 9600).0, key_hz(60));
        // Releasing a key that does not sound changes nothing.
        engine.handle(on(72));
        engine.handle(off(60));
        run(&mut engine, 4800);
        assert_pitch(&run(&mut engine, 9600).0, key_hz(72));
        engine.handle(off(72));
        run(&mut engine, 9600);
        assert!(engine.is_silent(), "{mode:?}");
    }
}

#[test]
fn legato_goes_on_where_mono_begins_anew() {
    let level = |mode: Mode| {
        let mut settings = Settings { mode, ..quiet_noise() };
        settings.envelope.attack_s = 0.5;
        let mut engine = engine(&sine(), settings);
        engine.handle(on(60));
        run(&mut engine, 48_000);
        engine.handle(on(64));
        run(&mut engine, 1000);
        rms(&run(&mut engine, 480).0)
    };
    assert!(level(Mode::Legato) > 5.0 * level(Mode::Mono));
}

#[test]
fn a_glide_takes_its_time_and_arrives() {
    for mode in [Mode::Poly, Mode::Legato] {
        let mut engine = engine(&sine(), Settings { mode, glide_s: 0.2, ..quiet_noise() });
        engine.handle(on(48));
        run(&mut engine, 9600);
        if mode == Mode::Poly {
            engine.handle(Event::AllSoundOff { channel: None });
            run(&mut engine, 4800);
        }
        engine.handle(on(60));
        let start = pitch_hz(&run(&mut engine, 1000).0);
        assert!(start < 1.3 * key_hz(48), "{mode:?} begins at {start} Hz");
        run(&mut engine, 8600);
        let late = pitch_hz(&run(&mut engine, 1200).0);
        assert!((late / key_hz(60)).log2().abs() < 0.02, "{mode:?} is at {late} Hz after 0.2 s");
        run(&mut engine, 40_000);
        assert_pitch(&run(&mut engine, 9600).0, key_hz(60));
    }
}

#[test]
fn unison_is_wide_and_no_louder() {
    let mut one = engine(&sine(), quiet_noise());
    let settings = Settings { unison: 5, detune_cents: 30.0, spread: 1.0, ..quiet_noise() };
    let mut five = engine(&sine(), settings);
    one.handle(on(60));
    five.handle(on(60));
    assert_eq!(five.active_voices(), 5);
    let (single, _) = run(&mut one, 96_000);
    let (left, right) = run(&mut five, 96_000);
    let db = 20.0 * (rms(&left) / rms(&single)).log10();
    assert!(db.abs() < 2.0, "{db} dB");
    let difference: Vec<f32> = left.iter().zip(&right).map(|(a, b)| a - b).collect();
    assert!(rms(&difference) > 0.5 * rms(&left), "both sides differ");
    five.handle(off(60));
    run(&mut five, 9600);
    assert!(five.is_silent());
}

#[test]
fn notes_stand_where_they_are_put_at_constant_power() {
    let mut engine = engine(&sine(), quiet_noise());
    engine.handle(on(60));
    run(&mut engine, 4800);
    let mut powers = Vec::new();
    for pan in [-1.0, -0.5, 0.0, 0.5, 1.0] {
        engine.handle(Event::Channel { channel: 0, expression: Expression::Pan(pan) });
        run(&mut engine, 9600);
        let (left, right) = run(&mut engine, 4800);
        powers.push(rms(&left).powi(2) + rms(&right).powi(2));
        match pan {
            -1.0 => assert!(rms(&right) < 1e-3 * rms(&left)),
            0.0 => assert_eq!(left, right),
            1.0 => assert!(rms(&left) < 1e-3 * rms(&right)),
            _ => {}
        }
    }
    assert!(powers.iter().all(|p| (p / powers[0] - 1.0).abs() < 0.01), "{powers:?}");
}

#[test]
fn expression_moves_one_note_or_its_channel_and_those_to_come() {
    let mut engine = engine(&sine(), quiet_noise());
    let note = |note, expression| Event::Note { channel: None, note: Some(note), expression };
    engine.handle(on(60));
    engine.handle(note(60, Expression::Tuning(0.5)));
    engine.handle(note(61, Expression::Tuning(7.0)));
    run(&mut engine, 9600);
    assert_pitch(&run(&mut engine, 9600).0, key_hz(60) * (0.5f64 / 12.0).exp2());
    // A channel's bend is added to it, and also applies to later notes.
    engine.handle(Event::bend(0, -1.0));
    engine.handle(Event::AllNotesOff { channel: 0 });
    run(&mut engine, 9600);
    engine.handle(on(62));
    run(&mut engine, 4800);
    assert_pitch(&run(&mut engine, 9600).0, key_hz(61));
    // The same in MPE, where each note has a channel of its own.
    engine.handle(Event::Channel { channel: 5, expression: Expression::Tuning(2.0) });
    assert_pitch(&run(&mut engine, 9600).0, key_hz(61));
}

/// The network inputs of the newest voice after some time.
fn inputs(engine: &mut Engine) -> Vec<f32> {
    run(engine, 48_000);
    engine.newest_voice().map(|(inputs, ..)| inputs.to_vec()).unwrap()
}

#[test]
fn touch_moves_the_first_timbre_input() {
    let model = model();
    let space = |engine: &Engine, input: f32| engine.space().value(0, input).unwrap();
    let mut soft = engine(&model, Settings { velocity_timbre: 1.0, ..quiet_noise() });
    let rest = space(&soft, soft.space().rest()[0]);
    soft.handle(Event::NoteOn { channel: 0, note: 60, velocity: 0.25 });
    let at = inputs(&mut soft)[0];
    assert!((space(&soft, at) - (rest - 0.5)).abs() < 1e-3, "{at}");

    let mut played = engine(&model, quiet_noise());
    played.handle(on(60));
    let channel = |expression| Event::Channel { channel: 0, expression };
    played.handle(channel(Expression::Pressure(0.5)));
    let at = inputs(&mut played)[0];
    assert!((space(&played, at) - (rest + 1.0)).abs() < 1e-3, "{at}");
    played.handle(channel(Expression::Brightness(-1.0)));
    let at = inputs(&mut played)[0];
    assert!((space(&played, at) - (rest - 1.0)).abs() < 1e-3, "{at}");
    // An offset for one note alone, on another input.
    let before = inputs(&mut played);
    let offset = Expression::Timbre { input: 2, offset: 0.75 };
    played.handle(Event::Note { channel: Some(0), note: Some(60), expression: offset });
    let after = inputs(&mut played);
    assert!((after[2] - before[2] - 0.75).abs() < 1e-3 && (after[1] - before[1]).abs() < 1e-3);
    // 0 on the player's scale is the mean of the training data.
    played.handle(Event::Timbre { input: 3, value: 0.0 });
    assert!((inputs(&mut played)[3] - model.config().statistics.mean[3]).abs() < 1e-3);
}

#[test]
fn a_held_note_comes_to_the_inputs_of_a_steady_tone() {
    let model = model();
    // The last note is above all pitches of the training data.
    for note in [40, 60, 100] {
        let mut engine = engine(&model, quiet_noise());
        engine.handle(on(note));
        engine.handle(Event::Timbre { input: 2, value: 0.5 });
        engine.handle(Event::Timbre { input: 3, value: 1e6 });
        let held = inputs(&mut engine);
        let steady = engine.space().inputs(key_hz(note), &[(2, 0.5), (3, 1e6)]);
        for (index, (a, b)) in held.iter().zip(&steady).enumerate() {
            assert!((a - b).abs() < 1e-4, "note {note}, input {index}: {a} {b}");
        }
        let (low, high) = engine.space().range(3).unwrap();
        let (known_low, known_high) = engine.space().known_range(3).unwrap();
        let margin = 0.5 * (known_high - known_low);
        assert!((engine.space().value(3, steady[3]).unwrap() - high).abs() < 1e-3);
        assert!(
            (known_low - low - margin).abs() < 1e-3 && (high - known_high - margin).abs() < 1e-3
        );
    }
}

#[test]
fn velocity_needs_not_change_the_level() {
    let level = |velocity: f32, velocity_level: f64| {
        let mut engine = engine(&sine(), Settings { velocity_level, ..quiet_noise() });
        engine.handle(Event::NoteOn { channel: 0, note: 60, velocity });
        run(&mut engine, 4800);
        rms(&run(&mut engine, 4800).0)
    };
    assert!((level(0.5, 1.0) / level(1.0, 1.0) - 0.25).abs() < 1e-3);
    assert!((level(0.5, 0.0) / level(1.0, 0.0) - 1.0).abs() < 1e-3);
}

#[test]
fn fewer_voices_are_kept_while_it_plays() {
    let mut engine = engine(&sine(), quiet_noise());
    for note in 50..60 {
        engine.handle(on(note));
    }
    run(&mut engine, 4800);
    assert_eq!(engine.active_voices(), 10);
    engine.set(&Settings { voices: 2, ..quiet_noise() });
    engine.handle(Event::AllNotesOff { channel: 0 });
    run(&mut engine, 9600);
    for note in 50..60 {
        engine.handle(on(note));
        run(&mut engine, 4800);
    }
    assert_eq!(engine.active_voices(), 2);
}

#[test]
fn settings_that_change_do_not_click() {
    let magnitudes: Vec<f32> =
        (0..80).map(|i| if i % 2 == 0 { 40.0 / (1 + i) as f32 } else { 0.0 }).collect();
    let mut engine = engine(&constant_model(&magnitudes, 2), quiet_noise());
    engine.handle(on(50));
    run(&mut engine, 24_000);
    let bend = |part: &[f32]| {
        part.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0f32, f32::max)
    };
    let changes: [fn(&mut Settings); 7] = [
        |s| s.gain = 0.25,
        |s| s.gain = 1.0,
        |s| s.tuning_hz = 415.0,
        |s| s.velocity_level = 0.0,
        |s| s.spread = 1.0,
        |s| s.normalise = true,
        |s| s.envelope.sustain = 0.5,
    ];
    let mut settings = quiet_noise();
    for (number, change) in changes.into_iter().enumerate() {
        let (before, _) = run(&mut engine, 9600);
        change(&mut settings);
        engine.set(&settings);
        let (during, _) = run(&mut engine, 24_000);
        let steady = bend(&before).max(bend(&during[14_400..]));
        assert!(bend(&during) < 1.1 * steady, "change {number}: {} {steady}", bend(&during));
    }
}

#[test]
fn reduced_precision_is_not_heard() {
    let render = |precision: Precision| {
        let settings = Settings { noise: 0.0, ..Settings::default() };
        let options = EngineOptions { precision, settings, ..EngineOptions::default() };
        let mut engine = Engine::new(model(), &options).unwrap();
        let mut sound = Vec::new();
        for (i, note) in [45, 57, 64, 72, 81].into_iter().enumerate() {
            engine.handle(Event::Timbre { input: i, value: 1.0 });
            engine.handle(on(note));
            sound.extend(run(&mut engine, 24_000).0);
            engine.handle(off(note));
        }
        sound
    };
    let (exact, reduced) = (render(Precision::Single), render(Precision::Reduced));
    let difference: Vec<f32> = exact.iter().zip(&reduced).map(|(a, b)| a - b).collect();
    let db = 20.0 * (rms(&difference) / rms(&exact)).log10();
    assert!(db < -80.0, "{db} dB");
}

#[test]
fn another_model_takes_over_without_a_click() {
    let (dark, bright) = (sine(), constant_model(&[3.0; 40], 2));
    let mut instrument = Instrument::new(Box::new(engine(&dark, quiet_noise())));
    let play = |instrument: &mut Instrument, samples: usize| {
        let (mut left, mut right) = (vec![0.0; samples], vec![0.0; samples]);
        instrument.process(&mut left, &mut right);
        left
    };
    for event in [on(45), Event::bend(0, 2.0), Event::Sustain { channel: 0, down: true }] {
        instrument.handle(event);
    }
    let mut sound = play(&mut instrument, 24_000);
    instrument.handle(off(45));
    assert!(instrument.exchange(Box::new(engine(&bright, quiet_noise()))).is_ok());
    let refused = instrument.exchange(Box::new(engine(&bright, quiet_noise())));
    assert!(refused.is_err(), "one exchange at a time");
    let change = play(&mut instrument, 4800);
    let after = play(&mut instrument, 24_000);
    assert!(instrument.is_ready() || instrument.collect().is_some());
    sound.extend(&change);
    sound.extend(&after);
    let bend = |part: &[f32]| {
        part.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0f32, f32::max)
    };
    let steady = bend(&after[12_000..]);
    assert!(bend(&sound[12_000..]) < 1.1 * steady, "{} {steady}", bend(&sound[12_000..]));
    let lowest = sound[24_000..].chunks(480).map(rms).fold(f64::INFINITY, f64::min);
    assert!(lowest > 0.2 * rms(&sound[12_000..24_000]), "no gap: {lowest}");
    // The note is held by the pedal and ends when the pedal comes up; the bend still applies.
    instrument.handle(Event::Sustain { channel: 0, down: false });
    play(&mut instrument, 9600);
    assert!(instrument.engine().is_silent());
    instrument.handle(on(69));
    play(&mut instrument, 4800);
    let (_, _, f0_hz) = instrument.engine().newest_voice().unwrap();
    assert!((1200.0 * (f0_hz / key_hz(71)).log2()).abs() < 0.1, "{f0_hz}");
}

fn level(engine: &mut Engine) -> f64 {
    run(engine, 4800);
    rms(&run(engine, 4800).0)
}

#[test]
fn pedals_hold_notes_whose_keys_come_up() {
    let key = |channel, note| Event::NoteOn { channel, note, velocity: 1.0 };
    let sustain = |down| Event::Sustain { channel: 0, down };
    let sostenuto = |down| Event::Sostenuto { channel: 0, down };
    let mut engine = engine(&sine(), quiet_noise());
    // One message releases all keys; the pedal still holds the notes of its own channel.
    for event in [sustain(true), on(60), key(1, 64), Event::AllNotesOff { channel: 0 }] {
        engine.handle(event);
    }
    engine.handle(Event::AllNotesOff { channel: 1 });
    level(&mut engine);
    assert!(engine.sounds(0, 60) && !engine.sounds(1, 64));
    engine.handle(sustain(false));
    level(&mut engine);
    assert!(engine.is_silent());
    // Sostenuto holds what is down when it is pressed, and nothing that comes later.
    for event in [on(60), sostenuto(true), on(64), off(60), off(64)] {
        engine.handle(event);
    }
    level(&mut engine);
    assert!(engine.sounds(0, 60) && !engine.sounds(0, 64));
    // With both pedals down, a note ends when the second of them comes up.
    for event in [sustain(true), on(67), off(67), sostenuto(false)] {
        engine.handle(event);
    }
    level(&mut engine);
    assert!(engine.sounds(0, 60) && engine.sounds(0, 67));
    for event in [sostenuto(true), sustain(false)] {
        engine.handle(event);
    }
    level(&mut engine);
    assert!(engine.is_silent(), "sostenuto takes no note whose key is up");
    // A key that is still down keeps its note when the pedal comes up.
    for event in [on(60), sostenuto(false), sostenuto(true), sostenuto(false)] {
        engine.handle(event);
    }
    level(&mut engine);
    assert!(engine.sounds(0, 60));
}

#[test]
fn all_sound_off_is_for_one_channel_or_all() {
    let mut engine = engine(&sine(), quiet_noise());
    for channel in 0..3 {
        engine.handle(Event::Sustain { channel, down: true });
        engine.handle(Event::NoteOn { channel, note: 60, velocity: 1.0 });
    }
    run(&mut engine, 4800);
    engine.handle(Event::AllSoundOff { channel: Some(1) });
    run(&mut engine, 960);
    assert!(engine.sounds(0, 60) && !engine.sounds(1, 60) && engine.sounds(2, 60));
    engine.handle(Event::AllSoundOff { channel: None });
    run(&mut engine, 960);
    assert!(engine.is_silent());
}

#[test]
fn the_soft_pedal_softens_notes_that_begin_while_it_is_down() {
    let mut engine = engine(&sine(), quiet_noise());
    engine.handle(on(60));
    let loud = level(&mut engine);
    engine.handle(Event::Soft { channel: 0, down: true });
    assert!((level(&mut engine) / loud - 1.0).abs() < 0.01, "the note sounds on as it was");
    engine.handle(Event::AllSoundOff { channel: None });
    run(&mut engine, 4800);
    engine.handle(on(60));
    let softened_db = 20.0 * (level(&mut engine) / loud).log10();
    assert!((softened_db + 3.01).abs() < 0.1, "{softened_db} dB");
    engine.handle(Event::AllSoundOff { channel: None });
    engine.handle(Event::Soft { channel: 0, down: false });
    run(&mut engine, 4800);
    engine.handle(on(60));
    assert!((level(&mut engine) / loud - 1.0).abs() < 0.01);
}

#[test]
fn automation_sets_the_inputs_themselves() {
    let model = model();
    let mut engine = engine(&model, quiet_noise());
    engine.handle(Event::Automation { input: 1, position: 0.75 });
    engine.handle(Event::Automation { input: 9, position: 0.75 });
    // Inputs run from -3 to 3, the voicedness from 0 to 1.
    assert!((engine.timbre()[1] - 1.5).abs() < 1e-5 && (engine.timbre()[9] - 0.75).abs() < 1e-6);
    let before = engine.timbre().to_vec();
    for input in [8, 10, 99] {
        engine.handle(Event::Automation { input, position: 0.1 });
    }
    engine.handle(Event::Automation { input: 2, position: f32::NAN });
    assert_eq!(
        engine.timbre(),
        before,
        "neither the pitch nor numbers beyond the inputs nor NaN move anything"
    );
}
