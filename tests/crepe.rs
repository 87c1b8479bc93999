//! CREPE against torchcrepe's own numbers (`tests/data/crepe.safetensors.zz`, made by
//! `tools/make_crepe_fixture.py`), against a plain network, and on signals of known pitch.

use ndarray::Array2;
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};
use std::f64::consts::TAU;
use std::io::Read;
use wms::analysis::compat::torchcrepe;
use wms::analysis::pitch::PitchTrack;
use wms::analysis::pitch::crepe::{BINS, Crepe, DecoderKind, FRAME, bin_to_hz};

const HOP: usize = 256;
const FMIN: f64 = 46.0;
const FMAX: f64 = 1600.0;
const WEIGHTS: &[u8] = include_bytes!("../src/analysis/pitch/crepe/crepe_tiny.safetensors");

/// One input signal of the fixture, with torchcrepe's results for it.
struct Golden {
    name: String,
    audio: Vec<f32>,
    index: Vec<usize>,
    probability: Vec<f32>,
    bins: Vec<usize>,
    argmax: Vec<usize>,
    f0_hz: Vec<f32>,
    periodicity: Vec<f32>,
}

fn fixture() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/crepe.safetensors.zz");
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::ZlibDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

fn floats(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let view = file.tensor(name).unwrap();
    let (bytes, _) = view.data().as_chunks();
    bytes.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

fn shorts(file: &SafeTensors<'_>, name: &str) -> Vec<usize> {
    let view = file.tensor(name).unwrap();
    let (bytes, _) = view.data().as_chunks();
    bytes.iter().map(|b| i16::from_le_bytes(*b) as usize).collect()
}

fn golden(file: &SafeTensors<'_>, name: &str) -> Golden {
    let part = |part: &str| format!("{name}.{part}");
    let planes = file.tensor(&part("audio")).unwrap();
    let n = planes.shape()[1];
    let sample = |i: usize| f32::from_le_bytes([0, 1, 2, 3].map(|p| planes.data()[p * n + i]));
    let index = file.tensor(&part("index")).unwrap();
    let (index, _) = index.data().as_chunks();
    Golden {
        name: name.to_owned(),
        audio: (0..n).map(sample).collect(),
        index: index.iter().map(|b| i32::from_le_bytes(*b) as usize).collect(),
        probability: floats(file, &part("probability")),
        bins: shorts(file, &part("bins")),
        argmax: shorts(file, &part("argmax")),
        f0_hz: floats(file, &part("f0_hz")),
        periodicity: floats(file, &part("periodicity")),
    }
}

fn goldens() -> Vec<Golden> {
    let bytes = fixture();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let names = file.names().into_iter().filter_map(|n| n.strip_suffix(".audio"));
    names.map(|name| golden(&file, name)).collect()
}

fn probabilities(audio: &[f32], hop: usize) -> Array2<f32> {
    Crepe::shared().unwrap().probabilities(audio, hop).unwrap()
}

fn track(audio: &[f32], decoder: DecoderKind) -> PitchTrack {
    Crepe::shared().unwrap().track(audio, HOP, FMIN, FMAX, decoder).unwrap()
}

fn cents(a: f64, b: f64) -> f64 {
    1200.0 * (a / b).log2()
}

#[test]
fn weights_are_the_converted_ones() {
    let digest = "4174104311d5be2c4965970ef3174a2b81aa3db684effe2682c8e7c441650aad";
    let (pairs, _) = digest.as_bytes().as_chunks::<2>();
    let hex = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    assert!(Sha256::digest(WEIGHTS).iter().copied().eq(pairs.iter().map(hex)));
}

#[test]
fn probabilities_agree_with_torchcrepe() {
    for golden in goldens() {
        let probabilities = probabilities(&golden.audio, HOP);
        for (&frame, wanted) in golden.index.iter().zip(golden.probability.chunks_exact(BINS)) {
            for (got, wanted) in probabilities.row(frame).iter().zip(wanted) {
                let error = (got - wanted).abs();
                assert!(error <= 5e-6, "{} frame {frame}: {error:e}", golden.name);
            }
        }
    }
}

#[test]
fn viterbi_agrees_with_torchcrepe() {
    for golden in goldens() {
        let probabilities = probabilities(&golden.audio, HOP);
        let track = torchcrepe::viterbi(&probabilities, FMIN, FMAX).unwrap();
        let frames = golden.bins.len();
        assert!(track.f0_hz.len() >= frames, "{}", golden.name);
        let mut equal = 0;
        for (i, &bin) in golden.bins.iter().enumerate() {
            let off = cents(f64::from(track.f0_hz[i]), bin_to_hz(bin)) / 20.0;
            assert!(off.abs() < 2.01, "{} frame {i}: {off} bins off", golden.name);
            if off.abs() < 0.5 {
                equal += 1;
                let error = (track.f0_hz[i] / golden.f0_hz[i] - 1.0).abs();
                assert!(error <= 1e-5, "{} frame {i}: {error:e}", golden.name);
                let error = (track.voicedness[i] - golden.periodicity[i]).abs();
                assert!(error <= 1e-5, "{} frame {i}: {error:e}", golden.name);
            }
        }
        assert!(equal * 100 >= frames * 98, "{}: {equal} of {frames} equal", golden.name);
    }
}

#[test]
fn argmax_agrees_with_torchcrepe() {
    for golden in goldens() {
        let probabilities = probabilities(&golden.audio, HOP);
        // The range covers all bins, because the golden bins are the likeliest before masking.
        let (lowest, highest) = (bin_to_hz(0) * 1.0001, bin_to_hz(BINS - 1) * 1.0001);
        let track = torchcrepe::argmax(&probabilities, lowest, highest).unwrap();
        let weighted = torchcrepe::weighted_argmax(&probabilities, lowest, highest).unwrap();
        for (i, &bin) in golden.argmax.iter().enumerate() {
            let best = probabilities[[i, bin]];
            assert!(track.voicedness[i] - best <= 1e-5, "{} frame {i}", golden.name);
            let off = cents(f64::from(weighted.f0_hz[i]), f64::from(track.f0_hz[i]));
            // Four bins on either side, fewer at the ends.
            assert!(off.abs() <= 40.01, "{} frame {i}: {off} cents", golden.name);
        }
    }
}

#[test]
fn weighted_argmax_weighs_by_sigmoids_of_probabilities() {
    let mut probabilities = Array2::zeros((1, BINS));
    probabilities[[0, 100]] = 0.9;
    probabilities[[0, 101]] = 0.6;
    let track = torchcrepe::weighted_argmax(&probabilities, FMIN, FMAX).unwrap();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let weight = |bin: i32| match bin {
        100 => sigmoid(0.9),
        101 => sigmoid(0.6),
        _ => sigmoid(0.0),
    };
    let sum: f64 = (96..105).map(|b| weight(b) * f64::from(b - 100)).sum();
    let mean = sum / (96..105).map(weight).sum::<f64>();
    let off = cents(f64::from(track.f0_hz[0]), bin_to_hz(100));
    assert!((off - 20.0 * mean).abs() < 1e-3, "{off} cents, wanted {}", 20.0 * mean);
    assert_eq!(track.voicedness, [0.9]);
}

#[test]
fn own_decoder_knows_the_default_signal() {
    let bytes = fixture();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (truth, steady) =
        (floats(&file, "basic_16k.truth_hz"), file.tensor("basic_16k.steady").unwrap());
    let track = track(&golden(&file, "basic_16k").audio, DecoderKind::Own);
    let frames = (0..truth.len()).filter(|&i| steady.data()[i] == 1);
    let mut errors: Vec<f64> =
        frames.map(|i| cents(f64::from(track.f0_hz[i]), f64::from(truth[i])).abs()).collect();
    errors.sort_by(f64::total_cmp);
    let within = errors.iter().filter(|&&e| e < 50.0).count() as f64 / errors.len() as f64;
    assert!(within >= 0.995, "{:.1} % within 50 cents", 100.0 * within);
    assert!(errors[errors.len() / 2] < 0.5, "median {} cents", errors[errors.len() / 2]);
}

/// Reproducible noise, uniform in -1 .. 1.
fn noise(n: usize, mut seed: u64) -> Vec<f32> {
    let mut step = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    (0..n).map(|_| step()).collect()
}

/// A tone with partials of amplitude 1, 1/2, 1/3, ... whose pitch follows `hz(seconds)`.
fn tone(seconds: f64, partials: usize, hz: impl Fn(f64) -> f64) -> Vec<f32> {
    let mut phase = 0.0;
    let sample = |i: usize| {
        let f0 = hz(i as f64 / 16000.0);
        phase += TAU * f0 / 16000.0;
        let audible = (1..=partials).filter(|&k| k as f64 * f0 < 7500.0);
        audible.map(|k| (k as f64 * phase).sin() / k as f64).sum::<f64>() as f32 * 0.2
    };
    (0..(seconds * 16000.0) as usize).map(sample).collect()
}

/// Errors in cents of the frames that the track calls voiced, away from the ends.
fn errors(track: &PitchTrack, truth: impl Fn(f64) -> f64) -> Vec<f64> {
    let inner = 3..track.f0_hz.len() - 3;
    let voiced = inner.filter(|&i| track.voicedness[i] > 0.2);
    let error = |i| cents(f64::from(track.f0_hz[i]), truth(i as f64 * HOP as f64 / 16000.0)).abs();
    let mut errors: Vec<f64> = voiced.map(error).collect();
    errors.sort_by(f64::total_cmp);
    errors
}

#[test]
fn steady_tones_are_exact() {
    for hz in [50.0, 82.407, 110.3, 220.9, 441.7, 880.2, 1234.5, 1590.0] {
        for partials in [1, 20] {
            let errors = errors(&track(&tone(0.5, partials, |_| hz), DecoderKind::Own), |_| hz);
            assert!(errors.len() >= 24, "{hz} Hz, {partials}: {} frames voiced", errors.len());
            assert!(errors[errors.len() / 2] < 2.0, "{hz} Hz, {partials}: {errors:?}");
            assert!(errors[errors.len() - 1] < 10.0, "{hz} Hz, {partials}: {errors:?}");
        }
    }
}

#[test]
fn vibrato_is_followed() {
    let pitch = |t: f64| 330.0 * (60.0 / 1200.0 * (TAU * 6.0 * t).sin()).exp2();
    let errors = errors(&track(&tone(2.0, 12, pitch), DecoderKind::Own), pitch);
    assert!(errors.len() > 110);
    assert!(errors[errors.len() / 2] < 3.0, "median {}", errors[errors.len() / 2]);
    assert!(errors[errors.len() - 1] < 15.0, "worst {}", errors[errors.len() - 1]);
}

#[test]
fn octave_leaps_are_followed() {
    let pitch = |t: f64| [110.0, 220.0, 880.0, 440.0, 110.0][((t / 0.2) as usize).min(4)];
    let errors = errors(&track(&tone(1.0, 12, pitch), DecoderKind::Own), pitch);
    let right = errors.iter().filter(|&&e| e < 20.0).count();
    // A frame that holds both notes may give the pitch of either.
    assert!(right + 10 >= errors.len() && right > 40, "{right} of {}", errors.len());
}

#[test]
fn missing_fundamentals_are_heard() {
    for (lowest, slope) in [(2, 1), (3, 1), (4, 1), (2, 2), (3, 2)] {
        for hz in [60.0, 110.0, 165.0, 220.0, 330.0, 440.0] {
            let sample = |i: usize| {
                let partials = (lowest..lowest + 10).map(f64::from).filter(|k| k * hz < 7500.0);
                let angle = |k: f64| k * k + TAU * k * hz * i as f64 / 16000.0;
                partials.map(|k| 0.2 / k.powi(slope) * angle(k).sin()).sum::<f64>() as f32
            };
            let track = track(&(0..8000).map(sample).collect::<Vec<_>>(), DecoderKind::Own);
            let frames = 4..track.f0_hz.len() - 4;
            let inner = &track.f0_hz[frames.clone()];
            let right = inner.iter().all(|&f0| cents(f64::from(f0), hz).abs() < 20.0);
            assert!(right, "{hz} Hz from partial {lowest}, slope {slope}: {inner:?}");
        }
    }
}

#[test]
fn a_tone_without_fundamental_is_voiced() {
    let sample = |i: usize| {
        let angle = |k: f64| k * k + TAU * k * 220.0 * i as f64 / 16000.0;
        (2..12).map(|k| 0.2 / f64::from(k) * angle(f64::from(k)).sin()).sum::<f64>() as f32
    };
    let track = track(&(0..8000).map(sample).collect::<Vec<_>>(), DecoderKind::Own);
    let inner = &track.voicedness[4..track.voicedness.len() - 4];
    assert!(inner.iter().all(|&p| p > 0.3), "{inner:?}");
}

#[test]
fn tones_no_louder_than_noise_are_heard() {
    let power = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;
    let (mut right, mut frames) = (0, 0);
    for (seed, hz) in (3..).zip([70.0, 110.0, 147.0, 196.0, 262.0, 392.0, 523.0, 740.0, 1047.0]) {
        let clean = tone(1.0, 12, |_| hz);
        let noise = noise(clean.len(), seed);
        let gain = (power(&clean) / power(&noise)).sqrt();
        let mixed: Vec<f32> = clean.iter().zip(&noise).map(|(a, b)| a + gain * b).collect();
        let track = track(&mixed, DecoderKind::Own);
        let inner = &track.f0_hz[3..track.f0_hz.len() - 3];
        right += inner.iter().filter(|&&f0| cents(f64::from(f0), hz).abs() < 50.0).count();
        frames += inner.len();
    }
    assert!(right * 100 >= frames * 95, "{right} of {frames}");
}

#[test]
fn tones_out_of_range_are_never_voiced_elsewhere() {
    for hz in [26.0, 35.0, 42.0, 1700.0, 1900.0, 2093.0, 2637.0, 3136.0, 3951.0, 4186.0, 5274.0] {
        for partials in [1, 3] {
            let track = track(&tone(0.5, partials, |_| hz), DecoderKind::Own);
            let wrong =
                track.voicedness[3..track.voicedness.len() - 3].iter().filter(|&&p| p > 0.3);
            assert_eq!(wrong.count(), 0, "{hz} Hz, {partials} partials: {track:?}");
        }
    }
}

#[test]
fn what_has_no_pitch_is_unvoiced() {
    for audio in [vec![0.0; 16000], vec![0.5; 16000], vec![f32::NAN; 16000], vec![]] {
        let track = track(&audio, DecoderKind::Own);
        assert_eq!(track.f0_hz.len(), 1 + audio.len() / HOP);
        // A constant begins with a step, which has no pitch either.
        assert!(track.voicedness.iter().all(|&p| p < 0.05), "{:?}", track.voicedness);
        let silent = track.f0_hz.iter().skip(2).rev().skip(3).all(|&f| f == 0.0);
        assert!(silent, "{:?}", track.f0_hz);
    }
    let track = track(&noise(32000, 1), DecoderKind::Own);
    let mut periodicity = track.voicedness;
    periodicity.sort_by(f32::total_cmp);
    assert!(periodicity[periodicity.len() * 95 / 100] < 0.05, "{periodicity:?}");
}

#[test]
fn steps_and_clicks_have_no_period() {
    let mut click = vec![0.0; 16000];
    click[8000..8008].fill(0.9);
    for audio in [vec![0.5; 16000], click] {
        let track =
            Crepe::shared().unwrap().track(&audio, 93, FMIN, FMAX, DecoderKind::Own).unwrap();
        assert!(track.voicedness.iter().all(|&p| p < 0.1), "{:?}", track.voicedness);
        assert!(track.f0_hz.iter().all(|&f0| f0 == 0.0), "{:?}", track.f0_hz);
    }
}

#[test]
fn any_hop_and_length_work() {
    let audio = noise(5000, 2);
    let every = probabilities(&audio, 1);
    for hop in [3, 4, 64, 100, 160, 255, 256, 300, 1024, 5000, 6000] {
        let some = probabilities(&audio, hop);
        assert_eq!(some.dim(), (1 + audio.len() / hop, BINS));
        for (i, row) in some.rows().into_iter().enumerate() {
            for (a, b) in row.iter().zip(every.row(i * hop)) {
                assert!((a - b).abs() < 5e-6, "hop {hop} frame {i}: {a} and {b}");
            }
        }
    }
    for n in [0, 1, 2, 100, 511, 512, 1023, 1024] {
        assert!(
            probabilities(&audio[..n], HOP).iter().all(|p| (0.0..=1.0).contains(p)),
            "{n} samples"
        );
        for decoder in [
            DecoderKind::Argmax,
            DecoderKind::WeightedArgmax,
            DecoderKind::Viterbi,
            DecoderKind::Own,
        ] {
            let track = track(&audio[..n], decoder);
            assert!(track.f0_hz.iter().all(|f| f.is_finite()), "{n} samples, {decoder:?}");
        }
    }
}

#[test]
fn level_and_offset_do_not_matter() {
    let audio = tone(0.2, 8, |_| 200.0);
    let wanted = probabilities(&audio, HOP);
    for (gain, offset) in [(1e-6, 0.0), (1e6, 0.0), (0.5, 0.25)] {
        let changed: Vec<f32> = audio.iter().map(|x| x * gain + offset).collect();
        let got = probabilities(&changed, HOP);
        // Frames near the ends contain the step where the offset begins or ends.
        for i in 2..got.nrows() - 3 {
            let (got, wanted) = (got.row(i), wanted.row(i));
            let error = got.iter().zip(wanted).fold(0.0, |e: f32, (a, b)| e.max((a - b).abs()));
            assert!(error < 2e-5, "gain {gain}, offset {offset}, frame {i}: {error:e}");
        }
    }
}

#[test]
fn nonsense_is_refused() {
    let crepe = Crepe::shared().unwrap();
    assert!(crepe.probabilities(&[0.0; 100], 0).is_err());
    for (fmin, fmax) in
        [(0.0, 100.0), (f64::NAN, 100.0), (200.0, 100.0), (3000.0, 4000.0), (1.0, 2.0)]
    {
        for decoder in [DecoderKind::Viterbi, DecoderKind::Own] {
            assert!(
                crepe.track(&[0.0; 100], HOP, fmin, fmax, decoder).is_err(),
                "{fmin} to {fmax}"
            );
        }
    }
    assert!("crepe".parse::<DecoderKind>().is_err());
    assert!(torchcrepe::argmax(&Array2::zeros((2, 10)), FMIN, FMAX).is_err());
}

/// The network computed directly from its definition, frame by frame and tap by tap: a slow
/// reference.
fn plain_network(frame: &[f32]) -> Vec<f32> {
    let file = SafeTensors::deserialize(WEIGHTS).unwrap();
    let mean = frame.iter().map(|&x| f64::from(x)).sum::<f64>() / FRAME as f64;
    let energy: f64 = frame.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum();
    let deviation = (energy / (FRAME as f64 - 1.0)).sqrt().max(1e-10);
    // One row per channel.
    let mut signal =
        vec![frame.iter().map(|&x| (f64::from(x) - mean) / deviation).collect::<Vec<_>>()];
    for block in 1..=6 {
        let part = |name: &str| floats(&file, &format!("conv{block}{name}"));
        let shape = file.tensor(&format!("conv{block}.weight")).unwrap().shape().to_vec();
        let (kernels, bias) = (part(".weight"), part(".bias"));
        let (gamma, beta) = (part("_BN.weight"), part("_BN.bias"));
        let (mean, variance) = (part("_BN.running_mean"), part("_BN.running_var"));
        let (stride, pad) = if block == 1 { (4, 254) } else { (1, 31) };
        let len = signal[0].len();
        let kernel_len = shape[1] * shape[2];
        let outputs = kernels.chunks_exact(kernel_len).enumerate().map(|(c, kernel)| {
            let value = |t: usize| {
                let mut sum = f64::from(bias[c]);
                for (x, kernel) in signal.iter().zip(kernel.chunks_exact(shape[2])) {
                    for (tap, &w) in kernel.iter().enumerate() {
                        if let Some(x) = (t * stride + tap).checked_sub(pad).and_then(|i| x.get(i))
                        {
                            sum += x * f64::from(w);
                        }
                    }
                }
                let scale = f64::from(gamma[c]) / (f64::from(variance[c]) + 0.001).sqrt();
                (sum.max(0.0) - f64::from(mean[c])) * scale + f64::from(beta[c])
            };
            (0..len / stride / 2).map(|t| value(2 * t).max(value(2 * t + 1))).collect()
        });
        signal = outputs.collect();
    }
    let features: Vec<f64> = (0..4).flat_map(|t| signal.iter().map(move |row| row[t])).collect();
    let (weights, bias) = (floats(&file, "classifier.weight"), floats(&file, "classifier.bias"));
    let bins = weights.chunks_exact(features.len()).zip(bias);
    bins.map(|(row, bias)| {
        let sum: f64 = row.iter().zip(&features).map(|(w, x)| f64::from(*w) * x).sum();
        (1.0 / (1.0 + (-sum - f64::from(bias)).exp())) as f32
    })
    .collect()
}

#[test]
fn fast_network_is_the_plain_one() {
    // Loud noise, then noise a hundred thousand times softer on an offset, then a tone: frames that
    // share work must not pass rounding errors to each other.
    let mut audio = noise(1500, 3);
    audio.extend(noise(1500, 4).iter().map(|x| 0.3 + 1e-5 * x));
    audio.extend(tone(0.1, 5, |_| 300.0));
    for (hop, frames) in [(256, vec![0, 3, 8, 9, 17]), (333, vec![5, 7])] {
        let got = probabilities(&audio, hop);
        for i in frames {
            let sample = |k: usize| (i * hop + k).checked_sub(512).and_then(|k| audio.get(k));
            let frame: Vec<f32> = (0..FRAME).map(|k| sample(k).copied().unwrap_or(0.0)).collect();
            for (got, wanted) in got.row(i).iter().zip(plain_network(&frame)) {
                assert!((got - wanted).abs() < 5e-6, "hop {hop} frame {i}: {got} and {wanted}");
            }
        }
    }
}
