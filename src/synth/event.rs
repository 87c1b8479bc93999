//! What can happen to an instrument between two samples.

/// Something that happens between two samples. Values out of range are brought into it, values
/// that are no number change nothing; channels are 0..15 and wrap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A key goes down.
    NoteOn {
        /// MIDI channel.
        channel: u8,
        /// MIDI note number, 69 is A4.
        note: u8,
        /// 0..1; amplitude grows with its square. 0 is a note off.
        velocity: f32,
    },
    /// A key comes up.
    NoteOff {
        /// MIDI channel.
        channel: u8,
        /// MIDI note number.
        note: u8,
    },
    /// Something moves on a channel: for the notes that sound and those to come.
    Channel {
        /// MIDI channel.
        channel: u8,
        /// What moves, and where to.
        expression: Expression,
    },
    /// Something moves for notes that sound, beside what their channel does.
    Note {
        /// MIDI channel of the notes; any if `None`.
        channel: Option<u8>,
        /// MIDI note number of the notes; any if `None`.
        note: Option<u8>,
        /// What moves, and where to.
        expression: Expression,
    },
    /// Sustain pedal.
    Sustain {
        /// MIDI channel.
        channel: u8,
        /// Whether it is down.
        down: bool,
    },
    /// A network input other than the pitch.
    Timbre {
        /// Which one, in the order of the model's input names.
        input: usize,
        /// In spreads (standard deviations) away from the mean of the training data, held within a
        /// margin around its range. Voicedness stands for itself, 0..1.
        value: f32,
    },
    /// All keys of a channel come up and its pedal too.
    AllNotesOff {
        /// MIDI channel.
        channel: u8,
    },
    /// All sound fades out at once.
    AllSoundOff,
}

impl Event {
    /// The pitch wheel of a channel, semitones.
    pub const fn bend(channel: u8, semitones: f32) -> Self {
        Self::Channel { channel, expression: Expression::Tuning(semitones) }
    }

    /// The loudness of a channel, an amplitude factor.
    pub const fn volume(channel: u8, gain: f32) -> Self {
        Self::Channel { channel, expression: Expression::Volume(gain) }
    }
}

/// What a player can do to notes that sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expression {
    /// Away from the notes' own pitch, semitones, -120..120.
    Tuning(f32),
    /// Amplitude factor, 0..4.
    Volume(f32),
    /// From left, -1, to right, 1.
    Pan(f32),
    /// Pressure on the key, 0..1.
    Pressure(f32),
    /// Dark, -1, to bright, 1.
    Brightness(f32),
    /// A network input's distance from where the instrument has it.
    Timbre {
        /// Which one, in the order of the model's input names.
        input: usize,
        /// Spreads; for voicedness, itself.
        offset: f32,
    },
}

/// Where a channel's or a note's controllers stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Controls {
    pub tuning: f64,
    pub volume: f64,
    pub pan: f64,
    pub pressure: f64,
    pub brightness: f64,
}

impl Default for Controls {
    fn default() -> Self {
        Self { tuning: 0.0, volume: 1.0, pan: 0.0, pressure: 0.0, brightness: 0.0 }
    }
}

impl Controls {
    /// Takes in what is no timbre offset; `false` for what is one, or no number.
    pub fn set(&mut self, expression: Expression) -> bool {
        let (slot, value, low, high) = match expression {
            Expression::Tuning(value) => (&mut self.tuning, value, -120.0, 120.0),
            Expression::Volume(value) => (&mut self.volume, value, 0.0, 4.0),
            Expression::Pan(value) => (&mut self.pan, value, -1.0, 1.0),
            Expression::Pressure(value) => (&mut self.pressure, value, 0.0, 1.0),
            Expression::Brightness(value) => (&mut self.brightness, value, -1.0, 1.0),
            Expression::Timbre { .. } => return false,
        };
        if value.is_finite() {
            *slot = f64::from(value.clamp(low, high));
        }
        value.is_finite()
    }
}
