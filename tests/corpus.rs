//! Recordings of any length and number: passages, and the store that keeps their frames.

use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use wms::analysis::analyze_signal;
use wms::audio::{self, Channel, ReadOptions, WavSubtype};
use wms::corpus::{self, Frames, Recording, Store, analyze_files, analyze_signals};
use wms::{Error, Params, Watch};

const RATE: u32 = 16000;

/// Parameters that make the analysis quick, with these changes.
fn params(changes: &serde_json::Value) -> Params {
    let mut all = json!({"pitch_detection_method": "yin", "include_voicedness": false});
    all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Params::default().replace(all.as_object().unwrap().clone()).unwrap()
}

fn yin() -> Params {
    params(&json!({}))
}

/// A tone with two overtones, rests and a slow vibrato.
fn sound(f0_hz: f64, seconds: f64) -> Vec<f32> {
    let mut turn = 0.0;
    (0..(seconds * f64::from(RATE)) as usize)
        .map(|n| {
            let t = n as f64 / f64::from(RATE);
            turn +=
                f0_hz * (1.0 + 0.01 * (5.0 * t).sin()) / f64::from(RATE) * std::f64::consts::TAU;
            let loud = if (t / 3.0).fract() < 0.8 { 0.2 } else { 0.0 };
            (loud * (turn.sin() + (2.0 * turn).sin() / 2.0 + (3.0 * turn).sin() / 3.0)) as f32
        })
        .collect()
}

fn analyze(samples: &[f32], params: &Params) -> Frames {
    let recording = Recording { name: "x".into(), samples: samples.to_vec() };
    analyze_signals(vec![recording], params, &Watch::default()).unwrap()
}

fn update(folder: &Path, files: &[PathBuf], params: &Params) -> Store {
    Store::update(folder, files, params, Channel::Mix, false, &Watch::default()).unwrap()
}

/// The samples of a file at `rate` Hz.
fn loaded(path: &Path, rate: u32) -> Vec<f32> {
    audio::load(path, Some(rate), ReadOptions::default()).unwrap().samples
}

fn write_wav(path: &Path, samples: &[f32]) {
    audio::write_wav(path, samples, 1, RATE, WavSubtype::default()).unwrap();
}

/// Path and bytes of every file in a folder.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.map(|f| (f.clone(), std::fs::read(&f).unwrap())).collect();
    files.sort();
    files
}

/// A folder of four recordings, two of them the same, and a place for a store.
struct Corpus {
    files: Vec<PathBuf>,
    store: PathBuf,
    folder: TempDir,
}

impl Corpus {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, f0_hz, seconds| {
            let path = folder.path().join(name);
            write_wav(&path, &sound(f0_hz, seconds));
            path
        };
        let mut files = vec![file("a.wav", 220.0, 1.0), file("b.wav", 330.0, 2.5)];
        files.push(file("c.wav", 150.0, 0.3));
        files.push(file("d.wav", 330.0, 2.5));
        let store = folder.path().join("store");
        Self { files, store, folder }
    }

    fn update(&self) -> Store {
        update(&self.store, &self.files, &yin())
    }
}

#[test]
fn passages_are_the_whole() {
    let noise = |n: usize| ((n as u32).wrapping_mul(2_654_435_761) >> 8) as f32 * 6e-11;
    let mut signal = sound(311.0, 9.0);
    signal.iter_mut().enumerate().for_each(|(n, x)| *x += noise(n));
    for (changes, seconds) in [
        (json!({"hop_size": 16}), 9.0),
        (json!({"hop_size": 9, "window_size": 700, "cycles_per_window": 8}), 6.0),
        (json!({"hop_size": 16, "pitch_detection_method": "pyin"}), 5.0),
        (json!({"hop_size": 16, "pitch_detection_method": "crepe"}), 4.1),
        (json!({"hop_size": 31, "pitch_detection_method": "crepe", "sample_rate": 44100}), 2.9),
        (json!({"n_fft": 262_144, "n_fft_preserved": null, "hop_size": 1000}), 3.0),
    ] {
        let params = params(&changes);
        let analysis = params.analysis();
        let signal = &signal[..(seconds * f64::from(RATE)) as usize];
        let signal = audio::resample(signal, RATE, analysis.sample_rate).unwrap();
        let whole = analyze_signal(&signal, analysis, &Watch::default()).unwrap();
        let frames = analyze(&signal, &params);
        assert_eq!(frames.len(), 1 + signal.len() / analysis.hop_size);
        assert!(frames.features.view() == whole.view(), "{changes}");
    }
}

