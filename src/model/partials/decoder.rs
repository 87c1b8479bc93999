//! The decoder that is shared by all partials: two hidden layers and `SiLU`, over partials
//! side by side.

use multiversion::multiversion;

use crate::model::activation::sigmoid;
use crate::model::layers::Dense;
use crate::model::state_dict::{StateDict, Tensor, take_dense, take_shaped};

/// Inputs of a decoder for one partial.
pub(super) const FEATURES: usize = 12;
/// The decoders' inputs are bounded to so many standard deviations of the training data.
const BOUND: f32 = 4.0;
/// Decibels in one unit of a decoder's output, and its bounds.
const UNIT_DB: f32 = 10.0;
const MOST_UNITS: f32 = 8.0;
/// The tensor from the context to the first layer's units.
const CONTEXT: &str = "from_context.weight";
/// Partials that are computed together.
pub(super) const LANES: usize = 32;

/// Units that are computed together.
const PANEL: usize = 2;

/// Values of [`LANES`] partials side by side.
pub(super) type Lanes = [f32; LANES];

/// Features or units of the partials that are decoded, one block of partials after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    /// (blocks, rows).
    values: Vec<Lanes>,
    rows: usize,
}

impl Blocks {
    fn new(rows: usize, partials: usize) -> Self {
        Self { values: vec![[0.0; LANES]; rows * partials.div_ceil(LANES)], rows }
    }

    /// The blocks of the first `partials` partials, each (rows,).
    pub fn first_mut(&mut self, partials: usize) -> impl Iterator<Item = &mut [Lanes]> {
        self.values.chunks_exact_mut(self.rows.max(1)).take(partials.div_ceil(LANES))
    }
}

/// Working memory of decoders.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// The decoder's inputs: [`FEATURES`] rows.
    pub features: Blocks,
    context: Vec<f32>,
    first: Vec<Lanes>,
    second: Vec<Lanes>,
    /// How far the partials are above the envelope, dB.
    relative_db: Vec<Lanes>,
}

impl Scratch {
    /// Memory for the widest of the decoders.
    pub fn new(decoders: &[Decoder; 2], partials: usize) -> Self {
        let units = decoders.iter().map(Decoder::units).max().unwrap_or(0);
        let padded = vec![[0.0; LANES]; units.next_multiple_of(PANEL)];
        Self {
            features: Blocks::new(FEATURES, partials),
            context: vec![0.0; units.next_multiple_of(PANEL)],
            first: padded.clone(),
            second: padded,
            relative_db: vec![[0.0; LANES]; partials.div_ceil(LANES)],
        }
    }

    /// How far the partials that were decoded are above the envelope, dB.
    pub fn relative_db(&self) -> &[f32] {
        self.relative_db.as_flattened()
    }
}

/// A hidden layer's weights in pairs of units, (panels, inputs), padded with units of zeros.
#[derive(Clone, Debug)]
struct Hidden {
    panels: Vec<[f32; PANEL]>,
    bias: Vec<f32>,
    inputs: usize,
    units: usize,
}

impl Hidden {
    /// `inputs` is at least the number of the layer's inputs; those beyond count nothing.
    fn new(layer: &Dense, inputs: usize) -> Self {
        let (weights, mut bias) = layer.unpack();
        let units = layer.outputs();
        let mut panels = vec![[0.0; PANEL]; units.div_ceil(PANEL) * inputs];
        for (unit, row) in weights.chunks_exact(layer.inputs()).enumerate() {
            for (input, &weight) in row.iter().enumerate() {
                panels[unit / PANEL * inputs + input][unit % PANEL] = weight;
            }
        }
        bias.resize(units.next_multiple_of(PANEL), 0.0);
        Self { panels, bias, inputs, units }
    }

