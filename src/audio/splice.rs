//! A stretch of a file behind other first bytes, as a source for symphonia.

use std::io::{Read, Result, Seek, SeekFrom};
use symphonia::core::io::MediaSource;

/// Bytes that are read and changed at a time: a multiple of every length of a sample.
const BLOCK_BYTES: usize = 3 << 13;

/// What is done to the bytes of samples, so that they are those of a wav file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    /// The bytes of each sample of this many bytes are reversed.
    Reverse(usize),
    /// The sign of each byte is flipped: signed and unsigned samples of 8 bits differ by this.
    FlipSign,
}

/// Bytes in memory, followed by a stretch of a file.
pub(super) struct Splice<F> {
    head: Vec<u8>,
    file: F,
    /// Where the stretch begins in the file.
    start: u64,
    /// Length of the stretch, bytes.
    length: u64,
    change: Change,
    /// Number of the next byte, counted from the first of `head`.
    position: u64,
    /// Changed bytes of the file.
    block: Vec<u8>,
    /// Place in the stretch of the first byte of `block`.
    block_start: u64,
}

impl<F: Read + Seek> Splice<F> {
    /// The bytes `head`, then `length` bytes of `file` from byte `start` on, changed.
    pub fn new(head: Vec<u8>, file: F, start: u64, length: u64, change: Change) -> Self {
        Self { head, file, start, length, change, position: 0, block: Vec::new(), block_start: 0 }
    }

    /// Reads unchanged bytes of the file from this place in the stretch on.
    fn read_plain(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize> {
        let wanted = (self.length - at).min(buffer.len() as u64) as usize;
        self.file.seek(SeekFrom::Start(self.start + at))?;
        self.file.read(&mut buffer[..wanted])
    }

    fn read_changed(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut offset = at.wrapping_sub(self.block_start) as usize;
        if offset >= self.block.len() {
            self.block_start = at - at % BLOCK_BYTES as u64;
            offset = (at - self.block_start) as usize;
            let wanted = (self.length - self.block_start).min(BLOCK_BYTES as u64);
            self.block.clear();
            self.file.seek(SeekFrom::Start(self.start + self.block_start))?;
            (&mut self.file).take(wanted).read_to_end(&mut self.block)?;
            match self.change {
                Change::None => {}
                Change::Reverse(width) => self.block.chunks_mut(width).for_each(<[u8]>::reverse),
                Change::FlipSign => self.block.iter_mut().for_each(|byte| *byte ^= 0x80),
            }
        }
        let ready = self.block.get(offset..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        Ok(count)
    }
}

impl<F: Read + Seek> Read for Splice<F> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let head = self.head.len() as u64;
        let count = if self.position < head {
            let rest = &self.head[self.position as usize..];
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            count
        } else {
            let at = self.position - head;
            if at >= self.length {
                0
            } else if self.change == Change::None {
                self.read_plain(at, buffer)?
            } else {
                self.read_changed(at, buffer)?
            }
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl<F: Read + Seek> Seek for Splice<F> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let end = self.head.len() as u64 + self.length;
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => end.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = to.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl<F: Read + Seek + Send + Sync> MediaSource for Splice<F> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.head.len() as u64 + self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn all(splice: &mut impl Read) -> Vec<u8> {
        let mut bytes = Vec::new();
        splice.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn head_and_stretch_follow_each_other() {
        let file = Cursor::new(b"0123456789".to_vec());
        let mut splice = Splice::new(b"ab".to_vec(), file, 3, 4, Change::None);
        assert_eq!(splice.byte_len(), Some(6));
        assert_eq!(all(&mut splice), b"ab3456");
        splice.seek(SeekFrom::Start(1)).unwrap();
        assert_eq!(all(&mut splice), b"b3456");
        splice.seek(SeekFrom::End(-2)).unwrap();
        assert_eq!(all(&mut splice), b"56");
        splice.seek(SeekFrom::Start(100)).unwrap();
        assert_eq!(all(&mut splice), b"");
        assert!(splice.seek(SeekFrom::End(-7)).is_err());
    }

    #[test]
    fn samples_are_reversed_wherever_reading_begins() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i * 7 / 3) as u8).collect();
        for width in [2, 3, 4, 8] {
            let end = 1 + (bytes.len() - 1) / width * width;
            let want: Vec<u8> =
                bytes[1..end].chunks(width).flat_map(|s| s.iter().rev().copied()).collect();
            let stretch = want.len() as u64;
            let file = Cursor::new(bytes.clone());
            let mut splice = Splice::new(Vec::new(), file, 1, stretch, Change::Reverse(width));
            assert!(all(&mut splice) == want);
            for at in [1, 5, 24_575, 24_577, 60_001] {
                splice.seek(SeekFrom::Start(at)).unwrap();
                assert!(all(&mut splice) == want[at as usize..]);
            }
        }
    }

    #[test]
    fn signs_are_flipped() {
        let file = Cursor::new(vec![0x80, 0, 0x7f]);
        assert_eq!(
            all(&mut Splice::new(vec![1], file, 0, 3, Change::FlipSign)),
            [1, 0, 0x80, 0xff]
        );
    }
}
