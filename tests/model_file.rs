//! The model file: what is written is read back, and every fault gives a one-line error.

mod common;

use std::collections::HashMap;
use std::path::Path;

use common::{config, model, steered, tensors, wms2};
use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use wms::model::network::{StateDict, Tensor};
use wms::model::{Model, factory};

fn bytes(tensors: &StateDict, metadata: Option<HashMap<String, String>>) -> Vec<u8> {
    let data: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, t)| {
            let data = t.data.iter().flat_map(|v| v.to_le_bytes()).collect();
            (name.clone(), t.shape.clone(), data)
        })
        .collect();
    let views = data.iter().map(|(name, shape, data)| {
        (name, TensorView::new(Dtype::F32, shape.clone(), data).unwrap())
    });
    safetensors::serialize(views, metadata).unwrap()
}

fn metadata(config: &Value) -> HashMap<String, String> {
    HashMap::from([
        ("format".into(), "wms-model".into()),
        ("version".into(), "1".into()),
        ("config".into(), config.to_string()),
    ])
}

/// The one-line error for a file with these bytes.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let message = match Model::load(&path) {
        Err(error @ wms::Error::ModelFile { .. }) => error.to_string(),
        other => panic!("not refused as a model file: {other:?}"),
    };
    assert!(!message.contains('\n') && message.len() < 400, "{message}");
    assert!(message.starts_with(&path.display().to_string()), "{message}");
    message
}

fn refused_config(change: impl FnOnce(&mut Value), wanted: &str) {
    let mut changed = config();
    change(&mut changed);
    let message = refusal(&bytes(&tensors("2026-08.weights"), Some(metadata(&changed))));
    assert!(message.contains(wanted), "{message:?} does not mention {wanted:?}");
}

fn refused_tensors(change: impl FnOnce(&mut StateDict), wanted: &str) {
    let mut changed = tensors("2026-08.weights");
    change(&mut changed);
    let message = refusal(&bytes(&changed, Some(metadata(&config()))));
    assert!(message.contains(wanted), "{message:?} does not mention {wanted:?}");
}

