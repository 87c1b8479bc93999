//! Turns timbral features into network inputs: the mapping of pitch and the standardisation of MFCC.

mod inputs;
pub(crate) mod scaler;

pub use inputs::{PITCH_OFFSET, log_pitch};
pub use scaler::Scaler;
