//! The parameters in the groups in which hosts list them.

use nice_plug::prelude::*;

use super::build::{deviations, linear, percent, seconds};
use super::{AXES, VOICES};

/// How keys become voices.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum VoiceMode {
    /// Every key has a voice of its own.
    #[id = "poly"]
    #[name = "Poly"]
    Poly,
    /// Only the last key sounds, and every key starts its note from the beginning.
    #[id = "mono"]
    #[name = "Mono"]
    Mono,
    /// Only the last key sounds, and a key that is pressed while another is held continues its note.
    #[id = "legato"]
    #[name = "Legato"]
    Legato,
}

/// How exactly the network is computed.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum Quality {
    /// With weights of 16 bits.
    #[id = "fast"]
    #[name = "Fast"]
    Fast,
    /// In single precision.
    #[id = "exact"]
    #[name = "Exact"]
    Exact,
}

/// The timbre axes, with the ids `axis_01` to `axis_16`.
pub struct Axes(pub [FloatParam; AXES]);

// SAFETY: the pointers lead into this object, which lives as long as the `Arc` around the
// parameters that the wrapper holds.
unsafe impl Params for Axes {
    fn param_map(&self) -> Vec<(String, ParamPtr, String)> {
        let named = self.0.iter().enumerate();
        named.map(|(i, axis)| (axis_id(i), axis.as_ptr(), String::new())).collect()
    }
}

/// The id of the axis with that index, counted from 0.
pub fn axis_id(index: usize) -> String {
    format!("axis_{:02}", index + 1)
}

/// Where the sound is among the timbres of the model.
#[derive(Params)]
pub struct TimbreParams {
    /// The distance from the model's resting timbre along each of its directions or, in a model without
    /// directions, its timbre inputs, in standard deviations of the training data. There are always 16 of them, because a host does not expect
    /// parameters to come and go; those that a model does not use have no effect.
    #[nested]
    pub axes: Axes,
    /// The distance from the model's resting voicedness, -1 to 1. It is apart from the axes because
    /// voicedness is a share and has no standard deviation that a musician could use.
    #[id = "voicedness"]
    pub voicedness: FloatParam,
}

impl Default for TimbreParams {
    fn default() -> Self {
        let axis = |index: usize| {
            deviations(&format!("Timbre {}", index + 1), 0.0).with_poly_modulation_id(index as u32)
        };
        Self {
            axes: Axes(std::array::from_fn(axis)),
            voicedness: linear("Voicedness", 0.0, -1.0, 1.0).with_poly_modulation_id(AXES as u32),
        }
    }
}

/// How the loudness of a note rises and falls.
#[derive(Params)]
pub struct EnvelopeParams {
    /// The time from silence to full level, s. It starts at 5 ms, which is short and does not click.
    #[id = "attack"]
    pub attack: FloatParam,
    /// The time from full level to the sustained level, s.
    #[id = "decay"]
    pub decay: FloatParam,
    /// The level while a key is held, as a factor. It starts at 1, where the model alone shapes the
    /// loudness.
    #[id = "sustain"]
    pub sustain: FloatParam,
    /// The time from the release of a key to silence, s.
    #[id = "release"]
    pub release: FloatParam,
}

impl Default for EnvelopeParams {
    fn default() -> Self {
        Self {
            attack: seconds("Attack", 0.005, 10.0, -2.0),
            decay: seconds("Decay", 0.1, 10.0, -2.0),
            sustain: percent("Sustain", 1.0, 1.0),
            release: seconds("Release", 0.05, 10.0, -2.0),
        }
    }
}

/// What happens from one key to the next.
#[derive(Params)]
pub struct KeyParams {
    /// The time in which a note slides from the pitch of the note before it, s; 0 is no glide.
    #[id = "glide"]
    pub glide: FloatParam,
    /// Whether keys sound together, or only the last one.
    #[id = "mode"]
    pub mode: EnumParam<VoiceMode>,
}

