//! What kind of file this is, told by its content.

use super::mpeg;
use crate::{Error, Result};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes at the beginning of the sound that are looked at.
const LOOKED_AT: u64 = 1 << 16;
/// ID3 tags in front of the sound that are skipped; some programs put one before the other.
const MAX_TAGS: usize = 8;

/// A kind of file that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// RIFF, RIFX, RF64, BW64, AIFF or AIFF-C: chunks, one of which holds the sound.
    Chunks,
    Flac,
    Ogg,
    /// MPEG audio of layer 1, 2 or 3.
    Mpeg,
    /// AAC in ADTS frames.
    Adts,
    Mp4,
    Matroska,
    Caf,
}

/// What a file is, as far as its beginning shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// It can be read; the sound begins at this byte.
    Readable(Kind, u64),
    /// Sound of a kind that is not read, named here.
    Unreadable(&'static str),
    /// No sound, or of no kind that is known here.
    Unknown,
}

/// Looks at the beginning of a file.
///
/// # Errors
/// If it cannot be read.
pub(super) fn look(file: &mut (impl Read + Seek)) -> std::io::Result<Content> {
    let mut start = 0;
    let mut head = head_at(file, start)?;
    let mut tagged = false;
    for _ in 0..MAX_TAGS {
        let Some(length) = id3_bytes(&head) else { break };
        (start, tagged) = (start + length, true);
        head = head_at(file, start)?;
    }
    Ok(match of_head(&head) {
        // Behind a tag there are often zeros, and then frames that only look like those of MPEG
        // one by one: the reader finds the first that is followed by another.
        Content::Unknown if tagged && !head.is_empty() => Content::Readable(Kind::Mpeg, start),
        Content::Readable(kind, skipped) => Content::Readable(kind, start + skipped),
        other => other,
    })
}

fn head_at(file: &mut (impl Read + Seek), start: u64) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(LOOKED_AT).read_to_end(&mut head)?;
    Ok(head)
}

/// Length in bytes of the `ID3v2` tag at the beginning of these bytes.
pub(super) fn id3_bytes(head: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', _, _, flags, size @ ..] = head else { return None };
    let size = size.first_chunk::<4>()?;
    let body = size.iter().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    Some(10 + body + footer)
}

fn of_head(head: &[u8]) -> Content {
    let readable = |kind| Content::Readable(kind, 0);
    let form = head.get(8..12).unwrap_or_default();
    match head {
        [b'R', b'I', b'F', b'F' | b'X', ..] if form == b"WAVE" => readable(Kind::Chunks),
        [b'R', b'F', b'6', b'4', ..] | [b'B', b'W', b'6', b'4', ..] => readable(Kind::Chunks),
        [b'F', b'O', b'R', b'M', ..] if form == b"AIFF" || form == b"AIFC" => {
            readable(Kind::Chunks)
        }
        [b'f', b'L', b'a', b'C', ..] => readable(Kind::Flac),
        [b'O', b'g', b'g', b'S', ..] => of_ogg(head),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => readable(Kind::Mp4),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => readable(Kind::Matroska),
        [b'c', b'a', b'f', b'f', ..] => readable(Kind::Caf),
        _ => match unreadable(head) {
            Some(name) => Content::Unreadable(name),
            None => match mpeg::first_frame(head) {
                Some((mpeg::Stream::Audio, at)) => Content::Readable(Kind::Mpeg, at as u64),
                Some((mpeg::Stream::Adts, at)) => Content::Readable(Kind::Adts, at as u64),
                None => Content::Unknown,
            },
        },
    }
}

/// An ogg file by the codec that its first page names.
fn of_ogg(head: &[u8]) -> Content {
    let segments = head.get(26).copied().map_or(0, usize::from);
    let codec = head.get(27 + segments..).unwrap_or_default();
    if codec.starts_with(b"OpusHead") {
        Content::Unreadable("Opus")
    } else if codec.starts_with(b"Speex   ") {
        Content::Unreadable("Speex")
    } else {
        Content::Readable(Kind::Ogg, 0)
    }
}