    /// Weights (units, inputs) and bias (units,), as PyTorch keeps them.
    fn unpack(&self, inputs: usize) -> (Vec<f32>, Vec<f32>) {
        let weight = |unit: usize, input: usize| {
            self.panels[unit / PANEL * self.inputs + input][unit % PANEL]
        };
        let weights =
            (0..self.units).flat_map(|unit| (0..inputs).map(move |input| weight(unit, input)));
        (weights.collect(), self.bias[..self.units].to_vec())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Decoder {
    pub mean: [f32; FEATURES],
    pub scale: [f32; FEATURES],
    first: Hidden,
    second: Hidden,
    /// (units,), and the bias.
    last: (Vec<f32>, f32),
    /// From the context to the first layer's units; the noise has none.
    context: Option<Dense>,
}

impl Decoder {
    pub fn take(
        tensors: &mut StateDict,
        number: usize,
        moments: &[Tensor; 2],
        context_size: Option<usize>,
    ) -> Result<Self, String> {
        let name = |layer: usize, part: &str| format!("decoders.{number}.{layer}.{part}");
        let mut width = Some(FEATURES);
        let mut layer = |layer: usize| -> Result<Dense, String> {
            take_dense(tensors, &name(layer, "weight"), &name(layer, "bias"), &mut width)
        };
        let (first, second, last) = (layer(0)?, layer(1)?, layer(2)?);
        let units = first.outputs();
        if second.outputs() != units || last.outputs() != 1 {
            return Err(format!(
                "decoders.{number} has layers of {units}, {} and {} outputs, wanted two equal ones \
                 and 1",
                second.outputs(),
                last.outputs()
            ));
        }
        let context = context_size
            .map(|size| -> Result<Dense, String> {
                let weight = take_shaped(tensors, CONTEXT, &[units, size])?;
                Ok(Dense::new(size, &weight.data, &vec![0.0; units]))
            })
            .transpose()?;
        let row = |tensor: &Tensor| -> [f32; FEATURES] {
            std::array::from_fn(|i| tensor.data[number * FEATURES + i])
        };
        let scale = row(&moments[1]);
        if let Some(bad) = scale.iter().find(|&&scale| scale <= 0.0) {
            return Err(format!("tensor feature_scale holds {bad}, wanted values above 0"));
        }
        let (weights, bias) = last.unpack();
        Ok(Self {
            mean: row(&moments[0]),
            scale,
            first: Hidden::new(&first, FEATURES),
            second: Hidden::new(&second, units.next_multiple_of(PANEL)),
            last: (weights, bias[0]),
            context,
        })
    }

    pub fn put(&self, tensors: &mut StateDict, number: usize) {
        let units = self.units();
        let mut put = |name: String, shape: Vec<usize>, data: &[f32]| {
            tensors.insert(name, Tensor { shape, data: data.to_vec() });
        };
        let name = |layer: usize, part: &str| format!("decoders.{number}.{layer}.{part}");
        for (layer, (hidden, inputs)) in
            [(&self.first, FEATURES), (&self.second, units)].iter().enumerate()
        {
            let (weights, bias) = hidden.unpack(*inputs);
            put(name(layer, "weight"), vec![units, *inputs], &weights);
            put(name(layer, "bias"), vec![units], &bias);
        }
        put(name(2, "weight"), vec![1, units], &self.last.0);
        put(name(2, "bias"), vec![1], &[self.last.1]);
        if let Some(context) = &self.context {
            put(CONTEXT.into(), vec![units, context.inputs()], &context.unpack().0);
        }
    }

    pub fn units(&self) -> usize {
        self.last.0.len()
    }

    /// Computes how far the first `count` partials whose inputs are in `scratch` are above the envelope.
    pub fn decode(&self, hidden: &[f32], scratch: &mut Scratch, count: usize) {
        let Scratch { features, context, first, second, relative_db } = scratch;
        context.fill(0.0);
        if let Some(layer) = &self.context {
            layer.forward(hidden, &mut context[..self.units()]);
        }
        for (offset, bias) in context.iter_mut().zip(&self.first.bias) {
            *offset += bias;
        }
        for (features, relative_db) in features.first_mut(count).zip(relative_db) {
            for (lanes, (mean, scale)) in features.iter_mut().zip(self.mean.iter().zip(&self.scale))
            {
                for value in lanes {
                    *value = ((*value - mean) / scale).clamp(-BOUND, BOUND);
                }
            }
            hidden_layer(&self.first, context, features, first);
            hidden_layer(&self.second, &self.second.bias, first, second);
            *relative_db = last_layer(&self.last, second);
        }
    }
}

/// A dense layer and `SiLU` for a block of partials.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn hidden_layer(layer: &Hidden, bias: &[f32], x: &[Lanes], y: &mut [Lanes]) {
    let (biases, _) = bias.as_chunks::<PANEL>();
    let (outputs, _) = y.as_chunks_mut::<PANEL>();
    let panels = layer.panels.chunks_exact(layer.inputs.max(1));
    for ((panel, bias), outputs) in panels.zip(biases).zip(outputs) {
        // These stay in registers.
        let (mut first, mut second) = ([bias[0]; LANES], [bias[1]; LANES]);
        for (weights, values) in panel.iter().zip(x) {
            for lane in 0..LANES {
                first[lane] += weights[0] * values[lane];
            }
            for lane in 0..LANES {
                second[lane] += weights[1] * values[lane];
            }
        }
        for (output, sums) in outputs.iter_mut().zip([first, second]) {
            for lane in 0..LANES {
                output[lane] = sums[lane] * sigmoid(sums[lane]);
            }
        }
    }
}

/// The last layer for a block of partials, in dB.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn last_layer((weights, bias): &(Vec<f32>, f32), x: &[Lanes]) -> Lanes {
    let mut sums = [*bias; LANES];
    for (weight, values) in weights.iter().zip(x) {
        for lane in 0..LANES {
            sums[lane] += weight * values[lane];
        }
    }
    sums.map(|sum| UNIT_DB * sum.clamp(-MOST_UNITS, MOST_UNITS))
}
