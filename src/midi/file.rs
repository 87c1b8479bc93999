//! Standard MIDI files as messages with their times.
//!
//! Source: Standard MIDI Files 1.0 (MIDI Association, RP-001). Deviations that common programs
//! write are read too.

use std::path::Path;

use super::track::{Happening, Track};
use super::{CHANNELS, Channels, Message};
use crate::{Error, Result};

/// Microseconds per quarter note until a file says otherwise.
const DEFAULT_TEMPO: u32 = 500_000;
/// How far from the beginning of the bytes a file may begin: `MacBinary` and other wrappers put headers
/// before it.
const MAX_PREFIX: usize = 65_536;
/// Number of MIDI note numbers.
const NOTES: usize = 128;

/// A message and when it comes, in seconds from the beginning of the piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimedMessage {
    /// Seconds from the beginning of the piece.
    pub time_s: f64,
    /// The message.
    pub message: Message,
}

/// The channel messages of a standard MIDI file, in the order of their times.
///
/// All three formats and both kinds of time division are read, bare or in a RIFF file (RMID), and behind
/// up to 64 KiB of other bytes. A damaged file is read as far as it goes; [`Self::warnings`] says what
/// is lost.
///
/// ```
/// use wms::midi::{Channels, MidiFile};
///
/// # fn main() -> wms::Result<()> {
/// // A note of half a second: its key goes down at tick 0 and comes up at tick 96.
/// let bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x0C\0\x90\x45\x64\x60\x80\x45\0\0\xFF\x2F\0";
/// let file = MidiFile::parse(bytes, Channels::ALL)?;
/// assert!(file.warnings().is_empty());
/// assert_eq!(file.messages().iter().map(|timed| timed.time_s).collect::<Vec<_>>(), [0.0, 0.5]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MidiFile {
    messages: Vec<TimedMessage>,
    warnings: Vec<String>,
}

impl MidiFile {
    /// Reads the messages of some channels from a file. See [`Self::parse`].
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, otherwise as [`Self::parse`], with the path before the
    /// message.
    pub fn open(path: &Path, channels: Channels) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
        Self::parse(&bytes, channels).map_err(|error| match error {
            Error::Parameter(message) => Error::Parameter(format!("{}: {message}", path.display())),
            other => other,
        })
    }

    /// Reads the messages of some channels from the bytes of a file.
    ///
    /// Messages on one tick keep the file's order, one track after the other, with one exception: a
    /// note-off that ends a note from an earlier tick comes before a note-on of the same key.
    ///
    /// # Errors
    /// [`Error::Parameter`] in one line if the bytes are not a standard MIDI file, or so damaged that no
    /// track is left.
    pub fn parse(bytes: &[u8], channels: Channels) -> Result<Self> {
        let (header, chunks) = Header::read(bytes)?;
        let mut warnings = Vec::new();
        let tracks = read_tracks(chunks, header.track_count, &mut warnings)?;
        let (mut messages, lost) = timeline(tracks, &header, &mut warnings);
        if let Some(&(time_s, track)) = lost.first() {
            let rest = match (header.track_count, lost.len() - 1) {
                (1, 0) => "the rest is lost".to_owned(),
                (_, 0) => format!("the rest of track {} is lost", track + 1),
                (_, others) => {
                    format!("the rest of track {} is lost, and of {others} more later", track + 1)
                }
            };
            warnings.insert(0, format!("damaged after {time_s:.1} s; {rest}"));
        }
        let with_notes: Channels = messages
            .iter()
            .filter(|timed| timed.message.starts_note())
            .map(|timed| timed.message.channel())
            .collect();
        messages.retain(|timed| channels.contains(timed.message.channel()));
        if !messages.iter().any(|timed| timed.message.starts_note()) {
            let named = with_notes.to_string();
            warnings.push(if named.is_empty() {
                "there are no notes in it".to_owned()
            } else {
                format!("there are no notes on channels {channels}, only on {named}")
            });
        }
        Ok(Self { messages, warnings })
    }

    /// The messages in the order of their times.
    pub fn messages(&self) -> &[TimedMessage] {
        &self.messages
    }

    /// What was damaged or missing in the file, a line each; empty for most files.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// The unit in which the file counts time.
#[derive(Clone, Copy)]
enum Division {
    /// Ticks per quarter note, whose length in seconds is set by tempo events.
    Quarter(u16),
    /// Ticks per second.
    Second(f64),
}

impl Division {
    fn read(bytes: [u8; 2]) -> Result<Self> {
        let ticks = u16::from_be_bytes(bytes);
        // The upper byte of SMPTE time is the negative number of frames per second.
        let frame_rate_hz = match bytes[0].cast_signed() {
            0.. if ticks > 0 => return Ok(Self::Quarter(ticks)),
            -24 => 24.0,
            -25 => 25.0,
            -29 => 30_000.0 / 1001.0,
            -30 => 30.0,
            _ => 0.0,
        };
        if frame_rate_hz == 0.0 || bytes[1] == 0 {
            return Err(Error::parameter(format!(
                "a MIDI file without a usable time division ({:02X} {:02X}), wanted ticks per quarter \
                 note or SMPTE time",
                bytes[0], bytes[1]
            )));
        }
        Ok(Self::Second(frame_rate_hz * f64::from(bytes[1])))
    }

