//! The engine's output, measured: pitch, levels, aliasing, clicks, independence of block sizes.

mod common;

use std::sync::Arc;

use common::{constant_model, model};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use wms::model::{Model, SpectrumLayout, config::Domain};
use wms::synth::EnvelopeTimes;
use wms::synth::{Engine, EngineOptions, Event, PartialReader, Settings, Trajectory, play};

const TAU: f64 = std::f64::consts::TAU;

fn engine(model: &Arc<Model>, sample_rate: f64) -> Engine {
    let settings = Settings { gain: 1.0, noise: 0.0, ..Settings::default() };
    let options = EngineOptions { sample_rate, settings, ..EngineOptions::default() };
    Engine::new(Arc::clone(model), &options).unwrap()
}

fn run(engine: &mut Engine, samples: usize) -> Vec<f32> {
    let (mut left, mut right) = (vec![f32::NAN; samples], vec![f32::NAN; samples]);
    engine.process(&mut left, &mut right);
    assert_eq!(left, right);
    left
}

fn note_on(note: u8) -> Event {
    Event::NoteOn { channel: 0, note, velocity: 1.0 }
}

fn pitch_hz(note: f64) -> f64 {
    440.0 * ((note - 69.0) / 12.0).exp2()
}

/// A seven-term Blackman-Harris-like window (Albrecht 2001): side lobes below -180 dB.
fn window(n: usize, length: usize) -> f64 {
    const TERMS: [f64; 7] = [
        2.712_203_605_850_388e-1,
        4.334_446_123_274_422e-1,
        2.180_041_228_929_303e-1,
        6.578_534_329_560_609e-2,
        1.076_186_730_534_183e-2,
        7.700_127_105_808_265e-4,
        1.368_088_305_992_921e-5,
    ];
    let x = TAU * n as f64 / length as f64;
    TERMS
        .iter()
        .enumerate()
        .map(|(k, a)| a * (k as f64 * x).cos() * f64::from(1 - 2 * (k as i32 % 2)))
        .sum()
}

/// Magnitudes of the windowed signal; a sine of amplitude a has a peak of about a.
fn spectrum(signal: &[f32]) -> Vec<f64> {
    let n = signal.len();
    let mut bins: Vec<Complex<f64>> = signal
        .iter()
        .enumerate()
        .map(|(i, &v)| Complex::new(f64::from(v) * window(i, n), 0.0))
        .collect();
    FftPlanner::new().plan_fft_forward(n).process(&mut bins);
    let gain = 2.0 / (0..n).map(|i| window(i, n)).sum::<f64>();
    bins[..n / 2].iter().map(|b| b.norm() * gain).collect()
}

/// Amplitude and exact frequency (cycles per sample) of the component nearest to `guess`. The
/// frequency comes from the phases of two windows that are half a signal apart.
fn component(signal: &[f32], guess: f64) -> (f64, f64) {
    let half = signal.len() / 2;
    let phasor = |from: usize| -> Complex<f64> {
        let sum: Complex<f64> = (0..half)
            .map(|i| {
                let turn = (guess * (from + i) as f64).fract();
                Complex::from_polar(f64::from(signal[from + i]) * window(i, half), -TAU * turn)
            })
            .sum();
        sum * 2.0 / (0..half).map(|i| window(i, half)).sum::<f64>()
    };
    let (a, b) = (phasor(0), phasor(half));
    (b.norm(), guess + (b * a.conj()).arg() / TAU / half as f64)
}

fn cents(frequency: f64, wanted: f64) -> f64 {
    1200.0 * (frequency / wanted).log2()
}

/// Spectrum magnitudes that give partials of these amplitudes at `f0_hz`, in the default layout.
fn magnitudes(amplitudes: &[f64], cycles: usize, f0_hz: f64) -> Vec<f32> {
    let ratio = f0_hz * 1024.0 / (16_000.0 * cycles as f64);
    let mut magnitudes = vec![0.0; 513];
    for (k, a) in amplitudes.iter().enumerate() {
        magnitudes[(k + 1) * cycles] = (a * 1023.0 / 4.0 / ratio.sqrt()) as f32;
    }
    magnitudes
}

