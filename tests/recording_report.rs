//! What is said about recordings before a model is trained on them.

use serde_json::json;
use std::path::PathBuf;
use wms::audio::{self, Channel, WavSubtype};
use wms::corpus::{Recording, Report, Store, analyze_files, analyze_signals, band_limit_hz};
use wms::{Params, Watch};

const RATE: u32 = 16_000;
const TOP_HZ: f64 = 8000.0;

fn params() -> Params {
    let changes = json!({"pitch_detection_method": "yin"});
    Params::default().replace(changes.as_object().unwrap().clone()).unwrap()
}

/// A melody of notes of `note_s`, each with partials that fall by 6 dB an octave up to the top.
fn melody(seconds: f64, note_s: f64, low_hz: f64) -> Vec<f32> {
    let rate = f64::from(RATE);
    let mut phase = 0.0_f64;
    (0..(seconds * rate) as usize)
        .map(|n| {
            let note = n as f64 / rate / note_s;
            let within = note.fract() * note_s;
            let f0_hz = low_hz * [1.0, 1.5, 1.25, 2.0, 1.125][note as usize % 5];
            phase += f0_hz / rate;
            let level = 0.1 + 0.1 * (note.floor() % 3.0) / 2.0;
            let fade = (within / 0.02).min((note_s - within) / 0.02).min(1.0);
            let partials = (1..(rate / 2.0 / f0_hz) as u32)
                .map(|k| (std::f64::consts::TAU * phase * f64::from(k)).sin() / f64::from(k));
            (level * fade * partials.sum::<f64>()) as f32
        })
        .collect()
}

/// Random numbers from 0 to 1, the same for the same seed.
fn random(seed: u32) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(u32::MAX >> 8)
    }
}

fn noise(seconds: f64, level: f32) -> Vec<f32> {
    let mut random = random(7);
    (0..(seconds * f64::from(RATE)) as usize).map(|_| level * (random() as f32 - 0.5)).collect()
}

/// A melody of random notes, some with a pause behind them, of an instrument that is random too:
/// its register, how its partials fall, its attack, its vibrato, its breath. If `top_hz` is below
/// half of the rate, there is nothing above it.
fn any_melody(seconds: f64, seed: u32, top_hz: f64) -> Vec<f32> {
    let mut random = random(seed);
    let rate = f64::from(RATE);
    let low_hz = 70.0 * 2.0_f64.powf(2.5 * random());
    let fall = 0.8 + random();
    let (attack_s, vibrato) = (0.01 + 0.1 * random(), 0.008 * random());
    let breath = if top_hz < TOP_HZ { 0.0 } else { 0.003 * random() };
    let mut sound = Vec::new();
    while (sound.len() as f64) < seconds * rate {
        let f0_hz = low_hz * 2.0_f64.powf((24.0 * random()).round() / 12.0);
        let note_s = 0.4 + 1.6 * random();
        let level = 0.02 + 0.08 * random();
        let mut phase = 0.0_f64;
        for n in 0..(note_s * rate) as usize {
            let at_s = n as f64 / rate;
            phase += f0_hz / rate * (1.0 + vibrato * (35.0 * at_s).sin());
            let fade = (at_s / attack_s).min((note_s - at_s) / 0.03).min(1.0);
            let partials = (1..=(top_hz / f0_hz) as u32).map(|k| {
                (std::f64::consts::TAU * phase * f64::from(k)).sin() / f64::from(k).powf(fall)
            });
            let tone = partials.sum::<f64>() + breath * (random() - 0.5);
            sound.push((level * fade * tone) as f32);
        }
        if random() < 0.3 {
            sound.resize(sound.len() + (rate * random()) as usize, 0.0);
        }
    }
    sound.truncate((seconds * rate) as usize);
    sound
}

fn report_of(files: &[(&str, Vec<f32>)]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, samples)| {
            let path = folder.path().join(name);
            audio::write_wav(&path, samples, 1, RATE, WavSubtype::Pcm24).unwrap();
            path
        })
        .collect();
    let watch = Watch::default();
    let frames = analyze_files(&paths, &params(), Channel::Mix, &watch).unwrap();
    frames.report(Channel::Mix, &watch).unwrap()
}

