//! Files of `wms_torch`: every version of the format is read, and nothing in them is executed or
//! trusted.

mod common;

use std::path::{Path, PathBuf};

use common::{data, tensors_of};
use serde_json::{Value, json};
use wms::model::Model;
use wms::model::config::Domain;
use wms::model::network::{Network, StateDict};
use wms::model::wms_torch::state_dict;

const GENERATIONS: [&str; 4] = ["2024-05", "2024-11-early", "2024-11", "2026-08"];

fn file(generation: &str, ending: &str) -> PathBuf {
    data(&format!("wms_torch/{generation}.{ending}"))
}

fn bytes(generation: &str, ending: &str) -> Vec<u8> {
    std::fs::read(file(generation, ending)).unwrap()
}

/// The error message for a model file with these bytes.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    std::fs::write(&path, bytes).unwrap();
    let message = match Model::load(&path) {
        Err(error @ wms::Error::ModelFile { .. }) => error.to_string(),
        other => panic!("not refused as a model file: {other:?}"),
    };
    assert!(!message.contains('\n') && message.len() < 400, "{message}");
    message
}

fn refused(bytes: &[u8], wanted: &str) {
    let message = refusal(bytes);
    assert!(message.contains(wanted), "{message:?} does not mention {wanted:?}");
}

/// A zip archive of stored members.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let offset = body.len() as u32;
        let sizes = [data.len() as u32, data.len() as u32, name.len() as u32];
        body.extend(b"PK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        body.extend(sizes.iter().flat_map(|s| s.to_le_bytes()));
        body.extend(name.bytes());
        body.extend(*data);
        directory.extend(b"PK\x01\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        directory.extend(sizes.iter().flat_map(|s| s.to_le_bytes()));
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let count = (members.len() as u16).to_le_bytes();
    let (start, length) = (body.len() as u32, directory.len() as u32);
    body.extend(directory);
    body.extend(b"PK\x05\x06\0\0\0\0");
    body.extend([count, count].concat());
    body.extend(length.to_le_bytes());
    body.extend(start.to_le_bytes());
    body.extend([0, 0]);
    body
}

/// A `.pth` file with this pickle and 16 floats as storage "0".
fn pth(pickle: &[u8]) -> Vec<u8> {
    let floats: Vec<u8> = (0..16).flat_map(|i| (i as f32).to_le_bytes()).collect();
    archive(&[("m/data.pkl", pickle), ("m/byteorder", b"little"), ("m/data/0", &floats)])
}

fn text(value: &str) -> Vec<u8> {
    [b"X".as_slice(), &(value.len() as u32).to_le_bytes(), value.as_bytes()].concat()
}

fn numbers(values: &[i32]) -> Vec<u8> {
    let items = values.iter().flat_map(|v| [b"J".as_slice(), &v.to_le_bytes()].concat());
    [b"(".to_vec(), items.collect(), b"t".to_vec()].concat()
}

/// The pickle of a dict with one tensor "t" of storage "0".
fn one_tensor(offset: i32, shape: &[i32], stride: &[i32]) -> Vec<u8> {
    [
        b"\x80\x02}".to_vec(),
        text("t"),
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        text("storage"),
        b"ctorch\nFloatStorage\n".to_vec(),
        text("0"),
        text("cpu"),
        b"K\x10tQJ".to_vec(),
        offset.to_le_bytes().to_vec(),
        numbers(shape),
        numbers(stride),
        b"\x89}tRs.".to_vec(),
    ]
    .concat()
}

fn read(bytes: &[u8]) -> Result<StateDict, String> {
    state_dict(bytes).expect("told as a file of wms_torch").map_err(|error| error.to_string())
}

#[test]
fn every_generation_is_read_from_both_kinds_of_files_and_computes_as_pytorch_does() {
    for generation in GENERATIONS {
        let io = tensors_of(&file(generation, "io.safetensors"));
        let tensors = read(&bytes(generation, "pth")).unwrap();
        assert_eq!(tensors, read(&bytes(generation, "json")).unwrap());
        let network = Network::from_state_dict(tensors).unwrap();
        assert_eq!(network.generation().name(), generation);

        let (x, y) = (&io["x"], &io["y"]);
        let mut state = network.state();
        let mut output = vec![f32::NAN; network.output_size()];
        let wanted = y.data.chunks_exact(network.output_size());
        for (input, wanted) in x.data.chunks_exact(network.input_size()).zip(wanted) {
            network.step(&mut state, input, &mut output);
            for (a, b) in output.iter().zip(wanted) {
                assert!((a - b).abs() < 1e-5, "{generation}: {a} instead of {b}");
            }
        }
        let hidden = state.hidden().concat();
        let wanted = io.get("hn").map_or(&[][..], |t| &t.data);
        assert_eq!(hidden.len(), wanted.len());
        assert!(hidden.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5), "{generation}");
    }
}

