//! The events of one track of a standard MIDI file.
//!
//! `midly` reads the events. It silently ends a track at two things that the standard forbids and
//! programs write all the same: running status behind a meta event, and system messages between or
//! within events. Both are read here.

use midly::{EventIter, MetaMessage, MidiMessage, TrackEventKind};

use super::Message;

/// What a track's event means to the reader of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Happening {
    Message(Message),
    /// Microseconds per quarter note.
    Tempo(u32),
    /// The rest of the track with this number, from 0, cannot be read.
    Lost(usize),
}

/// What could be read of a track.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// Events and their times in ticks from the track's beginning.
    pub events: Vec<(u64, Happening)>,
    /// When the track ends, ticks.
    pub end: u64,
    /// How many bytes there are up to and including the End of Track event, if there is one.
    pub length: Option<usize>,
    /// Whether an event could not be read, and with it the rest of the track.
    pub is_broken: bool,
}

impl Track {
    /// Reads the events in a track chunk's bytes, up to the End of Track event.
    pub fn read(bytes: &[u8]) -> Self {
        let mut track = Self::default();
        let mut rest = bytes;
        let mut status = None;
        while !rest.is_empty() && track.length.is_none() && !track.is_broken {
            let mut events = EventIter::new(rest);
            // A meta event would end the running status, but writers go on with it.
            *events.running_status_mut() = status;
            if let Some(Ok(event)) = events.next() {
                track.end += u64::from(event.delta.as_int());
                status = events.running_status().or(status);
                let before = std::mem::replace(&mut rest, events.unread());
                track.take(event.kind);
                track.is_broken = rest.is_empty() && is_cut(before, status);
                if event.kind == TrackEventKind::Meta(MetaMessage::EndOfTrack) {
                    track.length = Some(bytes.len() - rest.len());
                }
            } else if let Some(mended) = Mended::read(rest, status) {
                track.end += mended.delta;
                rest = &rest[mended.length..];
                if let Some([new, first, second]) = mended.message {
                    status = Some(new);
                    let message = [0, new, first, second];
                    if let Some(Ok(event)) = EventIter::new(&message).next() {
                        track.take(event.kind);
                    }
                }
            } else {
                track.is_broken = true;
            }
        }
        track
    }

    fn take(&mut self, kind: TrackEventKind<'_>) {
        let happening = match kind {
            TrackEventKind::Midi { channel, message } => {
                translate(channel.as_int(), message).map(Happening::Message)
            }
            TrackEventKind::Meta(MetaMessage::Tempo(tempo)) => {
                Some(Happening::Tempo(tempo.as_int()))
            }
            _ => None,
        };
        self.events.extend(happening.map(|happening| (self.end, happening)));
    }
}

/// Whether the event that `bytes` end with is longer than they are. `midly` accepts the part that
/// is there of a meta event or a system exclusive message; a wrong length would swallow the rest of
/// the track.
fn is_cut(bytes: &[u8], status: Option<u8>) -> bool {
    let longer = [bytes, &[0]].concat();
    let mut events = EventIter::new(&longer);
    *events.running_status_mut() = status;
    events.next();
    events.unread().is_empty()
}

fn translate(channel: u8, message: MidiMessage) -> Option<Message> {
    let share = |byte: midly::num::u7| f32::from(byte.as_int()) / 127.0;
    Some(match message {
        MidiMessage::NoteOn { key, vel } => {
            Message::NoteOn { channel, note: key.as_int(), velocity: share(vel) }
        }
        MidiMessage::NoteOff { key, .. } => Message::NoteOff { channel, note: key.as_int() },
        MidiMessage::Aftertouch { key, vel } => {
            Message::KeyPressure { channel, note: key.as_int(), pressure: share(vel) }
        }
        MidiMessage::Controller { controller, value } => {
            Message::Controller { channel, number: controller.as_int(), value: share(value) }
        }
        MidiMessage::ChannelAftertouch { vel } => {
            Message::ChannelPressure { channel, pressure: share(vel) }
        }
        MidiMessage::PitchBend { bend } => {
            Message::PitchBend { channel, value: f32::from(bend.0.as_int()) / 16_383.0 }
        }
        // The instrument has one sound: the model that plays.
        MidiMessage::ProgramChange { .. } => return None,
    })
}

