//! The realtime oscillator and instrument.
//!
//! A predicted spectrum becomes partial amplitudes ([`spectrum`]), these become a band-limited
//! table ([`table`]), and an oscillator reads tables with an exact phase while it crossfades from
//! frame to frame ([`oscillator`]). [`trajectory`] plays frames that are known beforehand,
//! [`engine`] plays notes as they come.

pub mod clock;
mod controls;
pub mod engine;
pub mod envelope;
mod instrument;
mod keys;
pub mod limit;
pub mod noise;
pub mod oscillator;
pub mod reading;
mod settings;
pub mod smoothing;
mod song;
pub mod spectrum;
pub mod table;
pub mod timbre;
pub mod trajectory;
pub mod voice;

pub use crate::midi::{Event, Expression};
pub use engine::Engine;
pub use instrument::Instrument;
pub use settings::{EngineOptions, MAX_UNISON, MAX_VOICES, Mode, Settings};
pub use song::render;
pub use spectrum::PartialReader;
pub use trajectory::{Trajectory, play};