#[test]
fn shapes_tell_what_they_can_and_the_rest_is_named() {
    let expected = [
        ("2024-05", "mfcc_0 mfcc_1 mfcc_2 mfcc_3 pitch voicedness", Domain::Magnitude),
        ("2024-11-early", "pacmap_0 pacmap_1 pacmap_2 pitch voicedness", Domain::Magnitude),
        ("2024-11", "pacmap_0 pacmap_1 pacmap_2 pitch voicedness", Domain::Magnitude),
        (
            "2026-08",
            "mfcc_0 mfcc_1 mfcc_2 mfcc_3 mfcc_4 mfcc_5 mfcc_6 mfcc_7 pitch voicedness",
            Domain::Log1p,
        ),
    ];
    for (generation, names, domain) in expected {
        let model = Model::load(&file(generation, "pth")).unwrap();
        let config = model.config();
        assert_eq!(config.input_names.join(" "), names);
        assert_eq!(config.spectrum.domain, domain);
        assert_eq!((config.spectrum.sample_rate, config.hop_size), (16_000, 256));
        assert!(!config.scaler.known);
        let assumed = config.assumptions().collect::<Vec<_>>().join("; ");
        for wanted in ["sample_rate 16000", "hop_size 256", "cycles_per_window 2", "f_low 46"] {
            assert!(assumed.contains(wanted), "{assumed}");
        }
        assert_eq!(assumed.contains("standardised"), names.starts_with("mfcc"), "{assumed}");
    }
    // The encoder of the JUCE plugin's network was made for 11 coefficients.
    let model = Model::load(&file("2024-11", "json")).unwrap();
    assert_eq!(model.config().scaler.mean.len(), 11);
    assert_eq!(model.config().name, "2024-11");
    let message = model.inputs(&[0.0; 3], &[100.0], Some(&[1.0])).unwrap_err().to_string();
    assert!(message.contains("no plain MFCC"), "{message}");
}

fn params(changes: &[(&str, Value)]) -> Value {
    let text = std::fs::read_to_string(data("wms_torch_params.json")).unwrap();
    let mut params: Value = serde_json::from_str(&text).unwrap();
    params["n_fft_preserved"] = json!(20);
    for (key, value) in changes {
        params[*key] = value.clone();
    }
    params
}

