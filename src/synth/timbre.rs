//! The network's inputs in a player's units.
//!
//! A player's scale has 0 at the mean of the training data and a unit of one standard deviation;
//! voicedness keeps its own unit, 0 .. 1. This is the only place that computes these units: the
//! plugin and Python ask for them.

use crate::model::{F0Mapping, Model};
use crate::timbre::Direction;

/// Added to either end of the range that an input had in training, as a share of that range: how
/// far a player may go beyond it.
const MARGIN: f32 = 0.5;
/// How far beyond the pitches of its training a network with a decoder shared by all partials is asked,
/// as a factor: it looks at partials wherever they stand.
const PITCH_REACH: f64 = 2.0;

/// What expressions of notes move: an input, or a direction if the model has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// A network input, by its index.
    Input(usize),
    /// A direction, by its index.
    Direction(usize),
}

/// Where a model's inputs rest, how far they may go, and what a player's unit is.
#[derive(Clone, Debug)]
pub struct TimbreSpace {
    rest: Vec<f32>,
    /// Range of each input in training.
    known: [Vec<f32>; 2],
    /// Range of each input that a player can reach: that in training, with the margin.
    allowed: [Vec<f32>; 2],
    /// Value of each input at 0 of the player's scale, and its change per unit.
    centre: Vec<f32>,
    unit: Vec<f32>,
    directions: Vec<Direction>,
    dynamics: Option<Axis>,
    brightness: Option<Axis>,
    pitch: usize,
    f0_mapping: F0Mapping,
    f0_range_hz: [f64; 2],
}

impl TimbreSpace {
    /// The space of a model: what its training data spans, and half as much on either side.
    pub fn new(model: &Model) -> Self {
        let config = model.config();
        let statistics = &config.statistics;
        let known = [statistics.min.clone(), statistics.max.clone()];
        let [mut low, mut high] = known.clone();
        for (low, high) in low.iter_mut().zip(&mut high) {
            let margin = MARGIN * (*high - *low).max(1e-3);
            (*low, *high) = (*low - margin, *high + margin);
        }
        let pitch = config.pitch_index();
        let mut f0_range_hz = config.f0_range_hz;
        if model.network().shares_decoder() {
            // Below this the pitch input changes ever faster.
            let lowest_hz = config.f0_mapping.f_low_hz + 1.0;
            f0_range_hz[0] = (f0_range_hz[0] / PITCH_REACH).max(lowest_hz).min(f0_range_hz[0]);
            f0_range_hz[1] *= PITCH_REACH;
            let [lowest, highest] = f0_range_hz.map(|hz| config.f0_mapping.apply(hz));
            (low[pitch], high[pitch]) = (low[pitch].min(lowest), high[pitch].max(highest));
        }
        let mut centre = statistics.mean.clone();
        let mut unit = statistics.std.clone();
        if let Some(index) = config.voicedness_index() {
            (centre[index], unit[index]) = (0.0, 1.0);
        }
        let mut rest = statistics.rest.clone();
        for ((rest, &low), &high) in rest.iter_mut().zip(&low).zip(&high) {
            *rest = rest.clamp(low, high);
        }
        let directions = model.directions().to_vec();
        let named = |name: &str| directions.iter().position(|d| d.name == name);
        let first = if directions.is_empty() {
            config.timbre_indices().next().map(Axis::Input)
        } else {
            Some(Axis::Direction(0))
        };
        Self {
            dynamics: named("loudness").map(Axis::Direction).or(first),
            brightness: named("brightness").map(Axis::Direction).or(first),
            directions,
            rest,
            known,
            allowed: [low, high],
            centre,
            unit,
            pitch,
            f0_mapping: config.f0_mapping,
            f0_range_hz,
        }
    }

    /// Values of the inputs before anything has moved them, (C,).
    pub fn rest(&self) -> &[f32] {
        &self.rest
    }

    /// The directions in which a player moves the timbre; none if the model has none.
    pub fn directions(&self) -> &[Direction] {
        &self.directions
    }

    /// What velocity and pressure move: the direction "loudness", else the first direction or input.
    pub fn dynamics(&self) -> Option<Axis> {
        self.dynamics
    }

    /// What brightness moves: the direction of that name, else the first direction or input.
    pub fn brightness(&self) -> Option<Axis> {
        self.brightness
    }

