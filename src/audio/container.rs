//! Opens a sound file by its content, for symphonia to read.

use super::chunks;
use super::flac;
use super::kind::{self, Kind};
use super::layout::Coding;
use super::mpeg_frames::{Losses, MpegFrames};
use super::ogg;
use super::splice::{Change, Splice};
use crate::{Error, Result};
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use symphonia::core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known,
};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::default::formats::{
    AdtsReader, CafReader, FlacReader, IsoMp4Reader, MkvReader, MpaReader, OggReader, WavReader,
};

/// Frames that a packet may have; no format here has as many.
const MOST_PACKET_FRAMES: u64 = 1 << 20;

/// A file that was opened.
pub(super) struct Container {
    pub kind: Kind,
    pub format: Box<dyn FormatReader>,
    /// Whether samples are known to be floating-point numbers.
    pub is_float: bool,
    /// Frames to be given, of a sound whose last block is padded.
    pub most: Option<u64>,
    /// What is left out of MPEG audio; `None` for other sound.
    pub losses: Option<Arc<Losses>>,
    /// What is wrong with the file.
    pub warnings: Vec<String>,
}

impl Container {
    /// Opens a file by its content.
    ///
    /// # Errors
    /// [`Error::AudioFile`] if it holds no sound that can be read, [`Error::Io`] if it cannot be
    /// read.
    pub fn open(path: &Path, mut file: File) -> Result<Self> {
        let io = |source| Error::io(path, source);
        let end = file.metadata().map_err(io)?.len();
        let (kind, start) = kind::readable(path, &mut file)?;
        let rest = |file| Splice::new(Vec::new(), file, start, end - start, Change::None);
        let mut warnings = Vec::new();
        let (mut is_float, mut most, mut losses) = (false, None, None);
        let mut open_mpeg = |source| {
            let frames = MpegFrames::new(source);
            losses = Some(frames.losses());
            boxed(MpaReader::try_new(stream(frames), FormatOptions::default()))
        };
        let format = match kind {
            Kind::Chunks => {
                let (sound, file) = chunks::find_sound(path, file, start)?;
                warnings.clone_from(&sound.warnings);
                (is_float, most) = (sound.is_float(), sound.layout.frames);
                let source = sound.source(file);
                if sound.layout.coding == Coding::Mpeg {
                    open_mpeg(source)
                } else {
                    boxed(WavReader::try_new(stream(source), FormatOptions::default()))
                }
            }
            Kind::Mpeg => open_mpeg(rest(file)),
            Kind::Flac => {
                let source = flac::source(file, start).map_err(io)?;
                boxed(FlacReader::try_new(stream(source), FormatOptions::default()))
            }
            Kind::Ogg => {
                if !ogg::is_whole(&mut file, end).map_err(io)? {
                    warnings.push("is cut short: the end of its sound is missing".into());
                }
                boxed(OggReader::try_new(stream(rest(file)), FormatOptions::default()))
            }
            Kind::Adts => boxed(AdtsReader::try_new(stream(rest(file)), FormatOptions::default())),
            Kind::Mp4 => boxed(IsoMp4Reader::try_new(stream(rest(file)), FormatOptions::default())),
            Kind::Matroska => {
                boxed(MkvReader::try_new(stream(rest(file)), FormatOptions::default()))
            }
            Kind::Caf => boxed(CafReader::try_new(stream(rest(file)), FormatOptions::default())),
        }
        .map_err(|error| damaged_header(path, &error))?;
        Ok(Self { kind, format, is_float, most, losses, warnings })
    }
}

fn boxed<F: FormatReader + 'static>(
    format: symphonia::core::errors::Result<F>,
) -> std::result::Result<Box<dyn FormatReader>, SymphoniaError> {
    format.map(|format| Box::new(format) as Box<dyn FormatReader>)
}

fn stream(source: impl MediaSource + 'static) -> MediaSourceStream<'static> {
    MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default())
}

/// The track of a file that holds sound, and its decoder.
///
/// If `gapless` is true, the decoder leaves out what the encoder filled the sound up with.
pub(super) fn track(
    path: &Path,
    format: &dyn FormatReader,
    gapless: bool,
) -> Result<(u32, Box<dyn AudioDecoder>)> {
    let track = format
        .default_track(TrackType::Audio)
        .ok_or_else(|| Error::audio(path, "holds no sound"))?;
    let params = track
        .codec_params
        .as_ref()
        .and_then(|params| params.audio())
        .ok_or_else(|| kind::refused(path, "sound of an unknown kind"))?;
    let mut params = params.clone();
    // Decoders make room for as many frames as the header says a packet may have.
    params.max_frames_per_packet =
        params.max_frames_per_packet.filter(|frames| *frames <= MOST_PACKET_FRAMES);
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&params, &AudioDecoderOptions::default().gapless(gapless))
        .map_err(|error| undecodable(path, &params, &error))?;
    Ok((track.id, decoder))
}

/// The error about a file whose sound has no decoder here, or a damaged description.
fn undecodable(path: &Path, params: &AudioCodecParameters, error: &SymphoniaError) -> Error {
    let name = match params.codec {
        well_known::CODEC_ID_OPUS => "Opus",
        well_known::CODEC_ID_SPEEX => "Speex",
        well_known::CODEC_ID_AC3 | well_known::CODEC_ID_EAC3 => "Dolby Digital",
        well_known::CODEC_ID_DCA => "DTS",
        well_known::CODEC_ID_WAVPACK => "WavPack",
        well_known::CODEC_ID_ADPCM_IMA_QT => "IMA4 ADPCM",
        well_known::CODEC_ID_AAC => "AAC of an unusual kind",
        _ => {
            let line = kind::conversion(path);
            return Error::audio(path, format!("cannot be decoded ({error}); convert it: {line}"));
        }
    };
    kind::refused(path, name)
}

pub(super) fn is_float(codec: AudioCodecId) -> bool {
    matches!(
        codec,
        well_known::CODEC_ID_PCM_F32LE
            | well_known::CODEC_ID_PCM_F32BE
            | well_known::CODEC_ID_PCM_F64LE
            | well_known::CODEC_ID_PCM_F64BE
    )
}

fn damaged_header(path: &Path, error: &SymphoniaError) -> Error {
    let reason = match error {
        SymphoniaError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            "it ends within its header".into()
        }
        other => other.to_string(),
    };
    let line = kind::conversion(path);
    Error::audio(
        path,
        format!(
            "is not readable audio, or damaged: {reason}; if a player plays it, convert it: {line}"
        ),
    )
}
