//! What a model file says about its network: everything that is needed to play it.

use serde_json::{Map, Value};

use super::projection::Projection;

/// How raw features are standardised: (x - mean) / scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// Mean of each coefficient.
    pub mean: Vec<f32>,
    /// Population standard deviation of each coefficient, 1 where it is zero.
    pub scale: Vec<f32>,
    /// Whether these are the figures of the training data. If not, they are 0 and 1, and the network
    /// takes coefficients that the frames' own figures have standardised.
    pub known: bool,
}

/// How a pitch becomes a network input: ln(max(f0, f_low_hz) - f_low_hz + offset).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct F0Mapping {
    /// Lowest f0 told apart, Hz.
    pub f_low_hz: f64,
    /// Added before the logarithm, Hz.
    pub offset: f64,
}

impl F0Mapping {
    /// The network input for a pitch in Hz.
    pub fn apply(&self, f0_hz: f64) -> f32 {
        crate::timbre::log_pitch(f0_hz as f32, self.f_low_hz, self.offset)
    }
}

/// Range and spread of each network input in the training data.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Smallest value of each input.
    pub min: Vec<f32>,
    /// Largest value of each input.
    pub max: Vec<f32>,
    /// Mean of each input.
    pub mean: Vec<f32>,
    /// Standard deviation of each input.
    pub std: Vec<f32>,
    /// What a note sounds like until somebody moves the timbre.
    pub rest: Vec<f32>,
}

/// Whether spectra are kept as ln(1 + magnitude) or as magnitudes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// ln(1 + magnitude).
    Log1p,
    /// The magnitude itself.
    Magnitude,
}

impl Domain {
    /// The name in model files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log1p => "log1p",
            Self::Magnitude => "magnitude",
        }
    }
}

/// What the bins of a cycle spectrum mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectrumLayout {
    /// Scale of the values.
    pub domain: Domain,
    /// Length of a cycle frame, samples.
    pub window_size: usize,
    /// Length of its Fourier transform, samples, at least `window_size`.
    pub n_fft: usize,
    /// Number of bins kept, lowest first.
    pub n_bins: usize,
    /// Cycles of the fundamental in a cycle frame.
    pub cycles_per_window: usize,
    /// Sampling rate of the analysed sound, Hz.
    pub sample_rate: u32,
}

impl SpectrumLayout {
    /// Checks that the numbers make sense together.
    ///
    /// # Errors
    /// One line naming the value that does not.
    pub fn validate(&self) -> Result<(), String> {
        let limits = [
            ("window_size", self.window_size, 16, 1 << 16),
            ("n_fft", self.n_fft, self.window_size, 1 << 17),
            ("n_bins", self.n_bins, 1, self.n_fft / 2 + 1),
            ("cycles_per_window", self.cycles_per_window, 1, (self.window_size / 4).min(64)),
            ("sample_rate", self.sample_rate as usize, 1000, 768_000),
        ];
        for (name, value, low, high) in limits {
            if !(low..=high).contains(&value) {
                return Err(format!("{name} is {value}, expected {low} to {high}"));
            }
        }
        Ok(())
    }
}

/// The description of a network in a model file, checked for consistency.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// Name of the model, for people.
    pub name: String,
    /// Name of each network input, in order; one is "pitch", one may be "voicedness".
    pub input_names: Vec<String>,
    /// Standardisation of the raw MFCC.
    pub scaler: Scaler,
    /// What makes the timbre inputs of the standardised MFCC, if they are not these themselves.
    pub projection: Option<Projection>,
    /// How a pitch becomes an input.
    pub f0_mapping: F0Mapping,
    /// Lowest and highest voiced f0 in the training data, Hz.
    pub f0_range_hz: [f64; 2],
    /// Range and spread of the inputs in the training data.
    pub statistics: Statistics,
    /// What the outputs mean.
    pub spectrum: SpectrumLayout,
    /// Samples between frames at the spectrum's sampling rate.
    pub hop_size: usize,
    pitch_index: usize,
    voicedness_index: Option<usize>,
    /// Everything as it was in the file, with keys that this program does not know.
    raw: Map<String, Value>,
}

