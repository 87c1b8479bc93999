//! What the inputs and outputs of a network of `wms_torch` mean: what its shapes tell, what a
//! params.json says, and named assumptions for the rest.

use serde_json::{Value, json};

use crate::model::config::{Domain, F0Mapping, PACMAP_COORDINATES, sizes_from_params};
use crate::model::network::{Generation, Network};
use crate::timbre::PITCH_OFFSET;
use crate::{Error, Result};

/// Lowest note, as a multiple of `f_low`: a semitone, because frames without a pitch are at `f_low`.
const LOWEST_NOTE: f64 = 1.059_463_094_359_295_3;

/// The timbre inputs of a network.
struct Timbre {
    /// Their name, which a number follows: "mfcc" or "pacmap".
    kind: &'static str,
    count: usize,
    /// Number of coefficients in an analysed frame.
    n_mfcc: usize,
    /// Inputs are assumed to lie between minus this and this.
    reach: f32,
    voicedness: bool,
}

/// The values of a params.json, and what had to be assumed because it lacks them.
struct Reader<'a> {
    params: Option<&'a Value>,
    assumed: Vec<String>,
}

impl Reader<'_> {
    /// A number above 0; `published`, the value in `wms_torch`'s own params.json, if there is none.
    fn number(&mut self, key: &str, published: f64) -> Result<f64> {
        let Some(value) = self.params.and_then(|params| params.get(key)) else {
            self.assumed.push(format!("{key} {published}"));
            return Ok(published);
        };
        value.as_f64().filter(|&v| v > 0.0 && v < 1e9).ok_or_else(|| {
            Error::parameter(format!("params.{key} is {value}, wanted a number above 0"))
        })
    }

    fn size(&mut self, key: &str, published: usize) -> Result<usize> {
        let value = self.number(key, published as f64)?;
        if value.fract() > 0.0 {
            return Err(Error::parameter(format!(
                "params.{key} is {value}, wanted a whole number"
            )));
        }
        Ok(value as usize)
    }
}

