//! The frames of an MPEG audio file, without what lies between them.
//!
//! Decoders take any two bytes that look like the beginning of a frame for one, and make noise of
//! what follows. Here a frame counts only if another, a tag, zeros or the end follows where it ends.

use super::kind::id3_bytes;
use super::mpeg::{self, Stream};
use std::io::{Read, Result, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use symphonia::core::io::MediaSource;

/// Bytes that are held at a time.
const BLOCK_BYTES: usize = 1 << 16;
/// Bytes that must be held to decide about a place: the longest frame, and the next header.
const LOOKED_AHEAD: usize = 1 << 13;
/// Length of an `ID3v1` tag.
const ID3V1_BYTES: u64 = 128;
/// Length of the header or footer of an APE tag.
const APE_BYTES: u64 = 32;

/// Counts what was left out.
#[derive(Default)]
pub(super) struct Losses {
    /// Bytes that are neither frames nor tags nor zeros.
    pub bytes: AtomicU64,
    /// Samples of frames that were made silent.
    pub samples: AtomicU64,
}

/// Reads the frames of a source and leaves out the rest.
pub(super) struct MpegFrames<R> {
    source: R,
    /// Bytes of the source; those before `at` are done with.
    held: Vec<u8>,
    at: usize,
    source_ended: bool,
    /// Bytes from `at` on that belong to a frame and were not given yet.
    ready: usize,
    /// Bytes of sound since something was missing before a frame; `None` once no frame needs what
    /// is missing.
    since_gap: Option<usize>,
    losses: Arc<Losses>,
}

impl<R: Read> MpegFrames<R> {
    pub fn new(source: R) -> Self {
        Self {
            source,
            held: Vec::new(),
            at: 0,
            source_ended: false,
            ready: 0,
            since_gap: None,
            losses: Arc::default(),
        }
    }

    /// The count of what was left out so far.
    pub fn losses(&self) -> Arc<Losses> {
        Arc::clone(&self.losses)
    }

    /// Makes sure that enough bytes are held to decide about the next place.
    fn fill(&mut self) -> Result<()> {
        if self.source_ended || self.held.len() - self.at >= LOOKED_AHEAD {
            return Ok(());
        }
        self.held.drain(..self.at);
        self.at = 0;
        let wanted = (BLOCK_BYTES - self.held.len()) as u64;
        let read = (&mut self.source).take(wanted).read_to_end(&mut self.held)?;
        self.source_ended = (read as u64) < wanted;
        Ok(())
    }

    /// Goes to the next frame; `ready` stays 0 at the end.
    fn find(&mut self) -> Result<()> {
        while self.ready == 0 {
            self.fill()?;
            let rest = &self.held[self.at..];
            let Some(first) = rest.first() else { return Ok(()) };
            if let Some((length, shared)) = mpeg::frame(rest, Stream::Audio)
                && length <= rest.len()
                && goes_on(&rest[length..], shared)
            {
                self.ready = length;
                let frame = &mut self.held[self.at..self.at + length];
                self.since_gap = self.since_gap.and_then(|bytes| quieten(frame, bytes));
                if self.since_gap.is_some() {
                    let samples = mpeg::layer_3_samples(frame);
                    self.losses.samples.fetch_add(samples, Ordering::Relaxed);
                }
                return Ok(());
            }
            if let Some(bytes) = tag_bytes(rest) {
                self.skip(bytes)?;
                continue;
            }
            if *first != 0 {
                self.losses.bytes.fetch_add(1, Ordering::Relaxed);
                self.since_gap = Some(0);
            }
            self.at += 1;
        }
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        let held = (self.held.len() - self.at).min(bytes as usize);
        self.at += held;
        std::io::copy(&mut (&mut self.source).take(bytes - held as u64), &mut std::io::sink())?;
        Ok(())
    }
}

/// Makes a frame of layer 3 silent if its sound begins in frames that are missing; without them it
/// would be noise. `known` is how many bytes of sound precede it. Returns how many precede the next
/// frame; `None` if this one has all that it needs.
fn quieten(frame: &mut [u8], known: usize) -> Option<usize> {
    let (version, layer) = (frame[1] >> 3 & 3, frame[1] >> 1 & 3);
    let (first_version, mono, checked) = (version == 3, frame[3] >> 6 == 3, frame[1] & 1 == 0);
    let at = if checked { 6 } else { 4 };
    let side_bytes = match (first_version, mono) {
        (true, true) | (false, false) => 17,
        (true, false) => 32,
        (false, true) => 9,
    };
    let side = frame.get_mut(at..at + side_bytes).filter(|_| layer == 1)?;
    // How far back the sound begins: a number of 9 bits, or of 8.
    let back = usize::from(side[0]);
    let (back, kept_bits) =
        if first_version { (back << 1 | usize::from(side[1] >> 7), 0x80) } else { (back, 0) };
    if back <= known {
        return None;
    }
    // What is left says that there is nothing to decode.
    side[1] &= kept_bits;
    side[2..].fill(0);
    Some(known + frame.len() - at - side_bytes)
}

/// Whether a stream of such frames goes on, or ends, with these bytes. Some files end with zeros.
fn goes_on(bytes: &[u8], shared: u16) -> bool {
    bytes.len() < 6
        || bytes[..6] == [0; 6]
        || tag_bytes(bytes).is_some()
        || mpeg::frame(bytes, Stream::Audio).is_some_and(|(_, next)| next == shared)
}

/// Length in bytes of the tag that begins here.
fn tag_bytes(bytes: &[u8]) -> Option<u64> {
    if bytes.starts_with(b"TAG") {
        Some(ID3V1_BYTES)
    } else if bytes.starts_with(b"APETAGEX") {
        let size = u32::from_le_bytes(*bytes.get(12..16)?.first_chunk()?);
        let is_header = bytes.get(23)? & 0x20 != 0;
        Some(APE_BYTES + if is_header { u64::from(size) } else { 0 })
    } else {
        id3_bytes(bytes)
    }
}

impl<R: Read> Read for MpegFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut given = 0;
        while given < buffer.len() {
            self.find()?;
            if self.ready == 0 {
                break;
            }
            let count = self.ready.min(buffer.len() - given);
            buffer[given..given + count].copy_from_slice(&self.held[self.at..self.at + count]);
            given += count;
            self.at += count;
            self.ready -= count;
        }
        Ok(given)
    }
}