    fn seconds_per_tick(self, tempo: u32) -> f64 {
        match self {
            Self::Quarter(ticks) => f64::from(tempo) * 1e-6 / f64::from(ticks),
            Self::Second(ticks) => 1.0 / ticks,
        }
    }
}

struct Header {
    /// Whether the tracks are played one after the other (format 2), and not together.
    is_sequential: bool,
    track_count: usize,
    division: Division,
}

impl Header {
    /// Finds and reads the header chunk, and returns the bytes behind it too.
    fn read(bytes: &[u8]) -> Result<(Self, &[u8])> {
        let bytes = riff_data(bytes).unwrap_or(bytes);
        let searched = &bytes[..bytes.len().min(MAX_PREFIX)];
        let start = find(searched, *b"MThd").ok_or_else(|| {
            Error::parameter("not a standard MIDI file (it has no MThd chunk), wanted a .mid file")
        })?;
        let damaged = || Error::parameter("a damaged MIDI file: it ends within its header");
        let chunk = Chunk::read(&bytes[start..]).ok_or_else(damaged)?;
        let (body, rest) = chunk.rest.split_at_checked(chunk.length).ok_or_else(damaged)?;
        let &[_, format, high, low, a, b, ..] = body else { return Err(damaged()) };
        if format > 2 {
            let message = format!("a MIDI file of format {format}, wanted format 0, 1 or 2");
            return Err(Error::Parameter(message));
        }
        let header = Self {
            is_sequential: format == 2,
            track_count: u16::from_be_bytes([high, low]).into(),
            division: Division::read([a, b])?,
        };
        Ok((header, rest))
    }
}

/// The MIDI file within a RIFF file of type RMID.
fn riff_data(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"RMID")?;
    loop {
        let (id, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if id == b"data" {
            return Some(&after[..length.min(after.len())]);
        }
        // Chunks are padded to an even length.
        rest = after.get(length.checked_next_multiple_of(2)?..)?;
    }
}

fn find(bytes: &[u8], id: [u8; 4]) -> Option<usize> {
    bytes.windows(4).position(|window| window == id)
}

/// The head of a chunk.
struct Chunk<'a> {
    id: [u8; 4],
    /// Bytes of its body, as the head says.
    length: usize,
    /// All bytes behind the head.
    rest: &'a [u8],
}

impl<'a> Chunk<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        Some(Self { id: *id, length: u32::from_be_bytes(*length) as usize, rest })
    }

    /// Reads a head; `None` unless its identifier is printable ASCII.
    fn read_plausible(bytes: &'a [u8]) -> Option<Self> {
        Self::read(bytes).filter(|chunk| chunk.id.iter().all(u8::is_ascii_graphic))
    }

    /// The body, without the part that the file lacks if it is cut short.
    fn body(&self) -> &'a [u8] {
        &self.rest[..self.length.min(self.rest.len())]
    }

    /// Whether the file ends before the chunk does.
    fn is_cut(&self) -> bool {
        self.length > self.rest.len()
    }
}

/// Reads all tracks of the chunks behind the header.
fn read_tracks(mut rest: &[u8], count: usize, warnings: &mut Vec<String>) -> Result<Vec<Track>> {
    let mut tracks = Vec::new();
    let mut skipped = 0;
    while !rest.is_empty() {
        match Chunk::read_plausible(rest) {
            Some(chunk) if &chunk.id == b"MTrk" => {
                let (track, behind) = read_track(&chunk);
                tracks.push(track);
                rest = behind;
            }
            // A chunk of another kind, which readers are to skip.
            Some(chunk) if !chunk.is_cut() => rest = &chunk.rest[chunk.length..],
            _ => {
                let next = find(&rest[1..], *b"MTrk").map_or(rest.len(), |at| at + 1);
                // Wrappers pad the file, and put other things behind it.
                if tracks.len() < count || next < rest.len() {
                    skipped += next;
                }
                rest = &rest[next..];
            }
        }
    }
    if tracks.is_empty() {
        return Err(Error::parameter("a damaged MIDI file: there is no track in it"));
    }
    if skipped > 0 {
        warnings.push(format!("{skipped} bytes between its tracks cannot be read and are skipped"));
    }
    if tracks.len() < count {
        let found = tracks.len();
        warnings
            .push(format!("its header announces {count} tracks, but only {found} can be found"));
    }
    Ok(tracks)
}

/// Reads a track and returns the bytes behind it too. Where the chunk's length cannot be true, the track
/// ends with its End of Track event, or where the next one begins.
fn read_track<'a>(chunk: &Chunk<'a>) -> (Track, &'a [u8]) {
    let body = chunk.body();
    let mut track = Track::read(body);
    if chunk.is_cut() {
        let Some(length) = track.length else {
            track.is_broken = true;
            return (track, &[]);
        };
        return (track, &chunk.rest[length..]);
    }
    let behind = &chunk.rest[body.len()..];
    let is_plausible = behind.is_empty() || Chunk::read_plausible(behind).is_some();
    if track.length.is_none() && !is_plausible {
        let length = find(chunk.rest, *b"MTrk").unwrap_or(chunk.rest.len());
        let track = Track::read(&chunk.rest[..length]);
        let length = track.length.unwrap_or(length);
        return (track, &chunk.rest[length..]);
    }
    (track, behind)
}

