//! The plugin's parameters: ids that stay, ranges, units.

use std::sync::Arc;

use nice_plug::formatters::{s2v_f32_gain_to_db, v2s_f32_gain_to_db};
use nice_plug::prelude::*;

use crate::state::{ModelField, WindowField};

/// Number of timbre axes; a model's first ones are used.
pub const AXES: usize = 16;
/// How far an axis reaches on either side, spreads.
pub const AXIS_REACH: f32 = 4.0;
/// The model's changes are counted up to here, then anew.
pub const REVISIONS: i32 = 1_000_000;
/// Most voices.
pub const VOICES: i32 = 64;

/// Ids that are kept for what is to come: no parameter may take them for something else.
pub const RESERVED_IDS: [&str; 14] = [
    "map_x",
    "map_y",
    "map_amount",
    "navigator_1",
    "navigator_2",
    "navigator_3",
    "navigator_4",
    "navigator_speed",
    "navigator_amount",
    "follow",
    "follow_pitch",
    "sidechain_gain",
    "sidechain_threshold",
    "sidechain_smoothing",
];

/// How keys become voices.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum Mode {
    /// Every key has its own voice.
    #[id = "poly"]
    #[name = "Poly"]
    Poly,
    /// The last key's note alone; every key starts anew.
    #[id = "mono"]
    #[name = "Mono"]
    Mono,
    /// The last key's note alone, tied.
    #[id = "legato"]
    #[name = "Legato"]
    Legato,
}

/// How exactly the network is computed.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum Quality {
    /// Weights of 16 bits.
    #[id = "fast"]
    #[name = "Fast"]
    Fast,
    /// Single precision.
    #[id = "exact"]
    #[name = "Exact"]
    Exact,
}

/// The timbre axes, ids `axis_01` to `axis_16`.
pub struct Axes(pub [FloatParam; AXES]);

// SAFETY: the pointers lead into this object, which lives as long as the `Arc` around the
// parameters that the wrapper holds.
unsafe impl Params for Axes {
    fn param_map(&self) -> Vec<(String, ParamPtr, String)> {
        let named = self.0.iter().enumerate();
        named.map(|(i, axis)| (axis_id(i), axis.as_ptr(), String::new())).collect()
    }
}

/// The id of an axis, counted from 0.
pub fn axis_id(index: usize) -> String {
    format!("axis_{:02}", index + 1)
}

/// Everything that a host sees, automates and saves.
#[derive(Params)]
pub struct WmsParams {
    /// The model that plays, saved with the project.
    #[persist = "model"]
    pub model: ModelField,
    /// The editor's window, saved with the project.
    #[persist = "window"]
    pub window: WindowField,
    /// Distance of each timbre axis from the model's rest, spreads of the training data.
    #[nested(group = "Timbre")]
    pub axes: Axes,
    /// Distance of the voicedness from the model's rest, -1 .. 1.
    #[id = "voicedness"]
    pub voicedness: FloatParam,
    /// Amplitude factor of the output, shown in dB; at 0 dB there is room for chords.
    #[id = "level"]
    pub level: FloatParam,
    /// Time to full level, s.
    #[id = "attack"]
    pub attack: FloatParam,
    /// Time from full level to the sustained one, s.
    #[id = "decay"]
    pub decay: FloatParam,
    /// Level while a key is held.
    #[id = "sustain"]
    pub sustain: FloatParam,
    /// Time to silence, s.
    #[id = "release"]
    pub release: FloatParam,
    /// Time from the last note's pitch, s.
    #[id = "glide"]
    pub glide: FloatParam,
    /// How keys become voices.
    #[id = "mode"]
    pub mode: EnumParam<Mode>,
    /// How far level follows velocity.
    #[id = "velocity_level"]
    pub velocity_level: FloatParam,
    /// How far velocity moves the first axis, spreads.
    #[id = "velocity_timbre"]
    pub velocity_timbre: FloatParam,
    /// How far pressure moves the first axis, spreads.
    #[id = "pressure_timbre"]
    pub pressure_timbre: FloatParam,
    /// How far brightness and modulation wheel move the first axis, spreads.
    #[id = "brightness_timbre"]
    pub brightness_timbre: FloatParam,
    /// How far the pitch wheel goes, semitones.
    #[id = "bend_range"]
    pub bend_range: IntParam,
    /// Whether channels 2 to 16 are one note each, with a bend of 48 semitones.
    #[id = "mpe"]
    pub mpe: BoolParam,
    /// Pitch of A4, Hz.
    #[id = "tune"]
    pub tune: FloatParam,
    /// Most notes at a time.
    #[id = "voices"]
    pub voices: IntParam,
    /// Voices of one key.
    #[id = "unison"]
    pub unison: IntParam,
    /// Distance of the outermost of them from the pitch, cents.
    #[id = "detune"]
    pub detune: FloatParam,
    /// Width between left and right.
    #[id = "spread"]
    pub spread: FloatParam,
    /// Amplitude factor of the noise.
    #[id = "noise"]
    pub noise: FloatParam,
    /// Whether all frames have the same level.
    #[id = "normalise"]
    pub normalise: BoolParam,
    /// How exactly the network is computed.
    #[id = "quality"]
    pub quality: EnumParam<Quality>,
    /// Counts changes of the model: hosts notice a changed project by a moved parameter alone.
    #[id = "revision"]
    pub revision: IntParam,
}

