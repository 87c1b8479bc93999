//! Networks of every generation against what PyTorch computed with the same weights.

mod common;

use common::{network, tensors};

/// Runs `x` through the golden network and returns the largest deviation in output and state.
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
