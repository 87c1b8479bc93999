//! Networks as the engine steps them: several voices at once, in one of two precisions.

use super::layers::{Dense, Gru, mix};
use super::network::{Network, State};
use super::reduced::{Quantised, ReducedDense, VOICES_PER_BATCH};
use crate::model::activation::{Activation, relu};

/// Layers with fewer inputs than this keep single precision: they are a small part of the work.
const MIN_REDUCED_INPUTS: usize = 32;

/// Precision with which a network is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Weights of 16 bits in large layers: within about 1e-4 of the exact output, and several times
    /// as fast.
    #[default]
    Reduced,
    /// Single precision, as [`Network::step`] computes.
    Single,
}

/// A dense layer in either precision.
#[derive(Clone, Debug)]
enum Layer {
    Single(Dense),
    Reduced(ReducedDense),
}

impl Layer {
    fn new(layer: &Dense, precision: Precision) -> Self {
        if precision == Precision::Single || layer.inputs() < MIN_REDUCED_INPUTS {
            Self::Single(layer.clone())
        } else {
            Self::Reduced(ReducedDense::new(layer))
        }
    }

    fn outputs(&self) -> usize {
        match self {
            Self::Single(layer) => layer.outputs(),
            Self::Reduced(layer) => layer.outputs(),
        }
    }

    /// Computes the first `count` of `y` from those of `x`.
    fn forward(
        &self,
        count: usize,
        x: &[Vec<f32>; VOICES_PER_BATCH],
        quantised: &mut [Quantised; VOICES_PER_BATCH],
        y: &mut [Vec<f32>; VOICES_PER_BATCH],
    ) {
        match self {
            Self::Single(layer) => {
                for (x, y) in x.iter().zip(y).take(count) {
                    layer.forward(x, y);
                }
            }
            Self::Reduced(layer) => {
                for (x, quantised) in x.iter().zip(quantised.iter_mut()).take(count) {
                    quantised.take(&x[..layer.inputs()]);
                }
                layer.forward(count, quantised, y);
            }
        }
    }
}

/// The weights of a [`Network`], arranged for up to [`VOICES_PER_BATCH`] voices that step together.
#[derive(Clone, Debug)]
pub struct BatchNetwork {
    encoder: Option<Layer>,
    recurrent: Vec<(Layer, Layer)>,
    dense: Vec<Layer>,
    output: Activation,
    inputs: usize,
    hidden: usize,
    widest: usize,
}

/// Inputs, states and outputs of up to [`VOICES_PER_BATCH`] voices that step together.
#[derive(Clone, Debug)]
pub struct Batch {
    count: usize,
    quantised: [Quantised; VOICES_PER_BATCH],
    /// Inputs and outputs of a layer.
    current: [Vec<f32>; VOICES_PER_BATCH],
    next: [Vec<f32>; VOICES_PER_BATCH],
    gates: [Vec<f32>; VOICES_PER_BATCH],
    recurrent: [Vec<f32>; VOICES_PER_BATCH],
    /// For each recurrent layer, the states of all voices.
    hidden: Vec<[Vec<f32>; VOICES_PER_BATCH]>,
    outputs: usize,
}

impl BatchNetwork {
    /// Arranges the weights of `network` for batches, in the given precision.
    pub fn new(network: &Network, precision: Precision) -> Self {
        let layer = |layer: &Dense| Layer::new(layer, precision);
        let (encoder, recurrent, dense) = network.layers();
        let sizes = encoder.into_iter().chain(dense).flat_map(|l| [l.inputs(), l.outputs()]);
        let hidden = network.hidden_shape().1;
        Self {
            encoder: encoder.map(layer),
            recurrent: recurrent
                .iter()
                .map(Gru::parts)
                .map(|(input, hidden)| (layer(input), layer(hidden)))
                .collect(),
            dense: dense.iter().map(layer).collect(),
            output: network.generation().output(),
            inputs: network.input_size(),
            hidden,
            widest: sizes.chain([hidden, network.input_size()]).max().unwrap_or(0),
        }
    }

    /// An empty batch for this network.
    pub fn batch(&self) -> Batch {
        let lanes = |size: usize| std::array::from_fn(|_| vec![0.0; size]);
        Batch {
            count: 0,
            quantised: std::array::from_fn(|_| Quantised::new(self.widest)),
            current: lanes(self.widest),
            next: lanes(self.widest),
            gates: lanes(3 * self.hidden),
            recurrent: lanes(3 * self.hidden),
            hidden: self.recurrent.iter().map(|_| lanes(self.hidden)).collect(),
            outputs: self.dense.last().map_or(0, Layer::outputs),
        }
    }

    /// Makes one step of all voices in the batch; allocates nothing.
    pub fn step(&self, batch: &mut Batch) {
        let Batch { count, quantised, current, next, gates, recurrent, hidden, .. } = batch;
        let count = *count;
        if count == 0 {
            return;
        }
        if let Some(layer) = &self.encoder {
            layer.forward(count, current, quantised, next);
            std::mem::swap(current, next);
            relu_all(current, count, layer.outputs());
        }
        for ((input, inner), hidden) in self.recurrent.iter().zip(hidden) {
            input.forward(count, current, quantised, gates);
            inner.forward(count, hidden, quantised, recurrent);
            for lane in 0..count {
                mix(&mut gates[lane], &recurrent[lane], &mut hidden[lane]);
                current[lane][..self.hidden].copy_from_slice(&hidden[lane]);
            }
        }
        for (number, layer) in self.dense.iter().enumerate() {
            layer.forward(count, current, quantised, next);
            std::mem::swap(current, next);
            if number + 1 < self.dense.len() {
                relu_all(current, count, layer.outputs());
            }
        }
        for lane in &mut current[..count] {
            self.output.apply(&mut lane[..batch.outputs]);
        }
    }

    /// Number of input features, C.
    pub fn input_size(&self) -> usize {
        self.inputs
    }
}

fn relu_all(lanes: &mut [Vec<f32>; VOICES_PER_BATCH], count: usize, width: usize) {
    for lane in &mut lanes[..count] {
        relu(&mut lane[..width]);
    }
}

impl Batch {
    /// Removes all voices from the batch.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds a voice with its input, (C,), and its state; returns `false` if the batch is full.
    pub fn push(&mut self, input: &[f32], state: &State) -> bool {
        let lane = self.count;
        let Some(current) = self.current.get_mut(lane) else { return false };
        for (slot, &x) in current.iter_mut().zip(input) {
            *slot = x;
        }
        for (layer, hidden) in self.hidden.iter_mut().zip(state.hidden()) {
            layer[lane].copy_from_slice(hidden);
        }
        self.count += 1;
        true
    }

    /// Copies the new state and the output, (K,), of the voice that was pushed as number `lane`.
    pub fn take(&self, lane: usize, state: &mut State, output: &mut [f32]) {
        for (layer, hidden) in self.hidden.iter().zip(state.hidden_mut()) {
            hidden.copy_from_slice(&layer[lane]);
        }
        output.copy_from_slice(&self.current[lane][..self.outputs]);
    }
}
