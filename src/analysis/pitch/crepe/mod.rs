//! CREPE 'tiny': a convolutional network that finds the pitch of 1024 samples at 16 kHz (Kim,
//! Salamon, Li and Bello, "CREPE: A convolutional representation for pitch estimation", ICASSP
//! 2018).

pub(crate) mod bins;
mod decoder;
mod evidence;
// Code for an instruction set chosen at run time must be inlined into the function that enables it.
#[allow(clippy::inline_always)]
mod activation;
#[allow(clippy::inline_always)]
mod conv;
#[allow(clippy::inline_always)]
mod fft;
#[allow(clippy::inline_always)]
mod network;
mod periods;
pub(crate) mod recording;
mod repetition;
mod tracker;
mod weights;
#[allow(clippy::inline_always)]
mod whole_frames;

pub use bins::{bin_to_hz, bins_between};
pub use decoder::DecoderKind;

use crate::Watch;
use crate::{Error, Result};
use ndarray::Array2;
use network::{Chunk, Network, Scratch};
use rayon::prelude::*;
use std::sync::LazyLock;

/// The sample rate of the network's input.
pub const SAMPLE_RATE_HZ: f64 = 16000.0;
/// Pitch bins, 20 cents apart.
pub const BINS: usize = 360;
/// Length of a frame in samples at 16 kHz.
pub const FRAME: usize = 1024;
/// Features per frame that the convolutions compute.
const FEATURES: usize = 256;
/// Frames that a thread works on at a time: enough to use weights several times, few enough to stay in
/// cache.
const CHUNK_FRAMES: usize = 32;
/// Frames that are decoded at a time, which bounds memory.
const BLOCK_FRAMES: usize = 4096;

/// The network with its weights.
pub struct Crepe {
    network: Network,
}

impl Crepe {
    /// Prepares the network with its embedded weights. This takes a while; [`Crepe::shared`] does
    /// it once per process.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the embedded weights are damaged.
    pub fn new() -> Result<Self> {
        Ok(Self { network: Network::new(&weights::Weights::parse(weights::FILE)?) })
    }

    /// The network that the whole process shares; it is prepared at the first call.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the embedded weights are damaged.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: LazyLock<Result<Crepe>> = LazyLock::new(Crepe::new);
        SHARED.as_ref().map_err(|e| Error::parameter(e.to_string()))
    }

    /// Probability of every pitch bin in every frame of audio at 16 kHz.
    ///
    /// `hop` is in samples; the result has shape `(1 + n / hop, BINS)` for n samples. Frame `i` is
    /// centred on sample `i * hop`. The audio counts as silent beyond its ends and at samples that
    /// are NaN or infinite. Runs on rayon's current pool.
    ///
    /// # Errors
    /// [`Error::Parameter`] if `hop` is 0.
    pub fn probabilities(&self, audio: &[f32], hop: usize) -> Result<Array2<f32>> {
        check_hop(hop)?;
        self.probabilities_of(audio, &Grid::of(audio.len(), hop), &Watch::default())
    }

    /// Probability of every pitch bin in the frames of `grid`, see [`Self::probabilities`].
    ///
    /// # Errors
    /// [`Error::Interrupted`] if `watch` was stopped.
    pub fn probabilities_of(
        &self,
        audio: &[f32],
        grid: &Grid,
        watch: &Watch,
    ) -> Result<Array2<f32>> {
        let mut out = Array2::zeros((grid.frames, BINS));
        let blocks = out.as_slice_mut().unwrap_or_default().chunks_mut(BLOCK_FRAMES * BINS);
        for (block, rows) in blocks.enumerate() {
            watch.check()?;
            self.fill(audio, grid, block * BLOCK_FRAMES, rows);
        }
        Ok(out)
    }

    /// Fills `out` with the probabilities of the frames from `first` on.
    fn fill(&self, audio: &[f32], grid: &Grid, first: usize, out: &mut [f32]) {
        let arch = pulp::Arch::new();
        let chunks = out.par_chunks_mut(CHUNK_FRAMES * BINS).enumerate();
        chunks.for_each_init(Scratch::default, |scratch, (i, probabilities)| {
            let first = first + i * CHUNK_FRAMES;
            let frames = first..first + probabilities.len() / BINS;
            let frames: Vec<isize> = frames.map(|f| grid.start(f)).collect();
            arch.dispatch(Chunk {
                network: &self.network,
                audio,
                frames: &frames,
                probabilities,
                scratch,
            });
        });
    }
}

/// Where frames lie in audio at 16 kHz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Number of frames.
    pub frames: usize,
    /// Samples at 16 kHz from one frame's centre to the next; a fraction if the frames belong to
    /// audio at another rate.
    pub hop: f64,
    /// Number of the first frame; not 0 if these are the frames of a part of a recording.
    pub first: usize,
    /// Number of the first sample of that part in the recording.
    pub origin: usize,
}

impl Grid {
    fn of(samples: usize, hop: usize) -> Self {
        Self { frames: 1 + samples / hop, hop: hop as f64, first: 0, origin: 0 }
    }

    /// First sample of a frame, counted from `origin`.
    fn start(&self, frame: usize) -> isize {
        let centre = ((self.first + frame) as f64 * self.hop).round() as isize;
        centre - self.origin as isize - (FRAME / 2) as isize
    }
}

fn check_hop(hop: usize) -> Result<()> {
    if hop == 0 {
        return Err(Error::parameter("CREPE: hop is 0 samples, wanted 1 or more"));
    }
    Ok(())
}
