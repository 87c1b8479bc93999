//! The analysis of arbitrary signals: it never panics, its numbers are finite, its lengths agree.

use proptest::prelude::*;
use wms::analysis::compat::{self, Version};
use wms::analysis::frame::Framing;
use wms::analysis::pitch::YinSettings;
use wms::analysis::{self, CycleSettings, MfccSettings};
use wms::audio::resample;
use wms::corpus::{Frames, Recording, analyze_signals};
use wms::{Error, Params, Watch};

const CASES: u32 = 100;

/// Silence, steps, clicks, tones and noise, at levels from denormal numbers to far above full
/// scale.
fn signals() -> impl Strategy<Value = Vec<f32>> {
    let level = prop_oneof![Just(0.0_f32), Just(1e-40), Just(1e-6), Just(1.0), Just(1e9)];
    let length = prop_oneof![0..4_usize, 4..6000_usize];
    (level, length, 0..4_u8, 0.0001..0.5_f32, any::<u32>()).prop_map(
        |(level, length, kind, frequency, seed)| {
            let mut state = seed | 1;
            let mut noise = move || {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state as f32 / u32::MAX as f32 * 2.0 - 1.0
            };
            let sample = |i: usize| match kind {
                0 => noise(),
                1 => (std::f32::consts::TAU * frequency * i as f32).sin(),
                2 => f32::from(u8::from(i == length / 2)),
                _ => 1.0,
            };
            (0..length).map(sample).map(|x| x * level).collect()
        },
    )
}

fn frequencies() -> impl Strategy<Value = f32> {
    prop_oneof![
        10 => Just(0.0_f32),
        10 => Just(f32::MAX),
        1 => Just(f32::MIN_POSITIVE),
        20 => 20.0..60.0_f32,
        50 => 60.0..2000.0_f32,
        10 => 2000.0..1e6_f32
    ]
}

fn all_finite<'a>(values: impl IntoIterator<Item = &'a f32>) -> bool {
    values.into_iter().all(|value| value.is_finite())
}

