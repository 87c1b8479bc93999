//! Networks that map timbral features to spectra, and the files they are kept in.

pub mod activation;
pub mod batch;
pub mod config;
#[cfg(feature = "factory")]
pub mod factory;
pub mod file;
mod half;
pub mod layers;
pub mod network;
mod projection;
mod reduced;
pub mod wms_torch;

pub use batch::{Batch, BatchNetwork, Precision};
pub use config::{F0Mapping, ModelConfig, Scaler, SpectrumLayout, Statistics};
pub use file::Model;
pub use network::{Generation, Network, State};
pub use projection::Projection;
pub use reduced::VOICES_PER_BATCH;
