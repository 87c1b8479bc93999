//! Models with directions: their axes are the directions, and other models keep their inputs.

use std::path::Path;
use std::sync::Arc;

use wms::model::{Model, factory};
use wms::synth::{Engine, EngineOptions, Event, Expression, MAX_VOICES};
use wms_plugin::bank::Source;
use wms_plugin::models;
use wms_plugin::state::SavedModel;

use crate::host::{Act, Host, RATE, blocks, on, peak};
use crate::projects::with_model;

/// A factory model with directions.
fn steered() -> Model {
    Model::factory(factory::MODELS[0].name).unwrap()
}

/// A step of the host, whose axes go from 0 to 1, for this many standard deviations.
fn step(deviations: f64) -> f64 {
    deviations / 8.0
}

/// The model of [`steered`], as a project saves it.
pub fn steered_model(folder: &Path) -> SavedModel {
    let path = folder.join("steered.safetensors");
    steered().save(&path).unwrap();
    models::load(&Source::File(path)).unwrap().saved
}

/// A host that plays the model of [`steered`].
fn host(folder: &Path) -> Host {
    let mut host = Host::new();
    let state = with_model(&host.save(), &steered_model(folder));
    assert!(host.restore(&state));
    host.reset();
    host
}

fn engine(model: Model) -> Engine {
    let options =
        EngineOptions { sample_rate: RATE, max_voices: MAX_VOICES, ..EngineOptions::default() };
    Engine::new(Arc::new(model), &options).unwrap()
}

/// What an engine plays after these events and the note 64.
fn played(engine: &mut Engine, events: &[Event], later: &[Event]) -> Vec<f32> {
    let (mut left, mut right) = (vec![0.0; 9600], vec![0.0; 9600]);
    events.iter().for_each(|&event| engine.handle(event));
    engine.handle(Event::NoteOn { channel: 0, note: 64, velocity: 0.8 });
    engine.process(&mut left[..4800], &mut right[..4800]);
    later.iter().for_each(|&event| engine.handle(event));
    engine.process(&mut left[4800..], &mut right[4800..]);
    left
}

fn assert_same(got: &[f32], wanted: &[f32]) {
    assert!(peak(wanted) > 0.01);
    let worst = got.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5, "{worst}");
}

#[test]
fn the_axes_are_the_directions_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("steered.safetensors");
    steered().save(&path).unwrap();
    let loaded = models::load(&Source::File(path)).unwrap();
    let axes = &loaded.info.axes;
    let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
    assert_eq!(names[..3], ["Loudness", "Brightness", "Breath"]);
    assert!(names.len() <= 12 && !names.iter().any(|name| name.contains("mfcc")), "{names:?}");
    assert!(axes.iter().all(|axis| axis.low <= 0.0 && axis.high >= 0.0));
    assert!(loaded.info.voicedness.is_some());
    // They are part of the copy in the project.
    let (again, _) = models::recall(&loaded.saved).unwrap();
    assert_eq!(&again.info.axes, axes);
}

#[test]
fn an_axis_moves_its_direction_by_standard_deviations() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = host(folder.path());
    let model = steered();
    let (brightness, third) = (model.directions()[1].clone(), model.directions()[2].clone());
    let (second_axis, third_axis) = (host.param("Timbre 2").id, host.param("Timbre 3").id);
    let acts = [
        (0, Act::Set { param: second_axis, value: 0.5 + step(0.75) }),
        (0, on(64)),
        (4800, Act::Modulate { param: third_axis, id: 64, amount: step(0.5) }),
    ];
    host.play(&[480], &[]);
    host.reset();
    let [got, _] = host.play(&blocks(9600, 480), &acts);
    let amount = 0.75 * brightness.spread;
    let before = [Event::Direction { direction: 1, amount }];
    let offset = 0.5 * third.spread;
    let expression = Expression::Direction { direction: 2, offset };
    let later = [Event::Note { channel: None, note: None, expression }];
    assert_same(&got, &played(&mut engine(model), &before, &later));
    // The same in blocks of other sizes, and in another instance.
    for size in [64, 2048] {
        host.reset();
        assert_same(&host.play(&blocks(9600, size), &acts)[0], &got);
    }
    let state = host.save();
    let mut fresh = Host::new();
    assert!(fresh.restore(&state));
    assert_same(&fresh.play(&blocks(9600, 480), &acts[1..])[0], &got);
}

#[test]
fn twelve_controllers_move_the_directions() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = host(folder.path());
    let [plain, _] = host.play(&blocks(9600, 480), &[(0, on(64))]);
    let [got, _] = {
        host.reset();
        host.play(&blocks(9600, 480), &[(0, Act::Midi([0xB0, 21, 127])), (0, on(64))])
    };
    let brightest = Event::Automation { input: 1, position: 1.0 };
    assert_same(&got, &played(&mut engine(steered()), &[brightest], &[]));
    assert!(plain != got);
    // The fine halves of other controllers, and those without a meaning, move nothing. (The model is
    // exchanged for a fresh one, because a value holds until its parameter moves.)
    let mut other = self::host(folder.path());
    let mut acts: Vec<(usize, Act)> =
        (32..64).map(|number| (0, Act::Midi([0xB0, number, 99]))).collect();
    acts.push((0, on(64)));
    assert_same(&other.play(&blocks(9600, 480), &acts)[0], &plain);
}

#[test]
fn models_without_directions_keep_their_inputs_as_axes() {
    let mut host = Host::new();
    let bell = models::load(&Source::Factory("fm_bell".into())).unwrap();
    assert!(bell.model.directions().is_empty());
    let state = with_model(&host.save(), &bell.saved);
    assert!(host.restore(&state));
    let axis = host.param("Timbre 2").id;
    host.reset();
    let acts = [(0, Act::Set { param: axis, value: 0.5 + step(0.75) }), (0, on(64))];
    let [got, _] = host.play(&blocks(9600, 480), &acts);
    let mut engine = engine((*bell.model).clone());
    let input = engine.model().config().timbre_indices().nth(1).unwrap();
    let rest = engine.space().value(input, engine.space().rest()[input]).unwrap();
    let moved = Event::Timbre { input, value: rest + 0.75 };
    assert_same(&got, &played(&mut engine, &[moved], &[]));
}
