//! The envelope, and the settings of the voices.

use egui::{Rect, Ui, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use super::panel;
use crate::editor::control::Control;
use crate::editor::widgets::envelope::{self, EnvelopeControls};
use crate::editor::widgets::{chip, knob};
use crate::params::WmsParams;

/// Height of a setting, points.
const CHIP_HEIGHT: f32 = 23.0;
/// The gap between settings, points.
const CHIP_GAP: f32 = 5.0;
/// Rows of knobs, and also of settings.
const ROWS: f32 = 2.0;

/// The name of a control in this panel, the text of its tooltip, and its parameter.
type Named<'a> = (&'a str, &'a str, &'a dyn Control);

fn knobs(params: &WmsParams) -> [Named<'_>; 10] {
    [
        (
            "Glide",
            "The time in which a note slides from the pitch of the note before it.",
            &params.keys.glide,
        ),
        (
            "Spread",
            "Spreads notes, or the voices of one key, between left and right.",
            &params.voices.spread,
        ),
        (
            "Noise",
            "The level of the breath noise beside the tone. 100 % is as loud as in the training sounds.",
            &params.sound.noise,
        ),
        ("Unison", "The number of voices that one key plays.", &params.voices.unison),
        (
            "Detune",
            "The distance of the outermost unison voices from the pitch of the key, in cents. It needs \
             two or more voices of unison.",
            &params.voices.detune,
        ),
        (
            "Velocity",
            "How strongly the level follows the velocity. At 0 % all notes are equally loud.",
            &params.expression.velocity_level,
        ),
        (
            "Vel \u{2192} \u{3c3}",
            "How far the hardest press moves the loudness, or the first axis of a model without directions, \
             up, and the softest press down.",
            &params.expression.velocity_timbre,
        ),
        (
            "Press \u{2192} \u{3c3}",
            "How far full pressure on a key moves the loudness, or the first axis of a model without \
             directions.",
            &params.expression.pressure_timbre,
        ),
        (
            "Wheel \u{2192} \u{3c3}",
            "How far the modulation wheel and the brightness controller move the brightness, or the first \
             axis of a model without directions.",
            &params.expression.brightness_timbre,
        ),
        ("Tune", "The pitch of A4, to tune with other instruments.", &params.voices.tune),
    ]
}

fn chips(params: &WmsParams) -> [Named<'_>; 6] {
    [
        (
            "Mode",
            "Poly plays every key. Mono plays the last key alone. Legato does too, and ties notes that \
             overlap.",
            &params.keys.mode,
        ),
        (
            "Voices",
            "The largest number of notes at a time. Lower it if the sound drops out.",
            &params.voices.voices,
        ),
        ("Bend", "How far the pitch wheel bends, in semitones.", &params.expression.bend_range),
        (
            "Quality",
            "Exact computes the network in single precision. Fast uses weights of 16 bits and takes \
             less of the processor.",
            &params.sound.quality,
        ),
        (
            "MPE",
            "For MPE controllers: each of MIDI channels 2 to 16 plays one note, with its own bend, \
             pressure and timbre.",
            &params.expression.mpe,
        ),
        (
            "Even",
            "Brings all timbres to the same level, instead of keeping the levels of the training \
             sounds.",
            &params.sound.normalise,
        ),
    ]
}

/// Draws the panel.
pub fn show(ui: &mut Ui, rect: Rect, params: &WmsParams, setter: &ParamSetter) {
    let inner = panel(ui, rect, "Envelope and voice");
    let chips_top = inner.bottom() - ROWS * CHIP_HEIGHT - CHIP_GAP;
    let knobs_top = chips_top - 8.0 - ROWS * (knob::SIZE.y + 2.0);
    let contour = EnvelopeControls {
        attack: &params.envelope.attack,
        decay: &params.envelope.decay,
        sustain: &params.envelope.sustain,
        release: &params.envelope.release,
    };
    let drawing = Rect::from_min_max(inner.min, pos2(inner.right(), knobs_top - 6.0));
    envelope::show(ui, drawing, &contour, setter);
    let width = inner.width() / 5.0;
    for (i, (name, hint, control)) in knobs(params).into_iter().enumerate() {
        let at = vec2((i % 5) as f32 * width, (i / 5) as f32 * (knob::SIZE.y + 2.0));
        let cell =
            Rect::from_min_size(pos2(inner.left(), knobs_top) + at, vec2(width, knob::SIZE.y));
        knob::show(ui, cell, name, hint, control, setter);
    }
    let width = (inner.width() - 2.0 * CHIP_GAP) / 3.0;
    for (i, (name, hint, control)) in chips(params).into_iter().enumerate() {
        let at =
            vec2((i % 3) as f32 * (width + CHIP_GAP), (i / 3) as f32 * (CHIP_HEIGHT + CHIP_GAP));
        let cell =
            Rect::from_min_size(pos2(inner.left(), chips_top) + at, vec2(width, CHIP_HEIGHT));
        chip::show(ui, cell, name, hint, control, setter);
    }
}
