//! Reading and resampling audio.

use super::arguments;
use super::warned::{warn_of, warn_of_remarks};
use super::watched::run_quietly;
use crate::audio::{self, ReadOptions, WavSubtype};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;

/// Read an audio file as mono.
///
/// Wav, aiff, flac, ogg vorbis, MPEG layer 1 to 3, AAC, m4a, caf and mkv are read; the content of a
/// file decides, not its name. Integer samples of b bits are divided by 2^(b-1), as torchaudio
/// does. Of a damaged file, all is read that is there.
///
/// Parameters
/// ----------
/// path
///     The file.
/// sample_rate
///     Rate in Hz to resample to, 1 .. 1000000; the file's own where None.
/// channel
///     "mix" is the average of all channels, "left" the first and "right" the second. Of channels
///     whose mix is nearly silent, the left one is taken.
/// as_stored
///     Leave samples as they are in the file. Otherwise floating-point samples that reach beyond 8
///     are scaled to 1, and channels that cancel each other are not mixed.
///
/// Returns
/// -------
/// y
///     Samples, (n,), full scale at ±1.
/// sample_rate
///     Their rate, Hz.
///
/// Raises
/// ------
/// AudioFileError
///     The file is empty or not audio of these kinds, nothing of it can be decoded, it has no such
///     channel, or it holds samples that are not finite.
/// FileAccessError
///     The file cannot be read.
///
/// Warns
/// -----
/// AudioWarning
///     A part of the file is lost, or its samples were changed.
///
/// Examples
/// --------
/// >>> wms.save_audio("tone.wav", 0.5 * np.sin(0.1 * np.arange(44100)), 44100)
/// >>> y, sr = wms.load_audio("tone.wav", sample_rate=16000)
/// >>> y.shape, sr
/// ((16000,), 16000)
#[pyfunction]
#[pyo3(signature = (path, sample_rate = None, *, channel = "mix", as_stored = false))]
pub(super) fn load_audio<'py>(
    py: Python<'py>,
    path: PathBuf,
    sample_rate: Option<u32>,
    channel: &str,
    as_stored: bool,
) -> PyResult<(Bound<'py, PyArray1<f32>>, u32)> {
    let options = ReadOptions { channel: arguments::channel(channel)?, as_stored };
    let loaded = run_quietly(py, |_| audio::load(&path, sample_rate, options))?;
    let lines = loaded.warnings.iter().map(|line| format!("{}: {line}", path.display()));
    let lines: Vec<String> = lines.collect();
    warn_of(py, lines.iter().map(String::as_str))?;
    Ok((loaded.samples.into_pyarray(py), loaded.sample_rate))
}

/// Change the rate of a signal, as torchaudio.transforms.Resample does by default.
///
/// A sinc under a squared-cosine window of 6 zero crossings, cut off at 0.99 of the lower Nyquist
/// frequency (J. O. Smith, "Digital Audio Resampling").
///
/// Parameters
/// ----------
/// y
///     Samples, (n,), (channels, n) or (n, channels); channels are averaged.
/// orig_sr, target_sr
///     Rates, Hz, 1 .. 1000000.
///
/// Returns
/// -------
/// y
///     (ceil(n * target_sr / orig_sr),).
///
/// Raises
/// ------
/// ParameterError
///     The samples or a rate are not as said here.
///
/// Examples
/// --------
/// >>> wms.resample(np.zeros(44100), orig_sr=44100, target_sr=16000).shape
/// (16000,)
#[pyfunction]
#[pyo3(signature = (y, *, orig_sr, target_sr))]
pub(super) fn resample<'py>(
    y: &Bound<'py, PyAny>,
    orig_sr: u32,
    target_sr: u32,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let signal = arguments::signal(y)?;
    let py = y.py();
    let resampled = run_quietly(py, |_| audio::resample(&signal, orig_sr, target_sr))?;
    Ok(resampled.into_pyarray(py))
}

