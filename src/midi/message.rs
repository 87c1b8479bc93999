//! MIDI messages, and sets of MIDI channels.

use std::fmt;
use std::str::FromStr;

use super::CHANNELS;
use crate::{Error, Result};

/// A channel message of MIDI 1.0. Positions are numbers from 0 to 1, because plugin hosts hand them
/// over so: a byte divided by 127. Channels are 0 to 15; higher numbers wrap around.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Message {
    /// A key goes down.
    NoteOn {
        /// MIDI channel.
        channel: u8,
        /// MIDI note number; 69 is A4.
        note: u8,
        /// 0 to 1; 0 means that the key comes up.
        velocity: f32,
    },
    /// A key comes up.
    NoteOff {
        /// MIDI channel.
        channel: u8,
        /// MIDI note number.
        note: u8,
    },
    /// The pressure on one key (polyphonic aftertouch).
    KeyPressure {
        /// MIDI channel.
        channel: u8,
        /// MIDI note number.
        note: u8,
        /// 0 to 1.
        pressure: f32,
    },
    /// A controller moves (control change).
    Controller {
        /// MIDI channel.
        channel: u8,
        /// Number of the controller, 0 to 127.
        number: u8,
        /// 0 to 1.
        value: f32,
    },
    /// The pressure on the whole channel (channel aftertouch).
    ChannelPressure {
        /// MIDI channel.
        channel: u8,
        /// 0 to 1.
        pressure: f32,
    },
    /// The pitch wheel moves.
    PitchBend {
        /// MIDI channel.
        channel: u8,
        /// 0 to 1: the 14-bit number divided by 16383. At rest, 8192, it is just above 0.5.
        value: f32,
    },
}

impl Message {
    /// The message as a MIDI device sends it, with its positions rounded to whole steps.
    pub fn to_bytes(self) -> Vec<u8> {
        let step = |position: f32| (position.clamp(0.0, 1.0) * 127.0).round() as u8;
        let status = |kind: u8| kind | self.channel();
        match self {
            Self::NoteOn { note, velocity, .. } => vec![status(0x90), note & 0x7F, step(velocity)],
            Self::NoteOff { note, .. } => vec![status(0x80), note & 0x7F, 0],
            Self::KeyPressure { note, pressure, .. } => {
                vec![status(0xA0), note & 0x7F, step(pressure)]
            }
            Self::Controller { number, value, .. } => {
                vec![status(0xB0), number & 0x7F, step(value)]
            }
            Self::ChannelPressure { pressure, .. } => vec![status(0xD0), step(pressure)],
            Self::PitchBend { value, .. } => {
                let bend = (value.clamp(0.0, 1.0) * 16_383.0).round() as u16;
                vec![status(0xE0), (bend & 0x7F) as u8, (bend >> 7) as u8]
            }
        }
    }

    /// Reads a message as a MIDI device sends it, its status byte first; `None` if it is no channel
    /// message, or one that this instrument has no use for (program change).
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&status, data) = bytes.split_first()?;
        if data.iter().any(|&byte| byte > 0x7F) {
            return None;
        }
        let channel = status & 0x0F;
        let share = |byte: u8| f32::from(byte) / 127.0;
        Some(match (status & 0xF0, data) {
            (0x80, &[note, _]) => Self::NoteOff { channel, note },
            (0x90, &[note, velocity]) => Self::NoteOn { channel, note, velocity: share(velocity) },
            (0xA0, &[note, pressure]) => {
                Self::KeyPressure { channel, note, pressure: share(pressure) }
            }
            (0xB0, &[number, value]) => Self::Controller { channel, number, value: share(value) },
            (0xD0, &[pressure]) => Self::ChannelPressure { channel, pressure: share(pressure) },
            (0xE0, &[low, high]) => {
                let bend = f32::from(u16::from(high) << 7 | u16::from(low));
                Self::PitchBend { channel, value: bend / 16_383.0 }
            }
            _ => return None,
        })
    }

    /// The channel that the message is sent on.
    pub const fn channel(&self) -> u8 {
        let (Self::NoteOn { channel, .. }
        | Self::NoteOff { channel, .. }
        | Self::KeyPressure { channel, .. }
        | Self::Controller { channel, .. }
        | Self::ChannelPressure { channel, .. }
        | Self::PitchBend { channel, .. }) = self;
        *channel % CHANNELS as u8
    }

    /// Whether a key goes down, with a velocity above 0.
    pub fn starts_note(&self) -> bool {
        matches!(*self, Self::NoteOn { velocity, .. } if velocity > 0.0)
    }
}

