//! Recordings that are in memory already.

/// A mono recording in memory, ready for analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// A name for it, which appears in [`Frames::files`](super::Frames::files).
    pub name: String,
    /// Mono samples at the parameters' sample rate, full scale at ±1.
    pub samples: Vec<f32>,
}