/// The name of a kind of sound that is not read.
fn unreadable(head: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 19] = [
        (b".snd", "Sun AU"),
        (b"dns.", "Sun AU"),
        (b"riff\x2e\x91\xcf\x11", "Sony W64"),
        (b"wvpk", "WavPack"),
        (b"MAC ", "Monkey's Audio"),
        (b"TTA1", "True Audio"),
        (b"TTA2", "True Audio"),
        (b"MPCK", "Musepack"),
        (b"MP+", "Musepack"),
        (b"DSD ", "DSD"),
        (b"FRM8", "DSD"),
        (b"#!AMR", "AMR"),
        (b".ra\xfd", "RealAudio"),
        (b".RMF", "RealMedia"),
        (b"Creative Voice File", "Creative Voice"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"),
        (b"OFR ", "OptimFROG"),
        (b"FLV\x01", "Flash video"),
        (b"ADIF", "AAC with an ADIF header"),
    ];
    let form = head.get(8..12).unwrap_or_default();
    if head.starts_with(b"RIFF") && form == b"AVI " {
        return Some("AVI");
    }
    if head.starts_with(b"FORM") && form == b"8SVX" {
        return Some("Amiga 8SVX");
    }
    BEGINNINGS.iter().find(|(begin, _)| head.starts_with(begin)).map(|(_, name)| *name)
}

/// The error about a file of a kind that is not read: its kind, and the line that converts it.
pub(super) fn refused(path: &Path, name: &str) -> Error {
    let line = conversion(path);
    Error::audio(path, format!("is {name}, which cannot be read; convert it: {line}"))
}

/// The line that converts a file to wav.
pub(super) fn conversion(path: &Path) -> String {
    let name = |path: &Path| {
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    let (file, wav) = (name(path), name(&path.with_extension("wav")));
    // A converted file must not replace the file that it is made from.
    let wav = if wav == file { format!("converted-{wav}") } else { wav };
    format!("ffmpeg -i {} {}", quoted(&file), quoted(&wav))
}

/// A file name as a shell takes it.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._-+".contains(c);
    if name.chars().all(plain) { name.into() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

/// The kind of a file that holds sound which can be read, and where the sound begins.
///
/// # Errors
/// [`Error::AudioFile`] names what it is instead; [`Error::Io`] if it cannot be read.
pub(super) fn readable(path: &Path, file: &mut (impl Read + Seek)) -> Result<(Kind, u64)> {
    match look(file).map_err(|source| Error::io(path, source))? {
        Content::Readable(kind, start) => Ok((kind, start)),
        Content::Unreadable(name) => Err(refused(path, name)),
        Content::Unknown => Err(Error::audio(
            path,
            "not a readable wav, aiff, flac, ogg vorbis, mp3, aac, m4a, caf or mkv file",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn content(bytes: &[u8]) -> Content {
        look(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn the_content_tells_the_kind() {
        let wav = Content::Readable(Kind::Chunks, 0);
        assert_eq!(content(b"RIFF\0\0\0\0WAVE"), wav);
        assert_eq!(content(b"RIFX\0\0\0\0WAVE"), wav);
        assert_eq!(content(b"RF64\xff\xff\xff\xffWAVE"), wav);
        assert_eq!(content(b"FORM\0\0\0\0AIFC"), wav);
        assert_eq!(content(b"RIFF\0\0\0\0AVI "), Content::Unreadable("AVI"));
        assert_eq!(content(b"\0\0\0\x20ftypM4A "), Content::Readable(Kind::Mp4, 0));
        assert_eq!(content(b".snd\0\0\0\x18"), Content::Unreadable("Sun AU"));
        assert_eq!(content(b"this is no sound"), Content::Unknown);
        assert_eq!(content(b""), Content::Unknown);
        assert_eq!(content(&[0; 5000]), Content::Unknown);
    }

    #[test]
    fn tags_before_the_sound_are_skipped() {
        let mut bytes = b"ID3\x04\0\0\0\0\x01\x02".to_vec();
        bytes.extend([0; 130]);
        bytes.extend(b"fLaC\0\0\0\x22");
        assert_eq!(content(&bytes), Content::Readable(Kind::Flac, 140));
        // A length far beyond the file is no sound at all.
        assert_eq!(content(b"ID3\x04\0\0\x7f\x7f\x7f\x7f"), Content::Unknown);
    }

    #[test]
    fn ogg_is_told_by_its_codec() {
        let page = |codec: &[u8]| {
            let mut bytes = b"OggS".to_vec();
            bytes.extend([0; 22]);
            bytes.extend([1, codec.len() as u8]);
            bytes.extend(codec);
            bytes
        };
        assert_eq!(content(&page(b"OpusHead")), Content::Unreadable("Opus"));
        assert_eq!(content(&page(b"\x01vorbis")), Content::Readable(Kind::Ogg, 0));
    }

    #[test]
    fn a_refusal_says_how_to_convert() {
        let line = |path: &str| refused(Path::new(path), "Opus").to_string();
        assert!(line("a/x.opus").ends_with("ffmpeg -i x.opus x.wav"), "{}", line("a/x.opus"));
        assert!(line("x.wav").ends_with("ffmpeg -i x.wav converted-x.wav"));
        assert!(line("my x.opus").ends_with("ffmpeg -i 'my x.opus' 'my x.wav'"));
    }
}
