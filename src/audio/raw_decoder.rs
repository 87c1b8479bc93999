//! Decodes audio files to blocks of samples of all of their channels.

use super::first_bad_sample;
use super::packets::Packets;
use crate::{Error, Result};
use std::fs::File;
use std::path::{Path, PathBuf};

/// An audio file, opened.
pub(super) struct RawDecoder {
    pub path: PathBuf,
    pub packets: Packets,
    /// Number of channels of the first block.
    pub channels: usize,
    pub sample_rate: u32,
    /// The block decoded last: samples of all channels, interleaved.
    pub block: Vec<f32>,
    /// Number of channels of this block.
    pub block_channels: usize,
    /// Whether the first block, which is decoded at opening, has been given.
    begun: bool,
    /// Number of samples per channel before this block.
    position: u64,
}

impl RawDecoder {
    /// Opens a file and decodes its first block.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::io(path, source);
        let metadata = std::fs::metadata(path).map_err(io)?;
        // Opening a FIFO would wait for somebody to write into it.
        if !metadata.is_file() && !metadata.is_dir() {
            return Err(Error::audio(path, "is no file but a device or a pipe, wanted a file"));
        }
        let file = File::open(path).map_err(io)?;
        if metadata.is_file() && metadata.len() == 0 {
            return Err(Error::audio(path, "is zero bytes long, wanted an audio file"));
        }
        let mut packets = Packets::open(path, file)?;
        let mut block = Vec::new();
        packets.next(path, &mut block)?;
        let (channels, sample_rate) = packets.layout().unwrap_or((0, 0));
        if channels == 0 || sample_rate == 0 {
            return Err(Error::audio(path, "holds no samples, wanted at least one"));
        }
        Ok(Self {
            path: path.into(),
            packets,
            channels,
            sample_rate,
            block,
            block_channels: channels,
            begun: false,
            position: 0,
        })
    }

    /// Decodes the next block; returns false if there are no more samples.
    ///
    /// # Errors
    /// The same as [`decode`](super::decode).
    pub fn next(&mut self) -> Result<bool> {
        if self.begun {
            self.position += (self.block.len() / self.block_channels.max(1)) as u64;
            self.block.clear();
            self.packets.next(&self.path, &mut self.block)?;
        }
        self.begun = true;
        let Some((channels, rate)) = self.packets.layout() else { return Ok(false) };
        if rate != self.sample_rate {
            let from_s = self.position as f64 / f64::from(self.sample_rate);
            self.block.clear();
            let (first, next) = (self.sample_rate, rate);
            self.packets.stop(format!(
                "changes its sample rate from {first} to {next} Hz after {from_s:.2} s; the rest \
                 was left out"
            ));
            return Ok(false);
        }
        if channels != self.block_channels && !self.block.is_empty() {
            let from_s = self.position as f64 / f64::from(self.sample_rate);
            self.packets.warnings.push(format!(
                "has {channels} instead of {} channels from {from_s:.2} s on",
                self.block_channels
            ));
            self.block_channels = channels;
        }
        if let Some(at) = first_bad_sample(&self.block) {
            let frame = self.position as f64 + (at / channels.max(1)) as f64;
            return Err(Error::audio(
                &self.path,
                format!(
                    "sample at {:.3} s is {:?}, wanted finite samples, full scale at ±1",
                    frame / f64::from(self.sample_rate),
                    self.block[at]
                ),
            ));
        }
        Ok(!self.block.is_empty())
    }
}
