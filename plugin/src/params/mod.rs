//! The plugin's parameters: what a host displays, automates and saves.
//!
//! A parameter is known to projects by its id, so an id stays the same in all versions.

use nice_plug::prelude::*;

use crate::state::{ModelField, WindowField};

mod build;
mod groups;

pub use groups::{
    Axes, EnvelopeParams, ExpressionParams, KeyParams, Quality, SoundParams, TimbreParams,
    VoiceMode, VoiceParams, axis_id,
};

/// The number of timbre axes. Of a model with more timbre inputs, only the first 16 move.
pub const AXES: usize = 16;
/// How far an axis reaches on either side of its middle, in standard deviations.
pub const AXIS_REACH: f32 = 4.0;
/// The counter of model changes starts again at 0 after this number.
pub const MAX_REVISION: i32 = 1_000_000;
/// The largest number of voices.
pub const VOICES: i32 = 64;

/// Ids that are kept free for features to come: no parameter may take them.
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

/// Everything that a host displays, automates and saves.
#[derive(Params)]
pub struct WmsParams {
    /// The model that plays. It is saved with the project, so that the project sounds the same where
    /// the model's file is missing.
    #[persist = "model"]
    pub model: ModelField,
    /// The size of the editor's window, saved with the project.
    #[persist = "window"]
    pub window: WindowField,
    /// Where the sound is among the timbres of the model.
    #[nested(group = "Timbre")]
    pub timbre: TimbreParams,
    /// The amplitude factor of the output, displayed in dB. At 0 dB there is headroom for chords.
    #[id = "level"]
    pub level: FloatParam,
    /// How the loudness of a note rises and falls.
    #[nested(group = "Envelope")]
    pub envelope: EnvelopeParams,
    /// What happens from one key to the next.
    #[nested(group = "Keys")]
    pub keys: KeyParams,
    /// What velocity, pressure and wheels do to a note.
    #[nested(group = "Expression")]
    pub expression: ExpressionParams,
    /// How many voices there are, at which pitch and where.
    #[nested(group = "Voices")]
    pub voices: VoiceParams,
    /// How the model's output becomes sound.
    #[nested(group = "Sound")]
    pub sound: SoundParams,
    /// Counts the changes of the model. It is hidden, and there because a host notices that its project
    /// has changed only when a parameter has.
    #[id = "revision"]
    pub revision: IntParam,
}

impl Default for WmsParams {
    fn default() -> Self {
        Self {
            model: ModelField::default(),
            window: WindowField::default(),
            timbre: TimbreParams::default(),
            level: build::gain("Level", 1.0, 12.0),
            envelope: EnvelopeParams::default(),
            keys: KeyParams::default(),
            expression: ExpressionParams::default(),
            voices: VoiceParams::default(),
            sound: SoundParams::default(),
            revision: IntParam::new("Revision", 0, IntRange::Linear { min: 0, max: MAX_REVISION })
                .non_automatable()
                .hide(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay() {
        let params = WmsParams::default();
        let ids: Vec<String> = params.param_map().into_iter().map(|(id, ..)| id).collect();
        let mut wanted: Vec<String> = (1..=16).map(|i| format!("axis_{i:02}")).collect();
        let rest = "voicedness level attack decay sustain release glide mode velocity_level \
                    velocity_timbre pressure_timbre brightness_timbre bend_range mpe tune voices \
                    unison detune spread noise normalise quality revision";
        wanted.extend(rest.split_whitespace().map(str::to_owned));
        assert_eq!(ids, wanted);
        assert!(RESERVED_IDS.iter().all(|id| !ids.iter().any(|used| used == id)));
    }

    #[test]
    fn values_are_shown_with_units_and_typed_in() {
        let params = WmsParams::default();
        let entered = |text| {
            let normalized = params.envelope.attack.string_to_normalized_value(text).unwrap();
            params.envelope.attack.preview_plain(normalized)
        };
        assert!((entered("20 ms") - 0.02).abs() < 1e-6);
        assert!((entered("20") - 0.02).abs() < 1e-6);
        assert!((entered("2.5 s") - 2.5).abs() < 1e-4);
        assert_eq!(params.envelope.attack.string_to_normalized_value("soon"), None);
        let shown = |param: &FloatParam| {
            param.normalized_value_to_string(param.default_normalized_value(), true)
        };
        assert_eq!(shown(&params.envelope.attack), "5.0 ms");
        assert_eq!(shown(&params.level), "0.0 dB");
        assert_eq!(shown(&params.timbre.axes.0[3]), "0.00 σ");
        assert_eq!(shown(&params.envelope.sustain), "100.0 %");
    }

    #[test]
    fn every_step_of_the_wheel_is_heard_from_no_glide_on() {
        let glide = WmsParams::default().keys.glide;
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