#[test]
fn pitch_and_levels_are_exact_at_any_rate_and_number_of_cycles() {
    let amplitudes = [0.3, 0.1, 0.05, 0.02];
    for cycles in [1, 2, 3, 4] {
        for sample_rate in [22_050.0, 44_100.0, 48_000.0, 96_000.0] {
            for note in [45, 69, 90] {
                let f0_hz = pitch_hz(f64::from(note));
                let model = constant_model(&magnitudes(&amplitudes, cycles, f0_hz), cycles);
                let mut engine = engine(&model, sample_rate);
                engine.handle(note_on(note));
                run(&mut engine, 4096);
                let signal = run(&mut engine, 1 << 15);
                for (k, &a) in amplitudes.iter().enumerate() {
                    let wanted = f0_hz * (k + 1) as f64;
                    if wanted > 0.45 * sample_rate {
                        continue;
                    }
                    let (level, frequency) = component(&signal, wanted / sample_rate);
                    let off = cents(frequency * sample_rate, wanted);
                    assert!(off.abs() < 0.01, "N {cycles}, {sample_rate} Hz, {note}: {off} cents");
                    let db = 20.0 * (level / a).log10();
                    assert!(db.abs() < 0.02, "N {cycles}, {sample_rate} Hz, {note}, {k}: {db} dB");
                }
            }
        }
    }
}

#[test]
fn aliases_and_images_are_96_db_down() {
    // As many partials as the layout holds, falling by 3 dB an octave.
    let amplitudes: Vec<f64> = (1..=255).map(|k| 0.02 / f64::from(k).sqrt()).collect();
    for (sample_rate, bend) in [(44_100.0, 0.13), (48_000.0, -0.31), (96_000.0, 0.37)] {
        // 20 Hz to 8 kHz.
        for note in [16, 28, 45, 64, 81, 100, 119] {
            let f0_hz = pitch_hz(f64::from(note) + bend);
            let model = constant_model(&magnitudes(&amplitudes, 2, f0_hz.clamp(60.0, 1500.0)), 2);
            let mut engine = engine(&model, sample_rate);
            engine.handle(Event::bend(0, bend as f32));
            engine.handle(note_on(note));
            run(&mut engine, 16_384);
            let n = 1 << 17;
            let bins = spectrum(&run(&mut engine, n));
            let strongest = bins.iter().copied().fold(0.0, f64::max);
            let spacing =
                pitch_hz(f64::from(note) + f64::from(bend as f32)) / sample_rate * n as f64;
            let mut worst = 0.0f64;
            for (bin, &level) in bins.iter().enumerate() {
                let place = bin as f64 / spacing;
                let distance = (place - place.round()).abs() * spacing;
                if distance > 7.5 || place < 0.5 {
                    worst = worst.max(level);
                }
            }
            let db = 20.0 * (worst / strongest).log10();
            assert!(db < -96.0, "note {note} at {sample_rate} Hz: {db} dB");
            let top = bins[(0.985 * n as f64 / 2.0) as usize..].iter().copied().fold(0.0, f64::max);
            assert!(
                top < 1e-6 * strongest.max(1e-3),
                "note {note}: {top} at the Nyquist frequency"
            );
        }
    }
}

