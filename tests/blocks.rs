//! The output does not depend on how the host divides time into blocks, whatever is played when.

mod common;

use std::sync::Arc;

use common::{config, network, partial_model};
use proptest::prelude::*;
use serde_json::json;
use wms::model::{Model, ModelConfig};
use wms::synth::{Engine, EngineOptions, Event, Expression, Instrument, Mode, Settings};

/// Length of each trial in samples.
const LENGTH: usize = 24_000;
/// Sample rates (Hz) and hops (samples) of the analysed sound, so that the network's frames last
/// from 0.3 to 46 ms.
const FRAMES: [(u32, usize); 5] =
    [(16_000, 256), (44_100, 512), (44_100, 100), (24_000, 8), (22_050, 1024)];

/// Something that happens in a trial.
#[derive(Clone, Debug)]
enum Action {
    Play(Event),
    Set(Box<Settings>),
    /// Another engine takes over from the one that plays.
    Exchange,
}

/// The golden network (stored reference), or one of generation WMS-2, with this sample rate and hop.
fn model(sample_rate: u32, hop_size: usize, partials: bool) -> Arc<Model> {
    if partials {
        return partial_model(sample_rate, hop_size);
    }
    let mut config = config();
    config["sample_rate"] = json!(sample_rate);
    config["hop_size"] = json!(hop_size);
    let config = ModelConfig::from_json(config).unwrap();
    Arc::new(Model::new(config, network("2026-08")).unwrap())
}

/// Plays `actions`, sorted by their sample, in blocks of the sizes that `sizes` gives in turn.
fn play(
    model: &Arc<Model>,
    options: &EngineOptions,
    actions: &[(usize, Action)],
    sizes: &[usize],
) -> Vec<[f32; 2]> {
    let engine = || Box::new(Engine::new(Arc::clone(model), options).unwrap());
    let mut instrument = Instrument::new(engine());
    let mut sizes = sizes.iter().copied().cycle();
    let mut output = Vec::new();
    let mut run_to = |instrument: &mut Instrument, until: usize| {
        while output.len() < until {
            let size = sizes.next().unwrap().clamp(1, until - output.len());
            let (mut left, mut right) = (vec![f32::NAN; size], vec![f32::NAN; size]);
            instrument.process(&mut left, &mut right);
            output.extend(left.into_iter().zip(right).map(|(left, right)| [left, right]));
        }
    };
    for (at, action) in actions {
        run_to(&mut instrument, *at);
        match action {
            Action::Play(event) => instrument.handle(*event),
            Action::Set(settings) => instrument.set(settings),
            Action::Exchange => {
                drop(instrument.collect());
                drop(instrument.exchange(engine()));
            }
        }
    }
    run_to(&mut instrument, LENGTH);
    output
}

/// The first sample that differs by more than 1e-6, and the two values.
fn difference(a: &[[f32; 2]], b: &[[f32; 2]]) -> Option<(usize, [f32; 2], [f32; 2])> {
    let differs = |(a, b): (&[f32; 2], &[f32; 2])| {
        a.iter().zip(b).any(|(a, b)| (a - b).abs().max(0.0) > 1e-6 || a.is_nan() != b.is_nan())
    };
    let place = a.iter().zip(b).position(differs)?;
    Some((place, a[place], b[place]))
}

fn notes() -> impl Strategy<Value = Event> {
    let key = || 40..52_u8;
    prop_oneof![
        4 => (key(), 0.05..1.0_f32)
            .prop_map(|(note, velocity)| Event::NoteOn { channel: 0, note, velocity }),
        4 => key().prop_map(|note| Event::NoteOff { channel: 0, note }),
        1 => Just(Event::AllNotesOff { channel: 0 }),
        1 => (0..3u8).prop_map(|c| Event::AllSoundOff { channel: (c < 2).then_some(c) }),
    ]
}

