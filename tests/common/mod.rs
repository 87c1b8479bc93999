//! Helpers that several integration tests share.
#![allow(dead_code, reason = "each test uses its part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use safetensors::SafeTensors;
use serde_json::{Value, json};
use wms::model::network::{Network, StateDict, Tensor};
use wms::model::{Model, ModelConfig, wms_torch};

/// Path of a file in `tests/data`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Tensors of `tests/data/networks/<name>.safetensors`.
pub fn tensors(name: &str) -> StateDict {
    tensors_of(&data(&format!("networks/{name}.safetensors")))
}

/// Tensors of a safetensors file.
pub fn tensors_of(path: &Path) -> StateDict {
    let bytes = std::fs::read(path).unwrap();
    SafeTensors::deserialize(&bytes)
        .unwrap()
        .iter()
        .map(|(name, view)| {
            let data =
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            (name.to_owned(), Tensor { shape: view.shape().to_vec(), data: data.collect() })
        })
        .collect()
}

/// A golden network (a stored reference): that of 2026 from safetensors, older ones from `.pth`.
pub fn network(generation: &str) -> Network {
    let tensors = match std::fs::read(data(&format!("networks/{generation}.pth"))) {
        Ok(bytes) => wms_torch::state_dict(&bytes).unwrap().unwrap(),
        Err(_) => tensors(&format!("{generation}.weights")),
    };
    Network::from_state_dict(tensors).unwrap()
}

/// The configuration that goes with the golden network of 2026.
pub fn config() -> Value {
    let mut names: Vec<String> = (0..8).map(|i| format!("mfcc_{i}")).collect();
    names.extend(["pitch".into(), "voicedness".into()]);
    let io = tensors("2026-08.io");
    let rows: Vec<&[f32]> = io["x_feat"].data.chunks_exact(10).collect();
    let column = |i: usize| rows.iter().map(move |row| row[i]);
    let over = |f: fn(f32, f32) -> f32| -> Vec<f32> {
        (0..10).map(|i| column(i).reduce(f).unwrap()).collect()
    };
    let mean: Vec<f32> = (0..10).map(|i| column(i).sum::<f32>() / 200.0).collect();
    json!({
        "generation": "2026-08",
        "name": "golden",
        "input_names": names,
        "scaler": {"mean": vec![0.0; 8], "scale": vec![1.0; 8]},
        "f0_mapping": {"kind": "log_offset", "f_low_hz": 46.0, "offset": 1e-4},
        "f0_range_hz": [60.0, 1500.0],
        "input_statistics": {
            "min": over(f32::min), "max": over(f32::max), "mean": mean, "std": vec![1.0; 10]
        },
        "spectrum": {
            "domain": "log1p", "window_size": 1024, "n_fft": 1024, "n_bins": 80, "cycles_per_window": 2
        },
        "sample_rate": 16000,
        "hop_size": 256,
        "params": {"n_mfcc": 8, "include_voicedness": true, "n_fft_preserved": 80},
        "provenance": {"made by": "a test"},
        "unknown_key": [1, 2, 3],
    })
}

/// The golden network of 2026 as a model.
pub fn model() -> Arc<Model> {
    let config = ModelConfig::from_json(config()).unwrap();
    Arc::new(Model::new(config, network("2026-08")).unwrap())
}

/// A model with a constant spectrum: the output layer's weights are 0, its bias decides. `layout`
/// replaces entries of the configuration's "spectrum".
pub fn constant_model(magnitudes: &[f32], cycles: usize) -> Arc<Model> {
    let mut tensors = tensors("2026-08.weights");
    let bins = magnitudes.len();
    // softplus(ln(e^y - 1)) = y, and y = ln(1 + magnitude) makes e^y - 1 the magnitude itself.
    let bias = magnitudes.iter().map(|m| m.max(1e-12).ln()).collect();
    tensors.insert("dense_layers.2.bias".into(), Tensor { shape: vec![bins], data: bias });
    let weight = Tensor { shape: vec![bins, 256], data: vec![0.0; bins * 256] };
    tensors.insert("dense_layers.2.weight".into(), weight);
    let mut config = config();
    config["spectrum"]["n_bins"] = json!(bins);
    config["spectrum"]["cycles_per_window"] = json!(cycles);
    let config = ModelConfig::from_json(config).unwrap();
    Arc::new(Model::new(config, Network::from_state_dict(tensors).unwrap()).unwrap())
}