impl Default for KeyParams {
    fn default() -> Self {
        Self {
            // Less skewed than the envelope's times: each step of the mouse wheel away from 0 has to
            // change the number that is displayed.
            glide: seconds("Glide", 0.0, 5.0, -1.0),
            mode: EnumParam::new("Mode", VoiceMode::Poly),
        }
    }
}

/// What velocity, pressure and wheels do to a note.
#[derive(Params)]
pub struct ExpressionParams {
    /// How far the level follows the velocity, as a factor: at 0 all notes are equally loud.
    #[id = "velocity_level"]
    pub velocity_level: FloatParam,
    /// How far velocity moves the loudness or, in a model without directions, the first timbre axis, in
    /// standard deviations. It starts at 0 because what the first axis does differs from model to model.
    #[id = "velocity_timbre"]
    pub velocity_timbre: FloatParam,
    /// How far full channel or key pressure moves the same, in standard deviations.
    #[id = "pressure_timbre"]
    pub pressure_timbre: FloatParam,
    /// How far the full modulation wheel or brightness controller moves the brightness or, in a model
    /// without directions, the first timbre axis, in standard deviations.
    #[id = "brightness_timbre"]
    pub brightness_timbre: FloatParam,
    /// How far the pitch wheel bends, in semitones. A MIDI message can set another range for a channel.
    #[id = "bend_range"]
    pub bend_range: IntParam,
    /// Whether MIDI channels 2 to 16 play one note each, which bends by up to 48 semitones. It is off
    /// at first because an ordinary keyboard may send on any channel.
    #[id = "mpe"]
    pub mpe: BoolParam,
}

impl Default for ExpressionParams {
    fn default() -> Self {
        Self {
            velocity_level: percent("Velocity to level", 1.0, 1.0),
            velocity_timbre: deviations("Velocity to timbre", 0.0),
            pressure_timbre: deviations("Pressure to timbre", 2.0),
            brightness_timbre: deviations("Brightness to timbre", 2.0),
            bend_range: IntParam::new("Bend range", 2, IntRange::Linear { min: 0, max: 48 })
                .with_unit(" st"),
            mpe: BoolParam::new("MPE", false),
        }
    }
}

/// How many voices there are, at which pitch and where.
#[derive(Params)]
pub struct VoiceParams {
    /// The pitch of A4, Hz.
    #[id = "tune"]
    pub tune: FloatParam,
    /// The largest number of notes at a time. A note beyond it takes the voice of an older one, which
    /// bounds the load.
    #[id = "voices"]
    pub voices: IntParam,
    /// How many voices one key starts.
    #[id = "unison"]
    pub unison: IntParam,
    /// The distance of the outermost unison voices from the pitch of the key, in cents. It has no
    /// effect while a key starts one voice.
    #[id = "detune"]
    pub detune: FloatParam,
    /// The width over which notes, or the voices of one key, stand between left and right, as a factor;
    /// at 0 all of them stand in the middle.
    #[id = "spread"]
    pub spread: FloatParam,
}

impl Default for VoiceParams {
    fn default() -> Self {
        Self {
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
        }
    }
}

/// How the model's output becomes sound.
#[derive(Params)]
pub struct SoundParams {
    /// The amplitude factor of the noise between the partials. At 1 it is as loud as in the training
    /// data, and at 0 the partials sound alone.
    #[id = "noise"]
    pub noise: FloatParam,
    /// Whether all timbres are brought to the same level, instead of keeping the levels of the training
    /// data.
    #[id = "normalise"]
    pub normalise: BoolParam,
    /// How exactly the network is computed. Hosts cannot automate it, because each change makes a new
    /// engine.
    #[id = "quality"]
    pub quality: EnumParam<Quality>,
}

impl Default for SoundParams {
    fn default() -> Self {
        Self {
            noise: percent("Noise", 1.0, 4.0),
            normalise: BoolParam::new("Normalise", false),
            quality: EnumParam::new("Quality", Quality::Fast).non_automatable(),
        }
    }
}