/// The configuration of a network of `wms_torch` as a model file has it.
///
/// What neither shapes nor `params` tell is assumed to be as in `wms_torch`'s published params.json,
/// and listed under "assumed" in words.
///
/// # Errors
/// [`Error::Parameter`] if `params` are mistyped or those of another network.
pub fn describe(network: &Network, name: &str, params: Option<&Value>) -> Result<Value> {
    if let Some(params) = params {
        let (inputs, outputs) = sizes_from_params(params)?;
        let (own_inputs, own_outputs) = (network.input_size(), network.output_size());
        if (inputs, outputs) != (own_inputs, own_outputs) {
            return Err(Error::parameter(format!(
                "the network has {own_inputs} inputs and {own_outputs} outputs, but the params ask \
                 for {inputs} and {outputs}"
            )));
        }
    }
    let mut read = Reader { params, assumed: Vec::new() };
    let sample_rate = read.size("sample_rate", 16_000)?;
    let hop_size = read.size("hop_size", 256)?;
    let window_size = read.size("window_size", 1024)?;
    let n_bins = network.output_size();
    let n_fft = read.size("n_fft", n_bins.saturating_sub(1).next_power_of_two().max(512) * 2)?;
    let cycles_per_window = read.size("cycles_per_window", 2)?;
    let f_low_hz = read.number("f_low", 46.0)?;
    let f_high_hz = read.number("f_high", 1600.0)?;
    let timbre = timbre(network, &mut read)?;

    let lowest_hz = f_low_hz * LOWEST_NOTE;
    if f_high_hz <= lowest_hz {
        return Err(Error::parameter(format!(
            "f_high is {f_high_hz} Hz, wanted more than {lowest_hz:.1} Hz, a semitone above f_low"
        )));
    }
    read.assumed.push(if timbre.kind == "mfcc" {
        "coefficients standardised by the frames' own mean and deviation".to_owned()
    } else {
        format!("timbre inputs within -{0} .. {0}", timbre.reach)
    });
    read.assumed.push(format!("notes trained from {lowest_hz:.1} to {f_high_hz} Hz"));

    let mapping = F0Mapping { f_low_hz, offset: PITCH_OFFSET };
    let (low, high) = (mapping.apply(lowest_hz), mapping.apply(f_high_hz));
    let mut columns = vec![(-timbre.reach, timbre.reach, 0.0, 1.0); timbre.count];
    columns.push((low, high, f32::midpoint(low, high), (high - low) / 4.0));
    let mut input_names: Vec<String> =
        (0..timbre.count).map(|i| format!("{}_{i}", timbre.kind)).collect();
    input_names.push("pitch".into());
    if timbre.voicedness {
        input_names.push("voicedness".into());
        columns.push((0.0, 1.0, 0.5, 0.5));
    }
    let column =
        |part: fn(&(f32, f32, f32, f32)) -> f32| -> Vec<f32> { columns.iter().map(part).collect() };
    let generation = network.generation();
    let domain =
        if generation == Generation::August2026 { Domain::Log1p } else { Domain::Magnitude };
    Ok(json!({
        "generation": generation.name(),
        "name": name,
        "input_names": input_names,
        "scaler": {
            "mean": vec![0.0; timbre.n_mfcc], "scale": vec![1.0; timbre.n_mfcc], "known": false
        },
        "f0_mapping": {"kind": "log_offset", "f_low_hz": f_low_hz, "offset": PITCH_OFFSET},
        "f0_range_hz": [lowest_hz, f_high_hz],
        "input_statistics": {
            "min": column(|c| c.0), "max": column(|c| c.1),
            "mean": column(|c| c.2), "std": column(|c| c.3),
        },
        "spectrum": {
            "domain": domain.name(), "window_size": window_size, "n_fft": n_fft,
            "n_bins": n_bins, "cycles_per_window": cycles_per_window,
        },
        "sample_rate": sample_rate,
        "hop_size": hop_size,
        "provenance": {"made_by": "wms_torch"},
        "assumed": read.assumed,
        // Last, where a description beside a file has it too.
        "params": params.cloned().unwrap_or_else(|| json!({})),
    }))
}

/// The timbre inputs: what params say, else what the encoder's width tells, else the usual ones.
fn timbre(network: &Network, read: &mut Reader<'_>) -> Result<Timbre> {
    let inputs = network.input_size();
    // wms_torch makes the encoder as wide as the inputs would be without PaCMAP and with
    // voicedness.
    let told = network.encoder_size().map(|width| width.saturating_sub(2));
    let (voicedness, projected, n_mfcc) = if let Some(params) = read.params {
        let voicedness = params.get("include_voicedness").and_then(Value::as_bool);
        let projected = params.get("mfcc_dim_reduction").and_then(Value::as_str) == Some("pacmap");
        let n_mfcc = params.get("n_mfcc").and_then(Value::as_u64).map(|n| n as usize);
        (voicedness.unwrap_or(false), projected, n_mfcc)
    } else {
        match told {
            Some(n_mfcc) if n_mfcc + 2 == inputs => (true, false, told),
            Some(n_mfcc) if n_mfcc + 1 == inputs => (false, false, told),
            Some(_) if inputs == PACMAP_COORDINATES + 1 => (false, true, told),
            _ => {
                read.assumed.push("inputs that end with pitch and voicedness".into());
                (true, inputs == PACMAP_COORDINATES + 2, told)
            }
        }
    };
    let count = inputs.checked_sub(1 + usize::from(voicedness)).filter(|&count| count > 0);
    let count = count.ok_or_else(|| {
        Error::parameter(format!(
            "the network has {inputs} inputs, wanted at least one of timbre beside pitch and voicedness"
        ))
    })?;
    let (kind, reach) = if projected { ("pacmap", 5.0) } else { ("mfcc", 3.0) };
    let n_mfcc = if projected { n_mfcc.unwrap_or(0) } else { count };
    Ok(Timbre { kind, count, n_mfcc, reach, voicedness })
}
