//! The positions of a channel's or a note's controls.

use crate::midi::Expression;

/// Positions of all controls of a channel or of a note, each within the range that [`Expression`]
/// names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Controls {
    pub tuning: f64,
    pub volume: f64,
    pub pan: f64,
    pub pressure: f64,
    pub brightness: f64,
}

impl Default for Controls {
    fn default() -> Self {
        Self { tuning: 0.0, volume: 1.0, pan: 0.0, pressure: 0.0, brightness: 0.0 }
    }
}

impl Controls {
    /// Sets a control, clamped to its range, and returns whether it did: NaN and infinity change
    /// nothing, and offsets of the timbre are not kept here.
    pub fn set(&mut self, expression: Expression) -> bool {
        let (slot, value, low, high) = match expression {
            Expression::Tuning(value) => (&mut self.tuning, value, -120.0, 120.0),
            Expression::Volume(value) => (&mut self.volume, value, 0.0, 4.0),
            Expression::Pan(value) => (&mut self.pan, value, -1.0, 1.0),
            Expression::Pressure(value) => (&mut self.pressure, value, 0.0, 1.0),
            Expression::Brightness(value) => (&mut self.brightness, value, -1.0, 1.0),
            Expression::Timbre { .. } | Expression::Direction { .. } => return false,
        };
        if value.is_finite() {
            *slot = f64::from(value.clamp(low, high));
        }
        value.is_finite()
    }
}
