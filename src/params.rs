//! `params.json`: everything that steers analysis and training, checked once, at the door.
//!
//! The file is one flat JSON object that `wms_torch` reads too. Its keys come first, this project's
//! own after them; keys that end in `_comment` or begin with `___NOT` are notes and are kept as they
//! are.

mod keys;

use crate::{Error, Result};
pub use keys::{KEYS, Key, Rule};
use serde_json::{Map, Value};
use std::path::Path;

/// Whose numbers the analysis gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compatibility {
    /// This project's: every recording by itself, features of a frame from that frame alone.
    Own,
    /// Those of `wms_torch`'s branch `main` (2026-08-13), minus its crashes.
    Main,
    /// Those of `wms_torch`'s branch `dev` (2026-08-15), minus its crashes.
    Dev,
}

/// How the fundamental frequency is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PitchMethod {
    /// The CREPE network.
    Crepe,
    /// Probabilistic YIN.
    Pyin,
    /// YIN.
    Yin,
}

/// The parameters that decide the numbers of the analysis, typed.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisParams {
    /// Rate in Hz that recordings are resampled to.
    pub sample_rate: u32,
    /// Samples from one frame to the next.
    pub hop_size: usize,
    /// Samples of a frame.
    pub window_size: usize,
    /// Length of the Fourier transforms, at least `window_size`.
    pub n_fft: usize,
    /// Spectrum bins kept, lowest first.
    pub n_bins: usize,
    /// Cycles of the fundamental in a cycle frame; 0 leaves frames as they are.
    pub cycles_per_window: usize,
    /// Number of mel-frequency cepstral coefficients.
    pub n_mfcc: usize,
    /// Number of mel bands.
    pub n_mel: usize,
    /// Lowest fundamental, Hz.
    pub f_low_hz: f64,
    /// Highest fundamental, Hz.
    pub f_high_hz: f64,
    /// How the fundamental is found.
    pub pitch_method: PitchMethod,
    /// Whether voicedness is an input of the network.
    pub include_voicedness: bool,
    /// Whose numbers to give.
    pub compatibility: Compatibility,
}

/// A complete, validated set of parameters.
///
/// [`Params::default`] is the shipped `params.json`.
///
/// # Examples
/// ```
/// use wms::Params;
///
/// let params = Params::profile("hifi")?;
/// assert_eq!(params.analysis().sample_rate, 44_100);
/// # Ok::<(), wms::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// All keys in file order, the notes included.
    document: Map<String, Value>,
    analysis: AnalysisParams,
}

const SHIPPED: &str = include_str!("../params.json");

/// Names of the profiles, and their params.json.
const PROFILES: &[(&str, &str)] =
    &[("default", SHIPPED), ("hifi", include_str!("../python/wms/profiles/hifi.json"))];

impl Default for Params {
    fn default() -> Self {
        Self::from_json(SHIPPED).expect("the shipped params.json is valid: a test loads it")
    }
}

impl Params {
    /// The set of parameters of that name: `default`, the shipped `params.json`, or `hifi`, the
    /// whole band at 44.1 kHz.
    ///
    /// # Errors
    /// [`Error::Parameter`] if there is none, with the names that there are.
    pub fn profile(name: &str) -> Result<Self> {
        if let Some((_, text)) = PROFILES.iter().find(|(known, _)| *known == name) {
            return Self::from_json(text);
        }
        let names: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
        Err(Error::parameter(format!("there is no profile \"{name}\", only {}", names.join(", "))))
    }

    /// Reads a `params.json`.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Parameter`] as [`Params::from_json`].
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, source))?;
        Self::from_json(&text)
            .map_err(|error| Error::Parameter(format!("{}: {error}", path.display())))
    }

    /// Parses the text of a `params.json`.
    ///
    /// All of `wms_torch`'s keys must be there; this project's own take their defaults where they
    /// are missing.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the key, the value given and what is allowed.
    pub fn from_json(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Error::Parameter(format!("not valid JSON: {error}")))?;
        match value {
            Value::Object(map) => Self::from_map(map),
            other => Err(Error::Parameter(format!(
                "a params.json holds one JSON object, this one {}",
                short(&other)
            ))),
        }
    }

    /// Validates a map of keys, as [`Params::from_json`].
    ///
    /// # Errors
    /// [`Error::Parameter`] names the key, the value given and what is allowed.
    pub fn from_map(map: Map<String, Value>) -> Result<Self> {
        let mut document = map;
        let missing: Vec<&Key> =
            KEYS.iter().filter(|key| key.required && !document.contains_key(key.name)).collect();
        if let [first, rest @ ..] = missing.as_slice() {
            let others: Vec<&str> = rest.iter().map(|key| key.name).collect();
            let others = if others.is_empty() {
                String::new()
            } else {
                format!("; also {}", others.join(", "))
            };
            return Err(Error::Parameter(format!(
                "key \"{}\" is missing (wanted {}){others}",
                first.name, first.rule
            )));
        }
        for (name, value) in &document {
            if is_note(name) {
                continue;
            }
            match keys::find(name) {
                Some(key) => key.check(value)?,
                None => {
                    return Err(Error::Parameter(format!(
                        "unknown key \"{name}\"; did you mean \"{}\"?",
                        keys::nearest(name)
                    )));
                }
            }
        }
        for key in KEYS {
            if !document.contains_key(key.name) {
                document.insert(key.name.into(), key.default());
            }
        }
        let analysis = typed(&document)?;
        Ok(Self { document, analysis })
    }

    /// These parameters with some keys changed.
    ///
    /// # Errors
    /// [`Error::Parameter`] as [`Params::from_json`].
    pub fn replace(&self, changes: Map<String, Value>) -> Result<Self> {
        let mut document = self.document.clone();
        document.extend(changes);
        Self::from_map(document)
    }

    /// The typed analysis parameters.
    pub fn analysis(&self) -> &AnalysisParams {
        &self.analysis
    }

    /// The value of a key, if there is such a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.document.get(key)
    }

    /// All keys and values without the notes, in file order.
    pub fn to_map(&self) -> Map<String, Value> {
        self.document
            .iter()
            .filter(|(name, _)| !is_note(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The whole document as JSON text, the notes included.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.document).unwrap_or_default();
        text.push('\n');
        text
    }

    /// One line for each key that is set to something but has no effect.
    pub fn without_effect(&self) -> Vec<String> {
        KEYS.iter()
            .filter_map(|key| {
                let reason = key.no_effect?;
                let value = self.document.get(key.name)?;
                (!same(value, &key.default()))
                    .then(|| format!("\"{}\": {} has no effect: {reason}", key.name, short(value)))
            })
            .collect()
    }
}