/// A time in seconds and the number of the track that is lost from there on.
type Loss = (f64, usize);

/// Puts the tracks' events in the order of their times. Returns the messages, and when and where a
/// track could not be read to its end.
fn timeline(
    tracks: Vec<Track>,
    header: &Header,
    warnings: &mut Vec<String>,
) -> (Vec<TimedMessage>, Vec<Loss>) {
    let (mut messages, mut lost) = (Vec::new(), Vec::new());
    let mut events = Vec::new();
    let (mut start_s, mut end) = (0.0, 0);
    let mut has_bad_tempo = false;
    let last = tracks.len().saturating_sub(1);
    for (number, track) in tracks.into_iter().enumerate() {
        events.extend(track.events);
        events.extend(track.is_broken.then_some((track.end, Happening::Lost(number))));
        end = track.end.max(end);
        if number != last && !header.is_sequential {
            continue;
        }
        // Stable: on one tick the file's order stays.
        events.sort_by_key(|&(tick, _)| tick);
        end_older_notes_first(&mut events);
        let mut seconds_per_tick = header.division.seconds_per_tick(DEFAULT_TEMPO);
        let (mut time_s, mut now) = (start_s, 0);
        for (tick, happening) in events.drain(..) {
            time_s += (tick - now) as f64 * seconds_per_tick;
            now = tick;
            match happening {
                Happening::Message(message) => messages.push(TimedMessage { time_s, message }),
                Happening::Tempo(0) => has_bad_tempo = true,
                Happening::Tempo(tempo) => {
                    seconds_per_tick = header.division.seconds_per_tick(tempo);
                }
                Happening::Lost(track) => lost.push((time_s, track)),
            }
        }
        start_s = time_s + (end - now) as f64 * seconds_per_tick;
        end = 0;
    }
    if has_bad_tempo {
        warnings.push("a tempo of 0 microseconds per quarter note is ignored".to_owned());
    }
    (messages, lost)
}

/// Moves note-offs that end a note of an earlier tick before the note-on of the same key on their own
/// tick: the other way round they would end the new note at once. Programs write the two in
/// either order, especially across tracks.
fn end_older_notes_first(events: &mut [(u64, Happening)]) {
    let mut keys = vec![KeyState::default(); CHANNELS * NOTES];
    let mut order = Vec::new();
    for tick in events.chunk_by_mut(|a, b| a.0 == b.0) {
        order.clear();
        for (place, &(_, happening)) in tick.iter().enumerate() {
            let mut wanted = (place, true);
            if let Some((key, goes_down)) = as_key(happening) {
                let state = &mut keys[key];
                if goes_down {
                    state.first_on.get_or_insert(place);
                } else if state.ended < state.sounding {
                    state.ended += 1;
                    wanted = state.first_on.map_or(wanted, |first| (first, false));
                }
            }
            order.push((wanted, place));
        }
        if !order.is_sorted() {
            order.sort_unstable();
            let before = tick.to_vec();
            for (slot, &(_, place)) in tick.iter_mut().zip(&order) {
                *slot = before[place];
            }
        }
        for &(_, happening) in &*tick {
            if let Some((key, goes_down)) = as_key(happening) {
                let sounding = keys[key].sounding;
                let sounding = if goes_down { sounding + 1 } else { sounding.saturating_sub(1) };
                keys[key] = KeyState { sounding, ..KeyState::default() };
            } else if let Some(channel) = ends_all_notes(happening) {
                let first = usize::from(channel) * NOTES;
                keys[first..first + NOTES].iter_mut().for_each(|state| state.sounding = 0);
            }
        }
    }
}

/// A key on its way through a file.
#[derive(Clone, Copy, Default)]
struct KeyState {
    /// Number of its notes that sound.
    sounding: usize,
    /// How many of them end on this tick.
    ended: usize,
    /// The index, among this tick's events, of its first note-on.
    first_on: Option<usize>,
}

/// The number of the key that an event moves, counted through all channels, and whether it goes
/// down.
fn as_key(happening: Happening) -> Option<(usize, bool)> {
    let Happening::Message(message) = happening else { return None };
    let (Message::NoteOn { note, .. } | Message::NoteOff { note, .. }) = message else {
        return None;
    };
    let key = usize::from(message.channel()) * NOTES + usize::from(note) % NOTES;
    Some((key, message.starts_note()))
}

/// The channel, if the event ends all notes of one.
fn ends_all_notes(happening: Happening) -> Option<u8> {
    match happening {
        Happening::Message(Message::Controller { channel, number: 120 | 123..=127, .. }) => {
            Some(channel)
        }
        _ => None,
    }
}
