//! Parameters, notes, MIDI messages, note expressions and automation, as a host plays them.

use crate::host::{Act, Host, RATE, blocks, off, on, peak};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use wms_plugin::params::WmsParams;

/// The fundamental of a steady sound near `near_hz`, Hz, measured by how far the phase of its strongest
/// harmonic advances in a hop.
fn pitch_hz(sound: &[f32], near_hz: f64) -> f64 {
    const N: usize = 16_384;
    const HOP: usize = 64;
    let phase = |at: usize| {
        let window = |n: usize| 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / N as f64).cos();
        let mut data: Vec<Complex<f64>> = sound[at..at + N]
            .iter()
            .enumerate()
            .map(|(n, &x)| Complex::new(f64::from(x) * window(n), 0.0))
            .collect();
        FftPlanner::new().plan_fft_forward(N).process(&mut data);
        data
    };
    let (a, b) = (phase(0), phase(HOP));
    let bin_of = |hz: f64| (hz * N as f64 / RATE).round() as usize;
    // The strongest bin within half a semitone of one of the lowest six harmonics.
    let (harmonic, bin) = (1..=6)
        .flat_map(|h| {
            let hz = near_hz * f64::from(h);
            (bin_of(hz * 0.972)..=bin_of(hz * 1.028)).map(move |bin| (h, bin))
        })
        .max_by(|x, y| a[x.1].norm().total_cmp(&a[y.1].norm()))
        .unwrap();
    let expected = std::f64::consts::TAU * bin as f64 * HOP as f64 / N as f64;
    let gained = (b[bin] * a[bin].conj()).arg();
    let off = (gained - expected + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU)
        - std::f64::consts::PI;
    (expected + off) / std::f64::consts::TAU * RATE / HOP as f64 / f64::from(harmonic)
}

fn key_hz(key: f64) -> f64 {
    440.0 * ((key - 69.0) / 12.0).exp2()
}

fn assert_pitch(sound: &[f32], key: f64) {
    let found = pitch_hz(sound, key_hz(key));
    let cents = 1200.0 * (found / key_hz(key)).log2();
    assert!(cents.abs() < 3.0, "{found} Hz is {cents} cents from key {key}");
}

/// Plays 0.6 s after these acts, and returns the last 0.35 s, where the tone is steady.
fn steady(host: &mut Host, acts: &[(usize, Act)]) -> Vec<f32> {
    let [left, _] = host.play(&blocks(28_800, 480), acts);
    left[12_000..].to_vec()
}

#[test]
fn the_host_sees_every_parameter_in_its_range() {
    use nice_plug::prelude::Params;
    let mut host = Host::new();
    let params = host.params();
    assert_eq!(params.len(), WmsParams::default().param_map().len());
    for param in params {
        assert!(param.min < param.max && (param.min..=param.max).contains(&param.default));
        assert_eq!(host.value(param.id), param.default, "{}", param.name);
    }
}

#[test]
fn notes_have_their_pitch_from_the_first_sample() {
    let mut host = Host::new();
    for key in [57, 64, 72] {
        host.reset();
        assert_pitch(&steady(&mut host, &[(0, on(key))]), f64::from(key));
    }
    host.reset();
    let [left, right] = host.play(&[1000], &[(100, on(69))]);
    assert_eq!(peak(&left[..100]), 0.0);
    let first = left.iter().position(|&x| x != 0.0).unwrap();
    assert!(first <= 101, "the note of sample 100 begins at {first}");
    assert_eq!(left, right);
    host.reset();
    let [left, _] = host.play(&blocks(48_000, 512), &[(0, on(69)), (4800, off(69))]);
    assert_eq!(peak(&left[40_000..]), 0.0, "a released note ends");
}

#[test]
fn ended_notes_and_no_latency_are_reported() {
    let mut host = Host::new();
    host.reset();
    assert_eq!(host.latency(), 0);
    host.play(&blocks(24_000, 480), &[(0, on(60)), (0, on(64)), (4_800, off(60))]);
    assert_eq!(host.ended, [60]);
    // Pressing the same key again replaces its first note.
    let again = Act::On { channel: 0, key: 64, velocity: 0.8, id: 640 };
    host.play(&[480], &[(0, again)]);
    assert_eq!(host.ended, [60, 64]);
    host.play(&blocks(24_000, 480), &[(0, off(64))]);
    assert_eq!(host.ended, [60, 64, 640]);
}