#[test]
fn a_saved_model_comes_back_with_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("golden.safetensors");
    std::fs::write(&path, "something older").unwrap();
    let model = model();
    model.save(&path).unwrap();
    let again = Model::load(&path).unwrap();
    assert_eq!(again.config(), model.config());
    assert_eq!(again.config().json()["unknown_key"], json!([1, 2, 3]));
    assert_eq!(again.network().to_state_dict(), tensors("2026-08.weights"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = folder.path().join("no/such/folder/m.safetensors");
    assert!(matches!(model.save_halved(&missing), Err(wms::Error::Io { .. })));
    assert!(matches!(model.save(&missing), Err(wms::Error::Io { .. })));
    assert!(matches!(Model::load(&missing), Err(wms::Error::Io { .. })));
}

#[test]
fn truncated_and_foreign_files_are_refused() {
    let good = bytes(&tensors("2026-08.weights"), Some(metadata(&config())));
    assert!(Model::from_bytes(&good).is_ok());
    for length in [0, 4, 9, 300, good.len() / 2, good.len() - 1] {
        assert!(refusal(&good[..length]).contains("truncated"));
    }
    assert!(refusal(b"RIFF\x24\x00\x00\x00WAVEfmt and so on").contains("no safetensors file"));
    let weights = tensors("2026-08.weights");
    assert!(refusal(&bytes(&weights, None)).contains("not a wms model file"));
    let mut other = metadata(&config());
    other.insert("format".into(), "wms-frames".into());
    assert!(refusal(&bytes(&weights, Some(other))).contains("wms-frames"));
    let mut newer = metadata(&config());
    newer.insert("version".into(), "3".into());
    let message = refusal(&bytes(&weights, Some(newer.clone())));
    let wanted = "its version is \"3\", wanted 1 or 2: a newer WMS wrote it; update WMS to read it";
    assert!(message.ends_with(wanted), "{message}");
    newer.insert("version".into(), "new".into());
    assert!(
        refusal(&bytes(&weights, Some(newer))).ends_with("its version is \"new\", wanted 1 or 2")
    );
    let mut broken = metadata(&config());
    broken.insert("config".into(), "{".into());
    assert!(refusal(&bytes(&weights, Some(broken))).contains("JSON"));
}

#[test]
fn wrong_tensors_are_refused_by_name() {
    for name in tensors("2026-08.weights").keys() {
        refused_tensors(|t| drop(t.remove(name)), "");
    }
    refused_tensors(|t| drop(t.remove("gru.bias_hh_l0")), "gru.bias_hh_l0 is missing");
    refused_tensors(
        |t| drop(t.insert("extra".into(), Tensor { shape: vec![1], data: vec![0.0] })),
        "extra",
    );
    refused_tensors(
        |t| t.get_mut("gru.weight_ih_l0").unwrap().shape = vec![10, 768],
        "weight_ih_l0",
    );
    refused_tensors(
        |t| t.get_mut("dense_layers.0.weight").unwrap().shape = vec![256, 16, 16],
        "matrix",
    );
    refused_tensors(|t| t.get_mut("dense_layers.2.bias").unwrap().shape = vec![8, 10], "bias");
    refused_tensors(|t| t.get_mut("gru.weight_hh_l0").unwrap().data[77] = f32::NAN, "NaN");
    refused_tensors(|t| t.get_mut("input_encoder.0.bias").unwrap().data[0] = f32::INFINITY, "inf");
    let long = Tensor { shape: vec![1, 40_000], data: vec![0.0; 40_000] };
    refused_tensors(|t| drop(t.insert("dense_layers.0.weight".into(), long)), "40000");
}

#[test]
fn inconsistent_configurations_are_refused_by_key() {
    refused_config(|c| c["input_names"] = json!(["pitch"]), "min has 10 values, wanted 1");
    refused_config(|c| c["input_names"][8] = json!("mfcc_9"), "pitch");
    refused_config(|c| c["input_names"][0] = json!(3), "input_names");
    refused_config(|c| c["scaler"]["scale"][2] = json!(0.0), "scale");
    refused_config(|c| c["scaler"]["mean"] = json!([0.0]), "scaler.scale has 8");
    refused_config(|c| c["f0_mapping"]["kind"] = json!("mel"), "mel");
    refused_config(|c| c["f0_range_hz"] = json!([200.0, 100.0]), "f0_range_hz");
    refused_config(|c| c["input_statistics"]["min"][0] = json!("low"), "input_statistics.min");
    refused_config(|c| c["input_statistics"]["min"][0] = json!(1e9), "above its max");
    refused_config(|c| c["spectrum"]["domain"] = json!("db"), "domain");
    refused_config(|c| c["spectrum"]["n_fft"] = json!(512), "n_fft is 512");
    refused_config(|c| c["spectrum"]["n_bins"] = json!(79), "80 outputs");
    refused_config(|c| c["spectrum"]["cycles_per_window"] = json!(0), "cycles_per_window");
    refused_config(|c| c["sample_rate"] = json!(16000.5), "sample_rate");
    refused_config(|c| c["hop_size"] = json!(0), "hop_size");
    refused_config(|c| c["generation"] = json!("2024-11"), "2024-11");
    for key in ["name", "generation", "scaler", "f0_mapping", "spectrum", "hop_size"] {
        refused_config(|c| drop(c.as_object_mut().unwrap().remove(key)), "missing");
    }
    refused_config(|c| *c = json!([1]), "object");
}

#[test]
fn params_that_do_not_fit_are_named_with_both_sizes() {
    let model = model();
    let good =
        json!({"n_mfcc": 8, "include_voicedness": true, "n_fft_preserved": 80, "n_fft": 1024});
    model.check_params(&good).unwrap();
    let mut other = good.clone();
    other["n_mfcc"] = json!(12);
    let message = model.check_params(&other).unwrap_err().to_string();
    assert!(message.contains("10 inputs") && message.contains("14"), "{message}");
    other = good.clone();
    other["n_fft_preserved"] = Value::Null;
    let message = model.check_params(&other).unwrap_err().to_string();
    assert!(message.contains("80 outputs") && message.contains("513"), "{message}");
}

#[test]
fn inputs_are_standardised_mapped_and_ordered() {
    let mut changed = config();
    changed["scaler"]["mean"] = json!([1, 2, 3, 4, 5, 6, 7, 8]);
    changed["scaler"]["scale"] = json!([2, 2, 2, 2, 2, 2, 2, 2]);
    changed["input_names"] = json!([
        "voicedness",
        "mfcc_0",
        "mfcc_1",
        "mfcc_2",
        "mfcc_3",
        "pitch",
        "mfcc_4",
        "mfcc_5",
        "mfcc_6",
        "mfcc_7"
    ]);
    let bytes = bytes(&tensors("2026-08.weights"), Some(metadata(&changed)));
    let model = Model::from_bytes(&bytes).unwrap();
    let row = model.inputs(&[3.0; 8], &[146.0], Some(&[0.25])).unwrap();
    let wanted = [0.25, 1.0, 0.5, 0.0, -0.5, (100.0f64 + 1e-4).ln() as f32, -1.0, -1.5, -2.0, -2.5];
    assert_eq!(row, wanted);
    // Below f_low, the pitch input is the logarithm of the offset alone.
    let row = model.inputs(&[3.0; 8], &[0.0], Some(&[0.0])).unwrap();
    assert!((row[5] - 1e-4f32.ln()).abs() < 1e-6);
    for wrong in [
        model.inputs(&[3.0; 7], &[146.0], Some(&[0.25])),
        model.inputs(&[3.0; 8], &[146.0], None),
        model.inputs(&[3.0; 8], &[146.0], Some(&[0.25, 0.5])),
        model.inputs(&[3.0; 8], &[f32::NAN], Some(&[0.25])),
        model.inputs(&[f32::INFINITY; 8], &[146.0], Some(&[0.25])),
        model.predict(&[0.0; 11], &mut model.network().state()),
        model.predict(&[f32::NAN; 10], &mut model.network().state()),
    ] {
        assert!(matches!(wrong, Err(wms::Error::Parameter(_))));
    }
    assert!(Model::load(Path::new("/")).is_err());
}

#[test]
fn half_precision_halves_the_file_and_hardly_changes_the_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let (full, half) = (folder.path().join("full"), folder.path().join("half"));
    let model = model();
    model.save(&full).unwrap();
    model.save_halved(&half).unwrap();
    let weights = |path: &std::path::Path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.len() - usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap()
    };
    assert!(weights(&half) < weights(&full) * 6 / 10);

    let again = Model::load(&half).unwrap();
    assert_eq!(again.config(), model.config());
    let frames: Vec<f32> =
        (0..100 * model.input_size()).map(|i| (i as f32 * 0.37).sin() * 2.0).collect();
    let play = |model: &Model| model.predict(&frames, &mut model.network().state()).unwrap();
    let (exact, rounded) = (play(&model), play(&again));
    let error: f32 = exact.iter().zip(&rounded).map(|(a, b)| (a - b).abs()).sum();
    let level: f32 = exact.iter().sum();
    assert!(error < 2e-3 * level, "{error} of {level}");
}

