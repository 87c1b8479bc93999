//! CREPE 'tiny': pitch by a convolutional network on 1024 samples at 16 kHz (Kim, Salamon, Li and
//! Bello, "CREPE: A convolutional representation for pitch estimation", ICASSP 2018).

mod conv;
pub mod decode;
mod fft;
mod network;
mod weights;

use crate::{Error, Result};
use ndarray::Array2;
use network::{Chunk, Network, Scratch};
use rayon::prelude::*;
use std::sync::LazyLock;

/// The only sample rate that the network knows.
pub const SAMPLE_RATE_HZ: f64 = 16000.0;
/// Pitch bins, 20 cents apart.
pub const BINS: usize = 360;
/// Samples that a frame covers.
pub const FRAME: usize = 1024;
/// What the convolutions leave of a frame.
const FEATURES: usize = 256;
/// Frames that a thread works on at a time: enough to use weights and shared quarters several
/// times, few enough to stay in cache.
const CHUNK: usize = 32;

/// The network with its weights.
pub struct Crepe {
    network: Network,
}

impl Crepe {
    /// The network with the embedded weights; [`Crepe::shared`] does this once a process.
    ///
    /// # Errors
    /// Where the embedded weights are damaged.
    pub fn new() -> Result<Self> {
        Ok(Self { network: Network::new(&weights::Weights::parse(weights::FILE)?) })
    }

    /// The network, prepared at the first call.
    ///
    /// # Errors
    /// Where the embedded weights are damaged.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: LazyLock<Result<Crepe>> = LazyLock::new(Crepe::new);
        SHARED.as_ref().map_err(|e| Error::parameter(e.to_string()))
    }

    /// Probability of every pitch bin, `(1 + samples / hop, BINS)`, of audio at 16 kHz.
    ///
    /// Frame `i` is centred on sample `i * hop`; beyond its ends, and where it is not finite, the
    /// audio counts as silent. Runs on rayon's current pool.
    ///
    /// # Errors
    /// Where `hop` is 0.
    pub fn probabilities(&self, audio: &[f32], hop: usize) -> Result<Array2<f32>> {
        if hop == 0 {
            return Err(Error::parameter("CREPE: hop is 0 samples, wanted 1 or more"));
        }
        let mut out = Array2::zeros((1 + audio.len() / hop, BINS));
        let arch = pulp::Arch::new();
        let chunks = out.as_slice_mut().unwrap_or_default().par_chunks_mut(CHUNK * BINS);
        chunks.enumerate().for_each_init(Scratch::default, |scratch, (i, probabilities)| {
            let first = i * CHUNK;
            let frames = first..first + probabilities.len() / BINS;
            let frames: Vec<isize> =
                frames.map(|f| (f * hop) as isize - (FRAME / 2) as isize).collect();
            let network = &self.network;
            arch.dispatch(Chunk { network, audio, frames: &frames, probabilities, scratch });
        });
        Ok(out)
    }
}
