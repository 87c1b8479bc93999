//! What a model file says about its network: everything that is needed to play it.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::fields::Fields;
use super::projection::Projection;
use crate::limits::{
    HOP_SIZE, MAX_CYCLES, MAX_N_FFT, MIN_SAMPLES_PER_CYCLE, SAMPLE_RATE, WINDOW_SIZE,
};
use crate::{Error, Result};

/// Numbers of mel bands that a network may be made for.
const MEL_BANDS: RangeInclusive<usize> = 2..=1024;
/// Coordinates that `PaCMAP` makes of the coefficients.
pub(super) const PACMAP_COORDINATES: usize = 3;

/// How raw coefficients are standardised before the network takes them: (x - mean) / scale.
#[derive(Clone, Debug, PartialEq)]
pub struct InputScaling {
    /// Mean of each coefficient.
    pub mean: Vec<f32>,
    /// Population standard deviation of each coefficient, 1 where it is zero.
    pub scale: Vec<f32>,
    /// Whether these are the figures of the training data. If not, they are 0 and 1, and the network
    /// takes coefficients that have been standardised by the figures of the analysed frames.
    pub known: bool,
}

/// How a pitch becomes a network input: ln(max(f0, f_low_hz) - f_low_hz + offset).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct F0Mapping {
    /// Lower fundamentals count as this one, Hz.
    pub f_low_hz: f64,
    /// Added before the logarithm, Hz.
    pub offset: f64,
}

impl F0Mapping {
    /// The network input for a pitch in Hz.
    pub fn apply(&self, f0_hz: f64) -> f32 {
        crate::timbre::log_pitch(f0_hz as f32, self.f_low_hz, self.offset)
    }

    /// The pitch in Hz that a network input stands for, 0.001 to 100000.
    pub fn invert(&self, input: f32) -> f32 {
        let hz = f64::from(input).min(12.0).exp() + self.f_low_hz - self.offset;
        hz.clamp(1e-3, 1e5) as f32
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
    /// Value of each input in a note whose timbre has not been moved.
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
    /// Checks that the numbers are in range and fit each other.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first value that fails, and the range it has to be in.
    pub fn validate(&self) -> Result<()> {
        match self.out_of_range() {
            None => Ok(()),
            Some((name, value, low, high)) => {
                Err(Error::parameter(format!("{name} is {value}, wanted {low} to {high}")))
            }
        }
    }

    /// The first value that is out of range: its name, the value, and its lowest and highest.
    pub(super) fn out_of_range(&self) -> Option<(&'static str, usize, usize, usize)> {
        let most_cycles = MAX_CYCLES.min(self.window_size / MIN_SAMPLES_PER_CYCLE);
        let limits = [
            ("window_size", self.window_size, *WINDOW_SIZE.start(), *WINDOW_SIZE.end()),
            ("n_fft", self.n_fft, self.window_size, MAX_N_FFT),
            ("n_bins", self.n_bins, 1, self.n_fft / 2 + 1),
            ("cycles_per_window", self.cycles_per_window, 1, most_cycles),
            ("sample_rate", self.sample_rate as usize, *SAMPLE_RATE.start(), *SAMPLE_RATE.end()),
        ];
        limits.into_iter().find(|(_, value, low, high)| !(low..=high).contains(&value))
    }

    /// Bins from one partial to the next, and from bin 0 to the first; not always a whole number.
    pub fn bins_per_partial(&self) -> f64 {
        self.cycles_per_window as f64 * self.n_fft as f64 / self.window_size as f64
    }
}

/// The description of a network in a model file, checked for consistency.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// The model's display name.
    pub name: String,
    /// Name of each network input, in order; one is "pitch", one may be "voicedness".
    pub input_names: Vec<String>,
    /// Standardisation of the raw MFCC.
    pub scaler: InputScaling,
    /// What makes the timbre inputs of the standardised MFCC, if they are not the MFCC themselves.
    pub projection: Option<Projection>,
    /// How a pitch becomes an input.
    pub f0_mapping: F0Mapping,
    /// Lowest and highest voiced f0 in the training data, Hz.
    pub f0_range_hz: [f64; 2],
    /// Range and spread of the inputs in the training data.
    pub statistics: Statistics,
    /// What the outputs mean.
    pub spectrum: SpectrumLayout,
    /// Samples from one frame to the next at the spectrum's sampling rate.
    pub hop_size: usize,
    /// Number of mel bands that the coefficients describe, if the network has to know.
    pub mel_bands: Option<usize>,
    pitch_index: usize,
    voicedness_index: Option<usize>,
    /// The whole object as it is in the file, including keys that this program does not know.
    raw: Map<String, Value>,
}

