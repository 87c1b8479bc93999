//! One entry of the table of keys, and how a value is checked against it.

use super::short;
use crate::error::{Error, Result};
use serde_json::Value;
use std::fmt;

/// What kind of value a key holds, and its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number within these limits, both included.
    Whole(u64, u64),
    /// A finite number within these limits, both included.
    Number(f64, f64),
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
}

impl Kind {
    /// One word for this kind: "whole number", "number", "switch", "choice" or "text".
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole(..) => "whole number",
            Self::Number(..) => "number",
            Self::Switch => "switch",
            Self::Choice(_) => "choice",
            Self::Text => "text",
        }
    }
}

/// The part of the analysis or the training that a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Which recordings are analysed.
    Recordings,
    /// How sound is cut into frames, and frames become spectra.
    Frames,
    /// The inputs of the network that describe the timbre.
    Timbre,
    /// How the fundamental frequency is found.
    Pitch,
    /// The network.
    Network,
    /// What the training minimises.
    Loss,
    /// How the weights are updated.
    Optimiser,
    /// Which frames are trained on, and what is done to them.
    Data,
    /// When the training ends, and what it saves on the way.
    Length,
    /// Which frames are held out to measure the error on unseen sound.
    Validation,
    /// What only `wms_torch` uses, and which program's results to reproduce.
    Compatibility,
}

impl Section {
    /// The section's heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Recordings => "Recordings",
            Self::Frames => "Frames and spectra",
            Self::Timbre => "Timbre",
            Self::Pitch => "Pitch",
            Self::Network => "Network",
            Self::Loss => "Loss",
            Self::Optimiser => "Optimiser",
            Self::Data => "Training data",
            Self::Length => "Length of the training",
            Self::Validation => "Validation",
            Self::Compatibility => "Compatibility with wms_torch",
        }
    }
}

/// One key of `params.json`.
///
/// Its `Display` text says what the key may hold: "a whole number from 1 to 128, or null".
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The name in the file.
    pub name: &'static str,
    /// The section that it belongs to.
    pub section: Section,
    /// What kind of value it holds, and its range.
    pub kind: Kind,
    /// Whether it may also be null.
    pub nullable: bool,
    /// Whether every file must contain it. This is so for all keys of `wms_torch`.
    pub required: bool,
    /// What the key means, with its unit, in one or two sentences.
    pub meaning: &'static str,
    /// Why the key has no effect in this program; `None` if it has one.
    pub no_effect: Option<&'static str>,
    /// The default as JSON text.
    default: &'static str,
}

impl Key {
    /// A key of `wms_torch`: required, not nullable, and with an effect.
    pub(super) const fn new(
        name: &'static str,
        section: Section,
        kind: Kind,
        default: &'static str,
    ) -> Self {
        let (nullable, required, meaning, no_effect) = (false, true, "", None);
        Self { name, section, kind, nullable, required, meaning, no_effect, default }
    }

    /// This key with its meaning.
    pub(super) const fn means(mut self, meaning: &'static str) -> Self {
        self.meaning = meaning;
        self
    }

    /// This key, which may also be null.
    pub(super) const fn or_null(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// This key, marked as unknown to `wms_torch`: a file may omit it.
    pub(super) const fn own(mut self) -> Self {
        self.required = false;
        self
    }

    /// This key, marked as accepted but without effect, for the reason `why`.
    pub(super) const fn without_effect(mut self, why: &'static str) -> Self {
        self.no_effect = Some(why);
        self
    }

    /// The key's value if a file omits it.
    pub fn default(&self) -> Value {
        serde_json::from_str(self.default).unwrap_or(Value::Null)
    }

    /// Checks that the key may hold this value.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the key, the value and what is wanted.
    pub fn check(&self, value: &Value) -> Result<()> {
        let fits = match self.kind {
            _ if value.is_null() => self.nullable,
            Kind::Whole(low, high) => value.as_u64().is_some_and(|v| (low..=high).contains(&v)),
            Kind::Number(low, high) => value.as_f64().is_some_and(|v| (low..=high).contains(&v)),
            Kind::Switch => value.is_boolean(),
            Kind::Choice(words) => value.as_str().is_some_and(|v| words.contains(&v)),
            Kind::Text => value.is_string(),
        };
        if fits {
            return Ok(());
        }
        let (name, value) = (self.name, short(value));
        Err(Error::Parameter(format!("\"{name}\" is {value}, wanted {self}")))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Whole(low, high) => write!(f, "a whole number from {low} to {high}")?,
            Kind::Number(low, high) => {
                write!(f, "a number from {} to {}", readable(low), readable(high))?;
            }
            Kind::Switch => write!(f, "true or false")?,
            Kind::Choice([only]) => write!(f, "\"{only}\"")?,
            Kind::Choice(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                write!(f, "one of {}", quoted.join(", "))?;
            }
            Kind::Text => write!(f, "text")?,
        }
        if self.nullable { write!(f, ", or null") } else { Ok(()) }
    }
}

/// A number as text, with an exponent if it would have many zeros otherwise.
fn readable(number: f64) -> String {
    let many_zeros = number != 0.0 && !(1e-3..1e6).contains(&number.abs());
    if many_zeros { format!("{number:e}") } else { number.to_string() }
}
