//! Turns recordings into training frames, and plays the networks that were trained on them.
//!
//! [`analyze_files`](corpus::analyze_files) and [`Store`](corpus::Store) turn recordings into
//! frames of features and spectra, with the settings in [`Params`]. [`Engine`](synth::Engine) plays
//! a trained [`Model`](model::Model). The rest of this page is the project's README.
//!
// The README's links, seen from where `cargo doc` puts this page; the first definition of a link counts.
//! [CONTRIBUTING.md]: ../../../CONTRIBUTING.md
//! [demo/README.md]: ../../../demo/README.md
//! [docs/architecture.md]: ../../../docs/architecture.md
//! [docs/demo.png]: ../../../docs/demo.png
//! [docs/factory.md]: ../../../docs/factory.md
//! [factory/CREDITS.md]: ../../../factory/CREDITS.md
//! [docs/images/editor_playing.png]: ../../../docs/images/editor_playing.png
//! [docs/model_file.md]: ../../../docs/model_file.md
//! [docs/pacmap.md]: ../../../docs/pacmap.md
//! [docs/pitch.md]: ../../../docs/pitch.md
//! [docs/plugin.md]: ../../../docs/plugin.md
//! [docs/training.md]: ../../../docs/training.md
//! [examples/listening_sweep.py]: ../../../examples/listening_sweep.py
//! [notebooks/01_features.ipynb]: ../../../notebooks/01_features.ipynb
//! [notebooks/02_train.ipynb]: ../../../notebooks/02_train.ipynb
//! [notebooks/03_evaluate.ipynb]: ../../../notebooks/03_evaluate.ipynb
//! [notebooks/04_timbre_space.ipynb]: ../../../notebooks/04_timbre_space.ipynb
//! [notebooks/05_to_the_daw.ipynb]: ../../../notebooks/05_to_the_daw.ipynb
//! [params.json]: ../../../params.json
//! [plugin/assets/Inter-LICENSE.txt]: ../../../plugin/assets/Inter-LICENSE.txt
//! [src/analysis/pitch/crepe/LICENSE-torchcrepe]: ../../../src/analysis/pitch/crepe/LICENSE-torchcrepe
//! [tests/python/test_golden_analysis.py]: ../../../tests/python/test_golden_analysis.py
//! [tools/listening/page.py]: ../../../tools/listening/page.py
#![doc = ""]
#![doc = include_str!("../README.md")]

pub mod analysis;
pub mod audio;
pub mod corpus;
pub mod error;
mod files;
mod limits;
mod mel_scale;
pub mod midi;
pub mod model;
pub mod params;
mod spelling;
pub mod synth;
pub mod timbre;
mod watch;

// Its examples are Python: rustdoc must not run them.
#[cfg(all(feature = "python", not(doctest)))]
mod python;

pub use error::{Error, Result};
pub use params::Params;
pub use watch::Watch;
