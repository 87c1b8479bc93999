//! Hashes of everything that an analysis depends on: the recording's bytes and the parameters that
//! the analysis reads.

use crate::audio::Channel;
use crate::params::{AnalysisParams, PitchMethod};
use crate::{Error, Params, Result, Watch};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

/// To be raised whenever the same recording and parameters no longer give the same results as in
/// earlier versions.
const ANALYSIS_VERSION: u32 = 3;
/// Hexadecimal digits of a recording's hash.
const CONTENT_DIGITS: usize = 32;
/// Hexadecimal digits of the parameters' hash.
const PARAMS_DIGITS: usize = 16;

/// File name ending of shards.
const SHARD_ENDING: &str = ".safetensors";

/// Name of the shard of a recording whose bytes and parameters have these hashes.
pub(super) fn shard_name(content_hash: &str, params_hash: &str) -> String {
    format!("{content_hash}-{params_hash}{SHARD_ENDING}")
}

/// Whether a file of this name may be a shard.
pub(super) fn is_shard_name(name: &str) -> bool {
    let hashes = name.strip_suffix(SHARD_ENDING).unwrap_or_default();
    !hashes.is_empty() && hashes.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// A copy of these parameters in which everything that the analysis does not read has its default.
///
/// # Errors
/// Valid parameters give no error.
pub(super) fn relevant(params: &Params) -> Result<Params> {
    Params::default().replace(relevant_keys(params.analysis()))
}

fn relevant_keys(analysis: &AnalysisParams) -> Map<String, Value> {
    // Naming every field makes the compiler complain if a new one is forgotten here.
    let AnalysisParams {
        sample_rate,
        hop_size,
        window_size,
        n_fft,
        n_bins,
        cycles_per_window,
        n_mfcc,
        n_mel,
        f_low_hz,
        f_high_hz,
        pitch_method,
        include_voicedness: _,
        compatibility: _,
    } = analysis;
    let (method, include_voicedness) = match pitch_method {
        PitchMethod::Crepe => ("crepe", true),
        PitchMethod::Pyin => ("pyin", true),
        PitchMethod::Yin => ("yin", false),
    };
    let keys = json!({
        "sample_rate": sample_rate,
        "hop_size": hop_size,
        "window_size": window_size,
        "n_fft": n_fft,
        "n_fft_preserved": n_bins,
        "cycles_per_window": cycles_per_window,
        "n_mfcc": n_mfcc,
        "n_mel": n_mel,
        "f_low": f_low_hz,
        "f_high": f_high_hz,
        "pitch_detection_method": method,
        "include_voicedness": include_voicedness,
    });
    match keys {
        Value::Object(keys) => keys,
        _ => Map::new(),
    }
}

/// A hash of the parameters that the analysis reads, and of the channel of the recordings.
pub(super) fn of_params(analysis: &AnalysisParams, channel: Channel) -> String {
    let keys = Value::Object(relevant_keys(analysis));
    let mut hash = Sha256::new();
    hash.update(format!("wms analysis {ANALYSIS_VERSION} {} {keys}", channel.name()));
    digits(hash, PARAMS_DIGITS)
}

/// A hash of a file's bytes.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Interrupted`] if `watch` was stopped.
pub(super) fn of_content(path: &Path, watch: &Watch) -> Result<String> {
    let io = |source| Error::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        watch.check()?;
        match file.read(&mut block).map_err(io)? {
            0 => return Ok(digits(hash, CONTENT_DIGITS)),
            read => hash.update(&block[..read]),
        }
    }
}

fn digits(hash: Sha256, count: usize) -> String {
    let mut text = String::with_capacity(count);
    for byte in hash.finalize().iter().take(count / 2) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A file's length in bytes and time of modification, which change when it is written to.
pub(super) type FileState = (u64, Option<SystemTime>);

/// The state of a file now.
///
/// # Errors
/// [`Error::Io`] if its metadata cannot be read.
pub(super) fn file_state(path: &Path) -> Result<FileState> {
    let state = |metadata: Metadata| (metadata.len(), metadata.modified().ok());
    std::fs::metadata(path).map(state).map_err(|source| Error::io(path, source))
}
