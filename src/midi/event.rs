//! What can happen to an instrument between two samples.

/// Something that happens to the instrument between two samples.
///
/// Values outside of their range are clamped to it. NaN changes nothing, but a key that goes down
/// with a velocity of NaN counts as coming up. Channels are 0 to 15; higher numbers wrap around.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A key goes down.
    NoteOn {
        /// MIDI channel.
        channel: u8,
        /// MIDI note number; 69 is A4.
        note: u8,
        /// 0 to 1; with the default settings the amplitude is its square. 0 means that the key
        /// comes up.
        velocity: f32,
    },
    /// A key comes up. Its note ends unless a pedal holds it.
    NoteOff {
        /// MIDI channel.
        channel: u8,
        /// MIDI note number.
        note: u8,
    },
    /// A channel's control moves, for the notes that sound and for those to come.
    Channel {
        /// MIDI channel.
        channel: u8,
        /// Which control moves, and its new value.
        expression: Expression,
    },
    /// A control of single sounding notes moves. It is combined with that of their channel: tuning,
    /// pan and brightness add up, volumes multiply, and the larger pressure counts.
    Note {
        /// MIDI channel of the notes; `None` stands for all channels.
        channel: Option<u8>,
        /// MIDI note number of the notes; `None` stands for all notes.
        note: Option<u8>,
        /// Which control moves, and its new value.
        expression: Expression,
    },
    /// The sustain pedal: while it is down, notes sound on after their keys have come up.
    Sustain {
        /// MIDI channel.
        channel: u8,
        /// Whether the pedal is down.
        down: bool,
    },
    /// The sostenuto pedal: it holds the notes whose keys are down at the moment it is pressed.
    Sostenuto {
        /// MIDI channel.
        channel: u8,
        /// Whether the pedal is down.
        down: bool,
    },
    /// The soft pedal: notes that begin while it is down are 3 dB softer.
    Soft {
        /// MIDI channel.
        channel: u8,
        /// Whether the pedal is down.
        down: bool,
    },
    /// A network input other than the pitch moves.
    Timbre {
        /// Index of the input in the model's input names.
        input: usize,
        /// Distance from the mean of the training data in standard deviations, clamped to the range
        /// of the training data and a margin. For the voicedness it is the value itself, 0 to 1.
        value: f32,
    },
    /// The timbre moves along one of the model's directions.
    Direction {
        /// Index of the direction; nothing happens if the model has fewer.
        direction: usize,
        /// Distance from the model's rest in the direction's own unit, clamped to its range.
        amount: f32,
    },
    /// A direction or a network input moves to where a controller puts it.
    ///
    /// The direction, if the model has any, goes to its lowest amount at 0, to its rest at 64 of 127,
    /// and to its highest at 1. An input goes to where `wms_torch`'s branch dev puts it: that program
    /// writes the inputs from -3 to 3, and the voicedness from 0 to 1, over a controller's range.
    Automation {
        /// Index of the direction, or of the input in the model's input names; nothing happens if it is
        /// the pitch, or if the model has fewer.
        input: usize,
        /// Position of the controller, 0 to 1.
        position: f32,
    },
    /// All keys of a channel come up. Notes that a pedal holds sound on until it comes up, as MIDI 1.0
    /// demands.
    AllNotesOff {
        /// MIDI channel.
        channel: u8,
    },
    /// All notes fade out within a few milliseconds, whatever keys and pedals hold them.
    AllSoundOff {
        /// MIDI channel of the notes; `None` stands for all channels.
        channel: Option<u8>,
    },
}

impl Event {
    /// Bends all notes of a channel by that many semitones.
    pub const fn bend(channel: u8, semitones: f32) -> Self {
        Self::Channel { channel, expression: Expression::Tuning(semitones) }
    }

    /// Sets the loudness of a channel, as an amplitude factor.
    pub const fn volume(channel: u8, gain: f32) -> Self {
        Self::Channel { channel, expression: Expression::Volume(gain) }
    }
}

/// A control of a channel or of single notes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expression {
    /// Distance from the notes' own pitch, -120 to 120 semitones.
    Tuning(f32),
    /// Amplitude factor, 0 to 4.
    Volume(f32),
    /// Position from left, -1, to right, 1.
    Pan(f32),
    /// Pressure on the key, 0 to 1.
    Pressure(f32),
    /// From dark, -1, to bright, 1.
    Brightness(f32),
    /// Offset that is added to a network input of the notes that sound now. Later notes of the
    /// channel begin without it.
    Timbre {
        /// Index of the input in the model's input names.
        input: usize,
        /// In standard deviations of the training data; for the voicedness in its own unit.
        offset: f32,
    },
    /// Offset that is added along a direction to the notes that sound now. Later notes of the channel
    /// begin without it.
    Direction {
        /// Index of the direction.
        direction: usize,
        /// In the direction's own unit; the sum of all amounts is clamped to its range.
        offset: f32,
    },
}