impl ModelConfig {
    /// Reads and checks the configuration object of a model file.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the key, its value and what is wanted.
    pub fn from_json(value: Value) -> Result<Self> {
        let Value::Object(raw) = value else {
            return Err(Error::parameter("config is not a JSON object"));
        };
        let fields = Fields::new("config", &raw);
        let (input_names, pitch_index, voicedness_index) = inputs(&fields)?;
        let count = input_names.len();
        let scaler = scaler(&fields)?;
        let timbre = count - 1 - usize::from(voicedness_index.is_some());
        Ok(Self {
            name: fields.text("name")?.to_owned(),
            projection: projection(&fields, scaler.mean.len(), timbre)?,
            scaler,
            f0_mapping: f0_mapping(&fields)?,
            f0_range_hz: f0_range(&fields)?,
            statistics: statistics(&fields, count, voicedness_index)?,
            spectrum: spectrum(&fields)?,
            hop_size: fields.whole_in("hop_size", &HOP_SIZE)?,
            mel_bands: if fields.has("mel_bands") {
                Some(fields.whole_in("mel_bands", &MEL_BANDS)?)
            } else {
                None
            },
            pitch_index,
            voicedness_index,
            input_names,
            raw,
        })
    }

    /// The configuration object as it is in the file.
    pub fn json(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// The name of the network's family, as the file gives it.
    pub fn generation(&self) -> &str {
        self.raw.get("generation").and_then(Value::as_str).unwrap_or("missing")
    }

    /// What had to be assumed about the model because its file does not say it, one phrase each;
    /// nothing for this project's models.
    pub fn assumptions(&self) -> impl Iterator<Item = &str> {
        let assumed = self.raw.get("assumed").and_then(Value::as_array);
        assumed.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Number of network inputs, C.
    pub fn input_size(&self) -> usize {
        self.input_names.len()
    }

    /// Index of the pitch among the inputs.
    pub fn pitch_index(&self) -> usize {
        self.pitch_index
    }

    /// Index of the voicedness among the inputs, if the network has it.
    pub fn voicedness_index(&self) -> Option<usize> {
        self.voicedness_index
    }

    /// Indices of the timbre inputs, in order: all but pitch and voicedness.
    pub fn timbre_indices(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.input_size())
            .filter(|&i| i != self.pitch_index && Some(i) != self.voicedness_index)
    }
}

/// The inputs' names, and the places of the pitch and the voicedness.
fn inputs(config: &Fields<'_>) -> Result<(Vec<String>, usize, Option<usize>)> {
    let names: Vec<String> = config
        .list("input_names")?
        .iter()
        .map(|v| v.as_str().map(str::to_owned))
        .collect::<Option<_>>()
        .ok_or_else(|| config.wrong("input_names", "a list of something else", "texts"))?;
    let places =
        |wanted: &str| -> Vec<usize> { (0..names.len()).filter(|&i| names[i] == wanted).collect() };
    match (places("pitch").as_slice(), places("voicedness").as_slice()) {
        (&[pitch], &[]) => Ok((names, pitch, None)),
        (&[pitch], &[voicedness]) => Ok((names, pitch, Some(voicedness))),
        _ => Err(config.wrong(
            "input_names",
            format!("{names:?}"),
            "\"pitch\" once and \"voicedness\" at most once",
        )),
    }
}

/// How the raw coefficients are standardised.
fn scaler(config: &Fields<'_>) -> Result<InputScaling> {
    let fields = config.object("scaler")?;
    let mean = fields.numbers("mean", None)?;
    let scale = fields.numbers("scale", Some(mean.len()))?;
    if let Some(bad) = scale.iter().find(|&&scale| scale <= 0.0) {
        return Err(fields.wrong("scale", format!("a list with {bad}"), "values above 0"));
    }
    let known = !fields.has("known") || fields.switch("known")?;
    Ok(InputScaling { mean, scale, known })
}

/// The map from `n_mfcc` coefficients to `timbre` inputs, if the file has one.
fn projection(config: &Fields<'_>, n_mfcc: usize, timbre: usize) -> Result<Option<Projection>> {
    if !config.has("projection") {
        return Ok(None);
    }
    let map = Projection::from_fields(&config.object("projection")?)?;
    if (map.inputs, map.outputs) != (n_mfcc, timbre) {
        return Err(Error::parameter(format!(
            "config.projection maps {} coefficients to {}, wanted {n_mfcc} to {timbre}",
            map.inputs, map.outputs
        )));
    }
    Ok(Some(map))
}

fn f0_mapping(config: &Fields<'_>) -> Result<F0Mapping> {
    let fields = config.object("f0_mapping")?;
    let kind = fields.text("kind")?;
    if kind != "log_offset" {
        return Err(fields.wrong("kind", format!("{kind:?}"), "\"log_offset\""));
    }
    Ok(F0Mapping { f_low_hz: fields.positive("f_low_hz")?, offset: fields.positive("offset")? })
}

fn f0_range(config: &Fields<'_>) -> Result<[f64; 2]> {
    let range = config.numbers("f0_range_hz", Some(2))?;
    let range = [f64::from(range[0]), f64::from(range[1])];
    if range[0] > 0.0 && range[0] <= range[1] {
        return Ok(range);
    }
    Err(config.wrong("f0_range_hz", format!("{range:?}"), "0 < lowest <= highest"))
}

fn statistics(
    config: &Fields<'_>,
    count: usize,
    voicedness_index: Option<usize>,
) -> Result<Statistics> {
    let fields = config.object("input_statistics")?;
    let column = |key| fields.numbers(key, Some(count));
    let (min, max, mean, std) = (column("min")?, column("max")?, column("mean")?, column("std")?);
    if min.iter().zip(&max).any(|(min, max)| min > max) {
        return Err(Error::parameter("config.input_statistics has a min above its max"));
    }
    let mut rest = mean.clone();
    if fields.has("rest") {
        rest = column("rest")?;
    } else if let Some(index) = voicedness_index {
        // The mean includes the pauses, but a note should sound as the well voiced frames do.
        rest[index] = (mean[index] + std[index]).min(max[index]);
    }
    Ok(Statistics { min, max, mean, std, rest })
}

fn spectrum(config: &Fields<'_>) -> Result<SpectrumLayout> {
    let fields = config.object("spectrum")?;
    let domain = match fields.text("domain")? {
        "log1p" => Domain::Log1p,
        "magnitude" => Domain::Magnitude,
        other => {
            let given = format!("{other:?}");
            return Err(fields.wrong("domain", given, "\"log1p\" or \"magnitude\""));
        }
    };
    let layout = SpectrumLayout {
        domain,
        window_size: fields.whole("window_size")?,
        n_fft: fields.whole("n_fft")?,
        n_bins: fields.whole("n_bins")?,
        cycles_per_window: fields.whole("cycles_per_window")?,
        sample_rate: config.whole_in("sample_rate", &SAMPLE_RATE)? as u32,
    };
    layout.validate().map_err(|error| Error::parameter(format!("config.spectrum: {error}")))?;
    Ok(layout)
}

/// How many inputs and outputs a network trained with this params.json has.
///
/// # Errors
/// [`Error::Parameter`] naming the key that is missing or mistyped.
pub fn sizes_from_params(params: &Value) -> Result<(usize, usize)> {
    let Value::Object(params) = params else {
        return Err(Error::parameter("the params are not a JSON object"));
    };
    let projected = params.get("mfcc_dim_reduction").and_then(Value::as_str) == Some("pacmap");
    let voicedness = params.get("include_voicedness").and_then(Value::as_bool).unwrap_or(false);
    let fields = Fields::new("params", params);
    let timbre = if projected { PACMAP_COORDINATES } else { fields.whole("n_mfcc")? };
    let outputs = match params.get("n_fft_preserved") {
        None | Some(Value::Null) => fields.whole("n_fft")? / 2 + 1,
        Some(_) => fields.whole("n_fft_preserved")?,
    };
    Ok((timbre + 1 + usize::from(voicedness), outputs))
}