/// An event that is, or has within it, a system message that a file must not have.
struct Mended {
    /// Time since the previous event, ticks.
    delta: u64,
    /// Bytes of the event.
    length: usize,
    /// The channel message around the system message: its status and data.
    message: Option<[u8; 3]>,
}

impl Mended {
    /// Reads the event at the beginning of `bytes`; `None` if it is damaged in another way.
    fn read(bytes: &[u8], status: Option<u8>) -> Option<Self> {
        // A variable-length quantity has at most four bytes; all but the last have the highest bit.
        let delta_length = 1 + bytes.iter().take(4).position(|byte| byte & 0x80 == 0)?;
        let delta =
            bytes[..delta_length].iter().fold(0, |delta, byte| delta << 7 | u64::from(byte & 0x7F));
        let event = &bytes[delta_length..];
        let skipped = |length| Some(Self { delta, length: delta_length + length, message: None });
        match *event.first()? {
            0xF8..=0xFE => skipped(1),
            system @ 0xF1..=0xF6 => {
                let data = match system {
                    0xF1 | 0xF3 => 1,
                    0xF2 => 2,
                    _ => 0,
                };
                skipped(1 + event[1..].iter().take(data).take_while(|byte| **byte < 0x80).count())
            }
            first => {
                let (status, mut at) = if first < 0x80 { (status?, 0) } else { (first, 1) };
                let wanted = match status {
                    0x80..=0xBF | 0xE0..=0xEF => 2,
                    0xC0..=0xDF => 1,
                    _ => return None,
                };
                let mut message = [status, 0, 0];
                for slot in &mut message[1..=wanted] {
                    while (0xF8..=0xFE).contains(event.get(at)?) {
                        at += 1;
                    }
                    *slot = *event.get(at).filter(|byte| **byte < 0x80)?;
                    at += 1;
                }
                Some(Self { delta, length: delta_length + at, message: Some(message) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ons(bytes: &[u8]) -> (Vec<(u64, u8)>, Track) {
        let track = Track::read(bytes);
        let on = |&(tick, happening): &(u64, Happening)| match happening {
            Happening::Message(Message::NoteOn { note, .. }) => Some((tick, note)),
            _ => None,
        };
        (track.events.iter().filter_map(on).collect(), track)
    }

    #[test]
    fn running_status_goes_on_behind_meta_and_system_events() {
        let bytes = b"\0\x90\x3C\x64\x10\xFF\x01\x02hi\0\x3D\x64\x10\xF0\x02\x01\xF7\0\x3E\x64";
        let (notes, track) = ons(bytes);
        assert_eq!(notes, [(0, 60), (16, 61), (32, 62)]);
        assert!(!track.is_broken && track.length.is_none());
    }

    #[test]
    fn system_messages_between_and_within_events_are_skipped() {
        let bytes =
            b"\x10\xF8\x10\x90\xF8\x3C\xFE\x64\x10\xF2\x01\x02\0\x3D\x64\x10\xF1\x10\0\x3E\xFA\x64";
        assert_eq!(ons(bytes).0, [(32, 60), (48, 61), (64, 62)]);
        let (notes, track) = ons(b"\0\x90\x3C\x64\0\xF8\0\xFF\x2F\0\0\x90\x3D\x64");
        assert_eq!(notes, [(0, 60)]);
        assert_eq!(track.length, Some(10), "what stands behind the end is not read");
    }

    #[test]
    fn a_broken_event_ends_the_track_and_is_told() {
        for end in
            [&b"\0\x91\x3C"[..], b"\0\x91\x3C\x90", b"\x80\x80\x80\x80\x80", b"\0\xFF\x01\x7F"]
        {
            let (notes, track) = ons(&[b"\x10\x90\x3C\x64", end].concat());
            assert_eq!(notes, [(16, 60)]);
            assert!(track.is_broken && track.end == 16, "{end:?}");
        }
        assert!(Track::read(b"\0\x3C\x64").is_broken, "there is no status to go on with");
    }
}
