//! The header of a flac file, whose small mistakes are mended before symphonia reads it.

use super::splice::{Change, Splice};
use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};

/// Bytes from the beginning to the end of the first block, which describes the stream (RFC 9639,
/// section 8.2).
const HEADER_BYTES: usize = 4 + 4 + 34;
/// Most blocks of metadata that are walked.
const MAX_BLOCKS: usize = 1000;
/// Shortest block of samples, but for the last of a stream.
const LEAST_SAMPLES: u16 = 16;

/// A flac file that begins at byte `start`, with a header that says what its frames do.
///
/// Programs write bounds for the length of blocks that no decoder accepts, or that make a stream of
/// blocks of one length one of changing length.
pub(super) fn source(mut file: File, start: u64) -> Result<Splice<File>> {
    let end = file.metadata()?.len();
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    (&mut file).take(HEADER_BYTES as u64).read_to_end(&mut head)?;
    let fixed = blocks_have_one_length(&mut file, start)?;
    if head.len() == HEADER_BYTES {
        mend(&mut head, fixed);
    }
    let start = start + head.len() as u64;
    Ok(Splice::new(head, file, start, end.saturating_sub(start), Change::None))
}

/// Whether the first frame says that all blocks have one length.
fn blocks_have_one_length(file: &mut File, start: u64) -> Result<bool> {
    let mut at = start + 4;
    for _ in 0..MAX_BLOCKS {
        let mut block = [0; 4];
        file.seek(SeekFrom::Start(at))?;
        if file.read(&mut block)? < 4 {
            break;
        }
        if block[0] == 0xff {
            return Ok(block[1] & 1 == 0);
        }
        let length = u32::from_be_bytes(block) & 0x00ff_ffff;
        at += 4 + u64::from(length);
    }
    Ok(true)
}

fn mend(head: &mut [u8], fixed: bool) {
    let number = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let (least, mut most) = (number(8), number(10));
    if most < LEAST_SAMPLES {
        most = u16::MAX;
    }
    let least = if fixed { most } else { least.clamp(LEAST_SAMPLES, most.max(LEAST_SAMPLES)) };
    head[8..10].copy_from_slice(&least.to_be_bytes());
    head[10..12].copy_from_slice(&most.to_be_bytes());
    // Lengths of frames in bytes, for which 0 means unknown.
    if head[12..15] > head[15..18] {
        head[12..18].fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_made_to_fit_the_blocks() {
        let mended = |least: u16, most: u16, fixed| {
            let mut head = vec![0; HEADER_BYTES];
            head[8..10].copy_from_slice(&least.to_be_bytes());
            head[10..12].copy_from_slice(&most.to_be_bytes());
            head[14] = 9;
            head[17] = 8;
            mend(&mut head, fixed);
            assert_eq!(head[12..18], [0; 6]);
            [&head[8..10], &head[10..12]].map(|n| u16::from_be_bytes([n[0], n[1]]))
        };
        assert_eq!(mended(0, 4096, true), [4096, 4096]);
        assert_eq!(mended(500, 4096, true), [4096, 4096]);
        assert_eq!(mended(0, 4096, false), [16, 4096]);
        assert_eq!(mended(500, 4096, false), [500, 4096]);
        assert_eq!(mended(5, 3, true), [u16::MAX, u16::MAX]);
    }
}
