//! `.pth` files: a zip archive of a pickled dict and the bytes of its tensors.

use super::archive::{Members, members};
use super::pickle::{Element, View, state_dict};
use super::shown;
use crate::model::network::{StateDict, Tensor};

/// Reads the tensors, row-major.
pub(super) fn read(bytes: &[u8]) -> Result<StateDict, String> {
    let members = members(bytes)?;
    let (name, pickle) = members
        .iter()
        .find(|(name, _)| *name == "data.pkl" || name.ends_with("/data.pkl"))
        .ok_or("a zip archive that torch.save did not write (it has no data.pkl)")?;
    let folder = name.strip_suffix("data.pkl").unwrap_or_default();
    if let Some(order) = members.get(&format!("{folder}byteorder"))
        && **order != *b"little"
    {
        return Err("written on a machine of another byte order".into());
    }
    let mut tensors = StateDict::new();
    // Views can share a storage; their copies may not take more room than the file has.
    let mut room = bytes.len() / size_of::<f32>();
    for (name, view) in state_dict(pickle)? {
        let tensor = copy(&view, &members, folder, &mut room)
            .map_err(|message| format!("tensor {} {message}", shown(&name)))?;
        if tensors.insert(name.to_string(), tensor).is_some() {
            return Err(format!("tensor {} is there twice", shown(&name)));
        }
    }
    Ok(tensors)
}

fn copy(
    view: &View,
    members: &Members<'_>,
    folder: &str,
    room: &mut usize,
) -> Result<Tensor, String> {
    let View { storage, offset, shape, stride } = view;
    let bytes = *members
        .get(&format!("{folder}data/{}", storage.key))
        .ok_or_else(|| format!("is missing its data (member {})", shown(&storage.key)))?;
    if shape.len() != stride.len() || shape.len() > 3 {
        return Err(format!("has {} dimensions and {} strides", shape.len(), stride.len()));
    }
    let size = match storage.element {
        Element::F32 => 4,
        Element::F64 => 8,
    };
    let available = bytes.len() / size;
    let beyond = || format!("of shape {shape:?} goes beyond its {available} stored values");
    let count = shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size)).ok_or_else(beyond)?;
    *room = room.checked_sub(count).filter(|_| count <= available).ok_or_else(beyond)?;
    let last = shape.iter().zip(stride).try_fold(*offset, |at, (&size, &stride)| {
        at.checked_add(size.saturating_sub(1).checked_mul(stride)?)
    });
    if count > 0 && last.is_none_or(|last| last >= available) {
        return Err(beyond());
    }
    let value = |at: usize| match (storage.element, &bytes[at * size..]) {
        (Element::F32, &[a, b, c, d, ..]) => f32::from_le_bytes([a, b, c, d]),
        (Element::F64, &[a, b, c, d, e, f, g, h, ..]) => {
            f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32
        }
        _ => f32::NAN,
    };
    let mut data = Vec::with_capacity(count);
    for number in 0..count {
        let (mut at, mut rest) = (*offset, number);
        for (&size, &stride) in shape.iter().zip(stride).rev() {
            at += rest % size * stride;
            rest /= size;
        }
        data.push(value(at));
    }
    Ok(Tensor { shape: shape.clone(), data })
}
