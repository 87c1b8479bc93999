//! The network's inputs in a player's units.

use crate::model::Model;

/// Where a model's inputs rest, how far they may go, and what a player's unit is.
#[derive(Clone, Debug)]
pub struct TimbreSpace {
    rest: Vec<f32>,
    low: Vec<f32>,
    high: Vec<f32>,
    /// Value of each input at 0 of the player's scale, and change of it per unit.
    centre: Vec<f32>,
    unit: Vec<f32>,
    first: Option<usize>,
}

impl TimbreSpace {
    /// That of a model: what its training data spans, and half as much on either side.
    pub fn new(model: &Model) -> Self {
        let config = model.config();
        let statistics = &config.statistics;
        let voicedness = config.voicedness_index();
        let count = model.input_size();
        let margin = |i: usize| 0.5 * (statistics.max[i] - statistics.min[i]).max(1e-3);
        let low: Vec<f32> = (0..count).map(|i| statistics.min[i] - margin(i)).collect();
        let high: Vec<f32> = (0..count).map(|i| statistics.max[i] + margin(i)).collect();
        let mut centre = statistics.mean.clone();
        let mut unit = statistics.std.clone();
        let mut rest = statistics.rest.clone();
        if let Some(index) = voicedness {
            (centre[index], unit[index]) = (0.0, 1.0);
        }
        for ((rest, &low), &high) in rest.iter_mut().zip(&low).zip(&high) {
            *rest = rest.clamp(low, high);
        }
        let first = config.timbre_indices().next();
        Self { rest, low, high, centre, unit, first }
    }

    /// Where the inputs are until somebody moves them, (C,).
    pub fn rest(&self) -> &[f32] {
        &self.rest
    }

    /// The input that velocity, pressure and brightness move.
    pub fn first(&self) -> Option<usize> {
        self.first
    }

    /// The input at `value` of the player's scale.
    pub fn input(&self, index: usize, value: f32) -> Option<f32> {
        let input = self.centre.get(index)? + value * self.unit.get(index)?;
        (!input.is_nan()).then(|| self.hold(index, input))
    }

    /// The change of an input by `offset` of the player's scale.
    pub fn offset(&self, index: usize, offset: f32) -> Option<f32> {
        let offset = offset * self.unit.get(index)?;
        offset.is_finite().then_some(offset)
    }

    /// Place of an input on the player's scale.
    pub fn value(&self, index: usize, input: f32) -> Option<f32> {
        let unit = *self.unit.get(index)?;
        Some(if unit > 0.0 { (input - self.centre.get(index)?) / unit } else { 0.0 })
    }

    /// The player's scale from end to end.
    pub fn range(&self, index: usize) -> Option<(f32, f32)> {
        let end = |inputs: &[f32]| self.value(index, *inputs.get(index)?);
        Some((end(&self.low)?, end(&self.high)?))
    }

    /// Brings an input's value into its range.
    pub fn hold(&self, index: usize, input: f32) -> f32 {
        match (self.low.get(index), self.high.get(index)) {
            (Some(&low), Some(&high)) => input.clamp(low, high),
            _ => input,
        }
    }
}
