//! Layers in single precision. Their weights lie in panels of rows, so that a product of matrix and
//! vector is one contiguous pass without sums across a SIMD register, at any width of register.
//!
//! # Two crates for SIMD code
//! Both `multiversion` and `pulp` choose the instruction set at run time. `multiversion` compiles a
//! plain loop once for each instruction set and leaves it to the compiler to vectorise it: it is for
//! loops that need nothing else (this file, `reduced`'s rounding, `activation`, the summation order of
//! NumPy in the analysis). `pulp` gives safe access to single instructions: it is for loops that the
//! compiler cannot vectorise well, because they need an instruction of their own (`reduced`'s products of
//! 16-bit pairs) or a fixed arrangement of lanes (`synth`'s table reader, CREPE's transforms, time
//! stretching). Wherever `pulp` is used there is a plain loop too, with the same results, for other
//! machines. A new loop begins with `multiversion`; it moves to `pulp` if a bench shows that this is
//! worth its lines.

use super::activation::{sigmoid, tanh};
use multiversion::multiversion;

/// Number of rows that are computed together; their weights for one input value lie side by side.
const PANEL: usize = 32;

/// A matrix and a bias, computing `y = W x + b`.
#[derive(Clone, Debug)]
pub struct Dense {
    inputs: usize,
    outputs: usize,
    /// For each panel, `inputs` times `PANEL` weights; missing rows are zero.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Dense {
    /// Packs `weight`, (outputs, inputs) row by row as PyTorch keeps it, and `bias`, (outputs,).
    ///
    /// # Panics
    /// If `weight.len() != bias.len() * inputs`. Reading a file checks this before.
    pub fn new(inputs: usize, weight: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len();
        assert_eq!(weight.len(), outputs * inputs, "weights of a dense layer");
        let panels = outputs.div_ceil(PANEL);
        let mut weights = vec![0.0; panels * inputs * PANEL];
        for row in 0..outputs {
            let (panel, lane) = (row / PANEL, row % PANEL);
            for input in 0..inputs {
                weights[(panel * inputs + input) * PANEL + lane] = weight[row * inputs + input];
            }
        }
        let mut padded = bias.to_vec();
        padded.resize(panels * PANEL, 0.0);
        Self { inputs, outputs, weights, bias: padded }
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Weight (outputs, inputs) in PyTorch's order, and bias (outputs,).
    pub fn unpack(&self) -> (Vec<f32>, Vec<f32>) {
        let mut weight = Vec::with_capacity(self.outputs * self.inputs);
        for row in 0..self.outputs {
            let (panel, lane) = (row / PANEL, row % PANEL);
            weight.extend(
                (0..self.inputs).map(|i| self.weights[(panel * self.inputs + i) * PANEL + lane]),
            );
        }
        (weight, self.bias[..self.outputs].to_vec())
    }

    /// Computes `y = W x + b`; `x` is (inputs,), `y` is (outputs,).
    pub fn forward(&self, x: &[f32], y: &mut [f32]) {
        product(&self.weights, &self.bias, &x[..self.inputs], &mut y[..self.outputs]);
    }
}

/// Computes the panels of a dense layer one after the other.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn product(weights: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    // Arrays of known length, so that the sums of a panel stay in registers.
    let (weights, _) = weights.as_chunks::<PANEL>();
    let (bias, _) = bias.as_chunks::<PANEL>();
    let panels = weights.chunks_exact(x.len().max(1)).zip(bias);
    for ((weights, bias), y) in panels.zip(y.chunks_mut(PANEL)) {
        let mut sum = *bias;
        for (&x, weights) in x.iter().zip(weights) {
            for lane in 0..PANEL {
                sum[lane] += weights[lane] * x;
            }
        }
        y.copy_from_slice(&sum[..y.len()]);
    }
}

/// One layer of PyTorch's gated recurrent unit (gate order r, z, n; `b_hn` inside the product).
///
/// `r = s(W_r x + b_r + U_r h + c_r)`, z likewise, `n = tanh(W_n x + b_n + r (U_n h + c_n))`,
/// `h' = (1 - z) n + z h` (Cho et al. 2014, in the form of `torch.nn.GRU`).
#[derive(Clone, Debug)]
pub struct Gru {
    input: Dense,
    hidden: Dense,
}

impl Gru {
    /// Joins the input part (inputs -> 3 hidden) and the recurrent part (hidden -> 3 hidden).
    ///
    /// # Panics
    /// If the parts do not fit each other. Reading a file checks this before.
    pub fn new(input: Dense, hidden: Dense) -> Self {
        assert!(
            hidden.outputs() == 3 * hidden.inputs() && input.outputs() == hidden.outputs(),
            "parts of a recurrent layer"
        );
        Self { input, hidden }
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.input.inputs()
    }

    /// Size of the hidden state, which is also the output.
    pub fn hidden(&self) -> usize {
        self.hidden.inputs()
    }

    /// The input part and the recurrent part.
    pub fn parts(&self) -> (&Dense, &Dense) {
        (&self.input, &self.hidden)
    }

    /// Makes one step and replaces `state`, (hidden,), by the next one. `gates` and `recurrent` are
    /// working memory, (3 hidden,) each.
    pub fn step(&self, x: &[f32], state: &mut [f32], gates: &mut [f32], recurrent: &mut [f32]) {
        let n = self.hidden();
        let (gates, recurrent, state) =
            (&mut gates[..3 * n], &mut recurrent[..3 * n], &mut state[..n]);
        self.input.forward(x, gates);
        self.hidden.forward(state, recurrent);
        mix(gates, recurrent, state);
    }
}

/// Makes the next state of a recurrent layer from its two products, elementwise.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn mix(gates: &mut [f32], recurrent: &[f32], state: &mut [f32]) {
    let n = state.len();
    let (gates_rz, gates_n) = gates.split_at_mut(2 * n);
    let (recurrent_rz, recurrent_n) = recurrent.split_at(2 * n);
    for (gate, &part) in gates_rz.iter_mut().zip(recurrent_rz) {
        *gate = sigmoid(*gate + part);
    }
    let (reset, update) = gates_rz.split_at(n);
    let news = gates_n.iter().zip(recurrent_n).zip(reset);
    for ((state, &update), ((&gate, &recurrent), &reset)) in state.iter_mut().zip(update).zip(news)
    {
        let candidate = tanh(gate + reset * recurrent);
        let next = candidate + update * (*state - candidate);
        // Values this small cannot be heard, and denormals would cost time.
        *state = if next.abs() < 1e-20 { 0.0 } else { next };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_product_equals_the_plain_one() {
        for (inputs, outputs) in [(1, 1), (3, 31), (10, 32), (17, 33), (5, 100)] {
            let weight: Vec<f32> =
                (0..inputs * outputs).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
            let bias: Vec<f32> = (0..outputs).map(|i| i as f32 / 10.0).collect();
            let x: Vec<f32> = (0..inputs).map(|i| 0.3 - i as f32 / 7.0).collect();
            let layer = Dense::new(inputs, &weight, &bias);
            assert_eq!(layer.unpack(), (weight.clone(), bias.clone()));
            let mut y = vec![f32::NAN; outputs];
            layer.forward(&x, &mut y);
            for (row, &y) in y.iter().enumerate() {
                let plain: f32 = weight[row * inputs..][..inputs]
                    .iter()
                    .zip(&x)
                    .map(|(w, x)| w * x)
                    .sum::<f32>()
                    + bias[row];
                assert!((plain - y).abs() < 1e-4, "row {row}: {plain} {y}");
            }
        }
    }
}