impl ModelConfig {
    /// Reads and checks the configuration object of a model file.
    ///
    /// # Errors
    /// One line naming the key, what it holds and what is wanted.
    pub fn from_json(value: Value) -> Result<Self, String> {
        let Value::Object(raw) = value else {
            return Err("its config is no JSON object".into());
        };
        let input_names: Vec<String> = list(&raw, "config", "input_names")?
            .iter()
            .map(|v| v.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or("config.input_names holds something that is no string")?;
        let named = |wanted: &str| {
            let mut places =
                input_names.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(i, _)| i);
            (places.next(), places.next().is_some())
        };
        let (pitch_index, pitch_twice) = named("pitch");
        let (voicedness_index, voicedness_twice) = named("voicedness");
        let (Some(pitch_index), false, false) = (pitch_index, pitch_twice, voicedness_twice) else {
            return Err(format!(
                "config.input_names is {input_names:?}, expected \"pitch\" once and \"voicedness\" at most once"
            ));
        };
        let count = input_names.len();

        let scaler = scaler(&raw)?;
        let timbre = count - 1 - usize::from(voicedness_index.is_some());
        let projection = projection(&raw, scaler.mean.len(), timbre)?;

        let mapping = object(&raw, "config", "f0_mapping")?;
        let kind = text(mapping, "config.f0_mapping", "kind")?;
        if kind != "log_offset" {
            return Err(format!("config.f0_mapping.kind is {kind:?}, expected \"log_offset\""));
        }
        let f0_mapping = F0Mapping {
            f_low_hz: positive(mapping, "config.f0_mapping", "f_low_hz")?,
            offset: positive(mapping, "config.f0_mapping", "offset")?,
        };
        let range = numbers(&raw, "config", "f0_range_hz", Some(2))?;
        let f0_range_hz = [f64::from(range[0]), f64::from(range[1])];
        if !(f0_range_hz[0] > 0.0 && f0_range_hz[0] <= f0_range_hz[1]) {
            return Err(format!("config.f0_range_hz is {f0_range_hz:?}, expected 0 < low <= high"));
        }

        let table = object(&raw, "config", "input_statistics")?;
        let column = |key| numbers(table, "config.input_statistics", key, Some(count));
        let (min, max) = (column("min")?, column("max")?);
        let (centre, std) = (column("mean")?, column("std")?);
        let mut rest = centre.clone();
        if table.contains_key("rest") {
            rest = column("rest")?;
        } else if let Some(index) = voicedness_index {
            // A note is to sound as the well voiced frames do, not as tone and pause together.
            rest[index] = (centre[index] + std[index]).min(max[index]);
        }
        let statistics = Statistics { min, max, mean: centre, std, rest };
        if statistics.min.iter().zip(&statistics.max).any(|(min, max)| min > max) {
            return Err("config.input_statistics has a min above its max".into());
        }

        let table = object(&raw, "config", "spectrum")?;
        let domain = match text(table, "config.spectrum", "domain")? {
            "log1p" => Domain::Log1p,
            "magnitude" => Domain::Magnitude,
            other => {
                return Err(format!(
                    "config.spectrum.domain is {other:?}, expected \"log1p\" or \"magnitude\""
                ));
            }
        };
        let size = |key| integer(table, "config.spectrum", key);
        let sample_rate = integer(&raw, "config", "sample_rate")?;
        let spectrum = SpectrumLayout {
            domain,
            window_size: size("window_size")?,
            n_fft: size("n_fft")?,
            n_bins: size("n_bins")?,
            cycles_per_window: size("cycles_per_window")?,
            sample_rate: u32::try_from(sample_rate)
                .map_err(|_| format!("config.sample_rate is {sample_rate}, far too large"))?,
        };
        spectrum.validate().map_err(|message| format!("config.spectrum: {message}"))?;
        let hop_size = integer(&raw, "config", "hop_size")?;
        if !(1..=1 << 16).contains(&hop_size) {
            return Err(format!("config.hop_size is {hop_size}, expected 1 to 65536"));
        }
        Ok(Self {
            name: text(&raw, "config", "name")?.to_owned(),
            scaler,
            projection,
            f0_mapping,
            f0_range_hz,
            statistics,
            spectrum,
            hop_size,
            pitch_index,
            voicedness_index,
            input_names,
            raw,
        })
    }

