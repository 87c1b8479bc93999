//! Turns features into network inputs: maps the pitch and standardises the cepstral coefficients.

pub mod directions;
mod inputs;
pub mod measures;
pub(crate) mod scaler;
mod symmetric;
mod trend;

pub use directions::Direction;
pub use inputs::{PITCH_OFFSET, log_pitch};
pub use scaler::Scaler;
