//! `params.json`: all settings of analysis and training. They are checked when the file is read.
//!
//! The file is one flat JSON object that `wms_torch` reads too: its keys come first, this project's
//! own follow. [`KEYS`] lists them with ranges, defaults and meanings. Keys that end in `_comment`
//! or begin with `___NOT` are notes for the reader; they are kept and not checked.

mod analysis;
mod key;
mod table;

use crate::error::{Error, Result};
use crate::spelling::nearest;
pub(crate) use analysis::LIBROSA_BANDS;
pub use analysis::{AnalysisParams, Compatibility, PitchMethod};
pub use key::{Key, Kind, Section};
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::path::Path;
pub use table::KEYS;

/// A complete and valid set of parameters for analysis and training.
///
/// [`Params::default`] holds the values of the `params.json` that comes with this project. Two sets
/// are equal if all their keys have equal values, whatever their notes say.
///
/// # Examples
/// ```
/// use wms::Params;
///
/// let params = Params::profile("hifi")?;
/// assert_eq!(params.analysis().sample_rate, 44_100);
/// # Ok::<(), wms::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Params {
    /// All keys in the order of the file, with the notes.
    document: Map<String, Value>,
    analysis: AnalysisParams,
}

const SHIPPED: &str = include_str!("../params.json");

/// Name and JSON text of every profile.
const PROFILES: &[(&str, &str)] =
    &[("default", SHIPPED), ("hifi", include_str!("../python/wms/profiles/hifi.json"))];

impl Default for Params {
    fn default() -> Self {
        Self::from_json(SHIPPED).expect("the shipped params.json is valid: a test loads it")
    }
}

impl PartialEq for Params {
    fn eq(&self, other: &Self) -> bool {
        KEYS.iter().all(|key| match (self.get(key.name), other.get(key.name)) {
            (Some(own), Some(given)) => same(own, given),
            (own, given) => own == given,
        })
    }
}

impl Eq for Params {}

impl Hash for Params {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for value in KEYS.iter().filter_map(|key| self.get(key.name)) {
            match value.as_f64() {
                // Adding 0 makes -0 the same as 0.
                Some(number) => (number + 0.0).to_bits().hash(state),
                None => value.to_string().hash(state),
            }
        }
    }
}

impl Params {
    /// The built-in parameters of this name: `default` is the `params.json` that comes with this
    /// project, `hifi` covers the whole audible band at 44.1 kHz.
    ///
    /// # Errors
    /// [`Error::Parameter`] if there is no such profile, listing those that exist.
    pub fn profile(name: &str) -> Result<Self> {
        if let Some((_, text)) = PROFILES.iter().find(|(known, _)| *known == name) {
            return Self::from_json(text);
        }
        let names: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        Err(Error::parameter(format!("there is no profile \"{name}\", wanted one of {names}")))
    }

    /// Reads and checks a `params.json`.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Parameter`] as for
    /// [`Params::from_json`], with the file's name in front.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, source))?;
        Self::from_json(&text)
            .map_err(|error| Error::Parameter(format!("{}: {error}", path.display())))
    }

    /// Parses the text of a `params.json`.
    ///
    /// All keys of `wms_torch` must be present. A missing key of this project's own gets its
    /// default.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the key, the value given and what is wanted.
    pub fn from_json(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Error::Parameter(format!("not valid JSON: {error}")))?;
        match value {
            Value::Object(map) => Self::from_map(map),
            other => Err(Error::Parameter(format!(
                "a params.json holds {}, wanted one JSON object",
                short(&other)
            ))),
        }
    }

    /// Parameters from a map of keys, checked as by [`Params::from_json`].
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the key, the value given and what is wanted.
    pub fn from_map(map: Map<String, Value>) -> Result<Self> {
        let mut document = map;
        refuse_missing(&document)?;
        for (name, value) in document.iter().filter(|(name, _)| !is_note(name)) {
            find(name)?.check(value)?;
        }
        for key in KEYS {
            if !document.contains_key(key.name) {
                document.insert(key.name.into(), key.default());
            }
        }
        let analysis = AnalysisParams::from_document(&document)?;
        Ok(Self { document, analysis })
    }

    /// A copy of these parameters with the keys in `changes` replaced.
    ///
    /// # Errors
    /// [`Error::Parameter`] as for [`Params::from_json`].
    pub fn replace(&self, changes: Map<String, Value>) -> Result<Self> {
        let mut document = self.document.clone();
        document.extend(changes);
        Self::from_map(document)
    }

    /// The typed analysis parameters.
    pub fn analysis(&self) -> &AnalysisParams {
        &self.analysis
    }

    /// The value of a key; `None` if there is no such key. Notes are no keys.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.document.get(key).filter(|_| !is_note(key))
    }

    /// All keys and values in the order of the file, without the notes.
    pub fn to_map(&self) -> Map<String, Value> {
        self.document
            .iter()
            .filter(|(name, _)| !is_note(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The whole document as JSON text, with the notes.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.document).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The keys that differ from their default although they have no effect here, each with one
    /// line of text that warns the user and says why.
    pub fn without_effect(&self) -> impl Iterator<Item = (&'static str, String)> {
        KEYS.iter().filter_map(|key| {
            let (name, reason) = (key.name, key.no_effect?);
            let value = self.document.get(name)?;
            let line = || format!("\"{name}\": {} has no effect: {reason}", short(value));
            (!same(value, &key.default())).then(|| (name, line()))
        })
    }
}

/// Refuses a document that lacks a required key.
fn refuse_missing(document: &Map<String, Value>) -> Result<()> {
    let mut missing = KEYS.iter().filter(|key| key.required && !document.contains_key(key.name));
    let Some(first) = missing.next() else { return Ok(()) };
    let others: Vec<&str> = missing.map(|key| key.name).collect();
    let also = if others.is_empty() { "" } else { "; also " };
    Err(Error::Parameter(format!(
        "key \"{}\" is missing (wanted {first}){also}{}",
        first.name,
        others.join(", ")
    )))
}

/// The key of this name.
fn find(name: &str) -> Result<&'static Key> {
    KEYS.iter().find(|key| key.name == name).ok_or_else(|| {
        let meant = nearest(name, KEYS.iter().map(|key| key.name));
        Error::Parameter(format!("unknown key \"{name}\"; did you mean \"{meant}\"?"))
    })
}

fn is_note(name: &str) -> bool {
    name.ends_with("_comment") || name.starts_with("___NOT")
}

/// Whether two values are equal. Numbers are compared by value: 1 equals 1.0.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        // Large whole numbers are not all different as `f64`.
        (Some(x), Some(y)) if a.is_f64() || b.is_f64() => {
            x.partial_cmp(&y) == Some(Ordering::Equal)
        }
        _ => a == b,
    }
}

/// A value as JSON text, cut to a readable length.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 {
        text.chars().take(57).chain("...".chars()).collect()
    } else {
        text
    }
}

#[cfg(test)]
mod tests;
