//! Networks of every generation: those of `wms_torch`, which are an optional encoder, recurrent layers
//! and dense layers, and this project's own, whose decoder is shared by all partials.

use super::activation::{Activation, relu};
use super::config::ModelConfig;
use super::layers::{Dense, Gru};
use super::partials::{PartialNetwork, Work};
pub use super::state_dict::{StateDict, Tensor};
use super::state_dict::{check, put_dense, put_gru, take_dense, take_gru};
use crate::Error;

/// Most recurrent or dense layers of a network.
const MAX_LAYERS: usize = 16;

/// Families of networks. Those of `wms_torch` are recognised by the names and shapes of their tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Three dense layers without recurrence; the outputs are magnitudes.
    May2024,
    /// Stacked recurrent layers and one dense layer; the outputs are magnitudes.
    EarlyNovember2024,
    /// An encoder, one recurrent layer and one dense layer; the outputs are magnitudes.
    November2024,
    /// An encoder, one recurrent layer, two dense layers and a softplus; the outputs are ln(1 +
    /// magnitude).
    August2026,
    /// This project's own: decoders shared by all partials, with a recurrent context; the outputs are
    /// ln(1 + magnitude).
    Wms2,
}

impl Generation {
    /// The name used in model files, e.g. "2026-08".
    pub fn name(self) -> &'static str {
        match self {
            Self::May2024 => "2024-05",
            Self::EarlyNovember2024 => "2024-11-early",
            Self::November2024 => "2024-11",
            Self::August2026 => "2026-08",
            Self::Wms2 => "wms-2",
        }
    }

    fn tell(encoder: bool, recurrent: usize, dense: usize) -> Option<Self> {
        match (encoder, recurrent, dense) {
            (false, 0, 3) => Some(Self::May2024),
            (false, 1.., 1) => Some(Self::EarlyNovember2024),
            (true, 1, 1) => Some(Self::November2024),
            (true, 1, 2) => Some(Self::August2026),
            _ => None,
        }
    }

    pub(super) fn output(self) -> Activation {
        if self == Self::August2026 { Activation::Softplus } else { Activation::Relu }
    }
}

/// The immutable weights of a network.
#[derive(Clone, Debug)]
pub struct Network {
    generation: Generation,
    kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Layers(Layers),
    Partials(Box<PartialNetwork>),
}

/// The layers of a network of `wms_torch`.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    pub encoder: Option<Dense>,
    pub recurrent: Vec<Gru>,
    pub dense: Vec<Dense>,
}

/// The recurrent state of one voice between steps, and working memory for a step.
#[derive(Clone, Debug)]
pub struct State {
    hidden: Vec<Vec<f32>>,
    work: [Vec<f32>; 2],
    gates: Vec<f32>,
    recurrent: Vec<f32>,
    partials: Work,
}

impl State {
    /// Returns to the zero state, for a new note.
    pub fn reset(&mut self) {
        self.hidden.iter_mut().for_each(|layer| layer.fill(0.0));
    }

    /// The hidden state, one vector for each recurrent layer.
    pub fn hidden(&self) -> &[Vec<f32>] {
        &self.hidden
    }

    /// The hidden state for writing, one vector for each recurrent layer.
    pub fn hidden_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.hidden.iter_mut().map(Vec::as_mut_slice)
    }
}

impl Network {
    /// Builds the network of a model file from its description and its tensors.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the tensor that is missing, superfluous, misshapen, too large or
    /// not finite, or the key of the description that does not fit.
    pub fn from_state(tensors: StateDict, config: &ModelConfig) -> crate::Result<Self> {
        if config.generation() != Generation::Wms2.name() {
            return Self::from_state_dict(tensors);
        }
        check(&tensors)
            .and_then(|()| PartialNetwork::build(tensors, config))
            .map(|network| Self {
                generation: Generation::Wms2,
                kind: Kind::Partials(Box::new(network)),
            })
            .map_err(Error::Parameter)
    }

