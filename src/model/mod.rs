//! Networks that turn timbral features into spectra, and the files that hold them.

pub mod activation;
mod analysis;
pub mod batch;
pub mod config;
mod directions;
#[cfg(feature = "factory")]
pub mod factory;
mod fields;
pub mod file;
mod half;
pub mod layers;
mod measuring;
pub mod network;
mod partials;
mod playable;
mod projection;
mod reduced;
pub mod sections;
mod state_dict;
pub mod wms_torch;

pub use analysis::Difference;
pub use batch::{Batch, BatchNetwork, Precision};
pub use config::{F0Mapping, InputScaling, ModelConfig, SpectrumLayout, Statistics};
pub use file::Model;
pub use network::{Generation, Network, State};
pub use projection::Projection;
pub use reduced::VOICES_PER_BATCH;
pub use sections::Sections;
