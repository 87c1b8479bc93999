//! Analysed recordings: frames of features and spectra, and the files they are kept in.

mod analyze;
mod column;
mod file;
mod frames;
mod header;
mod key;
mod lanes;
mod passages;
mod recording;
mod shard;
mod store;
mod writer;

pub use analyze::{Recording, analyze_files, analyze_signals};
pub use column::Column;
pub use frames::{Features, Frames, Skipped};
pub use shard::Entry;
pub use store::Store;
#[cfg(feature = "python")]
pub(crate) use store::concerns;