    /// Builds the network of `wms_torch` that the names and shapes of a state dict describe.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the tensor that is missing, superfluous, misshapen, too large or
    /// not finite.
    pub fn from_state_dict(tensors: StateDict) -> crate::Result<Self> {
        Self::build(tensors).map_err(Error::Parameter)
    }

    fn build(mut tensors: StateDict) -> Result<Self, String> {
        check(&tensors)?;
        let has_encoder = tensors.keys().any(|name| name.starts_with("input_encoder."));
        let recurrent_count = count(&tensors, |i| format!("gru.weight_ih_l{i}"));
        // Activations stand between the dense layers, so these have even numbers.
        let dense_count = count(&tensors, |i| format!("dense_layers.{}.weight", 2 * i));
        let generation = Generation::tell(has_encoder, recurrent_count, dense_count);

        let mut size = None;
        let encoder = if has_encoder {
            Some(take_dense(
                &mut tensors,
                "input_encoder.0.weight",
                "input_encoder.0.bias",
                &mut size,
            )?)
        } else {
            None
        };
        let mut recurrent = Vec::new();
        for i in 0..recurrent_count {
            recurrent.push(take_gru(&mut tensors, i, &mut size)?);
        }
        let mut dense = Vec::new();
        for i in 0..dense_count {
            let [weight, bias] =
                ["weight", "bias"].map(|part| format!("dense_layers.{}.{part}", 2 * i));
            dense.push(take_dense(&mut tensors, &weight, &bias, &mut size)?);
        }
        if let Some(name) = tensors.keys().next() {
            return Err(format!(
                "tensor {name} belongs to no known network (wanted input_encoder.0, gru.*_l0.., dense_layers.0, .2, ..)"
            ));
        }
        let generation = generation.ok_or_else(|| {
            format!(
                "no known network has {} encoder, {recurrent_count} recurrent and {dense_count} dense layers",
                if has_encoder { "an" } else { "no" }
            )
        })?;
        Ok(Self { generation, kind: Kind::Layers(Layers { encoder, recurrent, dense }) })
    }

    /// The tensors by their state-dict names.
    pub fn to_state_dict(&self) -> StateDict {
        match &self.kind {
            Kind::Layers(layers) => layers.to_state_dict(),
            Kind::Partials(network) => network.to_state_dict(),
        }
    }

    /// What the network is made of.
    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The family that this network belongs to.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Number of input features, C.
    pub fn input_size(&self) -> usize {
        match &self.kind {
            Kind::Layers(layers) => layers.input_size(),
            Kind::Partials(network) => network.input_size(),
        }
    }

    /// Number of spectrum bins at the output, K.
    pub fn output_size(&self) -> usize {
        match &self.kind {
            Kind::Layers(layers) => layers.dense.last().map_or(0, Dense::outputs),
            Kind::Partials(network) => network.output_size(),
        }
    }

    /// Whether one decoder makes all partials, by where they stand, as in generation WMS-2.
    pub fn shares_decoder(&self) -> bool {
        matches!(self.kind, Kind::Partials(_))
    }

    /// Number of outputs of the encoder, if there is one.
    pub fn encoder_size(&self) -> Option<usize> {
        match &self.kind {
            Kind::Layers(layers) => layers.encoder.as_ref().map(Dense::outputs),
            Kind::Partials(_) => None,
        }
    }

    /// Number of recurrent layers and the size of each.
    pub fn hidden_shape(&self) -> (usize, usize) {
        match &self.kind {
            Kind::Layers(Layers { recurrent, .. }) => {
                (recurrent.len(), recurrent.first().map_or(0, Gru::hidden))
            }
            Kind::Partials(network) => (1, network.hidden_size()),
        }
    }

    /// A zero state for one voice.
    pub fn state(&self) -> State {
        match &self.kind {
            Kind::Layers(layers) => layers.state(),
            Kind::Partials(network) => State {
                hidden: vec![vec![0.0; network.hidden_size()]],
                work: [Vec::new(), Vec::new()],
                gates: Vec::new(),
                recurrent: Vec::new(),
                partials: network.work(),
            },
        }
    }

