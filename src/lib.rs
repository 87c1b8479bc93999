//! Wavetable Manifold Synthesis: wavetables made in real time by a small recurrent network.
//!
//! Recordings are analysed into frames of timbral features and the spectrum of a few cycles
//! ([`analysis`]), a network trained on them maps features to spectra ([`model`]), and an
//! oscillator plays the spectra at any pitch ([`synth`]).

pub mod analysis;
pub mod audio;
pub mod corpus;
pub mod error;
mod files;
pub mod midi;
pub mod model;
pub mod params;
pub mod synth;
pub mod timbre;

// Its examples are Python: rustdoc must not run them.
#[cfg(all(feature = "python", not(doctest)))]
mod python;

pub use error::{Error, Result};
pub use params::Params;
