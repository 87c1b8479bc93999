//! Analysed recordings: frames of features and spectra, and the files they are kept in.
//!
//! [`analyze_files`] and [`analyze_signals`] turn recordings into [`Frames`] in memory. A [`Store`]
//! keeps them in a folder instead, one file (a shard) for each recording, and analyses only what is
//! new. A recording is analysed in passages of a few thousand frames, so that memory does not grow
//! with its length.

mod analyze;
mod band;
mod builder;
mod check;
mod failures;
mod fingerprint;
mod frames;
mod frames_file;
mod header;
mod heard;
mod index;
mod joined;
mod loudness;
mod notes;
mod passage_analysis;
mod passages;
mod reader;
mod recording;
mod selection;
mod shard;
mod source;
mod store;
mod stored;
mod tones;
mod workers;
mod writer;

pub use analyze::{analyze_files, analyze_signals};
pub use band::band_limit_hz;
pub use check::{Finding, Report};
#[cfg(feature = "python")]
pub(crate) use failures::is_about;
pub use frames::{Frames, Remark, Skipped, StoredFeatures};
pub use index::Entry;
pub use loudness::frame_loudness_db;
pub use notes::{Note, find_notes, find_notes_in};
pub use recording::Recording;
pub use store::Store;
pub use stored::Stored;

use crate::Result;
use std::path::Path;

/// Opens frames that were saved: a file that [`Frames::save`] wrote, which is mapped into memory,
/// or the folder of a [`Store`], whose recordings are joined in memory.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if something cannot be read,
/// [`Error::FeatureFile`](crate::Error::FeatureFile) if it is neither of these.
pub fn load(path: &Path) -> Result<Frames> {
    if path.is_dir() { Store::open(path)?.load() } else { Frames::load(path) }
}