/// A set of MIDI channels. In text they are numbered from 1 to 16, as musicians do, and written as
/// numbers and ranges: `1-9,11-16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels(u16);

impl Channels {
    /// All 16 channels.
    pub const ALL: Self = Self(u16::MAX);

    /// Whether a channel, 0 to 15, is in the set.
    pub const fn contains(self, channel: u8) -> bool {
        self.0 >> (channel % CHANNELS as u8) & 1 == 1
    }
}

impl Default for Channels {
    fn default() -> Self {
        Self::ALL
    }
}

/// Collects channels from 0 to 15.
impl FromIterator<u8> for Channels {
    fn from_iter<T: IntoIterator<Item = u8>>(channels: T) -> Self {
        let bit = |channel: u8| 1 << (channel % CHANNELS as u8);
        Self(channels.into_iter().map(bit).fold(0, |all, bit: u16| all | bit))
    }
}

impl FromStr for Channels {
    type Err = Error;

    /// Reads numbers and ranges from 1 to 16, separated by commas.
    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| text.trim().parse().ok().filter(|n: &u8| (1..=16).contains(n));
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(first - 1..=last - 1)
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        let ranges = ranges.ok_or_else(|| {
            Error::parameter(format!(
                "channels is {text:?}, wanted numbers from 1 to 16 and ranges of them, such as \
                 1-9,11-16"
            ))
        })?;
        Ok(ranges.into_iter().flatten().collect())
    }
}

impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        for channel in (0..CHANNELS as u8).filter(|&channel| self.contains(channel)) {
            match ranges.last_mut() {
                Some((_, last)) if *last == channel => *last = channel + 1,
                _ => ranges.push((channel + 1, channel + 1)),
            }
        }
        for (number, (first, last)) in ranges.into_iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn channels_are_read_and_written_as_numbers_and_ranges() {
        let channels: Channels = "1-9, 11-16".parse().unwrap();
        assert!((0..16).all(|channel| channels.contains(channel) == (channel != 9)));
        assert_eq!(channels.to_string(), "1-9,11-16");
        assert_eq!("10".parse::<Channels>().unwrap().to_string(), "10");
        assert_eq!("3,1-2,2".parse::<Channels>().unwrap().to_string(), "1-3");
        assert_eq!(Channels::ALL.to_string(), "1-16");
        for wrong in ["", "0", "17", "1-", "-3", "9-1", "1,,2", "all", "1-300"] {
            let message = wrong.parse::<Channels>().unwrap_err().to_string();
            assert!(message.contains("wanted") && message.contains("1-9,11-16"), "{message}");
        }
    }

    proptest! {
        #[test]
        fn messages_come_back_from_their_bytes(
            kind in prop::sample::select(vec![0x80_u8, 0x90, 0xA0, 0xB0, 0xD0, 0xE0]),
            channel in 0_u8..16,
            first in 0_u8..128,
            second in 0_u8..128,
        ) {
            let mut bytes = vec![kind | channel, first];
            if kind != 0xD0 {
                // The velocity of a key that comes up is not kept.
                bytes.push(if kind == 0x80 { 0 } else { second });
            }
            let message = Message::from_bytes(&bytes).unwrap();
            prop_assert_eq!(message.channel(), channel);
            prop_assert_eq!(message.to_bytes(), bytes);
        }

        #[test]
        fn any_bytes_are_a_message_or_none(bytes in prop::collection::vec(any::<u8>(), 0..5)) {
            if let Some(message) = Message::from_bytes(&bytes) {
                prop_assert_eq!(message.to_bytes().len(), bytes.len());
            }
        }
    }
}