/// Plays a short song that uses every kind of event, in blocks of the sizes that `sizes` returns.
fn song(model: &Arc<Model>, sizes: &mut dyn FnMut() -> usize) -> Vec<f32> {
    let options =
        EngineOptions { max_voices: 3, sample_rate: 44_100.0, ..EngineOptions::default() };
    let mut engine = Engine::new(Arc::clone(model), &options).unwrap();
    let mut events: Vec<(usize, Event)> = vec![
        (0, note_on(60)),
        (1000, Event::Sustain { channel: 0, down: true }),
        (1501, Event::NoteOff { channel: 0, note: 60 }),
        (2003, note_on(64)),
        (3000, note_on(84)),
        (3007, note_on(88)),
        (3008, note_on(40)),
        (6000, Event::bend(0, 12.0)),
        (6050, Event::bend(0, 24.0)),
        (6500, Event::Timbre { input: 2, value: 2.0 }),
        (6700, Event::Timbre { input: 9, value: 0.2 }),
        (7000, Event::volume(0, 0.3)),
        (9000, Event::bend(0, -24.0)),
        (11_000, Event::Sustain { channel: 0, down: false }),
        (12_000, Event::NoteOn { channel: 3, note: 70, velocity: 0.4 }),
        (15_000, Event::NoteOff { channel: 3, note: 70 }),
        (16_000, Event::AllNotesOff { channel: 0 }),
    ];
    events.push((30_000, Event::AllSoundOff { channel: None }));
    let mut output = Vec::new();
    for (at, event) in events {
        while output.len() < at {
            let n = sizes().clamp(1, at - output.len());
            output.extend(run(&mut engine, n));
        }
        engine.handle(event);
    }
    output.extend(run(&mut engine, 2000));
    assert!(engine.is_silent());
    assert!(output[output.len() - 100..].iter().all(|v| v.to_bits() == 0));
    output
}

#[test]
fn blocks_of_any_size_give_the_same_samples() {
    let model = model();
    let whole = song(&model, &mut || usize::MAX);
    assert!(whole.iter().fold(0.0f32, |a, v| a.max(v.abs())) > 0.01);
    let mut random = 12_345u64;
    let mut next = || {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % 3000
    };
    assert_eq!(whole, song(&model, &mut next));
    for size in [1, 17, 64, 480, 2048] {
        assert_eq!(whole, song(&model, &mut || size), "blocks of {size}");
    }
}

/// Largest second difference of the samples; a click would make it large.
fn bend(signal: &[f32]) -> f32 {
    signal.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0, f32::max)
}

#[test]
fn nothing_clicks() {
    let sample_rate = 48_000.0;
    let amplitudes = [0.3, 0.15, 0.1, 0.05, 0.02, 0.02, 0.01];
    let model = constant_model(&magnitudes(&amplitudes, 2, pitch_hz(57.0)), 2);
    let mut engine = engine(&model, sample_rate);
    engine.handle(note_on(57));
    let start = run(&mut engine, 24_000);
    let steady = bend(&start[12_000..]);
    assert!(bend(&start) < 1.1 * steady, "note on: {} against {steady}", bend(&start));
    engine.handle(Event::NoteOff { channel: 0, note: 57 });
    let mut end = start[23_990..].to_vec();
    end.extend(run(&mut engine, 12_000));
    assert!(bend(&end) < 1.1 * steady, "note off: {} against {steady}", bend(&end));

    // Stealing: each note takes the only voice from the one before; the first of them is lower and
    // softer.
    let settings = Settings { gain: 1.0, ..Settings::default() };
    let options = EngineOptions { max_voices: 1, settings, ..EngineOptions::default() };
    let mut engine = Engine::new(Arc::clone(&model), &options).unwrap();
    engine.handle(note_on(57));
    let mut all = run(&mut engine, 10_000);
    for i in 0..20 {
        engine.handle(Event::NoteOn { channel: 0, note: 40 + i, velocity: 0.3 });
        all.extend(run(&mut engine, 350));
    }
    assert!(bend(&all) < 1.15 * steady, "stealing: {} against {steady}", bend(&all));

    // On a sounding note: bends down, changes of level and timbre. Then a bend up, which is
    // compared with the steady tone at the new pitch.
    engine.handle(Event::AllSoundOff { channel: None });
    run(&mut engine, 4000);
    engine.handle(note_on(57));
    let mut all = run(&mut engine, 10_000);
    for event in [
        Event::bend(0, -12.0),
        Event::volume(0, 0.2),
        Event::volume(0, 1.0),
        Event::Timbre { input: 0, value: 1e30 },
        Event::bend(0, 0.0),
    ] {
        engine.handle(event);
        all.extend(run(&mut engine, 3001));
    }
    assert!(bend(&all) < 1.1 * steady, "changes: {} against {steady}", bend(&all));
}

