//! Envelope, and how notes become voices.

use egui::{Rect, Ui, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use super::panel;
use crate::editor::control::Control;
use crate::editor::widgets::envelope::{self, Contour};
use crate::editor::widgets::{chip, knob};
use crate::params::WmsParams;

const CHIP: f32 = 23.0;
const APART: f32 = 5.0;
const ROWS: f32 = 2.0;

/// A parameter with the name and the explanation that it has here.
type Named<'a> = (&'a str, &'a str, &'a dyn Control);

fn knobs(params: &WmsParams) -> [Named<'_>; 10] {
    [
        ("Glide", "Time in which a note comes from the pitch of the one before.", &params.glide),
        ("Spread", "Width over which notes stand between left and right.", &params.spread),
        (
            "Noise",
            "Level of the breath beside the tone; 100 % is as in the training sound.",
            &params.noise,
        ),
        ("Unison", "Voices of one key.", &params.unison),
        (
            "Detune",
            "Distance of the outermost unison voices from the key, in cents.",
            &params.detune,
        ),
        (
            "Velocity",
            "How far the level follows how hard keys are pressed.",
            &params.velocity_level,
        ),
        (
            "Vel \u{2192} \u{3c3}",
            "How far the hardest press moves the first timbre axis up, and the softest down.",
            &params.velocity_timbre,
        ),
        (
            "Press \u{2192} \u{3c3}",
            "How far full pressure moves the first timbre axis.",
            &params.pressure_timbre,
        ),
        (
            "Wheel \u{2192} \u{3c3}",
            "How far modulation wheel and brightness move the first timbre axis.",
            &params.brightness_timbre,
        ),
        ("Tune", "Pitch of A4.", &params.tune),
    ]
}

fn chips(params: &WmsParams) -> [Named<'_>; 6] {
    [
        (
            "Mode",
            "Poly: every key its own voice. Mono: the last key alone. Legato: tied.",
            &params.mode,
        ),
        ("Voices", "Most notes at a time.", &params.voices),
        ("Bend", "How far the pitch wheel goes, in semitones.", &params.bend_range),
        (
            "Quality",
            "Exact computes the network in single precision, Fast with weights of 16 bits.",
            &params.quality,
        ),
        (
            "MPE",
            "Channels 2 to 16 are one note each, with bend, pressure and timbre of their own.",
            &params.mpe,
        ),
        (
            "Even",
            "Brings all timbres to the same level, instead of the training sound's.",
            &params.normalise,
        ),
    ]
}

/// Draws the panel.
pub fn show(ui: &mut Ui, rect: Rect, params: &WmsParams, setter: &ParamSetter) {
    let inner = panel(ui, rect, "Envelope and voice");
    let chips_top = inner.bottom() - ROWS * CHIP - APART;
    let knobs_top = chips_top - 8.0 - ROWS * (knob::SIZE.y + 2.0);
    let contour = Contour {
        attack: &params.attack,
        decay: &params.decay,
        sustain: &params.sustain,
        release: &params.release,
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
    let width = (inner.width() - 2.0 * APART) / 3.0;
    for (i, (name, hint, control)) in chips(params).into_iter().enumerate() {
        let at = vec2((i % 3) as f32 * (width + APART), (i / 3) as f32 * (CHIP + APART));
        let cell = Rect::from_min_size(pos2(inner.left(), chips_top) + at, vec2(width, CHIP));
        chip::show(ui, cell, name, hint, control, setter);
    }
}