fn is_note(name: &str) -> bool {
    name.ends_with("_comment") || name.starts_with("___NOT")
}

/// Equality that does not tell 1 from 1.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= f64::EPSILON * a.abs(),
        _ => a == b,
    }
}

/// A value as it stands in JSON, cut to a readable length.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 {
        text.chars().take(57).chain("...".chars()).collect()
    } else {
        text
    }
}

/// The typed view, and the checks that concern two keys at once.
fn typed(document: &Map<String, Value>) -> Result<AnalysisParams> {
    let whole = |key: &str| document.get(key).and_then(Value::as_u64).unwrap_or(0) as usize;
    let number = |key: &str| document.get(key).and_then(Value::as_f64).unwrap_or(0.0);
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or("");
    let n_fft = whole("n_fft");
    let all_bins = n_fft / 2 + 1;
    let params = AnalysisParams {
        sample_rate: whole("sample_rate") as u32,
        hop_size: whole("hop_size"),
        window_size: whole("window_size"),
        n_fft,
        n_bins: match document.get("n_fft_preserved") {
            Some(Value::Null) | None => all_bins,
            Some(_) => whole("n_fft_preserved"),
        },
        cycles_per_window: whole("cycles_per_window"),
        n_mfcc: whole("n_mfcc"),
        n_mel: whole("n_mel"),
        f_low_hz: number("f_low"),
        f_high_hz: number("f_high"),
        pitch_method: match text("pitch_detection_method") {
            "crepe" => PitchMethod::Crepe,
            "pyin" => PitchMethod::Pyin,
            _ => PitchMethod::Yin,
        },
        include_voicedness: document.get("include_voicedness") == Some(&Value::Bool(true)),
        compatibility: match text("compatibility") {
            "main" => Compatibility::Main,
            "dev" => Compatibility::Dev,
            _ => Compatibility::Own,
        },
    };
    params.check()?;
    Ok(params)
}

impl AnalysisParams {
    fn check(&self) -> Result<()> {
        let wrong = |message: String| Err(Error::Parameter(message));
        if self.window_size > self.n_fft {
            return wrong(format!(
                "\"n_fft\" is {}, wanted at least \"window_size\", which is {}",
                self.n_fft, self.window_size
            ));
        }
        if self.n_bins > self.n_fft / 2 + 1 {
            return wrong(format!(
                "\"n_fft_preserved\" is {}, wanted at most n_fft / 2 + 1 = {} (or null for all)",
                self.n_bins,
                self.n_fft / 2 + 1
            ));
        }
        if self.f_low_hz >= self.f_high_hz {
            return wrong(format!(
                "\"f_low\" is {} Hz, wanted less than \"f_high\", which is {} Hz",
                self.f_low_hz, self.f_high_hz
            ));
        }
        if self.f_high_hz > f64::from(self.sample_rate) / 2.0 {
            return wrong(format!(
                "\"f_high\" is {} Hz, wanted at most half of \"sample_rate\", {} Hz",
                self.f_high_hz,
                f64::from(self.sample_rate) / 2.0
            ));
        }
        let bands = if self.compatibility == Compatibility::Main { 128 } else { self.n_mel };
        if self.n_mfcc > bands {
            return wrong(format!(
                "\"n_mfcc\" is {}, wanted at most the number of mel bands, {bands}",
                self.n_mfcc
            ));
        }
        if self.pitch_method == PitchMethod::Yin
            && self.include_voicedness
            && self.compatibility != Compatibility::Own
        {
            return wrong(
                "\"pitch_detection_method\" is \"yin\", which with \"compatibility\" set gives no \
                 voicedness: set \"include_voicedness\" to false, or choose \"pyin\" or \"crepe\""
                    .into(),
            );
        }
        let yin_like = self.pitch_method != PitchMethod::Crepe;
        if yin_like
            && f64::from(self.sample_rate) / self.f_high_hz + 2.0
                > (self.window_size - self.window_size / 2) as f64
        {
            return wrong(format!(
                "\"window_size\" is {}, too short to find \"f_high\" = {} Hz at {} Hz",
                self.window_size, self.f_high_hz, self.sample_rate
            ));
        }
        if self.pitch_method == PitchMethod::Crepe
            && self.compatibility != Compatibility::Own
            && self.sample_rate != 16000
        {
            return wrong(format!(
                "\"sample_rate\" is {}; with \"compatibility\" set, \"crepe\" works at 16000 Hz only",
                self.sample_rate
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