/// Whether an error is a one-line message about the arguments.
fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Parameter(message) if !message.contains('\n'))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn pitch(
        signal in signals(),
        frame_length in 0..3000_usize,
        hop_length in prop_oneof![0..3_usize, 3..3000_usize, Just(1 << 20)],
        sample_rate in prop_oneof![1.0..100_000.0_f64, Just(16000.0)],
        fmin_hz in 0.1..1000.0_f64,
        range in 0.5..50.0_f64,
    ) {
        // A hop of 1 on a long signal would take long and test nothing more.
        let hop_length = if hop_length < 3 { hop_length * (1 + signal.len() / 100) } else { hop_length };
        let fmax_hz = fmin_hz * range;
        let settings = YinSettings { fmin_hz, fmax_hz, sample_rate, frame_length, hop_length };
        let watch = Watch::default();
        match compat::yin(&signal, &settings, &watch) {
            Ok(f0_hz) => {
                prop_assert_eq!(f0_hz.len(), 1 + signal.len() / hop_length);
                prop_assert!(f0_hz.iter().all(|f0| f0.is_finite() && *f0 > 0.0));
                let track = compat::pyin(&signal, &settings, &watch).unwrap();
                prop_assert_eq!(track.f0_hz.len(), f0_hz.len());
                prop_assert_eq!(track.voiced.len(), f0_hz.len());
                prop_assert_eq!(track.states.len(), f0_hz.len());
                let inside = |f0: &f64| (fmin_hz..=fmax_hz * 1.0001).contains(f0);
                prop_assert!(track.f0_hz.iter().all(inside));
                prop_assert_eq!(track.voiced_probability.len(), f0_hz.len());
                prop_assert!(track.voiced_probability.iter().all(|p| (0.0..=1.0).contains(p)));
            }
            Err(error) => {
                prop_assert!(is_refusal(&error));
                prop_assert!(is_refusal(&compat::pyin(&signal, &settings, &watch).unwrap_err()));
            }
        }
    }

    #[test]
    fn cycles_spectra_and_coefficients(
        signal in signals(),
        f0_hz in prop::collection::vec(frequencies(), 0..20),
        sample_rate in prop_oneof![Just(0_u32), 1..100_000_u32, Just(16000)],
        window_size in prop_oneof![0..20_usize, 20..3000_usize],
        hop_size in prop_oneof![0..20_usize, 20..3000_usize],
        cycles in 0..20_usize,
        padding in 0..100_usize,
        n_mfcc in 0..30_usize,
        n_mel in 0..60_usize,
        variant in 0..3_usize,
    ) {
        let n_fft = window_size + padding;
        let framing = Framing { window_size, hop_size };
        let version = [None, Some(Version::Main), Some(Version::Dev)][variant];
        let cut = CycleSettings { sample_rate, framing, cycles };
        let frames = match version {
            None => analysis::cycle_frames(&signal, &f0_hz, &cut),
            Some(_) => compat::cycle_frames(&signal, &f0_hz, &cut),
        };
        match frames {
            Ok(frames) => {
                prop_assert_eq!(frames.len(), f0_hz.len() * window_size);
                prop_assert!(all_finite(&frames));
                let bins = n_fft / 2 + 1;
                let spectra = analysis::cycle_spectrum(&frames, n_fft, bins).unwrap();
                prop_assert_eq!(spectra.len(), f0_hz.len() * bins);
                prop_assert!(spectra.iter().all(|x| x.is_finite() && *x >= 0.0));
            }
            Err(error) => prop_assert!(is_refusal(&error)),
        }
        let settings = MfccSettings { sample_rate, n_fft, n_mfcc, n_mel };
        let mfcc = match version {
            None => analysis::segment_mfcc(&signal, &f0_hz, &cut, &settings),
            Some(version) => compat::segment_mfcc(&signal, &f0_hz, &cut, &settings, version),
        };
        match mfcc {
            Ok(mfcc) => {
                prop_assert_eq!(mfcc.len(), f0_hz.len() * n_mfcc);
                prop_assert!(all_finite(&mfcc));
            }
            Err(error) => prop_assert!(is_refusal(&error)),
        }
    }

    #[test]
    fn whole_analysis(
        recordings in prop::collection::vec(signals(), 1..4),
        sample_rate in 4000..50_000_u32,
        hop_size in 16..4000_usize,
        window_size in 64..2048_usize,
        padding in 0..700_usize,
        cycles in 0..9_usize,
        n_mfcc in 1..40_usize,
        f_low in 1.0..300.0_f64,
        octaves in 1.0..3.0_f64,
        method in 0..3_usize,
        compatibility in 0..3_usize,
    ) {
        let method = ["yin", "pyin", "crepe"][method];
        let compatibility = [None, Some("main"), Some("dev")][compatibility];
        // A hop of 16 on long signals would make the network slow and test nothing more.
        let hop_size = if method == "crepe" { hop_size.max(64) } else { hop_size };
        let changes = serde_json::json!({
            "sample_rate": sample_rate,
            "hop_size": hop_size,
            "window_size": window_size,
            "n_fft": window_size + padding,
            "n_fft_preserved": null,
            "cycles_per_window": cycles,
            "n_mfcc": n_mfcc,
            "f_low": f_low,
            "f_high": f_low * octaves.exp2(),
            "pitch_detection_method": method,
            "include_voicedness": compatibility.is_none() || method != "yin",
            "compatibility": compatibility,
        });
        let Ok(params) = Params::default().replace(changes.as_object().unwrap().clone()) else {
            return Ok(());
        };
        let recordings: Vec<Recording> = recordings
            .into_iter()
            .map(|samples| Recording { name: String::new(), samples })
            .collect();
        let empty = recordings.iter().any(|recording| recording.samples.is_empty());
        let frames: Frames = match analyze_signals(recordings, &params, &Watch::default()) {
            Ok(frames) => frames,
            Err(error) => {
                prop_assert!(is_refusal(&error));
                // Nothing else is wrong with parameters that were accepted.
                let message = error.to_string();
                let range = message.contains("periods") || message.contains("CREPE: nothing of");
                prop_assert!(empty || range, "{error}");
                return Ok(());
            }
        };
        let (t, analysis) = (frames.len(), params.analysis());
        let features = frames.features.view();
        prop_assert_eq!(features.voicedness.len(), t);
        prop_assert_eq!(frames.file_index.view().len(), t);
        prop_assert_eq!(frames.times_s.view().len(), t);
        prop_assert_eq!(features.mfcc.len(), t * n_mfcc);
        prop_assert_eq!(features.spectrum.len(), t * analysis.n_bins);
        prop_assert!(frames.file_index.view().iter().is_sorted());
        prop_assert!(features.voicedness.iter().all(|v| (0.0..=1.0).contains(v)));
        if compatibility.is_none() {
            let (low, high) = (analysis.f_low_hz as f32, analysis.f_high_hz as f32);
            let inside = |f0: &f32| *f0 == 0.0 || (low..=high).contains(f0);
            prop_assert!(features.f0_hz.iter().all(inside));
        }
        prop_assert!(all_finite(&frames.inputs()));
        prop_assert!(all_finite(features.f0_hz));
        prop_assert!(all_finite(features.spectrum));
        prop_assert!(all_finite(frames.times_s.view()));
    }

    #[test]
    fn resampling(signal in signals(), from in 1..3000_u32, to in 1..3000_u32) {
        let y = resample(&signal, from, to).unwrap();
        let length = (signal.len() as u64 * u64::from(to)).div_ceil(u64::from(from));
        prop_assert_eq!(y.len() as u64, length);
        prop_assert!(all_finite(&y));
    }
}
