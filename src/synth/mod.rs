//! Sound in real time: an engine that plays notes, and functions that play known frames.
//!
//! The network predicts a spectrum for each frame. [`PartialReader`] reads the amplitudes of partials off
//! it, a table builder makes one cycle of waveform of these, free of aliasing at the current pitch, and
//! an oscillator reads the tables of successive frames at one exact phase while it crossfades from one
//! to the next. Noise with the spectrum's envelope is added to this. [`Engine`] plays notes in this way
//! as they come, [`render`] plays a MIDI file with it, [`play`] plays spectra that are known beforehand,
//! and [`resynthesize`] plays what a model makes of a recording.

mod clock;
mod controls;
mod engine;
mod envelope;
mod frame_mixer;
mod instrument;
mod interpolation;
mod keys;
mod limit;
mod noise;
mod noise_track;
mod oscillator;
mod resynthesis;
mod settings;
mod smoothing;
mod song;
mod spectrum;
mod table;
mod timbre;
mod trajectory;
mod voice;

pub use crate::midi::{Event, Expression};
pub use engine::Engine;
pub use envelope::EnvelopeTimes;
pub use instrument::Instrument;
pub use resynthesis::{AnalysedFrames, resynthesize};
pub use settings::{EngineOptions, MAX_UNISON, MAX_VOICES, Mode, Settings};
pub use song::render;
pub use spectrum::{PartialReader, cycle_waveform};
pub use timbre::{Axis, TimbreSpace};
pub use trajectory::{Trajectory, play};

/// Parts of the engine for its benches and for the pictures of the plugin; they may change at any time.
#[doc(hidden)]
pub mod internals {
    pub use super::clock::FrameClock;
    pub use super::interpolation::SAMPLES_PER_READ;
    pub use super::oscillator::Oscillator;
    pub use super::table::{Table, TableBuilder, TableScratch};
}