/// A model of generation WMS-2 with random weights: 12 mel bands, 25 partials, 5 units a layer.
pub fn partial_model(sample_rate: u32, hop_size: usize) -> Arc<Model> {
    let (bands, units) = (12, 5);
    let mut config = config();
    let mut names: Vec<String> = (0..bands).map(|i| format!("mfcc_{i}")).collect();
    names.extend(["pitch".into(), "voicedness".into()]);
    let mut mean = vec![0.0; bands];
    mean[0] = -60.0;
    for (key, value) in [
        ("generation", json!("wms-2")),
        ("mel_bands", json!(bands)),
        ("input_names", json!(names)),
        ("scaler", json!({"mean": mean, "scale": vec![20.0; bands]})),
        ("sample_rate", json!(sample_rate)),
        ("hop_size", json!(hop_size)),
        ("params", json!({})),
    ] {
        config[key] = value;
    }
    config["input_statistics"] = json!({
        "min": vec![-2.0; bands + 2],
        "max": vec![6.0; bands + 2],
        "mean": vec![0.5; bands + 2],
        "std": vec![1.0; bands + 2],
    });
    config["spectrum"]["cycles_per_window"] = json!(4);
    config["spectrum"]["n_bins"] = json!(101);
    let mut seed = 1_u32;
    let mut random = |shape: &[usize]| {
        let data = (0..shape.iter().product::<usize>()).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        });
        Tensor { shape: shape.to_vec(), data: data.collect() }
    };
    let mut tensors = StateDict::new();
    for (name, shape) in [
        ("encoder.weight", vec![units, bands + 2]),
        ("encoder.bias", vec![units]),
        ("gru.weight_ih_l0", vec![3 * units, units]),
        ("gru.weight_hh_l0", vec![3 * units, units]),
        ("gru.bias_ih_l0", vec![3 * units]),
        ("gru.bias_hh_l0", vec![3 * units]),
        ("feature_mean", vec![2, 12]),
        ("from_context.weight", vec![units, units]),
    ] {
        tensors.insert(name.into(), random(&shape));
    }
    for decoder in 0..2 {
        for (layer, shape) in [[units, 12], [units, units], [1, units]].iter().enumerate() {
            tensors.insert(format!("decoders.{decoder}.{layer}.weight"), random(shape));
            tensors.insert(format!("decoders.{decoder}.{layer}.bias"), random(&shape[..1]));
        }
    }
    let ones = Tensor { shape: vec![2, 12], data: vec![1.0; 24] };
    tensors.insert("feature_scale".into(), ones);
    let config = ModelConfig::from_json(config).unwrap();
    let network = Network::from_state(tensors, &config).unwrap();
    Arc::new(Model::new(config, network).unwrap())
}

/// [`partial_model`] with partials near the envelope and noise well below it, so that it hardly bends
/// what its inputs say.
pub fn wms2() -> Model {
    let wild = partial_model(16_000, 256);
    let mut config = Value::Object(wild.config().json().clone());
    let coefficients = wild.input_size() - 2;
    let row = |coefficient: f64, pitch: f64, voicedness: f64| {
        let mut values = vec![coefficient; coefficients];
        values.extend([pitch, voicedness]);
        values
    };
    let scale: Vec<f64> = (0..coefficients).map(|i| 20.0 / (1.0 + i as f64)).collect();
    config["scaler"]["scale"] = json!(scale);
    config["input_statistics"] = json!({
        "min": row(-4.0, -9.0, 0.0), "max": row(4.0, 7.0, 1.0), "mean": row(0.0, 5.0, 0.8),
        "std": row(1.0, 0.8, 0.2), "rest": row(0.0, 5.0, 0.9),
    });
    let mut tensors = wild.network().to_state_dict();
    for (name, tensor) in &mut tensors {
        if name.starts_with("decoders") || name == "from_context.weight" {
            tensor.data.iter_mut().for_each(|weight| *weight *= 0.2);
        }
    }
    let noise = Tensor { shape: vec![1], data: vec![-2.0] };
    tensors.insert("decoders.1.2.bias".into(), noise);
    Model::from_state(config, tensors).unwrap()
}

/// Frames that [`wms2`] plays at random places: inputs, (T, C), spectra, (T, K), and pitches in Hz.
pub fn wms2_frames(model: &Model, count: usize) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let mut seed = 7u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let (mut inputs, mut f0_hz) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let hz = 220.0 * random().exp2();
        inputs.extend((0..model.input_size() - 2).map(|_| 0.7 * random()));
        inputs.push(model.config().f0_mapping.apply(f64::from(hz)));
        inputs.push(0.75 + 0.25 * random());
        f0_hz.push(hz);
    }
    let spectra = model.predict(&inputs, &mut model.network().state()).unwrap();
    (inputs, spectra, f0_hz)
}

/// [`wms2`] with directions.
pub fn steered() -> Arc<Model> {
    let model = wms2();
    let (inputs, spectra, f0_hz) = wms2_frames(&model, 600);
    let measured = model.measure(&spectra, &f0_hz).unwrap();
    Arc::new(model.with_directions(&inputs, &f0_hz, &measured).unwrap())
}
