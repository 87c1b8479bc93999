//! Networks as the engine steps them: several voices at once, in one of two precisions.

use super::layers::{Dense, Gru, mix};
use super::network::{Kind, Network, State};
use super::partials::{PartialNetwork, Work};
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
    kind: BatchKind,
    inputs: usize,
    outputs: usize,
    /// Number of recurrent layers and the size of each.
    hidden: (usize, usize),
    widest: usize,
}

#[derive(Clone, Debug)]
enum BatchKind {
    Layers(BatchLayers),
    /// Computed voice by voice, in single precision: its weights are few.
    Partials(Box<PartialNetwork>),
}

/// The layers of a network of `wms_torch`.
#[derive(Clone, Debug)]
struct BatchLayers {
    encoder: Option<Layer>,
    recurrent: Vec<(Layer, Layer)>,
    dense: Vec<Layer>,
    output: Activation,
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
    partials: Work,
    outputs: usize,
}

impl BatchNetwork {
    /// Arranges the weights of `network` for batches, in the given precision.
    pub fn new(network: &Network, precision: Precision) -> Self {
        let (inputs, outputs) = (network.input_size(), network.output_size());
        let hidden = network.hidden_shape();
        let mut widest = inputs.max(outputs).max(hidden.1);
        let kind = match network.kind() {
            Kind::Layers(layers) => {
                let layer = |layer: &Dense| Layer::new(layer, precision);
                let all = layers.encoder.iter().chain(&layers.dense);
                widest = all.flat_map(|l| [l.inputs(), l.outputs()]).fold(widest, usize::max);
                BatchKind::Layers(BatchLayers {
                    encoder: layers.encoder.as_ref().map(layer),
                    recurrent: layers
                        .recurrent
                        .iter()
                        .map(Gru::parts)
                        .map(|(input, hidden)| (layer(input), layer(hidden)))
                        .collect(),
                    dense: layers.dense.iter().map(layer).collect(),
                    output: network.generation().output(),
                })
            }
            Kind::Partials(network) => BatchKind::Partials(network.clone()),
        };
        Self { kind, inputs, outputs, hidden, widest }
    }

    /// An empty batch for this network.
    pub fn batch(&self) -> Batch {
        let lanes = |size: usize| std::array::from_fn(|_| vec![0.0; size]);
        Batch {
            count: 0,
            quantised: std::array::from_fn(|_| Quantised::new(self.widest)),
            current: lanes(self.widest),
            next: lanes(self.widest),
            gates: lanes(3 * self.hidden.1),
            recurrent: lanes(3 * self.hidden.1),
            hidden: (0..self.hidden.0).map(|_| lanes(self.hidden.1)).collect(),
            partials: match &self.kind {
                BatchKind::Layers(_) => Work::default(),
                BatchKind::Partials(network) => network.work(),
            },
            outputs: self.outputs,
        }
    }

    /// Makes one step of all voices in the batch; allocates nothing.
    pub fn step(&self, batch: &mut Batch) {
        if batch.count == 0 {
            return;
        }
        match &self.kind {
            BatchKind::Layers(layers) => layers.step(batch),
            BatchKind::Partials(network) => {
                let Batch { count, current, next, hidden, partials, outputs, .. } = batch;
                let Some(hidden) = hidden.first_mut() else { return };
                for lane in 0..*count {
                    let output = &mut next[lane][..*outputs];
                    network.step(&mut hidden[lane], partials, &current[lane], output);
                }
                std::mem::swap(current, next);
            }
        }
    }

    /// Number of input features, C.
    pub fn input_size(&self) -> usize {
        self.inputs
    }
}

impl BatchLayers {
    fn step(&self, batch: &mut Batch) {
        let Batch { count, quantised, current, next, gates, recurrent, hidden, .. } = batch;
        let count = *count;
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
                current[lane][..hidden[lane].len()].copy_from_slice(&hidden[lane]);
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
