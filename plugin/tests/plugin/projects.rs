//! What projects save, and models that change while notes sound.

use std::path::Path;

use serde_json::Value;
use wms::model::{Model, Network};
use wms_plugin::bank::Source;
use wms_plugin::models;
use wms_plugin::state::SavedModel;

use crate::host::{Act, Host, blocks, off, on, peak};

/// Writes a model that sounds different: the factory's bell with some partials lowered.
pub fn write_other_model(path: &Path) {
    let model = Model::factory("fm_bell").unwrap();
    let mut tensors = model.network().to_state_dict();
    let (_, last) = tensors.iter_mut().rfind(|(name, _)| name.contains("bias")).unwrap();
    last.data.iter_mut().enumerate().for_each(|(i, bias)| *bias -= 0.3 * (i % 5) as f32);
    let network = Network::from_state_dict(tensors).unwrap();
    Model::new(model.config().clone(), network).unwrap().save(path).unwrap();
}

/// The JSON inside a CLAP state, which has its length in front.
fn opened(state: &[u8]) -> Value {
    serde_json::from_slice(&state[8..]).unwrap()
}

/// The CLAP state with that JSON.
fn closed(state: &Value) -> Vec<u8> {
    let json = serde_json::to_vec(state).unwrap();
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.extend(json);
    bytes
}

/// The CLAP state `state` with another model.
pub fn with_model(state: &[u8], model: &SavedModel) -> Vec<u8> {
    let mut state = opened(state);
    state["fields"]["model"] = Value::String(serde_json::to_string(model).unwrap());
    closed(&state)
}

/// The model of [`write_other_model`], as a project saves it.
pub fn other_model(folder: &Path) -> SavedModel {
    let path = folder.join("other.safetensors");
    write_other_model(&path);
    models::load(&Source::File(path)).unwrap().saved
}

const PIECE: [(usize, Act); 4] = [(5, on(60)), (4000, on(67)), (9000, off(60)), (11_000, off(67))];

fn piece(host: &mut Host) -> [Vec<f32>; 2] {
    host.reset();
    host.play(&blocks(14_400, 480), &PIECE)
}

#[test]
fn a_project_of_an_earlier_factory_keeps_its_model_and_axes() {
    // What the project holds has few MFCC and no directions; the factory's model of that name has
    // directions now.
    let packed = models::load(&Source::Factory("fm_bell".into())).unwrap().saved;
    let earlier = SavedModel { source: Some(Source::Factory("flute".into())), ..packed };
    let now = Model::factory("flute").unwrap();
    assert!(!now.directions().is_empty());
    let (loaded, message) = models::recall(&earlier).unwrap();
    assert!(message.unwrap().contains("factory model flute has changed"));
    let names: Vec<&str> = loaded.info.axes.iter().map(|axis| axis.name.as_str()).collect();
    assert_eq!(names, (0..8).map(|i| format!("mfcc_{i}")).collect::<Vec<_>>());

    let mut host = Host::new();
    let state = with_model(&host.save(), &earlier);
    assert!(host.restore(&state));
    let rest = piece(&mut host);
    assert!(peak(&rest[0]) > 0.0);
    let first = host.param("Timbre 1").id;
    host.play(&[64], &[(0, Act::Set { param: first, value: 0.9 })]);
    assert!(piece(&mut host) != rest);
}

#[test]
fn a_project_sounds_the_same_in_a_fresh_instance() {
    let mut host = Host::new();
    let settings = [("Timbre 1", 0.7), ("Noise", 0.4), ("Attack", 0.6), ("Unison", 3.0)];
    let mut acts = Vec::new();
    for (name, value) in settings {
        acts.push((0, Act::Set { param: host.param(name).id, value }));
    }
    host.play(&[64], &acts);
    let wanted = piece(&mut host);
    let state = host.save();
    drop(host);
    // The state is restored before the plugin is activated, and then while it plays.
    let mut fresh = Host::new();
    assert!(fresh.restore(&state));
    for (name, value) in settings {
        let param = fresh.param(name);
        assert!((fresh.value(param.id) - value).abs() < 1e-6, "{name}");
    }
    assert!(piece(&mut fresh) == wanted);
    let mut active = Host::new();
    assert!(piece(&mut active) != wanted);
    assert!(active.restore(&state));
    assert!(piece(&mut active) == wanted);
    // It is restored once more after the host has deactivated the plugin.
    active.deactivate();
    assert!(active.restore(&state));
    assert!(piece(&mut active) == wanted);
    assert_eq!(opened(&active.save()), opened(&state));
}