fn controllers() -> impl Strategy<Value = Event> {
    prop_oneof![
        (-24.0..24.0_f32).prop_map(|semitones| Event::bend(0, semitones)),
        (0.0..1.0_f32).prop_map(|gain| Event::volume(0, gain)),
        any::<bool>().prop_map(|down| Event::Sostenuto { channel: 0, down }),
        any::<bool>().prop_map(|down| Event::Soft { channel: 0, down }),
        (0..10_usize, -2.0..2.0_f32).prop_map(|(input, value)| Event::Timbre { input, value }),
        (40..52_u8, -1.0..1.0_f32).prop_map(|(note, pan)| Event::Note {
            channel: None,
            note: Some(note),
            expression: Expression::Pan(pan)
        }),
        any::<bool>().prop_map(|down| Event::Sustain { channel: 0, down }),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let modes = prop_oneof![4 => Just(Mode::Poly), 1 => Just(Mode::Mono), 1 => Just(Mode::Legato)];
    (modes, 0.001..0.03_f64, 1..4_usize, 0.0..0.1_f64, any::<bool>(), any::<bool>()).prop_map(
        |(mode, release_s, unison, glide_s, normalise, noisy)| {
            let mut settings = Settings {
                mode,
                unison,
                glide_s: if glide_s < 0.05 { 0.0 } else { glide_s },
                normalise,
                noise: f64::from(u8::from(noisy)),
                ..Settings::default()
            };
            settings.envelope.release_s = release_s;
            settings
        },
    )
}

/// Random actions with the samples at which they happen: mostly notes, with silences in between.
fn actions() -> impl Strategy<Value = Vec<(usize, Action)>> {
    let action = prop_oneof![
        12 => notes().prop_map(Action::Play),
        3 => controllers().prop_map(Action::Play),
        1 => settings().prop_map(|settings| Action::Set(Box::new(settings))),
        1 => Just(Action::Exchange),
    ];
    proptest::collection::vec((0..LENGTH, action), 1..24).prop_map(|mut actions| {
        actions.sort_by_key(|(at, _)| *at);
        actions
    })
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        prop_oneof![Just(1_usize), Just(16), Just(64), Just(480), Just(2048)]
            .prop_map(|size| vec![size]),
        proptest::collection::vec(1..3000_usize, 1..20),
        proptest::collection::vec(1..40_usize, 1..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn blocks_are_not_heard(
        (sample_rate, hop_size) in prop::sample::select(&FRAMES[..]),
        partials in any::<bool>(),
        rate in prop::sample::select(&[44_100.0, 48_000.0, 96_000.0][..]),
        max_voices in 1..7_usize,
        start in settings(),
        seed in any::<u64>(),
        actions in actions(),
        sizes in sizes(),
    ) {
        let model = model(sample_rate, hop_size, partials);
        let options = EngineOptions {
            sample_rate: rate,
            max_voices,
            seed,
            settings: start,
            ..EngineOptions::default()
        };
        let whole = play(&model, &options, &actions, &[usize::MAX]);
        let parts = play(&model, &options, &actions, &sizes);
        prop_assert_eq!(difference(&whole, &parts), None, "blocks of {:?}", sizes);
    }
}

#[test]
fn a_first_note_may_begin_at_any_sample() {
    let model = model(16_000, 256, false);
    let options = EngineOptions { seed: 3, ..EngineOptions::default() };
    let note = Event::NoteOn { channel: 0, note: 60, velocity: 1.0 };
    // A frame lasts 768 samples at 48 kHz; some notes begin exactly at a frame's start.
    let starts = (0..1540).step_by(7).chain([767, 768, 769, 4800]);
    for at in starts {
        let actions = [(at, Action::Play(note))];
        let whole = play(&model, &options, &actions, &[usize::MAX]);
        assert!(whole[at + 480..].iter().any(|[left, _]| left.abs() > 1e-3));
        for size in [1, 64, 480] {
            let parts = play(&model, &options, &actions, &[size]);
            assert_eq!(difference(&whole, &parts), None, "note at {at}, blocks of {size}");
        }
    }
}
