//! Networks of every generation against what PyTorch computed with the same weights.

mod common;

use common::{network, partial_model, tensors};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use wms::model::{BatchNetwork, Precision, VOICES_PER_BATCH};

/// Runs `x` through the golden network, and returns the largest deviation of its output and of its
/// state.
fn deviation(generation: &str, tail: &str, every: usize) -> (f32, f32) {
    let network = network(generation);
    assert_eq!(network.generation().name(), generation);
    let io = tensors(&format!("{generation}.io"));
    let (x, y, hn) =
        (&io[&format!("x{tail}")], &io[&format!("y{tail}")], &io[&format!("hn{tail}")]);
    assert_eq!(x.shape, [200, network.input_size()]);
    let k = network.output_size();
    let mut state = network.state();
    let mut output = vec![f32::NAN; k];
    let mut worst = 0.0f32;
    for (frame, input) in x.data.chunks_exact(network.input_size()).enumerate() {
        network.step(&mut state, input, &mut output);
        if frame % every == every - 1 {
            for (a, b) in output.iter().zip(&y.data[frame / every * k..][..k]) {
                worst = worst.max((a - b).abs());
            }
        }
    }
    let hidden = state.hidden().concat();
    let worst_state =
        hidden.iter().zip(&hn.data).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
    assert_eq!(hidden.len(), hn.data.len());
    (worst, worst_state)
}

#[test]
fn outputs_and_states_agree_with_pytorch_over_200_frames() {
    let cases = [
        ("2026-08", "_feat", 1),
        ("2026-08", "_rand", 1),
        ("2024-11", "", 4),
        ("2024-11-early", "", 4),
    ];
    for (generation, tail, every) in cases {
        let (output, state) = deviation(generation, tail, every);
        assert!(output < 1e-5, "{generation}{tail}: output off by {output}");
        assert!(state < 1e-5, "{generation}{tail}: state off by {state}");
    }
}

#[test]
fn a_state_carries_on_and_resets() {
    let network = network("2026-08");
    let io = tensors("2026-08.io");
    let x = &io["x_feat"].data;
    let mut whole = network.state();
    let (mut a, mut b) = (vec![0.0; 80], vec![0.0; 80]);
    for input in x.chunks_exact(10).take(20) {
        network.step(&mut whole, input, &mut a);
    }
    let mut first = network.state();
    for input in x.chunks_exact(10).take(9) {
        network.step(&mut first, input, &mut b);
    }
    let mut second = first.clone();
    for input in x.chunks_exact(10).take(20).skip(9) {
        network.step(&mut second, input, &mut b);
    }
    assert_eq!(a, b);
    second.reset();
    assert!(second.hidden().iter().flatten().all(|&h| h.to_bits() == 0));
}

/// Steps `voices` voices together through `x`, each a different part of it, and returns the largest
/// and the root mean square deviation from [`Network::step`](wms::model::Network::step).
fn batch_deviation(
    generation: &str,
    tail: &str,
    precision: Precision,
    voices: usize,
) -> (f32, f32) {
    let network = network(generation);
    let fast = BatchNetwork::new(&network, precision);
    let mut batch = fast.batch();
    let x = &tensors(&format!("{generation}.io"))[&format!("x{tail}")].data;
    let (c, k) = (network.input_size(), network.output_size());
    let mut states = vec![network.state(); voices];
    let mut exact_states = states.clone();
    let (mut output, mut exact) = (vec![f32::NAN; k], vec![f32::NAN; k]);
    let (mut worst, mut squares) = (0.0f32, 0.0f32);
    for frame in 0..100 {
        let input = |voice: usize| &x[(frame + 25 * voice) * c..][..c];
        batch.clear();
        for (voice, state) in states.iter().enumerate() {
            assert!(batch.push(input(voice), state));
        }
        assert!(
            voices < VOICES_PER_BATCH || !batch.push(input(0), &states[0]),
            "there is no more room"
        );
        fast.step(&mut batch);
        for (voice, state) in states.iter_mut().enumerate() {
            batch.take(voice, state, &mut output);
            network.step(&mut exact_states[voice], input(voice), &mut exact);
            for (a, b) in output.iter().zip(&exact) {
                worst = worst.max((a - b).abs());
                squares += (a - b).powi(2);
            }
        }
    }
    (worst, (squares / (100 * voices * k) as f32).sqrt())
}

#[test]
fn voices_that_step_together_are_computed_as_each_alone() {
    for (generation, tail) in
        [("2026-08", "_feat"), ("2026-08", "_rand"), ("2024-11", ""), ("2024-11-early", "")]
    {
        for voices in 1..=VOICES_PER_BATCH {
            let (worst, _) = batch_deviation(generation, tail, Precision::Single, voices);
            assert!(worst == 0.0, "{generation}{tail}, {voices} voices: {worst}");
            let (worst, rms) = batch_deviation(generation, tail, Precision::Reduced, voices);
            assert!(
                worst < 1e-3 && rms < 1e-4,
                "{generation}{tail}, {voices} voices, reduced: {worst}, RMS {rms}"
            );
        }
    }
}

#[test]
fn a_decoder_shared_by_partials_is_bounded() {
    let model = partial_model(16_000, 256);
    let network = model.network();
    let mut state = network.state();
    let mut output = vec![f32::NAN; network.output_size()];
    let mut runner = TestRunner::deterministic();
    let size = network.input_size();
    // From what is heard to what no recording has.
    for spread in [1.0_f32, 10.0, 1e3, 1e9, f32::MAX] {
        let inputs = prop::collection::vec(-spread..spread, size);
        for _ in 0..50 {
            let input = inputs.new_tree(&mut runner).unwrap().current();
            network.step(&mut state, &input, &mut output);
            // At most the power of 12 bands at 60 dB, in one bin.
            assert!(output.iter().all(|y| (0.0..16.0).contains(y)), "{input:?}");
            assert!(state.hidden().iter().flatten().all(|h| h.abs() <= 1.0));
        }
    }
}
