//! The tensors of a network by their names, and layers made of them.

use std::collections::BTreeMap;

use super::layers::{Dense, Gru};
use crate::limits::{MAX_LAYER, MAX_ROWS};

/// A tensor of a state dict: shape and values, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Size of each dimension.
    pub shape: Vec<usize>,
    /// The values, last dimension fastest.
    pub data: Vec<f32>,
}

/// Tensors by their state-dict names.
pub type StateDict = BTreeMap<String, Tensor>;

/// Checks that tensors are neither empty nor too large, and that their values are finite.
pub(super) fn check(tensors: &StateDict) -> Result<(), String> {
    for (name, tensor) in tensors {
        if let Some(size) = tensor.shape.iter().find(|&&size| size == 0 || size > MAX_ROWS) {
            return Err(format!("tensor {name} has a dimension of {size}, wanted 1 to {MAX_ROWS}"));
        }
        if let Some(bad) = tensor.data.iter().find(|v| !v.is_finite()) {
            return Err(format!("tensor {name} holds {bad}, wanted finite weights"));
        }
    }
    Ok(())
}

/// Takes a tensor of a known shape out of the tensors.
pub(super) fn take_shaped(
    tensors: &mut StateDict,
    name: &str,
    shape: &[usize],
) -> Result<Tensor, String> {
    let tensor = take(tensors, name)?;
    if tensor.shape != shape || tensor.data.len() != shape.iter().product::<usize>() {
        return Err(format!("tensor {name} has shape {:?}, wanted {shape:?}", tensor.shape));
    }
    Ok(tensor)
}

fn take(tensors: &mut StateDict, name: &str) -> Result<Tensor, String> {
    tensors.remove(name).ok_or_else(|| format!("tensor {name} is missing"))
}

/// Takes a matrix and its bias out of the tensors. `size` is the number of inputs that it must have, if
/// known; it becomes the number of outputs.
pub(super) fn take_dense(
    tensors: &mut StateDict,
    weight_name: &str,
    bias_name: &str,
    size: &mut Option<usize>,
) -> Result<Dense, String> {
    let weight = take(tensors, weight_name)?;
    let bias = take(tensors, bias_name)?;
    let &[outputs, inputs] = weight.shape.as_slice() else {
        return Err(format!("tensor {weight_name} has shape {:?}, wanted a matrix", weight.shape));
    };
    if let Some(wanted) = *size
        && inputs != wanted
    {
        return Err(format!(
            "tensor {weight_name} has shape {:?}, wanted {wanted} columns",
            weight.shape
        ));
    }
    if inputs > MAX_LAYER {
        return Err(format!(
            "tensor {weight_name} has {inputs} columns, wanted at most {MAX_LAYER}"
        ));
    }
    if bias.shape != [outputs] {
        return Err(format!("tensor {bias_name} has shape {:?}, wanted [{outputs}]", bias.shape));
    }
    if weight.data.len() != outputs * inputs || bias.data.len() != outputs {
        return Err(format!("tensor {weight_name} holds another number of values than its shape"));
    }
    *size = Some(outputs);
    Ok(Dense::new(inputs, &weight.data, &bias.data))
}

pub(super) fn take_gru(
    tensors: &mut StateDict,
    index: usize,
    size: &mut Option<usize>,
) -> Result<Gru, String> {
    let names =
        ["weight_ih", "bias_ih", "weight_hh", "bias_hh"].map(|part| format!("gru.{part}_l{index}"));
    let input = take_dense(tensors, &names[0], &names[1], size)?;
    let hidden = take_dense(tensors, &names[2], &names[3], &mut None)?;
    let n = hidden.inputs();
    if hidden.outputs() != 3 * n {
        return Err(format!(
            "tensor {} has shape [{}, {n}], wanted [3 x hidden, hidden]",
            names[2],
            hidden.outputs()
        ));
    }
    if input.outputs() != 3 * n {
        return Err(format!(
            "tensor {} has {} rows, wanted {} (3 x hidden)",
            names[0],
            input.outputs(),
            3 * n
        ));
    }
    *size = Some(n);
    Ok(Gru::new(input, hidden))
}

/// Puts a layer's matrix and bias among the tensors.
pub(super) fn put_dense(
    tensors: &mut StateDict,
    weight_name: String,
    bias_name: String,
    layer: &Dense,
) {
    let (weight, bias) = layer.unpack();
    let shape = vec![layer.outputs(), layer.inputs()];
    tensors.insert(weight_name, Tensor { shape, data: weight });
    tensors.insert(bias_name, Tensor { shape: vec![layer.outputs()], data: bias });
}

/// Puts a recurrent layer among the tensors.
pub(super) fn put_gru(tensors: &mut StateDict, index: usize, layer: &Gru) {
    let (input, hidden) = layer.parts();
    for (part, layer) in [("ih", input), ("hh", hidden)] {
        let [weight, bias] = ["weight", "bias"].map(|kind| format!("gru.{kind}_{part}_l{index}"));
        put_dense(tensors, weight, bias, layer);
    }
}