    /// The change of an axis by `offset` standard deviations of the training data, in the unit of the
    /// input or of the direction; `None` if there is no such axis or `offset` is not finite.
    pub fn offset_of(&self, axis: Axis, offset: f32) -> Option<f32> {
        match axis {
            Axis::Input(index) => self.offset(index, offset),
            Axis::Direction(index) => {
                let offset = offset * self.directions.get(index)?.spread;
                offset.is_finite().then_some(offset)
            }
        }
    }

    /// Moves inputs, (C,), by amounts along the directions, (D,), each held within its range;
    /// allocates nothing.
    pub fn move_along(&self, amounts: &[f32], inputs: &mut [f32]) {
        for (direction, &amount) in self.directions.iter().zip(amounts) {
            let amount = amount.clamp(direction.low, direction.high);
            if amount != 0.0 {
                for (input, by) in inputs.iter_mut().zip(&direction.vector) {
                    *input += amount * by;
                }
            }
        }
    }

    /// The input at `value` of the player's scale, held within its range; `None` if there is no such
    /// input or `value` is NaN.
    pub fn input(&self, index: usize, value: f32) -> Option<f32> {
        let input = self.centre.get(index)? + value * self.unit.get(index)?;
        (!input.is_nan()).then(|| self.hold(index, input))
    }

    /// The change of an input by `offset` of the player's scale; `None` if there is no such input or
    /// `offset` is not finite.
    pub fn offset(&self, index: usize, offset: f32) -> Option<f32> {
        let offset = offset * self.unit.get(index)?;
        offset.is_finite().then_some(offset)
    }

    /// Place of an input on the player's scale; `None` if there is no such input.
    pub fn value(&self, index: usize, input: f32) -> Option<f32> {
        let unit = *self.unit.get(index)?;
        Some(if unit > 0.0 { (input - self.centre.get(index)?) / unit } else { 0.0 })
    }

    /// Lowest and highest value on the player's scale that an input can be given.
    pub fn range(&self, index: usize) -> Option<(f32, f32)> {
        self.ends(index, &self.allowed)
    }

    /// Lowest and highest value on the player's scale that an input had in training.
    pub fn known_range(&self, index: usize) -> Option<(f32, f32)> {
        self.ends(index, &self.known)
    }

    fn ends(&self, index: usize, [low, high]: &[Vec<f32>; 2]) -> Option<(f32, f32)> {
        Some((self.value(index, *low.get(index)?)?, self.value(index, *high.get(index)?)?))
    }

    /// Clamps an input's value to its range.
    pub fn hold(&self, index: usize, input: f32) -> f32 {
        let [low, high] = &self.allowed;
        match (low.get(index), high.get(index)) {
            (Some(&low), Some(&high)) => input.clamp(low, high),
            _ => input,
        }
    }

    /// The pitch nearest to `f0_hz` that the network can be asked for, Hz: of those it was trained
    /// with, or up to an octave beyond them if its decoder is shared by all partials.
    pub fn known_f0_hz(&self, f0_hz: f64) -> f64 {
        let [low, high] = self.f0_range_hz;
        f0_hz.clamp(low, high)
    }

    /// The network's pitch input for a tone of `f0_hz`, held within what the network knows.
    pub fn pitch_input(&self, f0_hz: f64) -> f32 {
        self.hold(self.pitch, self.f0_mapping.apply(self.known_f0_hz(f0_hz)))
    }

    /// Whether the network was trained with frames that have no pitch, whose f0 is 0.
    pub fn knows_frames_without_pitch(&self) -> bool {
        let input = self.f0_mapping.apply(0.0);
        self.hold(self.pitch, input).total_cmp(&input).is_eq()
    }

    /// Network inputs of a tone of `f0_hz` at a place of the timbre space, (C,): pairs of an input and
    /// its value on the player's scale; all other inputs are at rest.
    pub fn inputs(&self, f0_hz: f64, timbre: &[(usize, f32)]) -> Vec<f32> {
        self.inputs_along(f0_hz, timbre, &[])
    }

    /// [`Self::inputs`], moved by amounts along the directions, (D,).
    pub fn inputs_along(&self, f0_hz: f64, timbre: &[(usize, f32)], amounts: &[f32]) -> Vec<f32> {
        let mut inputs = self.rest.clone();
        for &(index, value) in timbre {
            if let (Some(slot), Some(input)) = (inputs.get_mut(index), self.input(index, value)) {
                *slot = input;
            }
        }
        self.move_along(amounts, &mut inputs);
        for (index, input) in inputs.iter_mut().enumerate() {
            *input = self.hold(index, *input);
        }
        if let Some(slot) = inputs.get_mut(self.pitch) {
            *slot = self.pitch_input(f0_hz);
        }
        inputs
    }
}