#[test]
fn frames_that_change_do_not_click() {
    // The trained network at its most extreme: the timbre jumps back and forth.
    let model = model();
    let mut engine = engine(&model, 48_000.0);
    engine.handle(note_on(57));
    let mut all = run(&mut engine, 4800);
    let mut steady = 0.0f32;
    for i in 0..12 {
        let value = if i % 2 == 0 { 2.0 } else { -1.0 };
        engine.handle(Event::Timbre { input: i % 4, value });
        let part = run(&mut engine, 9600);
        // Towards the end of each stretch the tone is steady.
        steady = steady.max(bend(&part[7200..]));
        all.extend(part);
    }
    assert!(bend(&all[4800..]) < 1.3 * steady, "{} against {steady}", bend(&all[4800..]));
}

#[test]
fn a_glide_over_the_whole_range_does_not_click() {
    let sample_rate = 48_000.0;
    // Partials of equal level: those that reach the Nyquist frequency are as strong as any.
    let model = constant_model(&magnitudes(&vec![0.01; 39], 2, 1500.0), 2);
    let mut engine = engine(&model, sample_rate);
    engine.handle(note_on(81));
    let mut steady = 0.0f32;
    for i in 0..=48 {
        engine.handle(Event::bend(0, i as f32));
        run(&mut engine, 4800);
        steady = steady.max(bend(&run(&mut engine, 2400)));
    }
    engine.handle(Event::bend(0, 0.0));
    run(&mut engine, 9600);
    let mut glide = Vec::new();
    for i in 0..480 {
        let semitones = if i < 240 { 0.2 * i as f32 } else { 0.2 * (480 - i) as f32 };
        engine.handle(Event::bend(0, semitones));
        glide.extend(run(&mut engine, 100));
    }
    engine.handle(Event::bend(0, 48.0));
    glide.extend(run(&mut engine, 9600));
    assert!(bend(&glide) < 1.1 * steady, "{} against {steady}", bend(&glide));
}

#[test]
fn outrageous_input_stays_finite_and_bounded() {
    let mut engine = engine(&model(), 48_000.0);
    let numbers = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 1e-40, f32::MAX];
    for &value in &numbers {
        for event in [
            Event::NoteOn { channel: 200, note: 255, velocity: value },
            Event::NoteOn { channel: 0, note: 0, velocity: value },
            Event::bend(255, value),
            Event::volume(0, value),
            Event::Timbre { input: 3, value },
            Event::Timbre { input: 8, value },
            Event::Timbre { input: usize::MAX, value },
            Event::NoteOff { channel: 77, note: 200 },
        ] {
            engine.handle(event);
            engine.set(&Settings {
                gain: f64::from(value),
                noise: f64::from(value),
                ..Settings::default()
            });
            let block = run(&mut engine, 333);
            assert!(block.iter().all(|v| v.abs() <= 1.0 && !v.is_subnormal()), "{event:?}");
        }
    }
    let mut broken = constant_model(&[1e30; 80], 2);
    for _ in 0..2 {
        let mut engine = self::engine(&broken, 8000.0);
        engine.handle(note_on(60));
        assert!(run(&mut engine, 4000).iter().all(|v| v.abs() <= 1.0));
        broken = constant_model(&[0.0; 80], 2);
    }
    engine.handle(Event::AllSoundOff { channel: None });
    run(&mut engine, 4800);
    assert!(run(&mut engine, 100).iter().all(|v| v.to_bits() == 0));
}

#[test]
fn what_is_no_number_changes_nothing() {
    let (mut plain, mut troubled) = (engine(&model(), 48_000.0), engine(&model(), 48_000.0));
    plain.handle(note_on(60));
    troubled.handle(note_on(60));
    for event in [
        Event::bend(0, f32::NAN),
        Event::volume(0, f32::NAN),
        Event::Timbre { input: 2, value: f32::NAN },
        Event::NoteOn { channel: 0, note: 72, velocity: f32::NAN },
    ] {
        troubled.handle(event);
        assert_eq!(run(&mut plain, 3000), run(&mut troubled, 3000), "{event:?}");
    }
    assert!(run(&mut plain, 3000).iter().any(|v| v.abs() > 1e-3));
}

