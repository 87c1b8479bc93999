//! MIDI: what messages mean to the instrument, and standard MIDI files.
//!
//! A [`Message`] comes from a file ([`MidiFile`]) or from a plugin's host. [`Controllers`] keeps where
//! the controllers of all channels stand, knows registered parameters, pedals and MPE zones, and
//! translates every message into [`Event`]s, which are all that [`synth::Engine`](crate::synth::Engine)
//! understands. `wms render` and the plugin both play through it, so they hear a message alike.

mod controllers;
mod event;
mod file;
mod message;
mod track;
mod zones;

pub use controllers::Controllers;
pub use event::{Event, Expression};
pub use file::{MidiFile, TimedMessage};
pub use message::{Channels, Message};

/// Number of MIDI channels.
pub(crate) const CHANNELS: usize = 16;