/// The audio files that a path, a folder or a list of them names.
///
/// Parameters
/// ----------
/// source
///     A folder stands for all audio files below it, sorted by path: those with an ending of audio
///     (.wav, .flac, .mp3, .m4a, ...) and others whose content is audio that can be read. Hidden
///     files are left out, and a file that several links lead to is listed once.
///
/// Raises
/// ------
/// AudioFileError
///     There is no such file or folder, or a folder holds no audio.
///
/// Warns
/// -----
/// AudioWarning
///     Something in a folder was left out: a file of a kind that is not read, a folder that cannot
///     be read, a pipe, or a second link to a file.
///
/// Examples
/// --------
/// >>> wms.save_audio("silence.wav", np.zeros(48000), 48000)
/// >>> [path.name for path in wms.list_audio(".")]
/// ['silence.wav']
#[pyfunction]
pub(super) fn list_audio(source: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    let (files, remarks) = arguments::audio_files(source)?;
    warn_of_remarks(source.py(), &remarks)?;
    Ok(files)
}

/// Write a wav file, whole or not at all.
///
/// Parameters
/// ----------
/// path
///     The file, whose name must not end as that of another kind of audio, such as .flac; an
///     existing one is replaced when the new one is complete.
/// y
///     Samples, (n,), (channels, n) or (n, channels): floats with full scale at ±1, or int16, int32
///     or uint8.
/// sample_rate
///     Their rate, Hz.
/// subtype
///     How the samples are stored, in soundfile's words: whole numbers of 16 or 24 bits, where
///     values beyond ±1 are clipped, or 32-bit floats, which keep them.
///
/// Raises
/// ------
/// ParameterError
///     The samples are of another kind, not finite, of another shape or too many for a wav file, or
///     the file's name is that of another kind.
/// FileAccessError
///     The file cannot be written.
///
/// Warns
/// -----
/// AudioWarning
///     Samples beyond full scale were clipped.
///
/// Examples
/// --------
/// >>> wms.save_audio("silence.wav", np.zeros((2, 48000)), 48000)
#[pyfunction]
#[pyo3(signature = (path, y, sample_rate, *, subtype = "PCM_24"))]
pub(super) fn save_audio(
    path: PathBuf,
    y: &Bound<'_, PyAny>,
    sample_rate: u32,
    subtype: &str,
) -> PyResult<()> {
    let subtype = WavSubtype::from_name(subtype)?;
    let (samples, channels) = arguments::interleaved(y)?;
    let write = || audio::write_wav(&path, &samples, channels, sample_rate, subtype);
    y.py().detach(write)?;
    let line = audio::clipped(&samples, subtype).map(|line| format!("{}: {line}", path.display()));
    warn_of(y.py(), line.as_deref())
}

/// Encode samples as a wav file in memory, byte for byte as `save_audio` writes it.
///
/// Parameters
/// ----------
/// y
///     Samples, (n,), (channels, n) or (n, channels): floats with full scale at ±1, or int16, int32
///     or uint8.
/// sample_rate
///     Their rate, Hz.
/// subtype
///     As for `save_audio`.
///
/// Raises
/// ------
/// ParameterError
///     As for `save_audio`.
///
/// Examples
/// --------
/// >>> len(wms.wav_bytes(np.zeros(16000), 16000, subtype="PCM_16"))
/// 32044
#[pyfunction]
#[pyo3(signature = (y, sample_rate, *, subtype = "PCM_24"))]
pub(super) fn wav_bytes<'py>(
    y: &Bound<'py, PyAny>,
    sample_rate: u32,
    subtype: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let subtype = WavSubtype::from_name(subtype)?;
    let (samples, channels) = arguments::interleaved(y)?;
    let encode = || audio::encode_wav(&samples, channels, sample_rate, subtype);
    Ok(PyBytes::new(y.py(), &y.py().detach(encode)?))
}

/// Read how many channels an audio file has, and its sample rate, without reading all of it.
///
/// Parameters
/// ----------
/// path
///     A file of a kind that `load_audio` reads.
///
/// Returns
/// -------
/// channels : int
///     Number of channels.
/// sample_rate : int
///     Samples of each channel in a second, Hz.
///
/// Raises
/// ------
/// AudioFileError
///     It is no audio file of these kinds.
/// FileAccessError
///     It cannot be read.
///
/// Examples
/// --------
/// >>> wms.save_audio("stereo.wav", np.zeros((2, 48000)), 48000)
/// >>> wms.audio_info("stereo.wav")
/// (2, 48000)
#[pyfunction]
pub(super) fn audio_info(py: Python<'_>, path: PathBuf) -> PyResult<(usize, u32)> {
    let info = py.detach(|| audio::info(&path))?;
    Ok((info.channels, info.sample_rate))
}