#[test]
fn passages_of_instruments_are_the_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/audio/alto_sax.flac");
    let signal = loaded(&path, RATE);
    let signal = &signal[..17 * RATE as usize];
    for method in ["pyin", "crepe"] {
        let params = params(&json!({"pitch_detection_method": method, "hop_size": 64}));
        let whole = analyze_signal(signal, params.analysis(), &Watch::default()).unwrap();
        let frames = analyze(signal, &params);
        assert!(frames.features.f0_hz.view() == whole.f0_hz, "{method}");
        assert!(frames.features.voicedness.view() == whole.voicedness, "{method}");
    }
}

#[test]
fn the_first_pitch_is_held_back_to_the_beginning() {
    let params = params(&json!({"pitch_detection_method": "crepe", "hop_size": 16}));
    // One passage at a time; the first pitch is in the second passage.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut signal = vec![0.0; 4000 * 16];
    let silent = pool.install(|| analyze(&signal, &params));
    assert!(silent.features.f0_hz.view().iter().all(|f0| *f0 == 0.0));
    signal.extend(sound(220.0, 0.3));
    signal.resize(signal.len() + 300 * 16, 0.0);
    let f0_hz = pool.install(|| analyze(&signal, &params)).features.f0_hz.view().to_vec();
    let whole = analyze_signal(&signal, params.analysis(), &Watch::default()).unwrap();
    assert!(f0_hz == whole.f0_hz.to_vec());
    assert!(f0_hz[0] > 0.0 && f0_hz[..3900].iter().all(|f0| *f0 == f0_hz[0]));
    let last = f0_hz[f0_hz.len() - 1];
    assert!(last > 0.0 && f0_hz[4500..].iter().all(|f0| *f0 == last));
}

#[test]
fn files_arrays_and_stores_agree() {
    let corpus = Corpus::new();
    for rate in [RATE, 22050] {
        let params = params(&json!({"sample_rate": rate}));
        let frames =
            analyze_files(&corpus.files, &params, Channel::Mix, &Watch::default()).unwrap();
        let recordings = corpus.files.iter().map(|file| Recording {
            name: file.display().to_string(),
            samples: loaded(file, rate),
        });
        let of_arrays = analyze_signals(recordings.collect(), &params, &Watch::default()).unwrap();
        assert_eq!(of_arrays, frames);
        let store = update(&corpus.store, &corpus.files, &params);
        assert_eq!(store.len(), frames.len());
        assert_eq!(store.load().unwrap(), frames);
        assert_eq!(corpus::load(&corpus.store).unwrap(), frames);
        for (index, file) in corpus.files.iter().enumerate() {
            let shard = store.shard(index).unwrap();
            assert_eq!(shard.files, [file.display().to_string()]);
            assert_eq!(shard.scaler, frames.scaler);
            let alone = Frames { scaler: shard.scaler.clone(), ..analyze_one(file, &params) };
            assert_eq!(shard, alone);
        }
        let saved = [corpus.folder.path().join("x"), corpus.folder.path().join("y")];
        store.save(&saved[0]).unwrap();
        frames.save(&saved[1]).unwrap();
        assert_eq!(std::fs::read(&saved[0]).unwrap(), std::fs::read(&saved[1]).unwrap());
        assert_eq!(corpus::load(&saved[0]).unwrap(), frames);
    }
}

fn analyze_one(file: &Path, params: &Params) -> Frames {
    analyze_files(&[file.into()], params, Channel::Mix, &Watch::default()).unwrap()
}

#[test]
fn threads_and_order_do_not_matter() {
    let corpus = Corpus::new();
    corpus.update();
    let wanted = content(&corpus.store);
    // Three different recordings, and the index.
    assert_eq!(wanted.len(), 4);
    for threads in [1, 2, 5] {
        std::fs::remove_dir_all(&corpus.store).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut files: Vec<PathBuf> = corpus.files.iter().rev().cloned().collect();
        files.push(corpus.files[0].clone());
        let store = pool.install(|| update(&corpus.store, &files, &yin()));
        assert_eq!((store.entries.len(), store.kept), (4, 1));
        assert!(content(&corpus.store) == wanted, "{threads} threads");
    }
}