impl Default for WmsParams {
    fn default() -> Self {
        Self {
            model: ModelField::default(),
            window: WindowField::default(),
            axes: Axes(std::array::from_fn(axis)),
            voicedness: linear("Voicedness", 0.0, -1.0, 1.0).with_poly_modulation_id(AXES as u32),
            level: FloatParam::new(
                "Level",
                1.0,
                FloatRange::Skewed {
                    min: 0.0,
                    max: util::db_to_gain(12.0),
                    factor: FloatRange::gain_skew_factor(-60.0, 12.0),
                },
            )
            .with_unit(" dB")
            .with_value_to_string(v2s_f32_gain_to_db(1))
            .with_string_to_value(s2v_f32_gain_to_db()),
            attack: seconds("Attack", 0.005, 10.0, -2.0),
            decay: seconds("Decay", 0.1, 10.0, -2.0),
            sustain: percent("Sustain", 1.0, 1.0),
            release: seconds("Release", 0.05, 10.0, -2.0),
            // Less skewed: from 0, every step of the wheel is to change what is shown.
            glide: seconds("Glide", 0.0, 5.0, -1.0),
            mode: EnumParam::new("Mode", Mode::Poly),
            velocity_level: percent("Velocity to level", 1.0, 1.0),
            velocity_timbre: spreads("Velocity to timbre", 0.0),
            pressure_timbre: spreads("Pressure to timbre", 2.0),
            brightness_timbre: spreads("Brightness to timbre", 2.0),
            bend_range: IntParam::new("Bend range", 2, IntRange::Linear { min: 0, max: 48 })
                .with_unit(" st"),
            mpe: BoolParam::new("MPE", false),
            tune: FloatParam::new(
                "Tune (A4)",
                440.0,
                FloatRange::Linear { min: 400.0, max: 480.0 },
            )
            .with_step_size(0.1)
            .with_unit(" Hz"),
            voices: IntParam::new("Voices", 16, IntRange::Linear { min: 1, max: VOICES }),
            unison: IntParam::new("Unison", 1, IntRange::Linear { min: 1, max: 8 }),
            detune: linear("Detune", 10.0, 0.0, 100.0).with_unit(" ct"),
            spread: percent("Spread", 0.0, 1.0),
            noise: percent("Noise", 1.0, 4.0),
            normalise: BoolParam::new("Normalise", false),
            quality: EnumParam::new("Quality", Quality::Fast).non_automatable(),
            revision: IntParam::new("Revision", 0, IntRange::Linear { min: 0, max: REVISIONS })
                .non_automatable()
                .hide(),
        }
    }
}

