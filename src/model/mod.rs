//! Networks that map timbral features to spectra, and the files they are kept in.

pub mod activation;
pub mod config;
pub mod file;
pub mod layers;
pub mod network;
pub mod wms_torch;

pub use config::{F0Mapping, ModelConfig, Scaler, SpectrumLayout, Statistics};
pub use file::Model;
pub use network::{Generation, Network, State};
