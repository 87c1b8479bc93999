//! Turns features into network inputs: maps the pitch and standardises the cepstral coefficients.

mod inputs;
pub(crate) mod scaler;

pub use inputs::{PITCH_OFFSET, log_pitch};
pub use scaler::Scaler;
