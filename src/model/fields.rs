//! A JSON object of a model's description, read field by field; every error names the place.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::{Error, Result};

/// A JSON object and where it stands, such as "config.spectrum".
pub(super) struct Fields<'a> {
    place: String,
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    pub fn new(place: &str, object: &'a Map<String, Value>) -> Self {
        Self { place: place.to_owned(), object }
    }

    /// An error about one field: its place and name, what was given, and what is wanted.
    pub fn wrong(&self, key: &str, given: impl std::fmt::Display, wanted: &str) -> Error {
        Error::parameter(format!("{}.{key} is {given}, wanted {wanted}", self.place))
    }

    pub fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    pub fn get(&self, key: &str) -> Result<&'a Value> {
        self.object
            .get(key)
            .ok_or_else(|| Error::parameter(format!("{}.{key} is missing", self.place)))
    }

    /// The object under `key`, within this one.
    pub fn object(&self, key: &str) -> Result<Self> {
        let place = format!("{}.{key}", self.place);
        match self.get(key)? {
            Value::Object(object) => Ok(Self { place, object }),
            other => Err(self.wrong(key, kind(other), "an object")),
        }
    }

    pub fn list(&self, key: &str) -> Result<&'a [Value]> {
        match self.get(key)? {
            Value::Array(list) => Ok(list),
            other => Err(self.wrong(key, kind(other), "a list")),
        }
    }

    pub fn text(&self, key: &str) -> Result<&'a str> {
        match self.get(key)? {
            Value::String(text) => Ok(text),
            other => Err(self.wrong(key, kind(other), "a text")),
        }
    }

    pub fn switch(&self, key: &str) -> Result<bool> {
        let value = self.get(key)?;
        value.as_bool().ok_or_else(|| self.wrong(key, value, "true or false"))
    }

    /// The whole number under `key`, 0 or more.
    pub fn whole(&self, key: &str) -> Result<usize> {
        let value = self.get(key)?;
        value
            .as_u64()
            .and_then(|v| usize::try_from(v).ok())
            .ok_or_else(|| self.wrong(key, value, "a whole number"))
    }

    /// The whole number under `key`, which must be in `range`.
    pub fn whole_in(&self, key: &str, range: &RangeInclusive<usize>) -> Result<usize> {
        let value = self.whole(key)?;
        let wanted = || format!("{} to {}", range.start(), range.end());
        if range.contains(&value) { Ok(value) } else { Err(self.wrong(key, value, &wanted())) }
    }

    pub fn positive(&self, key: &str) -> Result<f64> {
        let value = self.get(key)?;
        value
            .as_f64()
            .filter(|&v| v > 0.0 && v < 1e9)
            .ok_or_else(|| self.wrong(key, value, "a number above 0 and below 1e9"))
    }

    /// The list of finite numbers under `key`, of length `count` if that is given.
    pub fn numbers(&self, key: &str, count: Option<usize>) -> Result<Vec<f32>> {
        let values: Vec<f32> = self
            .list(key)?
            .iter()
            .map(|v| v.as_f64().map(|v| v as f32).filter(|v| v.is_finite()))
            .collect::<Option<_>>()
            .ok_or_else(|| self.wrong(key, "a list of something else", "finite numbers"))?;
        match count {
            Some(count) if values.len() != count => Err(Error::parameter(format!(
                "{}.{key} has {} values, wanted {count}",
                self.place,
                values.len()
            ))),
            _ => Ok(values),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