#[test]
fn the_size_of_blocks_changes_nothing() {
    let mut host = Host::new();
    let axis = host.param("Timbre 1").id;
    let acts = [
        (10, on(60)),
        (2_000, Act::Set { param: axis, value: 0.8 }),
        (3_333, on(67)),
        (5_001, Act::Midi([0xE0, 0, 100])),
        (6_000, Act::Tune { id: 67, semitones: -0.5 }),
        (7_777, off(60)),
        (8_000, Act::Midi([0xB0, 1, 90])),
        (9_000, off(67)),
    ];
    let mut play = |blocks: &[usize]| {
        host.reset();
        // The automation starts from this value.
        host.play(&[1], &[(0, Act::Set { param: axis, value: 0.5 })]);
        host.reset();
        host.play(blocks, &acts)
    };
    let total = 12_000;
    let whole = play(&blocks(total, 2048));
    assert!(peak(&whole[0]) > 0.01);
    for size in [17, 64, 480] {
        let pieces = play(&blocks(total, size));
        for (a, b) in whole.iter().flatten().zip(pieces.iter().flatten()) {
            assert!((a - b).abs() <= 1e-6, "blocks of {size}: {a} {b}");
        }
    }
}

#[test]
fn wheel_expressions_and_mpe_bend_as_they_should() {
    let mut host = Host::new();
    host.reset();
    assert_pitch(&steady(&mut host, &[(0, on(60)), (0, Act::Midi([0xE0, 127, 127]))]), 62.0);
    host.reset();
    let tune = Act::Tune { id: 60, semitones: 1.5 };
    assert_pitch(&steady(&mut host, &[(0, on(60)), (1, tune)]), 61.5);
    // The MPE configuration message, then a quarter of the pitch wheel's range on a member channel,
    // which is 12 semitones.
    host.reset();
    let member = Act::On { channel: 3, key: 60, velocity: 0.8, id: 1 };
    let acts = [
        (0, Act::Midi([0xB0, 101, 0])),
        (0, Act::Midi([0xB0, 100, 6])),
        (0, Act::Midi([0xB0, 6, 15])),
        (0, Act::Midi([0xE3, 0, 80])),
        (1, member),
    ];
    assert_pitch(&steady(&mut host, &acts), 72.0);
}

#[test]
fn modulation_moves_one_note_alone() {
    let mut host = Host::new();
    let axis = host.param("Timbre 1").id;
    let mut play = |acts: &[(usize, Act)]| {
        host.reset();
        host.play(&blocks(14_400, 480), acts)[0].clone()
    };
    let modulate = |id| Act::Modulate { param: axis, id, amount: 1.5 };
    let plain = play(&[(0, on(60))]);
    let other = play(&[(0, on(60)), (1, modulate(99))]);
    let own = play(&[(0, on(60)), (1, modulate(60))]);
    assert_eq!(plain, other);
    let difference: Vec<f32> = plain.iter().zip(&own).map(|(a, b)| a - b).collect();
    assert!(peak(&difference) > 0.01 * peak(&plain));
}

#[test]
fn controllers_from_20_on_move_the_timbre() {
    let mut host = Host::new();
    let mut play = |acts: &[(usize, Act)]| {
        host.reset();
        host.play(&blocks(9_600, 480), acts)[0].clone()
    };
    let plain = play(&[(0, on(60))]);
    let moved = play(&[(0, Act::Midi([0xB0, 20, 120])), (0, on(60))]);
    let unknown = play(&[(0, Act::Midi([0xB0, 119, 120])), (0, on(60))]);
    assert_ne!(plain, moved);
    assert_eq!(plain, unknown);
}

#[test]
fn two_hundred_random_settings_stay_finite_and_bounded() {
    let mut host = Host::new();
    let params = host.params();
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as f64 / f64::from(1 << 24)
    };
    for round in 0..200 {
        let mut acts = vec![(0, on(30 + round % 70))];
        for param in &params {
            if random() < 0.3 {
                let value = param.min + random() * (param.max - param.min);
                // Stepped parameters take whole numbers only.
                let value = if param.max - param.min == param.max.floor() - param.min.floor()
                    && param.default.fract() == 0.0
                    && param.max > 1.5
                {
                    value.round()
                } else {
                    value
                };
                acts.push(((random() * 500.0) as usize, Act::Set { param: param.id, value }));
            }
        }
        acts.push((300, off(30 + (round + 35) % 70)));
        acts.sort_by_key(|(at, _)| *at);
        let sound = host.play(&[512], &acts);
        for sample in sound.iter().flatten() {
            assert!(sample.abs() <= 1.0 && !sample.is_subnormal(), "round {round}: {sample}");
        }
    }
}