#[test]
fn params_given_or_beside_the_file_are_heeded() {
    let pth = file("2026-08", "pth");
    let given = params(&[
        ("hop_size", json!(128)),
        ("cycles_per_window", json!(4)),
        ("f_low", json!(80.0)),
    ]);
    let model = Model::load_with(&pth, Some(&given)).unwrap();
    let config = model.config();
    assert_eq!((config.hop_size, config.spectrum.cycles_per_window), (128, 4));
    assert!((config.f0_range_hz[0] - 84.76).abs() < 0.01 && config.f0_mapping.f_low_hz == 80.0);
    assert_eq!(config.assumptions().count(), 2);
    assert_eq!(config.json()["params"]["hop_size"], 128);

    // wms_torch keeps its models in a folder beside its params.json.
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("models");
    std::fs::create_dir(&inner).unwrap();
    let copy = inner.join("model_x.pth");
    std::fs::copy(&pth, &copy).unwrap();
    assert_eq!(Model::load(&copy).unwrap().config().hop_size, 256);
    std::fs::write(folder.path().join("params.json"), given.to_string()).unwrap();
    assert_eq!(Model::load(&copy).unwrap().config().hop_size, 128);
    let nearer = params(&[("hop_size", json!(64))]);
    std::fs::write(inner.join("params.json"), nearer.to_string()).unwrap();
    assert_eq!(Model::load(&copy).unwrap().config().hop_size, 64);
    let given = Model::load_with(&copy, Some(&given)).unwrap();
    assert_eq!(given.config().hop_size, 128);

    // Saved in this project's format, the model keeps the values that were assumed.
    let own = folder.path().join("own.safetensors");
    given.save(&own).unwrap();
    assert_eq!(Model::load(&own).unwrap().config(), given.config());

    for (wrong, wanted) in [
        (params(&[("n_mfcc", json!(9))]), "ask for 11 and 20"),
        (params(&[("n_fft_preserved", json!(80))]), "ask for 10 and 80"),
        (params(&[("hop_size", json!("256"))]), "hop_size"),
        (params(&[("window_size", json!(1024.5))]), "window_size"),
        (params(&[("f_high", json!(30))]), "f_high"),
        (json!([]), "object"),
    ] {
        let message = Model::load_with(&pth, Some(&wrong)).unwrap_err().to_string();
        assert!(message.contains(wanted) && message.contains("2026-08.pth"), "{message}");
        std::fs::write(inner.join("params.json"), wrong.to_string()).unwrap();
        assert!(Model::load(&copy).unwrap_err().to_string().contains(wanted));
    }
    std::fs::write(inner.join("params.json"), "{").unwrap();
    assert!(Model::load(&copy).unwrap_err().to_string().contains("no JSON"));
}

#[test]
fn nothing_in_a_pickle_is_executed() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("executed");
    let command = [text(&format!("touch {}", trace.display())), b"\x85R.".to_vec()].concat();
    for import in ["posix\nsystem", "os\nsystem", "builtins\neval", "torch\nload", "nt\nsystem"] {
        let pickle = [b"\x80\x02c", import.as_bytes(), b"\n", &command].concat();
        refused(&pth(&pickle), "nothing is executed");
    }
    // Protocol 4 imports from the stack, older ones by "i" and "o", extensions by number.
    for pickle in [
        [b"\x80\x04".to_vec(), text("os"), text("system"), b"\x93.".to_vec()].concat(),
        [b"\x80\x02".to_vec(), text("os"), text("system"), b"\x93.".to_vec()].concat(),
        b"\x80\x02(ios\nsystem\n.".to_vec(),
        b"\x80\x02(cos\nsystem\no.".to_vec(),
        b"\x80\x02\x82\x01.".to_vec(),
        b"\x80\x02ccollections\nOrderedDict\n)\x81.".to_vec(),
    ] {
        refusal(&pth(&pickle));
    }
    assert!(!trace.exists());
}

#[test]
fn views_of_storages_are_followed_within_their_bounds() {
    let tensor = |pickle: &[u8]| read(&pth(pickle)).map(|mut t| t.remove("t").unwrap());
    let t = tensor(&one_tensor(1, &[2, 3], &[3, 1])).unwrap();
    assert_eq!(
        (t.shape.as_slice(), t.data.as_slice()),
        (&[2, 3][..], &[1., 2., 3., 4., 5., 6.][..])
    );
    let transposed = tensor(&one_tensor(0, &[2, 3], &[1, 2])).unwrap();
    assert_eq!(transposed.data, [0., 2., 4., 1., 3., 5.]);
    assert_eq!(tensor(&one_tensor(15, &[], &[])).unwrap().data, [15.0]);
    for (offset, shape, stride) in [
        (0, &[17][..], &[1][..]),
        (15, &[2], &[1]),
        (-1, &[2], &[1]),
        (0, &[-2], &[1]),
        (0, &[2], &[-1]),
        (0, &[2], &[i32::MAX]),
        (0, &[i32::MAX, i32::MAX, i32::MAX], &[0, 0, 0]),
        (0, &[1 << 20], &[0]),
        (0, &[2, 2], &[1]),
        (0, &[1, 1, 1, 1], &[1, 1, 1, 1]),
        (i32::MAX, &[1], &[1]),
    ] {
        let message = tensor(&one_tensor(offset, shape, stride)).unwrap_err();
        assert!(!message.is_empty() && message.len() < 200, "{message}");
    }
    // Each view may be as large as its storage, but together they must not be larger than the file.
    let view = one_tensor(0, &[5000], &[1]);
    let entry = &view[9..view.len() - 1];
    let dict = |count: usize| {
        let entries = (0..count).map(|i| [text(&format!("t{i}")), entry.to_vec()].concat());
        let pickle = [b"\x80\x02}".to_vec(), entries.collect::<Vec<_>>().concat(), b".".to_vec()];
        archive(&[("data.pkl", &pickle.concat()), ("data/0", &vec![0; 20_000])])
    };
    assert!(read(&dict(1)).is_ok());
    assert!(read(&dict(100)).unwrap_err().contains("beyond"));
}