#[test]
fn options_out_of_range_are_named() {
    let model = model();
    let refused = |options: EngineOptions, name: &str| {
        let error = Engine::new(Arc::clone(&model), &options).err().map(|e| e.to_string());
        assert!(error.as_ref().is_some_and(|e| e.contains(name)), "{name}: {error:?}");
    };
    refused(EngineOptions { sample_rate: f64::NAN, ..Default::default() }, "sample_rate");
    refused(EngineOptions { sample_rate: 1e9, ..Default::default() }, "sample_rate");
    refused(EngineOptions { max_voices: 0, ..Default::default() }, "max_voices");
    let envelope = EnvelopeTimes { attack_s: -1.0, ..Default::default() };
    let settings = Settings { envelope, ..Settings::default() };
    refused(EngineOptions { settings, ..Default::default() }, "attack_s");
}

#[test]
fn evened_out_frames_have_one_level() {
    for loudness in [0.01, 0.3] {
        let model = constant_model(&magnitudes(&[loudness, loudness / 2.0], 2, 440.0), 2);
        let settings = Settings { normalise: true, gain: 1.0, ..Settings::default() };
        let options = EngineOptions { settings, ..EngineOptions::default() };
        let mut engine = Engine::new(model, &options).unwrap();
        engine.handle(note_on(69));
        run(&mut engine, 4800);
        let signal = run(&mut engine, 48_000);
        let rms = (signal.iter().map(|v| f64::from(v * v)).sum::<f64>() / 48_000.0).sqrt();
        assert!((rms - 0.1).abs() < 1e-3, "{rms}");
    }
}

fn layout() -> SpectrumLayout {
    SpectrumLayout {
        domain: Domain::Log1p,
        window_size: 1024,
        n_fft: 1024,
        n_bins: 513,
        cycles_per_window: 2,
        sample_rate: 16_000,
    }
}

#[test]
fn a_trajectory_stands_at_its_true_time() {
    let reader = PartialReader::new(&layout()).unwrap();
    let frames = 41;
    // Silence with one loud frame: levels rise and fall linearly about its time.
    let mut spectra = vec![0.0f32; frames * 513];
    let f0_hz = vec![500.0f32; frames];
    let loud = magnitudes(&[0.5], 2, 500.0);
    for (bin, m) in loud.iter().enumerate() {
        spectra[20 * 513 + bin] = m.ln_1p();
    }
    for sample_rate in [16_000.0, 44_100.0, 48_000.0] {
        let trajectory = Trajectory {
            spectra: &spectra,
            f0_hz: &f0_hz,
            level_f0_hz: None,
            voicedness: None,
            hop_size: 256,
            noise: 0.0,
            seed: 0,
        };
        let sound = play(&trajectory, &reader, sample_rate).unwrap();
        assert_eq!(sound.len(), (41.0 * 256.0 * sample_rate / 16_000.0f64).ceil() as usize);
        let power: f64 = sound.iter().map(|v| f64::from(v * v)).sum();
        let moment: f64 = sound.iter().enumerate().map(|(n, v)| n as f64 * f64::from(v * v)).sum();
        let centre_s = moment / power / sample_rate;
        assert!((centre_s - 20.0 * 256.0 / 16_000.0).abs() < 1e-5, "{centre_s}");
        // The integral of `(0.5 (1 - |t|))² / 2` over two hops.
        let wanted = 0.25 / 2.0 * 2.0 / 3.0 * 256.0 * sample_rate / 16_000.0;
        assert!((power / wanted - 1.0).abs() < 1e-3, "{power} {wanted}");
    }
}