    /// The configuration object as it stands in the file.
    pub fn json(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// What had to be assumed because nothing told it, for people; empty for this project's models.
    pub fn assumptions(&self) -> impl Iterator<Item = &str> {
        let assumed = self.raw.get("assumed").and_then(Value::as_array);
        assumed.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Number of network inputs, C.
    pub fn input_size(&self) -> usize {
        self.input_names.len()
    }

    /// Which input is the pitch.
    pub fn pitch_index(&self) -> usize {
        self.pitch_index
    }

    /// Which input is the voicedness, if the network has it.
    pub fn voicedness_index(&self) -> Option<usize> {
        self.voicedness_index
    }

    /// Which inputs are the timbre: all but pitch and voicedness, in order.
    pub fn timbre_indices(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.input_size())
            .filter(|&i| i != self.pitch_index && Some(i) != self.voicedness_index)
    }
}

/// How the raw coefficients are standardised.
fn scaler(raw: &Object) -> Result<Scaler, String> {
    let scaler = object(raw, "config", "scaler")?;
    let mean = numbers(scaler, "config.scaler", "mean", None)?;
    let scale = numbers(scaler, "config.scaler", "scale", Some(mean.len()))?;
    if let Some(bad) = scale.iter().find(|&&scale| scale <= 0.0) {
        return Err(format!("config.scaler.scale holds {bad}, expected values above 0"));
    }
    let known = match scaler.get("known") {
        None => true,
        Some(value) => value
            .as_bool()
            .ok_or_else(|| format!("config.scaler.known is {value}, expected true or false"))?,
    };
    Ok(Scaler { mean, scale, known })
}

/// The map from `n_mfcc` coefficients to `timbre` inputs, where the file has one.
fn projection(raw: &Object, n_mfcc: usize, timbre: usize) -> Result<Option<Projection>, String> {
    if !raw.contains_key("projection") {
        return Ok(None);
    }
    let map = Projection::from_json(object(raw, "config", "projection")?)?;
    if (map.inputs, map.outputs) != (n_mfcc, timbre) {
        return Err(format!(
            "config.projection maps {} coefficients to {}, expected {n_mfcc} to {timbre}",
            map.inputs, map.outputs
        ));
    }
    Ok(Some(map))
}

/// How many inputs and outputs a network trained with this params.json has.
///
/// # Errors
/// One line naming the key that is missing or mistyped.
pub fn sizes_from_params(params: &Value) -> Result<(usize, usize), String> {
    let Value::Object(params) = params else {
        return Err("params are no JSON object".into());
    };
    let projected = params.get("mfcc_dim_reduction").and_then(Value::as_str) == Some("pacmap");
    let timbre = if projected { 3 } else { integer(params, "params", "n_mfcc")? };
    let voicedness = params.get("include_voicedness").and_then(Value::as_bool).unwrap_or(false);
    let outputs = match params.get("n_fft_preserved") {
        None | Some(Value::Null) => integer(params, "params", "n_fft")? / 2 + 1,
        Some(_) => integer(params, "params", "n_fft_preserved")?,
    };
    Ok((timbre + 1 + usize::from(voicedness), outputs))
}

type Object = Map<String, Value>;

fn get<'a>(object: &'a Object, place: &str, key: &str) -> Result<&'a Value, String> {
    object.get(key).ok_or_else(|| format!("{place}.{key} is missing"))
}

fn object<'a>(parent: &'a Object, place: &str, key: &str) -> Result<&'a Object, String> {
    get(parent, place, key)?.as_object().ok_or_else(|| format!("{place}.{key} is no object"))
}

pub(super) fn list<'a>(parent: &'a Object, place: &str, key: &str) -> Result<&'a [Value], String> {
    get(parent, place, key)?
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| format!("{place}.{key} is no list"))
}

pub(super) fn text<'a>(parent: &'a Object, place: &str, key: &str) -> Result<&'a str, String> {
    get(parent, place, key)?.as_str().ok_or_else(|| format!("{place}.{key} is no string"))
}

fn integer(parent: &Object, place: &str, key: &str) -> Result<usize, String> {
    let value = get(parent, place, key)?;
    value
        .as_u64()
        .and_then(|v| usize::try_from(v).ok())
        .ok_or_else(|| format!("{place}.{key} is {value}, expected a whole number"))
}

pub(super) fn positive(parent: &Object, place: &str, key: &str) -> Result<f64, String> {
    let value = get(parent, place, key)?;
    value
        .as_f64()
        .filter(|&v| v > 0.0 && v < 1e9)
        .ok_or_else(|| format!("{place}.{key} is {value}, expected a number above 0"))
}

/// A list of finite numbers, of a certain length where `count` says so.
fn numbers(
    parent: &Object,
    place: &str,
    key: &str,
    count: Option<usize>,
) -> Result<Vec<f32>, String> {
    let values: Vec<f32> = list(parent, place, key)?
        .iter()
        .map(|v| v.as_f64().map(|v| v as f32).filter(|v| v.is_finite()))
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{place}.{key} holds something that is no finite number"))?;
    match count {
        Some(count) if values.len() != count => {
            Err(format!("{place}.{key} has {} values, expected {count}", values.len()))
        }
        _ => Ok(values),
    }
}
