//! The section of a model file that holds the model's directions.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::config::ModelConfig;
use super::fields::Fields;
use super::network::Tensor;
use super::sections::Sections;
use crate::timbre::Direction;
use crate::timbre::directions::MOST_DIRECTIONS;
use crate::{Error, Result};

/// The section that holds the directions.
const SECTION: &str = "directions";
/// Name of the tensor with their vectors, (D, C).
const VECTORS: &str = "vectors";
/// Longest name and unit of a direction, and longest meaning, bytes.
const LONGEST_NAME: usize = 64;
const LONGEST_MEANING: usize = 200;

/// Puts directions among the sections of a model of `width` inputs.
pub(super) fn write(directions: &[Direction], width: usize, sections: &mut Sections) {
    let described: Vec<Value> = directions
        .iter()
        .map(|d| {
            json!({
                "name": d.name, "unit": d.unit, "meaning": d.meaning,
                "range": [d.low, d.high], "spread": d.spread,
            })
        })
        .collect();
    let data = directions.iter().flat_map(|d| d.vector.iter().copied()).collect();
    sections.remove(SECTION);
    sections.put_text(SECTION, json!({ "directions": described }).to_string());
    let vectors = Tensor { shape: vec![directions.len(), width], data };
    sections.put_floats(SECTION, VECTORS, &vectors);
}

/// The directions among the sections of a model, none if there is no such section.
///
/// # Errors
/// [`Error::Parameter`] naming what is missing, misshapen or out of range.
pub(super) fn read(sections: &Sections, config: &ModelConfig) -> Result<Vec<Direction>> {
    let Some(text) = sections.text(SECTION) else { return Ok(Vec::new()) };
    let place = format!("sections.{SECTION}");
    let content: Map<String, Value> = serde_json::from_str(text)
        .map_err(|e| Error::parameter(format!("{place} is no JSON object: {e}")))?;
    let listed = Fields::new(&place, &content).list("directions")?;
    if listed.len() > MOST_DIRECTIONS {
        return Err(Error::parameter(format!(
            "{place} has {} directions, wanted at most {MOST_DIRECTIONS}",
            listed.len()
        )));
    }
    let vectors = sections.floats(SECTION, VECTORS)?;
    let shape = [listed.len(), config.input_size()];
    if vectors.shape != shape {
        return Err(Error::parameter(format!(
            "tensor {place}.{VECTORS} has shape {:?}, wanted {shape:?}",
            vectors.shape
        )));
    }
    let mut directions: Vec<Direction> = Vec::with_capacity(listed.len());
    for (number, (value, vector)) in
        listed.iter().zip(vectors.data.chunks_exact(config.input_size())).enumerate()
    {
        let place = format!("{place}.directions[{number}]");
        let object = value
            .as_object()
            .ok_or_else(|| Error::parameter(format!("{place} is no JSON object")))?;
        let direction = one(&Fields::new(&place, object), vector)?;
        let is_taken = |name: &String| *name == direction.name;
        if config.input_names.iter().any(is_taken)
            || directions.iter().any(|other| is_taken(&other.name))
        {
            return Err(Error::parameter(format!(
                "{place}.name is {:?}, wanted a name that no input and no other direction has",
                direction.name
            )));
        }
        let moves = vector.get(config.pitch_index()).is_some_and(|&by| by != 0.0);
        if moves || vector.iter().any(|v| !v.is_finite()) {
            return Err(Error::parameter(format!(
                "tensor sections.{SECTION}.{VECTORS} row {number} moves the pitch or is not finite, \
                 wanted finite numbers and 0 for the pitch"
            )));
        }
        directions.push(direction);
    }
    Ok(directions)
}

fn one(fields: &Fields<'_>, vector: &[f32]) -> Result<Direction> {
    let words = |key: &str, lengths: RangeInclusive<usize>| -> Result<String> {
        let text = fields.text(key)?;
        if lengths.contains(&text.len()) && !text.contains(char::is_control) {
            return Ok(text.to_owned());
        }
        let (least, most) = (lengths.start(), lengths.end());
        let wanted = format!("{least} to {most} bytes without control characters");
        Err(fields.wrong(key, format!("{text:?}"), &wanted))
    };
    let range = fields.numbers("range", Some(2))?;
    let (low, high) = (range[0], range[1]);
    if low > 0.0 || high < 0.0 {
        return Err(fields.wrong("range", format!("[{low}, {high}]"), "lowest <= 0 <= highest"));
    }
    Ok(Direction {
        name: words("name", 1..=LONGEST_NAME)?,
        unit: words("unit", 0..=LONGEST_NAME)?,
        meaning: words("meaning", 0..=LONGEST_MEANING)?,
        vector: vector.to_vec(),
        low,
        high,
        spread: fields.positive("spread")? as f32,
    })
}
