//! `rt_model` files: a state dict as JSON, tensors as nested lists.

use serde_json::Value;

use super::shown;
use crate::model::network::{StateDict, Tensor};

/// Longest text that is read, more than the largest usual network needs: parsed it takes ten times the
/// memory.
const MAX_BYTES: usize = 1 << 27;

/// Reads the tensors.
pub(super) fn read(bytes: &[u8]) -> Result<StateDict, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("{} bytes of JSON are too many for a model", bytes.len()));
    }
    let value = serde_json::from_slice(bytes)
        .map_err(|error| format!("truncated, or no JSON of weights ({error})"))?;
    let Value::Object(entries) = value else { return Err("it holds no tensors".into()) };
    let mut tensors = StateDict::new();
    for (name, value) in entries {
        let mut tensor = Tensor { shape: Vec::new(), data: Vec::new() };
        let mut inner = &value;
        while let Value::Array(items) = inner {
            tensor.shape.push(items.len());
            inner = items.first().unwrap_or(&Value::Null);
        }
        if tensor.shape.is_empty() || !flatten(&value, &tensor.shape, &mut tensor.data) {
            return Err(format!(
                "entry {} is no tensor of numbers, wanted an rt_model of wms_torch",
                shown(&name)
            ));
        }
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

/// Appends the numbers of a nested list; returns `false` if the list has another shape.
fn flatten(value: &Value, shape: &[usize], data: &mut Vec<f32>) -> bool {
    match (value, shape.split_first()) {
        (Value::Array(items), Some((&size, rest))) => {
            items.len() == size && items.iter().all(|item| flatten(item, rest, data))
        }
        (Value::Number(number), None) => {
            data.extend(number.as_f64().map(|number| number as f32));
            true
        }
        _ => false,
    }
}
