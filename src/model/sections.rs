//! Named parts of a model file beside the network and its description.
//!
//! A section has a text, which is JSON, and tensors of any kind. Whoever knows a section reads it; all
//! others are kept as they are when a file is read and written again. `docs/model_file.md` describes
//! the sections that this program knows.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, TensorView};

use super::network::Tensor;
use crate::{Error, Result};

/// What the names of a section's metadata and tensors begin with in a file.
const PREFIX: &str = "sections.";

/// A tensor of a section, as it is in the file.
#[derive(Clone, Debug, PartialEq)]
struct Stored {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// The sections of a model file.
///
/// Texts go by the name of their section; tensors by the name of their section, a dot, and a name of
/// their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sections {
    texts: BTreeMap<String, String>,
    tensors: BTreeMap<String, Stored>,
}

impl Sections {
    /// Whether there is no section.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.tensors.is_empty()
    }

    /// The names of the sections, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let of_tensors = self.tensors.keys().map(|name| section_of(name));
        let mut names: Vec<&str> =
            self.texts.keys().map(String::as_str).chain(of_tensors).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }

    /// The text of a section, if the file has it.
    pub fn text(&self, section: &str) -> Option<&str> {
        self.texts.get(section).map(String::as_str)
    }

    /// The values of a tensor of single-precision floats of a section.
    ///
    /// # Errors
    /// [`Error::Parameter`] if it is missing or of another kind.
    pub fn floats(&self, section: &str, name: &str) -> Result<Tensor> {
        let wrong = |what: &str| {
            Error::parameter(format!("tensor {PREFIX}{section}.{name} {what}, wanted F32"))
        };
        let stored = self.tensors.get(&format!("{section}.{name}"));
        let stored = stored.ok_or_else(|| wrong("is missing"))?;
        if stored.dtype != Dtype::F32 {
            return Err(wrong(&format!("is {:?}", stored.dtype)));
        }
        let values = stored.bytes.chunks_exact(4);
        let data = values.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        Ok(Tensor { shape: stored.shape.clone(), data })
    }

    /// Sets the text of a section.
    pub fn put_text(&mut self, section: &str, text: String) {
        self.texts.insert(section.to_owned(), text);
    }

    /// Sets a tensor of single-precision floats of a section.
    pub fn put_floats(&mut self, section: &str, name: &str, tensor: &Tensor) {
        let bytes = tensor.data.iter().flat_map(|value| value.to_le_bytes()).collect();
        let stored = Stored { dtype: Dtype::F32, shape: tensor.shape.clone(), bytes };
        self.tensors.insert(format!("{section}.{name}"), stored);
    }

    /// Removes a section, its text and its tensors.
    pub fn remove(&mut self, section: &str) {
        self.texts.remove(section);
        self.tensors.retain(|name, _| section_of(name) != section);
    }

    /// The texts of the sections in a file's metadata.
    pub(super) fn from_metadata(metadata: &HashMap<String, String>) -> Self {
        let sections = metadata
            .iter()
            .filter_map(|(key, text)| Some((key.strip_prefix(PREFIX)?.to_owned(), text.clone())));
        Self { texts: sections.collect(), tensors: BTreeMap::new() }
    }

    /// Takes in a tensor of a file, and returns whether it belongs to a section.
    pub(super) fn take(&mut self, name: &str, view: &TensorView<'_>) -> bool {
        let Some(name) = name.strip_prefix(PREFIX) else { return false };
        let stored = Stored {
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            bytes: view.data().to_vec(),
        };
        self.tensors.insert(name.to_owned(), stored);
        true
    }

    /// The texts as metadata of a file.
    pub(super) fn metadata(&self) -> impl Iterator<Item = (String, String)> {
        self.texts.iter().map(|(section, text)| (format!("{PREFIX}{section}"), text.clone()))
    }

    /// The tensors by their names in a file: kind, shape and bytes.
    pub(super) fn tensors(&self) -> impl Iterator<Item = (String, Dtype, &[usize], &[u8])> {
        self.tensors.iter().map(|(name, stored)| {
            (format!("{PREFIX}{name}"), stored.dtype, stored.shape.as_slice(), &stored.bytes[..])
        })
    }
}

/// The section that a tensor belongs to.
fn section_of(tensor: &str) -> &str {
    tensor.split_once('.').map_or(tensor, |(section, _)| section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_removed_whole_and_alone() {
        let mut sections = Sections::default();
        assert!(sections.is_empty());
        let tensor = Tensor { shape: vec![2], data: vec![1.0, -2.5] };
        sections.put_text("notes", "{}".into());
        sections.put_floats("notes", "level.db", &tensor);
        sections.put_floats("map", "places", &tensor);
        assert_eq!(sections.names().collect::<Vec<_>>(), ["map", "notes"]);
        assert_eq!(sections.floats("notes", "level.db").unwrap(), tensor);
        sections.remove("notes");
        assert_eq!(sections.names().collect::<Vec<_>>(), ["map"]);
        assert_eq!(sections.text("notes"), None);
        let message = sections.floats("map", "keys").unwrap_err().to_string();
        assert_eq!(message, "tensor sections.map.keys is missing, wanted F32");
    }
}