fn axis(index: usize) -> FloatParam {
    linear(&format!("Timbre {}", index + 1), 0.0, -AXIS_REACH, AXIS_REACH)
        .with_unit(" σ")
        .with_poly_modulation_id(index as u32)
}

fn linear(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_value_to_string(formatters::v2s_f32_rounded(2))
}

fn spreads(name: &str, default: f32) -> FloatParam {
    linear(name, default, -4.0, 4.0).with_unit(" σ")
}

fn percent(name: &str, default: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min: 0.0, max })
        .with_unit(" %")
        .with_value_to_string(formatters::v2s_f32_percentage(1))
        .with_string_to_value(formatters::s2v_f32_percentage())
}

/// A time of 0 to `max` seconds, the finer near 0 the lower `skew`; shown in ms or s, entered in
/// either, ms if bare.
fn seconds(name: &str, default: f32, max: f32, skew: f32) -> FloatParam {
    let factor = FloatRange::skew_factor(skew);
    FloatParam::new(name, default, FloatRange::Skewed { min: 0.0, max, factor })
        .with_value_to_string(Arc::new(|value| {
            // What would be rounded to 1000 ms is a second.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay() {
        let params = WmsParams::default();
        let ids: Vec<String> = params.param_map().into_iter().map(|(id, ..)| id).collect();
        let mut expected: Vec<String> = (1..=16).map(|i| format!("axis_{i:02}")).collect();
        let rest = "voicedness level attack decay sustain release glide mode velocity_level \
                    velocity_timbre pressure_timbre brightness_timbre bend_range mpe tune voices \
                    unison detune spread noise normalise quality revision";
        expected.extend(rest.split_whitespace().map(str::to_owned));
        assert_eq!(ids, expected);
        assert!(RESERVED_IDS.iter().all(|id| !ids.iter().any(|used| used == id)));
    }

    #[test]
    fn values_are_shown_with_units_and_typed_in() {
        let params = WmsParams::default();
        let entered = |text| {
            let normalized = params.attack.string_to_normalized_value(text).unwrap();
            params.attack.preview_plain(normalized)
        };
        assert!((entered("20 ms") - 0.02).abs() < 1e-6);
        assert!((entered("20") - 0.02).abs() < 1e-6);
        assert!((entered("2.5 s") - 2.5).abs() < 1e-4);
        assert_eq!(params.attack.string_to_normalized_value("soon"), None);
        let shown = |param: &FloatParam| {
            param.normalized_value_to_string(param.default_normalized_value(), true)
        };
        assert_eq!(shown(&params.attack), "5.0 ms");
        assert_eq!(shown(&params.level), "0.0 dB");
        assert_eq!(shown(&params.axes.0[3]), "0.00 σ");
        assert_eq!(shown(&params.sustain), "100.0 %");
    }

    #[test]
    fn every_step_of_the_wheel_is_heard_from_no_glide_on() {
        let glide = WmsParams::default().glide;
        for finer in [false, true] {
            let mut place = 0.0;
            for _ in 0..20 {
                let next = glide.next_normalized_step(place, finer);
                let shown = |place| glide.normalized_value_to_string(place, true);
                assert_ne!(shown(place), shown(next));
                place = next;
            }
        }
    }

    /// Fuzzing hosts compare what they read with what they have typed in.
    #[test]
    fn texts_are_read_as_they_are_written() {
        let params = WmsParams::default();
        for (id, param, _) in params.param_map() {
            for step in 0..=1000u16 {
                let value = f32::from(step) / 1000.0;
                // SAFETY: the parameters live as long as this function.
                let (text, again) = unsafe {
                    let text = param.normalized_value_to_string(value, true);
                    let read = param.string_to_normalized_value(&text);
                    let read = read.unwrap_or_else(|| panic!("{id}: {text:?} cannot be read"));
                    (text, param.normalized_value_to_string(read, true))
                };
                assert_eq!(text, again, "{id} at {value}");
            }
        }
    }
}