#[test]
fn a_trajectory_follows_its_pitch() {
    let reader = PartialReader::new(&layout()).unwrap();
    let frames = 200;
    let f0_hz: Vec<f32> = (0..frames).map(|i| 200.0 * (i as f32 / 100.0).exp2()).collect();
    let spectra: Vec<f32> = f0_hz
        .iter()
        .flat_map(|&f0| magnitudes(&[0.2], 2, f64::from(f0)).into_iter().map(f32::ln_1p))
        .collect();
    let trajectory = Trajectory {
        spectra: &spectra,
        f0_hz: &f0_hz,
        level_f0_hz: None,
        voicedness: None,
        hop_size: 256,
        noise: 0.0,
        seed: 0,
    };
    let sound = play(&trajectory, &reader, 48_000.0).unwrap();
    // The pitch glides by an octave in 100 frames of 768 samples. The number of cycles since the
    // start is the integral of f0.
    for frame in [10.0, 60.5, 150.25] {
        let at = (frame * 768.0) as usize;
        let rate = 2.0f64.ln() / 76_800.0;
        let f0 = 200.0 / 48_000.0 * (rate * at as f64).exp();
        // Successive samples change their sign where the whole number of half cycles changes.
        let crossings =
            |n: usize| sound[..n].windows(2).filter(|w| (w[0] < 0.0) != (w[1] < 0.0)).count();
        let cycles = (f0 - 200.0 / 48_000.0) / rate;
        assert!((crossings(at) as f64 - 2.0 * cycles).abs() <= 1.5, "{} {cycles}", crossings(at));
        let rms = sound[at - 480..at + 480].iter().map(|v| f64::from(v * v)).sum::<f64>() / 960.0;
        assert!((rms.sqrt() / (0.2 / 2f64.sqrt()) - 1.0).abs() < 0.1);
    }
}

#[test]
fn frames_without_pitch_are_silent_and_bad_ones_refused() {
    let reader = PartialReader::new(&layout()).unwrap();
    let spectra = vec![1.0f32; 3 * 513];
    let try_to = |spectra: &[f32], f0_hz: &[f32], hop_size: usize, rate: f64| {
        play(
            &Trajectory {
                spectra,
                f0_hz,
                level_f0_hz: None,
                voicedness: None,
                hop_size,
                noise: 1.0,
                seed: 0,
            },
            &reader,
            rate,
        )
    };
    let noise = try_to(&spectra, &[0.0; 3], 256, 48_000.0).unwrap();
    assert!(noise.iter().any(|v| v.abs() > 0.01) && noise.iter().all(|v| v.abs() < 1.0));
    assert_eq!(noise, try_to(&spectra, &[0.0; 3], 256, 48_000.0).unwrap());
    let without = Trajectory {
        spectra: &spectra,
        f0_hz: &[0.0; 3],
        level_f0_hz: None,
        voicedness: None,
        hop_size: 256,
        noise: 0.0,
        seed: 0,
    };
    assert!(play(&without, &reader, 48_000.0).unwrap().iter().all(|v| v.to_bits() == 0));
    let unheard = Trajectory { voicedness: Some(&[1.0, f32::NAN, 1.0]), ..without };
    assert!(play(&unheard, &reader, 48_000.0).is_err());
    assert!(play(&Trajectory { noise: -1.0, ..without }, &reader, 48_000.0).is_err());
    assert!(try_to(&[], &[], 256, 48_000.0).unwrap().is_empty());
    assert!(try_to(&spectra[1..], &[100.0; 3], 256, 48_000.0).is_err());
    assert!(try_to(&spectra, &[100.0, f32::NAN, 100.0], 256, 48_000.0).is_err());
    assert!(try_to(&spectra, &[100.0, -1.0, 100.0], 256, 48_000.0).is_err());
    assert!(try_to(&spectra, &[100.0; 3], 0, 48_000.0).is_err());
    assert!(try_to(&spectra, &[100.0; 3], 256, 0.0).is_err());
    let nan = vec![f32::NAN; 3 * 513];
    assert!(try_to(&nan, &[100.0; 3], 256, 48_000.0).is_err());
}
