//! The piano strip at the bottom of the window.

use egui::{Rect, Sense, Ui};

use crate::editor::keyboard::Keyboard;
use crate::editor::theme;
use crate::editor::widgets::keys;
use crate::model_info::ModelInfo;
use crate::shared::Shared;

const HELP: &str = "Click a key to play it; further down on the key is louder. Bright keys are in the range \
                    that the model was trained on.\nIn the standalone program the computer's keys A W S \
                    E D \u{2026} play too, and Z and X change the octave.";

/// Draws the strip, and plays the key that the mouse is on.
pub fn show(ui: &Ui, rect: Rect, keyboard: &mut Keyboard, model: &ModelInfo, shared: &Shared) {
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, theme::PANEL_CORNER, theme::PANEL);
    let strip = rect.shrink(4.0);
    let response = ui.interact(rect, ui.scope_id().with("keys"), Sense::click_and_drag());
    let at = response.interact_pointer_pos().filter(|_| response.is_pointer_button_down_on());
    keyboard.touch(at.and_then(|at| keys::hit(strip, at)), shared);
    let [low, high] = model.f0_range_hz;
    let sounds_well = |key: u8| {
        let f0_hz = 440.0 * 2f64.powf((f64::from(key) - 69.0) / 12.0);
        // Half a semitone more on both sides, because recordings are never quite in tune.
        high <= low || (low / 1.03..=high * 1.03).contains(&f0_hz)
    };
    let held = &shared.meters.keys;
    let is_down = |key| keyboard.is_down(key) || held.contains(key);
    keys::show(&painter, strip, is_down, sounds_well);
    if !response.is_pointer_button_down_on() {
        response.on_hover_text(HELP);
    }
}