#[test]
fn only_what_changed_is_analysed() {
    let corpus = Corpus::new();
    assert_eq!(corpus.update().kept, 1, "a copy of another file");
    let first = content(&corpus.store);
    assert_eq!(corpus.update().kept, 4);
    assert!(content(&corpus.store) == first);
    // Changes of parameters that the analysis does not read: all shards stay valid.
    let other = params(&json!({"hidden_size": 12, "num_epochs": 3, "audio_files_path": "else"}));
    let store = update(&corpus.store, &corpus.files, &other);
    assert_eq!((store.kept, store.params.get("hidden_size")), (4, Some(&json!(12))));
    // A change of a parameter that the analysis reads.
    let other = params(&json!({"n_mel": 30}));
    assert_eq!(update(&corpus.store, &corpus.files, &other).kept, 1);
    assert_eq!(corpus.update().kept, 4);
    // A file that changed.
    write_wav(&corpus.files[0], &sound(200.0, 1.0));
    let store = corpus.update();
    assert_eq!(store.kept, 3);
    assert_eq!(store.load().unwrap(), {
        analyze_files(&corpus.files, &yin(), Channel::Mix, &Watch::default()).unwrap()
    });
    // Old shards stay until they are pruned.
    assert_eq!(content(&corpus.store).len(), 1 + 3 + 3 + 1);
    let leftover = corpus.store.join(".wms-left-by-a-killed-process");
    std::fs::write(&leftover, "").unwrap();
    Store::update(&corpus.store, &corpus.files[1..], &yin(), Channel::Mix, true, &Watch::default())
        .unwrap();
    assert_eq!(content(&corpus.store).len(), 1 + 2);
    assert!(!leftover.exists());
}

#[test]
fn what_was_finished_is_kept() {
    let corpus = Corpus::new();
    let watch = Watch::default();
    watch.stop();
    let stopped = Store::update(&corpus.store, &corpus.files, &yin(), Channel::Mix, false, &watch);
    assert!(matches!(stopped, Err(Error::Interrupted)));
    // The state after an interruption: there are shards, but the index lists none.
    let shards = corpus.update().entries;
    let empty = corpus.folder.path().join("empty");
    assert!(Store::update(&empty, &corpus.files, &yin(), Channel::Mix, false, &watch).is_err());
    std::fs::copy(empty.join("index.json"), corpus.store.join("index.json")).unwrap();
    assert!(Store::open(&corpus.store).unwrap().is_empty());
    let store = corpus.update();
    assert_eq!((store.kept, store.entries), (4, shards));
}

#[test]
fn damaged_shards_are_an_error_or_made_again() {
    let corpus = Corpus::new();
    let store = corpus.update();
    let first = content(&corpus.store);
    let path = corpus.store.join(&store.entries[1].shard);
    let whole = std::fs::read(&path).unwrap();
    let other = std::fs::read(corpus.store.join(&store.entries[0].shard)).unwrap();
    let mut longer = whole.clone();
    longer.push(0);
    for damaged in [&whole[..0], &whole[..700], &whole[..whole.len() - 1], &longer, b"RIFFRIFF"] {
        std::fs::write(&path, damaged).unwrap();
        for result in [store.shard(1).map(|_| ()), store.load().map(|_| ()), {
            store.save(&corpus.folder.path().join("x"))
        }] {
            let error = result.unwrap_err();
            assert!(matches!(&error, Error::FeatureFile { path: p, .. } if *p == path), "{error}");
        }
        assert_eq!(corpus.update().kept, 3, "all but the first of two copies");
        assert!(content(&corpus.store) == first);
    }
    std::fs::write(&path, other).unwrap();
    let error = store.shard(1).unwrap_err().to_string();
    assert!(error.contains("wanted 157 of 8 and 80 as in the index"), "{error}");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(store.shard(1), Err(Error::Io { .. })));
    assert!(matches!(store.shard(9), Err(Error::Parameter(_))));
}

