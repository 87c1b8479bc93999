//! What the editor shows of a model.

use crate::bank::Source;

/// A timbre axis of a model. Its values are in the units of the axis parameter, which is 0 at the
/// model's resting timbre and counts in standard deviations of the training data.
#[derive(Clone, Debug, PartialEq)]
pub struct TimbreAxis {
    /// The name of the direction that the axis moves or, in a model without directions, of the network
    /// input.
    pub name: String,
    /// The index among the model's directions or the inputs of the network.
    pub input: usize,
    /// The lowest value in the training data.
    pub low: f32,
    /// The highest value in the training data.
    pub high: f32,
}

/// The model that plays, as the editor shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelInfo {
    /// Counts the models that have played since the plugin was made. It is 0 before the first one.
    pub serial: u32,
    /// The name that the editor shows.
    pub name: String,
    /// Where the model was loaded from.
    pub source: Option<Source>,
    /// Whether the model is the copy in the project, because the file at `source` is missing or has
    /// changed.
    pub from_project: bool,
    /// The timbre axes that parameters can move, at most [`AXES`](crate::params::AXES).
    pub axes: Vec<TimbreAxis>,
    /// The lowest and the highest voicedness in the training data, relative to the model's resting
    /// timbre; `None` if the model has no such input.
    pub voicedness: Option<[f32; 2]>,
    /// The sample rate of the training data, Hz.
    pub sample_rate: u32,
    /// The lowest and the highest pitch in the training data, Hz.
    pub f0_range_hz: [f64; 2],
}
