//! How the samples of a wav or AIFF file are stored.

use super::kind::refused;
use super::splice::Change;
use crate::{Error, Result};
use std::path::Path;

/// Most channels.
const MAX_CHANNELS: u16 = 64;

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub coding: Coding,
    channels: u16,
    pub sample_rate: u32,
    /// Bytes of a frame, or of a block of a compressed sound.
    pub frame_bytes: u16,
    pub change: Change,
    /// Number of frames that the header announces, for a sound whose last block may be padded.
    pub frames: Option<u64>,
}

/// How a sample is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// A whole number of this many bytes.
    Whole(u16),
    /// A floating-point number of this many bytes.
    Float(u16),
    ALaw,
    MuLaw,
    MsAdpcm,
    ImaAdpcm,
    /// Frames of MPEG audio.
    Mpeg,
}

/// Order of bytes in a file's numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Numbers in a chunk that describes the sound; 0 behind its end.
pub(super) struct Numbers<'a>(pub &'a [u8], pub Order);

impl Numbers<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut bytes = [0; N];
        let found = self.0.get(at..).unwrap_or_default();
        bytes.iter_mut().zip(found).for_each(|(byte, found)| *byte = *found);
        if self.1 == Order::Big {
            bytes.reverse();
        }
        bytes
    }

    pub fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes(at))
    }

    pub fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }

    pub fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }
}

impl Layout {
    /// Whether each frame has the same number of bytes.
    pub fn is_plain(&self) -> bool {
        !matches!(self.coding, Coding::MsAdpcm | Coding::ImaAdpcm | Coding::Mpeg)
    }

    /// Number of frames in a block of ADPCM: a header holds the first ones, then each takes half a
    /// byte a channel.
    fn frames_of_block(&self) -> Option<u64> {
        let (header_bytes, header_frames) = match self.coding {
            Coding::MsAdpcm => (7, 2),
            Coding::ImaAdpcm => (4, 1),
            _ => return None,
        };
        let channels = u64::from(self.channels);
        let coded = u64::from(self.frame_bytes).checked_sub(header_bytes * channels)?;
        Some(2 * coded / channels + header_frames)
    }

    /// Leaves out what the last block of so many bytes was filled up with, if the number of frames
    /// that the header announces ends within that block.
    pub fn limit_frames(&mut self, bytes: u64) {
        let Some(of_block) = self.frames_of_block() else { return self.frames = None };
        let blocks = bytes / u64::from(self.frame_bytes);
        let fits = |frames: u64| frames > blocks.saturating_sub(1) * of_block;
        self.frames = self.frames.filter(|frames| fits(*frames));
    }

    /// How long so many bytes of sound last, or how many they are.
    pub fn time_text(&self, bytes: u64) -> String {
        if self.is_plain() {
            let frames = bytes / u64::from(self.frame_bytes);
            format!("{:.2} s", frames as f64 / f64::from(self.sample_rate))
        } else {
            format!("{bytes} bytes")
        }
    }

    /// The layout of samples of one coding, without compression.
    fn plain(coding: Coding, channels: u16, sample_rate: u32, change: Change) -> Self {
        let bytes = match coding {
            Coding::Whole(bytes) | Coding::Float(bytes) => bytes,
            _ => 1,
        };
        Self { coding, channels, sample_rate, frame_bytes: bytes * channels, change, frames: None }
    }

    /// The header of a wav file with this sound, which leaves its length open.
    pub fn header(&self) -> Vec<u8> {
        let (format, bits, extension): (u16, u16, &[u8]) = match self.coding {
            Coding::Whole(bytes) => (1, 8 * bytes, &[]),
            Coding::Float(bytes) => (3, 8 * bytes, &[]),
            Coding::ALaw => (6, 8, &[]),
            Coding::MuLaw => (7, 8, &[]),
            // The numbers of samples and the coefficients here are the standard's, always.
            Coding::MsAdpcm => (2, 4, &[0; 32]),
            Coding::ImaAdpcm => (0x11, 4, &[0; 2]),
            Coding::Mpeg => (0x55, 0, &[]),
        };
        let mut head = b"RIFF\xff\xff\xff\xffWAVEfmt ".to_vec();
        head.extend((18 + extension.len() as u32).to_le_bytes());
        head.extend(format.to_le_bytes());
        head.extend(self.channels.to_le_bytes());
        head.extend(self.sample_rate.to_le_bytes());
        head.extend(self.sample_rate.wrapping_mul(self.frame_bytes.into()).to_le_bytes());
        head.extend(self.frame_bytes.to_le_bytes());
        head.extend(bits.to_le_bytes());
        head.extend((extension.len() as u16).to_le_bytes());
        head.extend(extension);
        head.extend(b"data\xff\xff\xff\xff");
        head
    }
}

fn checked(path: &Path, channels: u16, sample_rate: u32) -> Result<()> {
    if (1..=MAX_CHANNELS).contains(&channels) && sample_rate > 0 {
        return Ok(());
    }
    Err(Error::audio(
        path,
        format!(
            "its header says {channels} channels at {sample_rate} Hz, wanted 1 to {MAX_CHANNELS} \
         channels at 1 Hz or more"
        ),
    ))
}