#[test]
fn a_model_whose_file_has_gone_plays_from_the_project() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::new();
    let plain = piece(&mut host);
    let state = with_model(&host.save(), &other_model(folder.path()));
    assert!(host.restore(&state));
    // The models are exchanged within the next blocks.
    piece(&mut host);
    let wanted = piece(&mut host);
    assert!(wanted != plain);
    drop(folder);
    let mut fresh = Host::new();
    assert!(fresh.restore(&host.save()));
    assert!(piece(&mut fresh) == wanted);
    let saved = opened(&fresh.save());
    assert_eq!(saved["fields"]["model"], opened(&state)["fields"]["model"]);
}

#[test]
fn hostile_states_are_refused_and_the_sound_goes_on() {
    let mut host = Host::new();
    let wanted = piece(&mut host);
    let good = host.save();
    let text = String::from_utf8(good[8..].to_vec()).unwrap();
    let framed = |text: &str| {
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.as_bytes());
        bytes
    };
    let saved = opened(&good)["fields"]["model"].as_str().unwrap().to_owned();
    let saved: SavedModel = serde_json::from_str(&saved).unwrap();
    let refused = [
        Vec::new(),
        vec![0xFF; 100],
        good[..good.len() / 2].to_vec(),
        framed(""),
        framed("[1, 2]"),
        framed("{\"version\": 3}"),
        framed(&text.replace('{', "[")),
    ];
    for bytes in &refused {
        assert!(!host.restore(bytes));
    }
    let models = [
        SavedModel { data: "no base 64!".into(), ..saved.clone() },
        SavedModel { data: saved.data[..2000].into(), ..saved.clone() },
        SavedModel { version: u32::MAX, ..saved.clone() },
        SavedModel { source: None, data: String::new(), ..saved.clone() },
        SavedModel { data: String::new(), source: Some(Source::File("/".into())), ..saved.clone() },
    ];
    for model in models {
        // The parameters are restored, and the status line of the editor says what is wrong with the model.
        host.restore(&with_model(&good, &model));
        assert!(piece(&mut host) == wanted);
    }
    let mut odd = opened(&good);
    odd["fields"]["model"] = Value::String("{\"version\": \"one\"}".into());
    odd["params"]["sustain"] = serde_json::json!({ "f32": 1e38 });
    odd["params"]["unison"] = serde_json::json!({ "i32": -7 });
    odd["params"]["unknown"] = serde_json::json!({ "bool": true });
    host.restore(&closed(&odd));
    assert!(piece(&mut host).iter().flatten().all(|x| x.abs() <= 1.0));
    assert!(host.restore(&good));
    assert!(piece(&mut host) == wanted);
}

#[test]
fn a_model_changes_under_a_note_without_a_click() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::new();
    host.reset();
    let noise = Act::Set { param: host.param("Noise").id, value: 0.0 };
    let [before, _] = host.play(&blocks(24_000, 480), &[(0, noise), (0, on(60))]);
    let state = with_model(&host.save(), &other_model(folder.path()));
    assert!(host.restore(&state));
    let [after, _] = host.play(&blocks(48_000, 480), &[]);
    let steady = [&before[12_000..], &after[24_000..]];
    assert!(peak(steady[0]) > 0.01 && peak(steady[1]) > 0.01);
    // The second difference: a step in the signal or in its slope makes a peak.
    let bend =
        |x: &[f32]| x.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0f32, f32::max);
    let usual = bend(steady[0]).max(bend(steady[1]));
    let joined: Vec<f32> = before[12_000..].iter().chain(&after[..24_000]).copied().collect();
    assert!(bend(&joined) < 1.5 * usual, "{} against {usual}", bend(&joined));
}
