//! Headers of MPEG audio frames (ISO/IEC 11172-3, 13818-3) and of ADTS frames (13818-7).

/// Frames in a row that must fit each other. Litter has single bytes that look like a header.
const FRAMES: usize = 3;

/// What a stream of frames holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// Layer 1, 2 or 3.
    Audio,
    /// AAC.
    Adts,
}

/// Finds where a stream of frames begins: its kind, and the place of its first frame.
///
/// At the very beginning one frame is enough if the bytes end with it.
pub(super) fn first_frame(bytes: &[u8]) -> Option<(Stream, usize)> {
    (0..bytes.len().saturating_sub(6)).find_map(|at| {
        let here = &bytes[at..];
        // Most places are told apart by their first byte.
        if here[0] != 0xff {
            return None;
        }
        [Stream::Audio, Stream::Adts]
            .into_iter()
            .find(|stream| begins(here, *stream, at == 0))
            .map(|stream| (stream, at))
    })
}

/// Whether a stream of this kind begins with these bytes.
fn begins(mut bytes: &[u8], stream: Stream, may_end: bool) -> bool {
    let mut first = None;
    for _ in 0..FRAMES {
        let Some((length, version)) = frame(bytes, stream) else { return false };
        if *first.get_or_insert(version) != version {
            return false;
        }
        match bytes.get(length..) {
            Some(rest) if rest.len() >= 6 => bytes = rest,
            _ => return may_end,
        }
    }
    true
}

/// Length in bytes of the frame at the beginning, and what all frames of its stream share.
pub(super) fn frame(bytes: &[u8], stream: Stream) -> Option<(usize, u16)> {
    let head: [u8; 6] = *bytes.first_chunk()?;
    match stream {
        Stream::Audio => audio_frame(head),
        Stream::Adts => adts_frame(head),
    }
}

/// Number of samples in a frame of layer 3.
pub(super) fn layer_3_samples(frame: &[u8]) -> u64 {
    let first_version = frame.get(1).is_some_and(|byte| byte >> 3 & 3 == 3);
    if first_version { 1152 } else { 576 }
}

fn adts_frame(head: [u8; 6]) -> Option<(usize, u16)> {
    let rate = head[2] >> 2 & 15;
    let length =
        usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5] >> 5);
    let is_header = head[0] == 0xff && head[1] & 0xf6 == 0xf0 && rate < 13 && length > 7;
    is_header.then_some((length, u16::from(head[1] & 0x0f) << 8 | u16::from(rate)))
}

fn audio_frame(head: [u8; 6]) -> Option<(usize, u16)> {
    /// Bit rates in kbit/s of MPEG 1 layers 1, 2, 3, then of MPEG 2 layer 1, and layers 2 and 3.
    const KBIT_S: [[usize; 15]; 5] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    if head[0] != 0xff || head[1] & 0xe0 != 0xe0 {
        return None;
    }
    let (version, layer) = (head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3));
    let (bit_rate, rate) = (usize::from(head[2] >> 4), usize::from(head[2] >> 2 & 3));
    if version == 1 || layer == 4 || bit_rate == 0 || bit_rate == 15 || rate == 3 {
        return None;
    }
    let first = version == 3;
    let rate_hz = [44100, 48000, 32000][rate] >> (3 - version).min(2);
    let table = match (first, layer) {
        (true, layer) => usize::from(layer) - 1,
        (false, 1) => 3,
        (false, _) => 4,
    };
    let bits_s = 1000 * KBIT_S[table][bit_rate];
    let padding = usize::from(head[2] >> 1 & 1);
    let length = match (layer, first) {
        (1, _) => (12 * bits_s / rate_hz + padding) * 4,
        (3, false) => 72 * bits_s / rate_hz + padding,
        _ => 144 * bits_s / rate_hz + padding,
    };
    Some((length, u16::from(head[1] & 0xfe) << 8 | rate as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_found_by_frames_that_follow_one_another() {
        // 32 kbit/s at 48 kHz: frames of 96 bytes.
        let mut frame = vec![0xff, 0xfb, 0x14, 0xc4];
        frame.resize(96, 0);
        let stream = frame.repeat(4);
        assert_eq!(first_frame(&stream), Some((Stream::Audio, 0)));
        assert_eq!(first_frame(&frame), Some((Stream::Audio, 0)));
        let mut late = vec![0xff; 33];
        late.extend(&stream);
        assert_eq!(first_frame(&late), Some((Stream::Audio, 33)));
        // One frame somewhere in litter is chance.
        let mut litter = vec![1; 50];
        litter.extend(&frame);
        litter.extend([1; 50]);
        assert_eq!(first_frame(&litter), None);
        assert_eq!(first_frame(&[]), None);
    }

    #[test]
    fn aac_is_told_from_mp3() {
        let mut frame = vec![0xff, 0xf1, 0x50, 0x80, 0x02, 0x7f, 0xfc];
        frame.resize(19, 0);
        assert_eq!(first_frame(&frame.repeat(4)), Some((Stream::Adts, 0)));
    }
}