#[test]
fn bombs_are_refused_quickly() {
    // Nested tuples: each level would double the work of walking through them, or add to the depth.
    let doubling = [b"\x80\x02)".as_slice(), &b"q\x00h\x00\x86".repeat(100_000), b"."].concat();
    refused(&pth(&doubling), "deeper");
    refused(&pth(&[b"\x80\x02)".as_slice(), &b"\x85".repeat(900_000), b"."].concat()), "deeper");
    refused(
        &pth(&[b"\x80\x02".as_slice(), &b"}".repeat(900_000), b"."].concat()),
        "no known network",
    );
    refused(&pth(&[b"\x80\x02".as_slice(), &b"(".repeat(900_000), b"."].concat()), "damaged");
    refused(&pth(&vec![b'}'; 2 << 20]), "too long");
    // A dict that contains itself is not a tensor.
    let own = [b"\x80\x02}q\x00".to_vec(), text("t"), b"h\x00s.".to_vec()].concat();
    refused(&pth(&own), "entry t is no tensor");
    refused(format!("{{\"a\": {}", "[".repeat(100_000)).as_bytes(), "JSON");
    refused(b"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", "torch before 1.6");
}

#[test]
fn damaged_files_are_errors_and_never_panics() {
    let good = bytes("2024-05", "pth");
    assert!(read(&good).is_ok());
    for length in (4..good.len()).step_by(7).chain([good.len() - 1]) {
        if length > 8 {
            refusal(&good[..length]);
        }
    }
    for at in 4..good.len() {
        for change in [0xff, 0x01, 0x40] {
            let mut changed = good.clone();
            changed[at] ^= change;
            if let Some(Ok(tensors)) = state_dict(&changed) {
                let _ = Network::from_state_dict(tensors);
            }
        }
    }
    refused(&archive(&[("m/other", b"x")]), "torch.save did not write");
    let mut compressed = pth(b"\x80\x02}.");
    let entry = compressed.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    compressed[entry + 10] = 8;
    refused(&compressed, "compressed");
    refused(&archive(&[("data.pkl", b"\x80\x02}."), ("byteorder", b"big")]), "byte order");
    refused(&archive(&[("data.pkl", b"\x80\x02}."), ("data.pkl", b"")]), "twice");
    refused(&pth(b"\x80\x02}."), "no known network");
    refused(&pth(b"\x80\x02K\x01."), "no dict");
    refused(&archive(&[("data.pkl", &one_tensor(0, &[2], &[1]))]), "missing its data");
}

#[test]
fn foreign_and_broken_json_is_refused() {
    let good = String::from_utf8(bytes("2026-08", "json")).unwrap();
    refused(&good.as_bytes()[..good.len() / 2], "JSON");
    refused(b"{\"a\": [[1, 2], [3]]}", "entry a");
    refused(b"{\"a\": [1, \"x\"]}", "entry a");
    refused(b"{\"a\": 1}", "entry a");
    refused(b"{\"a\": [NaN]}", "JSON");
    refused(b"  {\"\\n\\u0007\": {}}", "entry");
    refused(b"{}", "no known network");
    refused(b"{\"gru.weight_ih_l0\": []}", "dimension of 0");
    let mut dict: Value = serde_json::from_str(&good).unwrap();
    dict["gru.bias_hh_l0"][3] = json!(1e39);
    refused(dict.to_string().as_bytes(), "inf");
    dict.as_object_mut().unwrap().remove("gru.bias_hh_l0");
    refused(dict.to_string().as_bytes(), "gru.bias_hh_l0 is missing");
    assert!(Model::load(Path::new("no/such/file.pth")).is_err());
}