impl<R> Seek for MpegFrames<R> {
    fn seek(&mut self, _: SeekFrom) -> Result<u64> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

impl<R: Read + Send + Sync> MediaSource for MpegFrames<R> {
    fn is_seekable(&self) -> bool {
        false
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of 32 kbit/s at 48 kHz, filled with `fill`.
    fn frame(fill: u8) -> Vec<u8> {
        let mut frame = vec![0xff, 0xfb, 0x14, 0xc4];
        // No sound from earlier frames.
        frame.resize(4 + 17, 0);
        frame.resize(96, fill);
        frame
    }

    fn kept(bytes: &[u8]) -> (Vec<u8>, u64) {
        let mut frames = MpegFrames::new(bytes);
        let losses = frames.losses();
        let mut kept = Vec::new();
        frames.read_to_end(&mut kept).unwrap();
        (kept, losses.bytes.load(Ordering::Relaxed))
    }

    #[test]
    fn only_frames_are_kept() {
        let clean: Vec<u8> = (1..=3000).flat_map(|n| frame((n % 250) as u8)).collect();
        assert!(kept(&clean) == (clean.clone(), 0));
        // Litter with a lone header in it, a tag, zeros, and half a frame at the end.
        let (first, second) = clean.split_at(96 * 1000);
        let litter = [&[7; 50][..], &[0xff, 0xfb, 0x14, 0xc4], &[9; 50]].concat();
        let tag = [&b"TAG"[..], &[1; 125]].concat();
        let mixed = [first, &frame(9), &litter, second, &[0; 300], &tag, &frame(3)[..40]].concat();
        assert!(kept(&mixed) == (clean.clone(), 79 + 104 + 23));
        assert_eq!(kept(&[]), (vec![], 0));
        assert_eq!(kept(b"APETAGEX\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\xa0"), (vec![], 0));
        // A frame that needs what is missing is silent.
        let mut late = frame(5);
        (late[4], late[10]) = (20, 1);
        let cut = [&clean[..192], &[7; 9], &late, &late].concat();
        let (kept, strange) = kept(&cut);
        assert_eq!(strange, 79 + 9);
        let mut silent = late.clone();
        silent[10] = 0;
        assert!(kept == [&clean[..96], &silent, &late].concat());
    }
}
