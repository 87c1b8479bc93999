use super::*;
use serde_json::json;

/// The keys of `wms_torch`'s published file, its notes included.
const PUBLISHED: &str = include_str!("../../tests/data/wms_torch_params.json");

fn published(key: &str, value: Value) -> Result<Params> {
    let Value::Object(mut map) = serde_json::from_str(PUBLISHED).unwrap() else { unreachable!() };
    map.insert(key.into(), value);
    Params::from_map(map)
}

#[test]
fn shipped_file_is_valid_and_complete() {
    let shipped = Params::default();
    for key in KEYS {
        assert!(shipped.get(key.name).is_some(), "{} is not in params.json", key.name);
        assert!(SHIPPED.contains(&format!("\"{}\"", key.name)), "{} is left out", key.name);
    }
    assert_eq!(Params::from_json(&shipped.to_json()).unwrap(), shipped);
}

#[test]
fn shipped_values_are_the_defaults_of_the_table() {
    let shipped = Params::default();
    for key in KEYS.iter().filter(|key| key.name != "audio_files_path") {
        assert!(same(shipped.get(key.name).unwrap(), &key.default()), "{}", key.name);
    }
}

#[test]
fn every_key_accepts_its_default_and_says_what_it_means() {
    for key in KEYS {
        key.check(&key.default()).unwrap();
        assert!(key.meaning.len() > 10 && key.meaning.ends_with('.'), "{}", key.name);
        assert!(!key.meaning.contains("  ") && !key.meaning.contains('\n'), "{}", key.name);
        assert_eq!(KEYS.iter().filter(|other| other.name == key.name).count(), 1);
    }
}

#[test]
fn published_file_loads_unchanged_and_keeps_its_notes() {
    let params = Params::from_json(PUBLISHED).unwrap();
    assert_eq!(params.analysis().hop_size, 256);
    assert_eq!(params.get("batch_size"), Some(&json!(512)));
    assert!(params.to_json().contains("fft_type_comment"));
    assert!(!params.to_map().keys().any(|key| is_note(key)));
    assert_eq!(params.without_effect().count(), 0);
}

#[test]
fn every_wrong_value_is_named_with_what_is_wanted() {
    for (key, value, wanted) in [
        ("hop_size", json!(0), "\"hop_size\" is 0, wanted a whole number from 1"),
        ("hop_size", json!(256.5), "\"hop_size\" is 256.5, wanted a whole number"),
        ("hop_size", json!("256"), "\"hop_size\" is \"256\", wanted a whole number"),
        ("window_size", json!(2048), "\"n_fft\" is 1024, wanted at least \"window_size\""),
        ("fft_type", json!("complex"), "\"fft_type\" is \"complex\", wanted \"real\""),
        ("n_fft_preserved", json!(600), "wanted at most n_fft / 2 + 1 = 513"),
        ("f_low", json!(2000), "\"f_low\" is 2000 Hz, wanted less than \"f_high\""),
        ("f_high", json!(9000), "wanted at most half of \"sample_rate\""),
        ("compatibility", json!("old"), "wanted one of \"main\", \"dev\", or null"),
        ("hop_sise", json!(1), "unknown key \"hop_sise\"; did you mean \"hop_size\"?"),
    ] {
        let message = published(key, value).unwrap_err().to_string();
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn compatible_yin_has_no_voicedness() {
    let yin = published("pitch_detection_method", json!("yin")).unwrap();
    assert!(yin.analysis().include_voicedness);
    for version in ["main", "dev"] {
        let changes = json!({ "compatibility": version }).as_object().unwrap().clone();
        let message = yin.replace(changes).unwrap_err().to_string();
        assert!(message.contains("set \"include_voicedness\" to false"), "{message}");
    }
}

#[test]
fn missing_keys_are_listed() {
    let Value::Object(mut map) = serde_json::from_str(PUBLISHED).unwrap() else { unreachable!() };
    map.remove("hop_size");
    map.remove("n_mfcc");
    let message = Params::from_map(map).unwrap_err().to_string();
    assert!(message.contains("\"hop_size\" is missing") && message.contains("n_mfcc"), "{message}");
}

#[test]
fn idle_keys_say_so() {
    let params = published("power", json!(2.0)).unwrap();
    let lines: Vec<_> = params.without_effect().collect();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].0 == "power" && lines[0].1.contains("\"power\": 2.0 has no effect"));
}

#[test]
fn null_means_all_bins_and_no_cycles() {
    assert_eq!(published("n_fft_preserved", Value::Null).unwrap().analysis().n_bins, 513);
    assert_eq!(
        published("cycles_per_window", Value::Null).unwrap().analysis().cycles_per_window,
        0
    );
}

#[test]
fn not_an_object_is_refused() {
    for text in ["", "[1]", "{", "{\"a\": }"] {
        assert!(Params::from_json(text).is_err(), "{text}");
    }
}

#[test]
fn every_profile_loads_and_an_unknown_one_is_refused() {
    assert_eq!(Params::profile("default").unwrap(), Params::default());
    let hifi = Params::profile("hifi").unwrap();
    assert_eq!(hifi.analysis().sample_rate, 44100);
    assert_eq!(hifi.without_effect().count(), 0);
    let message = Params::profile("lofi").unwrap_err().to_string();
    assert!(message.contains("lofi") && message.contains("default, hifi"), "{message}");
}
