//! Keyword arguments that say how an instrument plays.

use crate::model::Precision;
use crate::synth::{EngineOptions, Mode, Settings};
use crate::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Reads the keywords of `Synth` and `render`.
pub(super) fn options(keywords: Option<&Bound<'_, PyDict>>) -> PyResult<EngineOptions> {
    let mut options = EngineOptions::default();
    let Some(keywords) = keywords else { return Ok(options) };
    for (name, value) in keywords {
        let name: String = name.extract()?;
        match name.as_str() {
            "sample_rate" => options.sample_rate = typed(&name, &value, "a number")?,
            "max_voices" => options.max_voices = typed(&name, &value, "a whole number")?,
            "seed" => options.seed = typed(&name, &value, "a whole number of 64 bits")?,
            "precise" => {
                let precise: bool = typed(&name, &value, "True or False")?;
                options.precision = if precise { Precision::Single } else { Precision::Reduced };
            }
            _ => set(&mut options.settings, &name, &value)?,
        }
    }
    Ok(options)
}

/// Changes the setting of that name; whether it is in range is checked with all others.
pub(super) fn set(settings: &mut Settings, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match name {
        "normalise" => settings.normalise = typed(name, value, "True or False")?,
        "mode" => {
            let text: String = typed(name, value, "text")?;
            settings.mode = mode(&text)?;
        }
        _ if settings.count_mut(name).is_some() => {
            let count: usize = typed(name, value, "a whole number")?;
            settings.count_mut(name).into_iter().for_each(|slot| *slot = count);
        }
        _ => {
            let number: f64 = typed(name, value, "a number")?;
            *settings.number_mut(name)? = number;
        }
    }
    Ok(())
}

fn mode(text: &str) -> Result<Mode> {
    match text {
        "poly" => Ok(Mode::Poly),
        "mono" => Ok(Mode::Mono),
        "legato" => Ok(Mode::Legato),
        _ => Err(Error::parameter(format!(
            "mode is \"{text}\", wanted \"poly\", \"mono\" or \"legato\""
        ))),
    }
}

fn typed<'py, T: FromPyObjectOwned<'py>>(
    name: &str,
    value: &Bound<'py, PyAny>,
    wanted: &str,
) -> Result<T> {
    value.extract().map_err(|_| Error::parameter(format!("{name} is {value}, wanted {wanted}")))
}