/// The metadata of a file.
fn header(bytes: &[u8]) -> HashMap<String, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    header.metadata().clone().unwrap()
}

#[test]
fn old_generations_are_written_as_before_and_wms2_as_version_2() {
    for factory in factory::MODELS {
        let model = Model::from_bytes(factory.bytes).unwrap();
        let written = model.to_bytes(true).unwrap();
        assert_eq!(header(&written), header(factory.bytes));
        // The order in a header is free; the tensors behind it are the same bytes.
        let behind = |bytes: &[u8]| {
            let (length, _) = SafeTensors::read_metadata(bytes).unwrap();
            bytes[length + 8..].to_vec()
        };
        assert!(behind(&written) == behind(factory.bytes), "{}", factory.name);
        let is_old = header(factory.bytes)["version"] == "1";
        assert_eq!(model.directions().is_empty(), is_old, "{}", factory.name);
        assert!(!is_old || model.sections().is_empty(), "{}", factory.name);
    }
    let version = |model: &Model| header(&model.to_bytes(false).unwrap())["version"].clone();
    assert_eq!(version(&model()), "1");
    assert_eq!(version(&wms2()), "2");
    let mut sections = wms::model::Sections::default();
    sections.put_text("rest", "{}".into());
    assert_eq!(version(&model().with_sections(sections).unwrap()), "2");
    // Version 1 had no sections: what looks like one is no part of the format.
    let mut old = metadata(&config());
    old.insert("sections.directions".into(), "no JSON".into());
    let read = Model::from_bytes(&bytes(&tensors("2026-08.weights"), Some(old))).unwrap();
    assert!(read.sections().is_empty());
}

