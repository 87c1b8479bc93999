//! Makes parameters of the kinds that the plugin has: what they display and what can be typed in.

use std::sync::Arc;

use nice_plug::formatters::{
    s2v_f32_gain_to_db, s2v_f32_percentage, v2s_f32_gain_to_db, v2s_f32_percentage, v2s_f32_rounded,
};
use nice_plug::prelude::*;

use super::AXIS_REACH;

/// A number between `min` and `max`, displayed with two decimals.
pub fn linear(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_value_to_string(v2s_f32_rounded(2))
}

/// A distance along a timbre axis, in standard deviations of the training data.
pub fn deviations(name: &str, default: f32) -> FloatParam {
    linear(name, default, -AXIS_REACH, AXIS_REACH).with_unit(" σ")
}

/// A factor from 0 to `max`, displayed as a percentage.
pub fn percent(name: &str, default: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min: 0.0, max })
        .with_unit(" %")
        .with_value_to_string(v2s_f32_percentage(1))
        .with_string_to_value(s2v_f32_percentage())
}

/// An amplitude factor from silence to `max_db`, displayed in dB.
pub fn gain(name: &str, default: f32, max_db: f32) -> FloatParam {
    let max = util::db_to_gain(max_db);
    let factor = FloatRange::gain_skew_factor(-60.0, max_db);
    FloatParam::new(name, default, FloatRange::Skewed { min: 0.0, max, factor })
        .with_unit(" dB")
        .with_value_to_string(v2s_f32_gain_to_db(1))
        .with_string_to_value(s2v_f32_gain_to_db())
}

/// A time from 0 to `max` seconds. The lower `skew` is, the finer the control moves near 0. Displayed
/// in ms or s, and typed in with either unit; a number without a unit is in ms.
pub fn seconds(name: &str, default: f32, max: f32, skew: f32) -> FloatParam {
    let factor = FloatRange::skew_factor(skew);
    FloatParam::new(name, default, FloatRange::Skewed { min: 0.0, max, factor })
        .with_value_to_string(Arc::new(|value| {
            // From here on, ms would be rounded to "1000.0 ms".
            if value < 0.999_95 {
                format!("{:.1} ms", value * 1e3)
            } else {
                format!("{value:.2} s")
            }
        }))
        .with_string_to_value(Arc::new(|text| {
            let text = text.trim().to_lowercase();
            if let Some(milliseconds) = text.strip_suffix("ms") {
                return Some(milliseconds.trim().parse::<f32>().ok()? / 1e3);
            }
            match text.strip_suffix('s') {
                Some(seconds) => seconds.trim().parse().ok(),
                None => Some(text.parse::<f32>().ok()? / 1e3),
            }
        }))
}