fn kinds(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.kind).collect()
}

fn kinds_of(samples: Vec<f32>) -> Vec<&'static str> {
    kinds(&report_of(&[("x.wav", samples)]))
}

#[test]
fn a_good_recording_is_summed_up_without_a_warning() {
    let report = report_of(&[("x.wav", melody(40.0, 1.0, 220.0))]);
    assert_eq!(kinds(&report), [""; 0]);
    let summary = report.summary();
    assert!(summary.starts_with("40.0 s of sound, "), "{summary}");
    assert!(summary.contains(" % pitched, A3 to A4, soft to loud "), "{summary}");
    assert!(summary.ends_with(" dB, nothing clipped"), "{summary}");
    assert!(report.pitched_share > 0.9, "{summary}");
    assert_eq!(report.to_string(), summary);
    assert_eq!(report.to_json()["summary"], summary);
}

#[test]
fn silence_is_told_and_marked() {
    for samples in [vec![0.0; 80_000], noise(5.0, 2e-5)] {
        let report = report_of(&[("x.wav", samples)]);
        assert_eq!(kinds(&report), ["silent"]);
        assert!(report.is_silent());
    }
    let mut mostly = vec![0.0; 80 * RATE as usize];
    mostly.extend(melody(35.0, 1.0, 220.0));
    let report = report_of(&[("x.wav", mostly)]);
    assert_eq!(kinds(&report), ["mostly_silent"]);
    assert_eq!(
        report.findings[0].message,
        "70 % of it is silence, most of which is not trained on"
    );
    assert!(!report.is_silent());
}

#[test]
fn sound_that_is_no_single_pitch_is_told() {
    assert_eq!(kinds_of(noise(35.0, 0.3)), ["no_pitch"]);
    let both = melody(35.0, 1.0, 220.0).into_iter().zip(melody(35.0, 1.3, 347.0));
    assert_eq!(kinds_of(both.map(|(a, b)| a + b).collect()), ["two_pitches"]);
}

#[test]
fn faults_of_the_level_are_told() {
    let good = || melody(35.0, 1.0, 220.0).into_iter();
    assert_eq!(kinds_of(good().map(|x| (20.0 * x).clamp(-1.0, 1.0)).collect()), ["clipped"]);
    assert_eq!(kinds_of(good().map(|x| (4.0 * x).clamp(-0.5, 0.5)).collect()), ["clipped"]);
    assert_eq!(kinds_of(good().map(|x| 1e-3 * x).collect()), ["too_quiet"]);
}

#[test]
fn pauses_that_are_not_quiet_are_told() {
    let pausing = |n: usize, x: f32| if (n / RATE as usize).is_multiple_of(2) { x } else { 0.0 };
    let dry: Vec<f32> =
        melody(70.0, 1.0, 220.0).iter().enumerate().map(|(n, x)| pausing(n, *x)).collect();
    assert_eq!(kinds_of(dry.clone()), [""; 0]);
    let noisy = dry.into_iter().zip(noise(70.0, 0.06)).map(|(a, b)| a + b);
    assert_eq!(kinds_of(noisy.collect()), ["loud_pauses"]);
}

#[test]
fn too_little_sound_is_told() {
    let report = report_of(&[("x.wav", melody(8.0, 1.0, 220.0))]);
    assert_eq!(kinds(&report), ["too_short"]);
    assert!(report.findings[0].message.contains("a minute or more makes a good model"));
    let mut shots = melody(35.0, 0.5, 220.0);
    for (n, sample) in shots.iter_mut().enumerate() {
        if n % 8000 > 2400 {
            *sample = 0.0;
        }
    }
    assert!(kinds_of(shots).contains(&"short_notes"));
}

#[test]
fn a_limited_band_is_told() {
    let report = report_of(&[("x.wav", any_melody(35.0, 3, 4000.0))]);
    assert_eq!(kinds(&report), ["band_limited"]);
    let line = &report.findings[0].message;
    let limit: f64 = line.split(' ').nth(4).unwrap().parse().unwrap();
    assert!((3.7..4.1).contains(&limit), "{line}");
}

