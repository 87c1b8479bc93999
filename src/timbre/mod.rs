//! The timbre features as the network's inputs.

mod inputs;
pub(crate) mod scaler;

pub use inputs::{PITCH_OFFSET, log_pitch};
pub use scaler::Scaler;