#[test]
fn directions_come_back_from_the_file() {
    let model = steered();
    for halved in [false, true] {
        let bytes = model.to_bytes(halved).unwrap();
        assert_eq!(bytes, model.to_bytes(halved).unwrap());
        let again = Model::from_bytes(&bytes).unwrap();
        assert_eq!(again.directions(), model.directions());
        assert_eq!(again.sections(), model.sections());
    }
    // A model without the section has none, and plays.
    let plain = model.with_sections(wms::model::Sections::default()).unwrap();
    let again = Model::from_bytes(&plain.to_bytes(false).unwrap()).unwrap();
    assert!(again.directions().is_empty());
}

#[test]
fn damaged_directions_are_refused_by_key() {
    let good = steered();
    let text: Value = serde_json::from_str(good.sections().text("directions").unwrap()).unwrap();
    let refused = |change: &dyn Fn(&mut Value), wanted: &str| {
        let (mut changed, mut sections) = (text.clone(), good.sections().clone());
        change(&mut changed);
        sections.put_text("directions", changed.to_string());
        let message = good.with_sections(sections).unwrap_err().to_string();
        assert!(message.contains(wanted) && !message.contains('\n'), "{message:?}: {wanted:?}");
    };
    refused(&|t| *t = json!(3), "sections.directions is no JSON object");
    refused(&|t| *t = json!({}), "sections.directions.directions is missing");
    refused(&|t| t["directions"][2] = json!(1), "directions[2] is no JSON object");
    refused(&|t| t["directions"][0]["name"] = json!("mfcc_3"), "that no input");
    refused(&|t| t["directions"][1]["name"] = json!("loudness"), "no other direction");
    refused(&|t| t["directions"][1]["name"] = json!("a\nb"), "control characters");
    refused(&|t| t["directions"][0]["range"] = json!([1.0, 2.0]), "lowest <= 0 <= highest");
    refused(&|t| t["directions"][0]["spread"] = json!(0), "spread is 0");
    refused(&|t| drop(t["directions"].as_array_mut().unwrap().pop()), "has shape [12, 14]");
    let more = text["directions"][0].clone();
    refused(&|t| t["directions"].as_array_mut().unwrap().push(more.clone()), "at most 12");
    for (place, value) in [(12, 1.0), (0, f32::NAN)] {
        let mut sections = good.sections().clone();
        let mut vectors = sections.floats("directions", "vectors").unwrap();
        vectors.data[place] = value;
        sections.put_floats("directions", "vectors", &vectors);
        let message = good.with_sections(sections).unwrap_err().to_string();
        assert!(message.contains("row 0 moves the pitch or is not finite"), "{message}");
    }
}

/// A section that no program knows: its name, its text, and a tensor of bytes.
fn section() -> impl Strategy<Value = (String, String, Vec<u8>)> {
    let name = "[a-z]{1,8}".prop_map(|name| format!("x_{name}"));
    (name, any::<String>(), prop::collection::vec(any::<u8>(), 0..40))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn unknown_sections_survive_reading_and_writing(
        added in prop::collection::vec(section(), 1..5),
    ) {
        let steered = steered();
        let bytes = steered.to_bytes(false).unwrap();
        let mut metadata = header(&bytes);
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let mut views: Vec<(String, TensorView<'_>)> =
            tensors.iter().map(|(name, view)| (name.to_owned(), view)).collect();
        let mut taken = std::collections::HashSet::new();
        for (name, text, data) in &added {
            if !taken.insert(name) {
                continue;
            }
            metadata.insert(format!("sections.{name}"), text.clone());
            let view = TensorView::new(Dtype::U8, vec![data.len()], data).unwrap();
            views.push((format!("sections.{name}.data.0"), view));
        }
        let with_unknown = safetensors::serialize(views, Some(metadata.clone())).unwrap();
        let read = Model::from_bytes(&with_unknown).unwrap();
        prop_assert_eq!(read.directions(), steered.directions());
        prop_assert_eq!(read.sections().names().count(), 1 + taken.len());
        let again = read.to_bytes(false).unwrap();
        prop_assert_eq!(header(&again), metadata);
        let (before, after) =
            (SafeTensors::deserialize(&with_unknown).unwrap(), SafeTensors::deserialize(&again).unwrap());
        prop_assert_eq!(before.len(), after.len());
        for (name, view) in before.iter() {
            let kept = after.tensor(name).unwrap();
            prop_assert_eq!((view.dtype(), view.shape(), view.data()), (kept.dtype(), kept.shape(), kept.data()));
        }
    }
}