    /// Makes one step from `input`, (C,), to `output`, (K,), and advances `state`; allocates nothing.
    ///
    /// # Panics
    /// If `input` is shorter than C or `output` than K, or if `state` belongs to another network.
    pub fn step(&self, state: &mut State, input: &[f32], output: &mut [f32]) {
        match &self.kind {
            Kind::Layers(layers) => {
                layers.step(state, input, output);
                let outputs = layers.dense.last().map_or(0, Dense::outputs);
                self.generation.output().apply(&mut output[..outputs]);
            }
            Kind::Partials(network) => {
                network.step(&mut state.hidden[0], &mut state.partials, input, output);
            }
        }
    }
}

impl Layers {
    /// The tensors by their state-dict names.
    fn to_state_dict(&self) -> StateDict {
        let mut tensors = StateDict::new();
        if let Some(layer) = &self.encoder {
            put_dense(
                &mut tensors,
                "input_encoder.0.weight".into(),
                "input_encoder.0.bias".into(),
                layer,
            );
        }
        for (i, layer) in self.recurrent.iter().enumerate() {
            put_gru(&mut tensors, i, layer);
        }
        for (i, layer) in self.dense.iter().enumerate() {
            let [weight, bias] =
                ["weight", "bias"].map(|part| format!("dense_layers.{}.{part}", 2 * i));
            put_dense(&mut tensors, weight, bias, layer);
        }
        tensors
    }

    /// Number of input features, C.
    fn input_size(&self) -> usize {
        self.encoder
            .as_ref()
            .map(Dense::inputs)
            .or_else(|| self.recurrent.first().map(Gru::inputs))
            .or_else(|| self.dense.first().map(Dense::inputs))
            .unwrap_or(0)
    }

    /// A zero state for one voice.
    fn state(&self) -> State {
        let sizes = self.encoder.iter().chain(&self.dense).map(Dense::outputs);
        let widest = sizes.chain(self.recurrent.iter().map(Gru::hidden)).max().unwrap_or(0);
        let gates = 3 * self.recurrent.iter().map(Gru::hidden).max().unwrap_or(0);
        State {
            hidden: self.recurrent.iter().map(|layer| vec![0.0; layer.hidden()]).collect(),
            work: [vec![0.0; widest], vec![0.0; widest]],
            gates: vec![0.0; gates],
            recurrent: vec![0.0; gates],
            partials: Work::default(),
        }
    }

    /// Makes one step, without the output's activation.
    fn step(&self, state: &mut State, input: &[f32], output: &mut [f32]) {
        let State { hidden, work: [current, next], gates, recurrent, .. } = state;
        let mut width = self.input_size();
        let mut fed: &[f32] = &input[..width];
        if let Some(layer) = &self.encoder {
            layer.forward(fed, current);
            width = layer.outputs();
            relu(&mut current[..width]);
            fed = &current[..width];
        }
        for (layer, hidden) in self.recurrent.iter().zip(hidden.iter_mut()) {
            layer.step(fed, hidden, gates, recurrent);
            fed = hidden;
        }
        if let Some((last, inner)) = self.dense.split_last() {
            if let Some(first) = inner.first() {
                // Outside of the loop, because its input is borrowed from the state.
                first.forward(fed, next);
                width = first.outputs();
                relu(&mut next[..width]);
                for layer in &inner[1..] {
                    std::mem::swap(current, next);
                    layer.forward(&current[..width], next);
                    width = layer.outputs();
                    relu(&mut next[..width]);
                }
                fed = &next[..width];
            }
            last.forward(fed, &mut output[..last.outputs()]);
        }
    }
}

fn count(tensors: &StateDict, name: impl Fn(usize) -> String) -> usize {
    (0..MAX_LAYERS).take_while(|&i| tensors.contains_key(&name(i))).count()
}