#[test]
fn verdicts_hold_for_any_melody() {
    let added = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<f32>>();
    for seed in 0..3 {
        let good = any_melody(45.0, seed, TOP_HZ);
        let peak = good.iter().fold(0.0, |peak: f32, x| peak.max(x.abs()));
        let bad = [
            ("two_pitches", added(&good, &any_melody(45.0, seed + 1000, TOP_HZ))),
            ("clipped", good.iter().map(|x| x.clamp(-0.4 * peak, 0.4 * peak)).collect()),
            ("too_quiet", good.iter().map(|x| x * 1e-3 / peak).collect()),
            ("band_limited", any_melody(45.0, seed, 3500.0 + 500.0 * f64::from(seed % 6))),
            ("mostly_silent", [vec![0.0; 50 * RATE as usize], good.clone()].concat()),
        ];
        assert_eq!(kinds_of(good), [""; 0], "{seed}");
        for (kind, samples) in bad {
            assert_eq!(kinds_of(samples), [kind], "{seed}");
        }
    }
}

#[test]
fn the_limit_of_the_band_is_the_highest_of_all_recordings() {
    let folder = tempfile::tempdir().unwrap();
    let limit_of = |tops_hz: &[f64]| {
        let paths: Vec<PathBuf> =
            tops_hz.iter().map(|top| folder.path().join(format!("{top}.wav"))).collect();
        for (path, top_hz) in paths.iter().zip(tops_hz) {
            let sound = any_melody(10.0, 5, *top_hz);
            audio::write_wav(path, &sound, 1, RATE, WavSubtype::Pcm24).unwrap();
        }
        band_limit_hz(&paths, Channel::Mix, &Watch::default()).unwrap()
    };
    let near = |limit: Option<f64>, hz: f64| (limit.unwrap() / hz - 1.0).abs() < 0.1;
    assert!(near(limit_of(&[3000.0]), 3000.0));
    assert!(near(limit_of(&[3000.0, 5000.0, 4000.0]), 5000.0));
    assert!(near(limit_of(&[3000.0, 0.0]), 3000.0));
    assert_eq!(limit_of(&[0.0]), None);
    assert_eq!(
        band_limit_hz(&["no such.wav".into()], Channel::Mix, &Watch::default()).unwrap(),
        None
    );
}

#[test]
fn faults_of_several_recordings_are_named_once() {
    let good = melody(35.0, 1.0, 220.0);
    let clipped: Vec<f32> = good.iter().map(|x| (20.0 * x).clamp(-1.0, 1.0)).collect();
    let report = report_of(&[
        ("a.wav", clipped.clone()),
        ("b.wav", good),
        ("c.wav", vec![0.0; 16_000]),
        ("d.wav", clipped),
    ]);
    assert_eq!(kinds(&report), ["clipped", "silent"]);
    let line = &report.findings[0].message;
    assert!(line.contains("a.wav") && line.contains("d.wav") && !line.contains("b.wav"), "{line}");
}

#[test]
fn lines_about_files_stay_and_stores_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    audio::write_wav(&path, &melody(40.0, 1.0, 220.0), 1, RATE, WavSubtype::Pcm16).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 40_000]).unwrap();
    let (paths, watch) = ([path], Watch::default());
    let frames = analyze_files(&paths, &params(), Channel::Mix, &watch).unwrap();
    let report = frames.report(Channel::Mix, &watch).unwrap();
    assert_eq!(kinds(&report), ["file"]);
    let store = folder.path().join("store");
    let store = Store::update(&store, &paths, &params(), Channel::Mix, false, &watch).unwrap();
    assert_eq!(store.report(Channel::Mix, &watch).unwrap(), report);
}

#[test]
fn frames_without_files_are_judged_by_themselves() {
    let watch = Watch::default();
    let of = |samples: Vec<f32>| {
        let recording = Recording { name: "array".into(), samples };
        let frames = analyze_signals(vec![recording], &params(), &watch).unwrap();
        frames.report(Channel::Mix, &watch).unwrap()
    };
    let report = of(melody(40.0, 1.0, 220.0));
    assert_eq!((kinds(&report), report.dynamics_db), (vec![], None));
    assert!(report.summary().ends_with("A3 to A4"), "{}", report.summary());
    assert!(of(vec![0.0; 80_000]).is_silent());
}