/// The layout that a wav file's "fmt " chunk says.
pub(super) fn wav_layout(path: &Path, numbers: &Numbers) -> Result<Layout> {
    const EXTENSIBLE: u16 = 0xfffe;
    if numbers.0.len() < 16 {
        return Err(Error::audio(path, "is cut short within its header, or its header is damaged"));
    }
    let (channels, sample_rate) = (numbers.u16(2), numbers.u32(4));
    let (block, bits) = (numbers.u16(12), numbers.u16(14));
    // Of an extensible format, the true one begins a longer identifier.
    let format = match numbers.u16(0) {
        EXTENSIBLE => numbers.u16(24),
        format => format,
    };
    checked(path, channels, sample_rate)?;
    let coding = match (format, bits) {
        (1, 1..=32) => Coding::Whole(container(block, channels, bits, 4)),
        (3, 32) => Coding::Float(4),
        (3, 64) => Coding::Float(8),
        (6, _) => Coding::ALaw,
        (7, _) => Coding::MuLaw,
        (2, _) => Coding::MsAdpcm,
        (0x11, 4) => Coding::ImaAdpcm,
        (0x50 | 0x55, _) => Coding::Mpeg,
        _ => return Err(not_read(path, format, bits)),
    };
    let change = match coding {
        Coding::Whole(bytes) | Coding::Float(bytes) if bytes > 1 && numbers.1 == Order::Big => {
            Change::Reverse(bytes.into())
        }
        _ => Change::None,
    };
    let layout = Layout::plain(coding, channels, sample_rate, change);
    let compressed = !layout.is_plain();
    if compressed && coding != Coding::Mpeg && (channels > 2 || block < 8 * channels) {
        return Err(Error::audio(
            path,
            format!(
                "its header says ADPCM of {channels} channels in blocks of {block} bytes, wanted 1 or \
             2 channels in longer blocks"
            ),
        ));
    }
    Ok(if compressed { Layout { frame_bytes: block.max(1), ..layout } } else { layout })
}

/// Bytes that a sample of so many bits takes, at most `most`.
fn container(block: u16, channels: u16, bits: u16, most: u16) -> u16 {
    let least = bits.div_ceil(8);
    let said = block / channels;
    if block.is_multiple_of(channels) && (least..=most).contains(&said) { said } else { least }
}

/// The error about a wav file whose samples are not read.
fn not_read(path: &Path, format: u16, bits: u16) -> Error {
    let name = match format {
        1 | 3 => {
            return Error::audio(
                path,
                format!(
                    "its header says samples of {bits} bits, wanted 1 to 32 bits, or floats of 32 or 64 bits"
                ),
            );
        }
        0x11 => "wav with IMA ADPCM of an unusual kind",
        0x14 | 0x40 | 0x45 | 0x64 | 0x65 => "wav with G.72x ADPCM",
        0x31 => "wav with GSM 6.10",
        0x160..=0x163 => "wav with Windows Media",
        0xff | 0x1600..=0x1610 => "wav with AAC",
        0x674f..=0x6771 => "wav with Ogg Vorbis",
        0xf1ac => "wav with flac",
        _ => {
            return refused(path, &format!("wav with sound of format number {format:#06x}"));
        }
    };
    refused(path, name)
}

/// The layout that an AIFF file's "COMM" chunk says.
pub(super) fn aiff_layout(path: &Path, numbers: &Numbers, compressed: bool) -> Result<Layout> {
    if numbers.0.len() < if compressed { 22 } else { 18 } {
        return Err(Error::audio(path, "is cut short within its header, or its header is damaged"));
    }
    let (channels, bits) = (numbers.u16(0), numbers.u16(6));
    // An 80-bit floating-point number: sign and exponent, then the mantissa.
    let exponent = i32::from(numbers.u16(8) & 0x7fff) - 16383 - 63;
    let rate = (numbers.u64(10) as f64 * f64::from(exponent).exp2()).round();
    let sample_rate = if (1.0..4e9).contains(&rate) { rate as u32 } else { 0 };
    checked(path, channels, sample_rate)?;
    let name = if compressed { &numbers.0[18..22] } else { b"NONE" };
    let whole = |bytes: u16| Coding::Whole(bytes);
    let (coding, reversed) = match (&name.to_ascii_lowercase()[..], bits) {
        (b"none" | b"twos" | b"in16" | b"in24" | b"in32", 1..=32) => {
            (whole(bits.div_ceil(8)), true)
        }
        (b"sowt", 1..=32) => (whole(bits.div_ceil(8)), false),
        (b"42ni", _) => (whole(3), false),
        (b"23ni", _) => (whole(4), false),
        (b"raw ", 1..=8) => {
            return Ok(Layout::plain(whole(1), channels, sample_rate, Change::None));
        }
        (b"fl32", _) => (Coding::Float(4), true),
        (b"fl64", _) => (Coding::Float(8), true),
        (b"alaw", _) => (Coding::ALaw, false),
        (b"ulaw", _) => (Coding::MuLaw, false),
        (b"ima4", _) => return Err(refused(path, "AIFF with IMA4 ADPCM")),
        _ => {
            let name = String::from_utf8_lossy(name).into_owned();
            return Err(refused(path, &format!("AIFF with sound of kind {name:?}")));
        }
    };
    let change = match coding {
        // Samples of 8 bits are signed here, and unsigned in a wav file.
        Coding::Whole(1) => Change::FlipSign,
        Coding::Whole(bytes) | Coding::Float(bytes) if reversed => Change::Reverse(bytes.into()),
        _ => Change::None,
    };
    Ok(Layout::plain(coding, channels, sample_rate, change))
}