#[test]
fn bad_recordings_are_left_out() {
    let corpus = Corpus::new();
    let bad = corpus.folder.path().join("bad.wav");
    let whole = std::fs::read(&corpus.files[0]).unwrap();
    std::fs::write(&bad, &whole[..30]).unwrap();
    let files = [bad.clone(), corpus.files[0].clone()];
    let store = update(&corpus.store, &files, &yin());
    assert_eq!((store.entries.len(), store.skipped.len()), (1, 1));
    assert_eq!(store.skipped[0].path, bad);
    assert!(store.skipped[0].reason.contains("is cut short within its header"));
    assert_eq!(Store::open(&corpus.store).unwrap().skipped, store.skipped);
    // No half-written file is left behind.
    assert_eq!(content(&corpus.store).len(), 2);
    let new = corpus.folder.path().join("new");
    let watch = Watch::default();
    let alone =
        Store::update(&new, std::slice::from_ref(&bad), &yin(), Channel::Mix, false, &watch);
    assert!(matches!(alone, Err(Error::AudioFile { .. })));
    assert!(!new.exists());
    let none = Store::update(&new, &[], &yin(), Channel::Mix, false, &watch);
    assert!(none.unwrap_err().to_string().contains("no audio file was given"));
}

#[test]
fn other_folders_are_refused() {
    let corpus = Corpus::new();
    let watch = Watch::default();
    let into = |folder: &Path, params: &Params| {
        Store::update(folder, &corpus.files, params, Channel::Mix, false, &watch)
            .unwrap_err()
            .to_string()
    };
    let error = into(corpus.folder.path(), &yin());
    assert!(error.contains("holds other things, wanted a store"), "{error}");
    let error = into(&corpus.store, &params(&json!({"compatibility": "main"})));
    assert!(error.contains("\"compatibility\" is \"main\""), "{error}");
    assert!(!corpus.store.exists());
    corpus.update();
    let index = corpus.store.join("index.json");
    let text = std::fs::read_to_string(&index).unwrap();
    for (from, to, fragment) in [
        ("wms-store", "wms-stone", "not the index of a store written by wms"),
        ("\"version\": 1", "\"version\": 2", "version 2 of the format, wanted 1"),
        ("\"n_mfcc\": 8", "\"n_mfcc\": 9", "its scaler is not of 9 coefficients"),
        ("\"hop_size\": 256", "\"hop_size\": 0", "its params: \"hop_size\" is 0"),
        ("\"shard\": \"", "\"shard\": \"../", "a damaged index"),
        ("{", "", "not the index of a store"),
    ] {
        std::fs::write(&index, text.replacen(from, to, 1)).unwrap();
        let error = Store::open(&corpus.store).unwrap_err().to_string();
        assert!(error.contains(fragment), "{error}");
    }
    assert!(matches!(Store::open(&corpus.folder.path().join("none")), Err(Error::Io { .. })));
}

#[test]
fn parameters_have_one_name() {
    let corpus = Corpus::new();
    let shard = |changes: &serde_json::Value| {
        let store = update(&corpus.store, &corpus.files[..1], &params(changes));
        store.entries[0].shard.clone()
    };
    let plain = shard(&json!({}));
    for same in [
        json!({"f_low": 46.0, "cycles_per_window": 2, "seed": 1}),
        json!({"n_fft_preserved": 80, "dropout": 0.5}),
    ] {
        assert_eq!(shard(&same), plain, "{same}");
    }
    assert_eq!(
        shard(&json!({"cycles_per_window": null, "n_fft_preserved": 513})),
        shard(&json!({"cycles_per_window": 0, "n_fft_preserved": null}))
    );
    let others = [
        json!({"sample_rate": 22050}),
        json!({"hop_size": 255}),
        json!({"window_size": 1000}),
        json!({"n_fft": 2048}),
        json!({"n_fft_preserved": 79}),
        json!({"cycles_per_window": 3}),
        json!({"n_mfcc": 7}),
        json!({"n_mel": 41}),
        json!({"f_low": 46.5}),
        json!({"f_high": 1500}),
        json!({"pitch_detection_method": "pyin"}),
    ];
    for other in others {
        assert_ne!(shard(&other), plain, "{other}");
    }
}
